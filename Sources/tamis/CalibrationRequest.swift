internal import ArgumentParser
internal import Calibration

/// The working points that `tamis calibrate` is asked for, and what they must promise.
struct CalibrationRequest: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: "NAME=FPR, once or more often. Bit i of a flagged record is the i-th.")
  var workingPoint: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: """
      NAME=FPR, once or more often: a working point for events with too low a score. They fire below its \
      threshold. Its bit follows those of --working-point.
      """)
  var quietPoint: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: "NAME=N: the daemon keeps one in N events that fire this working point.")
  var prescale: [String] = []

  @Option(help: "Confidence of the intervals, and of --with-confidence. Default: 0.95.")
  var confidence: Double?

  @Flag(help: "Promise the rate with the confidence, not only in expectation.")
  var withConfidence = false

  @Flag(help: "Fit the tail where events are too few for a rate, and mark the point so.")
  var allowExtrapolation = false

  @Option(
    help: """
      The share of the loosest threshold by which an 8-bit screen score may fall short of it before \
      precision: screened lets the event go. Refused where the background does not support it.
      """)
  var screenMargin: Double?

  @Option(
    help: """
      Thresholds of their own in up to this many bins of the records' condition, with the promise in \
      every bin. Edges are quantiles; bins with too few events are merged.
      """)
  var conditionBins: Int?

  @Option(help: "The edges of these bins, such as 20,35.5,50, in place of quantiles.")
  var conditionEdges: CommaSeparated<Float>?

  /// The thresholds by condition that were asked for.
  var bins: ConditionBinRequest? {
    conditionEdges.map { .edges($0.values.map { $0 + 0 }) } ?? conditionBins.map { .count($0) }
  }

  /// Whether any of these options was given.
  var isGiven: Bool {
    !workingPoint.isEmpty || !quietPoint.isEmpty || !prescale.isEmpty || confidence != nil
      || withConfidence || allowExtrapolation || screenMargin != nil || bins != nil
  }

  /// Checks all options; working points may be missing where an older calibration has them.
  func validate(withOlder: Bool) throws {
    try checkProbability("--screen-margin", screenMargin)
    try checkBins()
    if workingPoint.isEmpty && quietPoint.isEmpty && withOlder { return }
    if workingPoint.isEmpty {
      throw ValidationError(
        "--working-point NAME=FPR is missing"
          + (quietPoint.isEmpty ? "" : ": --quiet-point is one beside it"))
    }
    do {
      _ = try plan(older: nil)
    } catch {
      throw ValidationError("\(error)")
    }
  }

  private func checkBins() throws {
    guard let bins else { return }
    if conditionBins != nil, conditionEdges != nil {
      throw ValidationError("--condition-bins and --condition-edges exclude each other")
    }
    if !quietPoint.isEmpty {
      throw ValidationError(
        "--quiet-point has no thresholds by condition: leave --condition-bins and --condition-edges, "
          + "or --quiet-point, out")
    }
    if allowExtrapolation {
      throw ValidationError(
        "--allow-extrapolation has no thresholds by condition: leave one of the two out")
    }
    let most = ConditionBins.countMax
    try check("--condition-bins", conditionBins, in: 2...most)
    guard bins.isSound else {
      throw ValidationError(
        "--condition-edges wants 1 to \(most - 1) finite numbers, each above the one before")
    }
  }

  /// The plan of the options. Where they name no working points it has those of `older`.
  func plan(older: TriggerCalibration?) throws(CalibrationError) -> CalibrationPlan {
    var requests: [WorkingPointRequest] = []
    for argument in workingPoint { requests.append(try WorkingPointRequest(parsing: argument)) }
    for argument in quietPoint {
      requests.append(try WorkingPointRequest(parsing: argument, side: .low))
    }
    if requests.isEmpty, let older {
      for point in older.workingPoints {
        requests.append(
          try WorkingPointRequest(
            name: point.name, targetFPR: point.targetFPR,
            guarantee: point.guarantee == .noPromise ? .expected : point.guarantee,
            prescale: point.prescale, side: point.side))
      }
    }
    if withConfidence {
      for index in requests.indices { requests[index].guarantee = .withConfidence }
    }
    try WorkingPointRequest.applyPrescales(prescale, to: &requests)
    return try CalibrationPlan(
      requests, confidence: confidence ?? older?.confidence ?? 0.95,
      allowingExtrapolation: allowExtrapolation)
  }
}

/// How `tamis calibrate` works on a part of the background, or puts parts together.
struct CalibrationParts: ParsableArguments {
  @Flag(help: "Write a part for --merge in place of a calibration.")
  var partial = false

  @Option(
    parsing: .upToNextOption, help: "PART files of --partial to make a calibration of.",
    completion: .file())
  var merge: [String] = []

  @Option(
    help: """
      The most events that all parts together will have. --partial then keeps only the scores that \
      this many events may need. Without it all scores are kept.
      """)
  var eventsTotal: Int?

  @Option(
    help: """
      Thin the unbiased samples of journals to one in this many events. Default: the coarsest \
      prescale of the given journals.
      """)
  var unbiasedPrescale: UInt32?

  func validate() throws {
    if eventsTotal != nil, !partial {
      throw ValidationError("--events-total goes with --partial")
    }
    try check("--events-total", eventsTotal, in: 1...TriggerCalibration.eventCountMax)
    try check("--unbiased-prescale", unbiasedPrescale, in: 1...)
  }

  /// The events that all parts may have together.
  func total(atLeast eventCount: Int) throws -> Int {
    if let eventsTotal, eventsTotal < eventCount {
      throw ValidationError(
        "--events-total \(eventsTotal) is less than the \(eventCount) events of this part alone")
    }
    return eventsTotal ?? eventCount
  }

  /// The part that the files of `--merge` are together.
  func merged() throws -> CalibrationPart {
    try CalibrationPart.merged(merge.map { try CalibrationPart.load($0) })
  }
}
