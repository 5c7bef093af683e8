internal import StrictJSON

/// A daemon's /status as `tamis watch` shows it. The view's files are linked into the folder Watch,
/// since nothing but a test can import a program.
let watchTargets = [FuzzTarget(name: "status", body: showStatus)]

private func showStatus(_ input: UnsafeRawBufferPointer) throws {
  let status = try JSONValue(parsing: input)
  for width in [0, 100] {
    for line in WatchView(status, url: "http://127.0.0.1:9464", width: width).lines {
      _ = line.text(width: width, hasColour: true)
    }
    _ = awayLines(WatchFault("away"), url: "", last: status, width: width)
  }
}

/// As in the program.
struct WatchFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
