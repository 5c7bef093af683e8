internal import DurableFiles
internal import StrictJSON

/// The files of a report.
public struct ReportFiles: Sendable {
  /// Their names within the report's folder.
  public static let names = ["report.html", "report.json", "roc.csv"]

  private let contents: [String]

  /// Makes the contents of all files.
  public init(_ study: Study, origin: ReportOrigin) {
    contents = [study.html(origin), study.json(origin).text + "\n", study.rocTable]
  }

  /// Writes them into an existing folder and returns their paths.
  public func write(to folder: String, replacing: Bool) throws -> [String] {
    try zip(Self.names, contents).map { name, content in
      let path = "\(folder)/\(name)"
      try ReplacedFile.write(content.utf8, to: path, replacing: replacing)
      return path
    }
  }
}

extension Study {
  /// The drawn ROC curves as comma-separated values, a line a point.
  var rocTable: String {
    var lines = ["score,signal,threshold,false_positives,fpr,true_positives,tpr"]
    for score in metrics.scores {
      for (signal, name) in zip(score.signals, signalNames) {
        for point in signal.curve {
          let fpr = Double(point.falsePositives) / Double(score.backgroundCount)
          let tpr = Double(point.truePositives) / Double(signal.signalCount)
          lines.append(
            "\(Self.quoted(score.name)),\(Self.quoted(name)),\(point.threshold),"
              + "\(point.falsePositives),\(fpr),\(point.truePositives),\(tpr)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// As RFC 4180 has it.
  private static func quoted(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
