"""Addresses of sockets: what ZeroMQ would take and never reach is told at once."""

from __future__ import annotations

import ipaddress
import re
import socket
import warnings

__all__ = ["checked"]

_TCP = re.compile(r"tcp://(?:[^;]*;)?(?P<host>\[[^\]]+\]|[^:\[\]]+):(?P<port>[^:]*)")


def checked(address: str, is_bind: bool = False) -> str:
    """The address of a socket; ValueError where it is none.

    A host whose name is not known is warned of (RuntimeWarning), where the socket connects: ZeroMQ
    looks again and again, and it may become known.
    """
    if "://" not in address:
        raise ValueError(f"{address}: tcp://HOST:PORT or ipc://PATH was expected")
    if not address.startswith("tcp://"):
        return address
    found = _TCP.fullmatch(address)
    any_port = is_bind and found and found["port"] in ("*", "0")
    if not found or not any_port and not (
            re.fullmatch("[0-9]{1,5}", found["port"]) and 1 <= int(found["port"]) <= 65535):
        raise ValueError(f"{address}: tcp://HOST:PORT with a port of 1 to 65535 was expected")
    if not is_bind:
        _warn_of_unknown(found["host"].strip("[]"), address)
    return address


def _warn_of_unknown(host: str, address: str) -> None:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            socket.getaddrinfo(host, None)
        except (OSError, UnicodeError) as fault:
            warnings.warn(f"{address}: the host is not known so far: {fault}", RuntimeWarning,
                          stacklevel=5)
