package import Drift

/// How the rates of working points are held. The initial values are the defaults of the
/// configuration. Whole per cents and counts keep every step exact and the same everywhere.
package struct RateControlSettings: Equatable, Sendable {
  /// The working points whose rate is held. Without one there is no control.
  package var points: [ControlledPoint] = []
  /// The threshold in force is at least this part of the calibration's, in per cent; 1 ... 100.
  package var factorMinPercent = 50
  /// The threshold in force is at most this part of the calibration's, in per cent; 100 ... 1,000.
  package var factorMaxPercent = 200
  /// Scored events in a window. The threshold moves at the end of a window and at no other event:
  /// this is the fastest reaction. At least 1,000.
  package var windowEventCount = 100_000
  /// The largest change of the threshold at the end of a window, in per cent; 1 ... 50.
  package var stepMaxPercent = 10
  /// A small deviation of the rate falls to 1/e while this many events are expected to fire: the
  /// slowest reaction. A larger number gives less noise. 20 ... 1,000,000.
  package var reactionFiredCount = 330
  /// Scored events for which the threshold stays after a reload, and after a flood or a drift alarm
  /// has ended. 0 ... 1,000,000,000.
  package var holdEventCount = 200_000
  /// Drift checks that hold the thresholds while they are out of bounds. Those of the features: a
  /// detector that has changed is no background that has swollen.
  package var holdingChecks: Set<DriftCheck.Name> = [.featureMean, .featureSpread, .notFinite]

  /// The defaults.
  package init() {}

  /// The lower end of the band of factors.
  package var factorMin: Float { Float(factorMinPercent) / 100 }
  /// The upper end of the band of factors.
  package var factorMax: Float { Float(factorMaxPercent) / 100 }
}

/// Why the thresholds stay where they are.
package enum HoldReason: Int, CaseIterable, Sendable {
  /// Nothing: they move.
  case none
  /// More events fire than the cap on the flagged rate allows.
  case flood
  /// A model or calibration has just come into force.
  case reload
  /// A drift check of the configured list is out of bounds.
  case drift
  /// The end of a flood or of a drift alarm is recent.
  case settling
  /// The events' times do not tell how long the window took; for rates in events a second.
  case time

  /// As it is shown: `none`, `flood` ...
  package var name: String { "\(self)" }
}
