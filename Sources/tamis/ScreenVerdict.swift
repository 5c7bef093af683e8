internal import Calibration
internal import CommandFrame
internal import DurableFiles
internal import NumberText

extension ScreenCalibration {
  /// The least margin that the comparison supports, on a grid of 0.0001; nil where it is not below 1.
  fileprivate func advisedMargin(isQuiet: Bool) -> Double? {
    let least = max(1, (marginMin(isQuiet: isQuiet) * 1e4).rounded(.up)) / 1e4
    return least < 1 ? least : nil
  }
}

extension CalibrationPart {
  /// The comparison of screen and exact scores with the margin asked for, or the default one where
  /// none was. `path` is the file that a refusal names.
  ///
  /// - Returns: nil, after saying why, where the default does not hold: exact precision needs none.
  /// - Throws: `FileFault` where a margin was asked for that the background does not support.
  func screenCalibration(path: String) throws(FileFault) -> ScreenCalibration? {
    let margin = basis.screenMargin
    let measured = tally.screen.calibration(margin: margin ?? ScreenCalibration.defaultMargin)
    let isQuiet = basis.plan.hasQuiet
    if let measured, measured.margin >= measured.marginMin(isQuiet: isQuiet) { return measured }
    let fault = FileFault(
      file: path,
      found: measured.map {
        "screen scores that fall short by \(short($0.shortfallMax)) of themselves"
          + (isQuiet ? " and exceed by \(short($0.excessMax))" : "")
      } ?? screenRefusal ?? "no event that could be screened",
      expected: screenRefusal != nil
        ? "a network that can be screened"
        : "at most \(short((margin ?? ScreenCalibration.defaultMargin) / 2)) for the screen "
          + "margin \(margin ?? ScreenCalibration.defaultMargin)",
      remedy: measured.flatMap { $0.advisedMargin(isQuiet: isQuiet) }.map {
        "use --screen-margin \(short($0)) or more"
      }
        ?? (measured == nil
          ? "use precision: exact" : "no margin below 1 would do: use precision: exact"))
    if margin != nil { throw fault }
    complain("no screen, so that this calibration is for precision: exact alone: \(fault)")
    return nil
  }
}
