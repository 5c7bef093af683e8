internal import Synchronization

/// Makes replies, and gives the last one again where a page is asked for more often than it may be
/// made: ten times a second, and twenty times at once after a pause.
///
/// A client that asks now and then gets a new page each time. One that asks without end gets pages
/// that are up to a tenth of a second old, and costs little.
package final class ReplyCache: Sendable {
  private struct Page {
    var reply: HTTPReply
    var madeNs: UInt64
    /// How long ago it would have to be made to be made at will.
    var debtNs: UInt64
  }

  private let routes: [String: HTTPEndpoint.Route]
  private let clockNs: @Sendable () -> UInt64
  private let pages = Mutex<[String: Page]>([:])

  /// The least time between two of one page, in the long run.
  package static let periodNs: UInt64 = 100_000_000
  /// Pages that may be made at once after a pause.
  package static let burstCount: UInt64 = 20

  package init(_ routes: [String: HTTPEndpoint.Route], clockNs: @escaping @Sendable () -> UInt64) {
    self.routes = routes
    self.clockNs = clockNs
  }

  /// The paths that there are.
  package var paths: [String] { routes.keys.sorted() }

  /// Whether there is such a path.
  package func holds(_ path: String) -> Bool { routes[path] != nil }

  /// The reply of `path`, which there must be.
  package func reply(to path: String) -> HTTPReply {
    guard let route = routes[path] else { preconditionFailure("no such path") }
    return pages.withLock { pages in
      let nowNs = clockNs()
      var debtNs: UInt64 = 0
      if let page = pages[path] {
        let passedNs = nowNs >= page.madeNs ? nowNs - page.madeNs : 0
        debtNs = page.debtNs - min(passedNs, page.debtNs)
        if debtNs > (Self.burstCount - 1) * Self.periodNs { return page.reply }
      }
      let reply = route()
      pages[path] = Page(reply: reply, madeNs: nowNs, debtNs: debtNs + Self.periodNs)
      return reply
    }
  }
}
