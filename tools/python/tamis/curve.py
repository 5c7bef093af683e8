"""CURVE: key files as docs/formats.md has them, and sockets that use them.

A pair is a certificate, as `tamis keygen` and pyzmq's zmq.auth write it; public keys come one
`KEY  name` a line.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import zmq
import zmq.auth.base
import zmq.utils.z85

from .addresses import checked
from .faults import KeyFault

__all__ = ["Curve", "KeyFault", "add_options", "attach", "curve_of", "is_key", "joined",
           "read_pair", "read_public_keys", "secure", "secure_client"]


class Curve(NamedTuple):
    """The keys of one peer.

    key         file of this peer's own pair (`tamis keygen`)
    server_key  to connect: the server's public key, or a file with it
    clients     to bind: file of the public keys that may connect
    """
    key: str | os.PathLike[str]
    server_key: str | os.PathLike[str] | None = None
    clients: str | os.PathLike[str] | None = None

    def secure_client(self, socket: zmq.Socket[Any], address: str) -> None:
        """Gives a socket its keys, before it connects to this address."""
        if self.server_key is None:
            raise KeyFault("a peer with a key that connects wants the server's public key "
                           "(--curve-server-key)")
        public, secret = read_pair(self.key)
        socket.curve_publickey, socket.curve_secretkey = public, secret
        socket.curve_serverkey = _server_key(str(self.server_key), address)

    def secure_server(self, socket: zmq.Socket[Any]) -> None:
        """Gives a socket its keys, before it binds; admits the clients and nobody else."""
        _, secret = read_pair(self.key)
        if self.clients is None:
            raise KeyFault("a peer with a key that binds wants the keys of its clients "
                           "(--curve-clients)")
        _admit(socket.context, set(read_public_keys(self.clients)))
        socket.curve_server = True
        socket.curve_secretkey = secret


def attach(socket: zmq.Socket[Any], bind: str | None, connect: str | None,
           curve: Curve | None) -> None:
    """Gives a socket its keys, where there are any, and binds it or else connects it.

    ValueError for an address that is none.
    """
    address = checked(bind or connect or "", is_bind=bool(bind))
    if curve and bind:
        curve.secure_server(socket)
    elif curve and connect:
        curve.secure_client(socket, connect)
    if bind:
        socket.bind(address)
    else:
        socket.connect(address)


def is_key(text: str) -> bool:
    """Whether this is a CURVE key, 40 characters of Z85."""
    try:
        return len(text) == 40 and len(zmq.utils.z85.decode(text)) == 32
    except (KeyError, ValueError):
        return False


def read_pair(path: str | os.PathLike[str]) -> tuple[bytes, bytes]:
    """The public and the secret key of a certificate."""
    if os.stat(path).st_mode & 0o077:
        raise KeyFault(f"{path}: others may read this secret; chmod 600 it")
    public, secret = zmq.auth.load_certificate(path)
    if secret is None:
        raise KeyFault(f"{path}: no secret-key; name the file without .public")
    return public, secret


def read_public_keys(path: str | os.PathLike[str]) -> dict[bytes, str]:
    """Public keys and their names, in the order of the file."""
    keys: dict[bytes, str] = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split(maxsplit=1)
            if not words or words[0].startswith("#"):
                continue
            if not is_key(words[0]):
                raise KeyFault(f"{path}: line {number}: no key of 40 characters of Z85")
            keys[words[0].encode()] = words[1].strip() if len(words) > 1 else ""
    return keys


def _server_key(text: str, address: str) -> bytes:
    if is_key(text):
        return text.encode()
    keys = read_public_keys(text)
    named = {name: key for key, name in keys.items() if "://" in name}
    others = [key for key, name in keys.items() if "://" not in name]
    if address in named:
        return named[address]
    if len(others) != 1:
        raise KeyFault(f"{text}: {len(others)} keys for {address}; one was expected")
    return others[0]


def _admit(context: zmq.Context[Any], keys: set[bytes]) -> None:
    """Lets in the clients with these keys: answers the library's questions (ZAP 1.0, RFC 27) in a
    thread that ends with the context."""
    # A context that is destroyed closes its sockets in the calling thread, and this one belongs to
    # another: the shadow, which is the same context, keeps it off that list.
    shadow: zmq.Context[Any] = zmq.Context.shadow(context.underlying)
    door = shadow.socket(zmq.REP)
    door.linger = 0
    door.bind("inproc://zeromq.zap.01")

    def answer() -> None:
        try:
            while True:
                version, identifier, _, _, _, mechanism, *shown = door.recv_multipart()
                allowed = (mechanism == b"CURVE" and len(shown) == 1
                           and zmq.utils.z85.encode(shown[0]) in keys)
                status = (b"200", b"") if allowed else (b"400", b"unknown key")
                door.send_multipart([version, identifier, *status, b"", b""])
        except zmq.ContextTerminated:
            pass
        finally:
            # Whatever ended it: a context waits for all its sockets.
            door.close()

    threading.Thread(target=answer, daemon=True).start()


# Options of the commands


_SERVER_KEY = "--curve-server-key"


def add_options(parser: argparse.ArgumentParser, binds: bool = True) -> None:
    """The options of a peer that may speak CURVE, and may bind."""
    group = parser.add_argument_group("CURVE")
    group.add_argument("--curve-key", metavar="FILE", help="this peer's key pair (tamis keygen)")
    group.add_argument(_SERVER_KEY, metavar="KEY|FILE",
                       help="with --connect: the server's public key, or a file with it")
    if binds:
        group.add_argument("--curve-clients", metavar="FILE",
                           help="with --bind: the public keys that may connect, KEY  name a line")


def joined(arguments: Sequence[str] | None) -> list[str]:
    """The arguments (of the process where they are None) for `parse_args`.

    A server's key that begins with a hyphen is joined to its option: argparse would take it for an
    option of its own.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for index, option in enumerate(given[:-1]):
        if option == _SERVER_KEY and is_key(given[index + 1]):
            return [*given[:index], f"{option}={given[index + 1]}", *joined(given[index + 2:])]
    return given


def curve_of(options: Any) -> Curve | None:
    """The keys that a command's options name; None without --curve-key."""
    clients = getattr(options, "curve_clients", None)
    if options.curve_key is None:
        if options.curve_server_key or clients:
            raise KeyFault("--curve-server-key and --curve-clients go with --curve-key")
        return None
    return Curve(options.curve_key, options.curve_server_key, clients)


def secure(socket: zmq.Socket[Any], options: Any) -> None:
    """Gives a command's socket its keys, before it binds or connects."""
    if not getattr(options, "bind", None):
        secure_client(socket, options, options.connect)
    elif curve := curve_of(options):
        curve.secure_server(socket)


def secure_client(socket: zmq.Socket[Any], options: Any, address: str) -> None:
    """The same for a socket that connects to this address, whatever the others do."""
    if curve := curve_of(options):
        curve.secure_client(socket, address)
