internal import CZeroMQ

/// Which end of which messaging pattern a socket is.
public enum SocketKind: String, CaseIterable, Sendable {
  case pub, sub, xpub, xsub, push, pull, req, rep, dealer, router, pair

  var code: CInt {
    switch self {
    case .pub: ZMQ_PUB
    case .sub: ZMQ_SUB
    case .xpub: ZMQ_XPUB
    case .xsub: ZMQ_XSUB
    case .push: ZMQ_PUSH
    case .pull: ZMQ_PULL
    case .req: ZMQ_REQ
    case .rep: ZMQ_REP
    case .dealer: ZMQ_DEALER
    case .router: ZMQ_ROUTER
    case .pair: ZMQ_PAIR
    }
  }
}
