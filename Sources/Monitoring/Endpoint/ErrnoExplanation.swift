internal import Glibc

/// The meaning of an errno of bind(2), for the person who chose the address.
func explain(_ code: CInt) -> String {
  switch code {
  case EADDRINUSE:
    "address already in use; stop the process that listens there (ss -ltnp names it) "
      + "or choose another port"
  case EADDRNOTAVAIL:
    "no such address on this machine; give one of its own (ip address lists them) "
      + "or 127.0.0.1"
  case EACCES:
    "permission denied; choose a port of 1024 or above"
  default:
    String(cString: strerror(code))
  }
}
