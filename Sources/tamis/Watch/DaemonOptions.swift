internal import ArgumentParser
internal import StrictJSON

/// `--url`, for commands that ask a running daemon.
struct DaemonOptions: ParsableArguments {
  @Option(help: "Where the daemon serves HTTP.")
  var url = "http://127.0.0.1:9464"

  func validate() throws {
    if HTTPAddress(url) == nil {
      throw ValidationError("--url \(url): give http://HOST:PORT, such as http://127.0.0.1:9464")
    }
  }

  /// The daemon's status, or why there is none.
  func look() -> Result<JSONValue, WatchFault> {
    guard let address = HTTPAddress(url) else { preconditionFailure("--url was checked") }
    return Result { () throws(WatchFault) in
      let body = try address.get("status")
      let status: JSONValue
      do throws(JSONSyntaxError) {
        status = try body.withUnsafeBufferPointer { bytes throws(JSONSyntaxError) in
          try JSONValue(parsing: UnsafeRawBufferPointer(bytes))
        }
      } catch {
        throw WatchFault(
          "\(url)/status: line \(error.line), column \(error.column): found \(error.found), "
            + "expected \(error.expected)")
      }
      guard status["format"].string?.hasPrefix("tamis-status-") == true else {
        throw WatchFault("\(url)/status: found JSON that is no status of tamisd")
      }
      return status
    }
  }
}

/// Why there is nothing to show.
struct WatchFault: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
