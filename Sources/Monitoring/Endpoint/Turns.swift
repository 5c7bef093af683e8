internal import NIOCore

/// Lets connections with pipelined requests take turns: one request of each, then the event loop looks
/// at all sockets again.
///
/// Work that is put off by `EventLoop.execute` would not do: the loop goes on with such work until there
/// is none, and looks at no socket meanwhile. Used on the endpoint's event loop alone.
final class Turns {
  private let eventLoop: any EventLoop
  private var waiting: [() -> Void] = []
  private var isScheduled = false

  /// A time that has not come when the work before it is done.
  private static let pause = TimeAmount.milliseconds(1)

  init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

  /// Does `work` after the sockets have been looked at.
  func wait(_ work: @escaping () -> Void) {
    waiting.append(work)
    if isScheduled { return }
    isScheduled = true
    eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.takeAll() }
  }

  private func takeAll() {
    isScheduled = false
    // Who waits again meanwhile is served in the next round.
    let round = waiting
    waiting = []
    for work in round { work() }
  }
}
