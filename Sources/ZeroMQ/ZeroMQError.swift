internal import CZeroMQ
internal import Glibc

/// Why a ZeroMQ call failed. "Would block" is never an error: calls return false instead.
package enum ZeroMQError: Error, Equatable, Sendable {
  /// The context was shut down; the socket is to be given up.
  case terminated
  /// An address cannot be used; `code` is the errno.
  case endpoint(EndpointOperation, address: String, code: CInt)
  /// An option was refused; `option` is its name with the value; `code` is the errno.
  case option(String, code: CInt)
  /// Too few descriptors are free for a context; `code` is the errno.
  case descriptors(free: Int, expected: Int, code: CInt)
  /// Any other call that failed; `code` is the errno.
  case call(Operation, code: CInt)

  /// The operation on an address.
  package enum EndpointOperation: String, Sendable {
    case bind, connect, unbind, disconnect
  }

  /// The operation. The raw value completes the sentence "cannot ...".
  package enum Operation: String, Sendable {
    case createContext = "create a context"
    case createSocket = "create a socket"
    case monitor = "monitor a socket"
    case generateKeys = "generate a CURVE key pair"
    case readOption = "read a socket option"
    case poll = "poll sockets"
    case send = "send"
    case receive = "receive"
  }
}

extension ZeroMQError {
  /// The system's message and what to do about it, without the operation.
  package var explanation: String {
    switch self {
    case .endpoint(let operation, let address, let code):
      endpointExplanation(operation, address: address, code: code)
    default: description
    }
  }
}

extension ZeroMQError: CustomStringConvertible {
  /// One line: what was tried, what the system said, and what to do about it.
  package var description: String {
    switch self {
    case .terminated:
      "the ZeroMQ context was shut down"
    case .endpoint(let operation, let address, _):
      "cannot \(operation.rawValue) \(address): "
        + explanation
    case .option(let option, let code):
      "cannot set \(option): \(systemMessage(code))"
    case .descriptors(let free, let expected, let code):
      "cannot create a context: found \(free) free descriptors (\(systemMessage(code))), expected "
        + "\(expected); raise the limit of open files (ulimit -n)"
    case .call(let operation, let code):
      "cannot \(operation.rawValue): \(systemMessage(code))\(advice(code))"
    }
  }
}

private func systemMessage(_ code: CInt) -> String {
  String(cString: zmq_strerror(code))
}

private func advice(_ code: CInt) -> String {
  switch code {
  case EMFILE: "; raise the limit of open files (ulimit -n) or of sockets of the context"
  case EFSM: "; a request must be answered before the next one"
  default: ""
  }
}

private func endpointExplanation(
  _ operation: ZeroMQError.EndpointOperation, address: String, code: CInt
) -> String {
  switch code {
  case EADDRINUSE where address.hasPrefix("ipc://"):
    "a living process listens there; stop it (ss -lxp names it) or choose another path"
  case EEXIST:
    "a file of that name is there that is no socket; move it away or choose another path"
  case EADDRINUSE:
    "address already in use; stop the process that listens there (ss -ltnp names it) "
      + "or choose another port"
  case EADDRNOTAVAIL:
    "no such address on this machine; bind to one of its own addresses (ip address lists them), "
      + "127.0.0.1, or * for all"
  case ENODEV:
    "no such address or interface on this machine; bind takes an IP address, an interface name "
      + "or *, not a host name"
  case EPROTONOSUPPORT:
    "unsupported transport; use tcp://HOST:PORT, ipc://PATH or inproc://NAME"
  case ENOCOMPATPROTO:
    "this transport does not go with this kind of socket; use tcp, ipc or inproc"
  case EINVAL:
    "not a valid address; write tcp://HOST:PORT, ipc://PATH or inproc://NAME"
  case ENOENT where operation == .unbind || operation == .disconnect:
    "the socket does not use this address; name it exactly as lastEndpoint gave it"
  case ENOENT:
    "no such folder; create it first"
  case ECONNREFUSED:
    "nobody has bound this inproc name; bind it before connecting"
  case EACCES:
    "permission denied; ports below 1024 need a privilege, and the folder of an ipc path must be "
      + "writable"
  case ENAMETOOLONG:
    "the ipc path is too long; keep it below 108 bytes"
  case EMTHREAD:
    "the context has no input/output thread; create it with at least one"
  default:
    systemMessage(code)
  }
}

/// The one place where interrupted calls are repeated and errno is read, at once.
///
/// Returns the call's result, or nil where it would block.
@_noAllocation @_noLocks
func attempt(
  _ operation: ZeroMQError.Operation, _ call: () -> CInt
) throws(ZeroMQError) -> CInt? {
  while true {
    let result = call()
    if result >= 0 { return result }
    let code = zmq_errno()
    switch code {
    case EINTR: continue
    case EAGAIN: return nil
    case ETERM: throw .terminated
    default: throw .call(operation, code: code)
    }
  }
}
