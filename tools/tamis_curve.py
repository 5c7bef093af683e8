"""CURVE for the Python peers: key files as docs/formats.md has them.

A pair is a certificate, as `tamis keygen` and pyzmq's zmq.auth write it; public keys come one
`KEY  name` a line.
"""

import os
import threading

import zmq
import zmq.auth.base
import zmq.utils.z85


class KeyFault(ValueError):
    """A file of keys that cannot be used."""


def add_options(parser, binds=True):
    """The options of a peer that may speak CURVE, and may bind."""
    group = parser.add_argument_group("CURVE")
    group.add_argument("--curve-key", metavar="FILE", help="this peer's key pair (tamis keygen)")
    group.add_argument("--curve-server-key", metavar="KEY|FILE",
                       help="with --connect: the server's public key, or a file with it")
    if binds:
        group.add_argument("--curve-clients", metavar="FILE",
                           help="with --bind: the public keys that may connect, KEY  name a line")


def is_key(text):
    """Whether this is a CURVE key, 40 characters of Z85."""
    try:
        return len(text) == 40 and len(zmq.utils.z85.decode(text)) == 32
    except (KeyError, ValueError):
        return False


def read_pair(path):
    """The public and the secret key of a certificate."""
    if os.stat(path).st_mode & 0o077:
        raise KeyFault(f"{path}: others may read this secret; chmod 600 it")
    public, secret = zmq.auth.load_certificate(path)
    if secret is None:
        raise KeyFault(f"{path}: no secret-key; name the file without .public")
    return public, secret


def read_public_keys(path):
    """Public keys and their names, in the order of the file."""
    keys = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split(maxsplit=1)
            if not words or words[0].startswith("#"):
                continue
            if not is_key(words[0]):
                raise KeyFault(f"{path}: line {number}: no key of 40 characters of Z85")
            keys[words[0].encode()] = words[1].strip() if len(words) > 1 else ""
    return keys


def _server_key(text, address):
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


def secure(socket, options):
    """Gives a socket its keys, before it binds or connects. Plain without --curve-key."""
    if not getattr(options, "bind", None):
        secure_client(socket, options, options.connect)
        return
    if _has_key(options):
        _, secret = read_pair(options.curve_key)
        if options.curve_clients is None:
            raise KeyFault("--curve-key with --bind wants --curve-clients")
        _admit(socket.context, set(read_public_keys(options.curve_clients)))
        socket.curve_server = True
        socket.curve_secretkey = secret


def secure_client(socket, options, address):
    """The same for a socket that connects to this address, whatever the others do."""
    if not _has_key(options):
        return
    if options.curve_server_key is None:
        raise KeyFault("--curve-key with --connect wants --curve-server-key")
    socket.curve_publickey, socket.curve_secretkey = read_pair(options.curve_key)
    socket.curve_serverkey = _server_key(options.curve_server_key, address)


def _has_key(options):
    if options.curve_key is None and (
            options.curve_server_key or getattr(options, "curve_clients", None)):
        raise KeyFault("--curve-server-key and --curve-clients go with --curve-key")
    return options.curve_key is not None


def _admit(context, keys):
    """Lets in the clients with these keys: answers the library's questions (ZAP 1.0, RFC 27) in a
    thread that ends with the context."""
    door = context.socket(zmq.REP)
    door.linger = 0
    door.bind("inproc://zeromq.zap.01")

    def answer():
        while True:
            try:
                version, identifier, _, _, _, mechanism, *shown = door.recv_multipart()
                allowed = (mechanism == b"CURVE" and len(shown) == 1
                           and zmq.utils.z85.encode(shown[0]) in keys)
                status = (b"200", b"") if allowed else (b"400", b"unknown key")
                door.send_multipart([version, identifier, *status, b"", b""])
            except zmq.ContextTerminated:
                door.close()
                return

    threading.Thread(target=answer, daemon=True).start()
