internal import StrictJSON

/// A look at a daemon's /status.
enum StatusLook {
  /// The status of the daemon at `address`; `url` names it in faults.
  static func at(_ address: HTTPAddress, url: String) -> Result<JSONValue, WatchFault> {
    do throws(WatchFault) {
      let body = try address.get("status")
      do {
        let status = try body.withUnsafeBytes { bytes throws(JSONSyntaxError) in
          try JSONValue(parsing: bytes)
        }
        guard status["format"].string?.hasPrefix("tamis-status-") == true else {
          throw WatchFault("\(url)/status: found JSON that is no status of tamisd")
        }
        return .success(status)
      } catch let error as JSONSyntaxError {
        throw WatchFault(
          "\(url)/status: line \(error.line), column \(error.column): found \(error.found), "
            + "expected \(error.expected)")
      } catch let fault as WatchFault {
        throw fault
      } catch {
        throw WatchFault("\(error)")
      }
    } catch {
      return .failure(error)
    }
  }
}
