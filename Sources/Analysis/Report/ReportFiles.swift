internal import DurableFiles
internal import StrictJSON

/// The files of a report.
package struct ReportFiles: Sendable {
  /// Their names within the report's folder.
  package static let names = ["report.html", "report.json", "roc.csv"]

  private let contents: [String]

  /// Makes the contents of all files.
  package init(_ study: Study, origin: ReportOrigin) {
    contents = [study.html(origin), study.json(origin).text + "\n", study.rocTable]
  }

  /// Writes them into an existing folder and returns their paths.
  package func write(to folder: String, replacing: Bool) throws -> [String] {
    try zip(Self.names, contents).map { name, content in
      let path = "\(folder)/\(name)"
      try ReplacedFile.write(content.utf8, to: path, replacing: replacing)
      return path
    }
  }
}

/// The pictures of a report as files of their own, for a talk.
package struct PictureFiles: Sendable {
  /// An SVG file.
  package struct File: Sendable {
    /// Its name, without a folder.
    package var name: String
    /// Its text.
    package var text: String
  }

  /// In the order of the page.
  package let files: [File]

  /// Makes the pictures.
  package init(_ study: Study) {
    let groups: [(String, [Figure])] = [
      ("roc", study.rocFigures), ("rates", study.rateFigures), ("scores", study.scoreFigures),
      ("calibration", study.calibrationFigures), ("levels", study.levelFigures),
      ("feature", study.featureFigures),
      ("components", study.scatterFigure.map { [$0] } ?? []),
      (
        "event",
        study.strangest.flatMap { model in
          model.groups.enumerated().flatMap { study.strangestFigures(of: $1, sample: $0) }
        }
      ), ("loss", study.lossFigures),
    ]
    files = groups.flatMap { kind, figures in
      figures.enumerated().map { number, figure in
        File(
          name: "\(kind)-\(number + 1)-\(Self.plainName(figure.title)).svg",
          text: figure.picture.file)
      }
    }
  }

  /// Letters and digits of ASCII in lower case, the rest as single dashes.
  private static func plainName(_ title: String) -> String {
    let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    return words.isEmpty ? "picture" : String(words.joined(separator: "-").prefix(60))
  }
}

extension Study {
  /// The first line of `rocTable`.
  package static let rocHeader = "score,signal,threshold,false_positives,fpr,true_positives,tpr"

  /// The drawn ROC curves as comma-separated values, a line a point.
  var rocTable: String {
    var lines = [Self.rocHeader]
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
