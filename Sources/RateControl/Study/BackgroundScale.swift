internal import ReproducibleMath

/// How the scale of background scores changes with the number of events, for the comparison of ways
/// to hold a rate.
package enum BackgroundScale: String, CaseIterable, Sendable {
  /// It stays.
  case constant
  /// 20 % up in ten minutes, and back in ten minutes.
  case swell
  /// 30 % up within one event, half an hour there, and back.
  case steps
  /// 30 % up in an hour.
  case ramp
  /// 30 % up and down with a period of 40 minutes.
  case sinusoid
  /// 30 % up for two seconds, every ten minutes.
  case spikes

  /// The scale after `seconds`.
  package func value(atSeconds seconds: Double) -> Double {
    switch self {
    case .constant: 1
    case .swell: 1 + 0.2 * Self.triangle((seconds - 600) / 600)
    case .steps: (900..<2_700).contains(seconds) ? 1.3 : 1
    case .ramp: 1 + 0.3 * min(max((seconds - 300) / 3_600, 0), 1)
    case .sinusoid: 1 + 0.3 * portableSine(2 * .pi * seconds / 2_400)
    case .spikes: seconds.truncatingRemainder(dividingBy: 600) < 2 ? 1.3 : 1
    }
  }

  /// 0 before 0 and after 2, 1 at 1.
  private static func triangle(_ x: Double) -> Double { max(0, 1 - abs(x - 1)) }
}
