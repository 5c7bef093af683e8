"""A ZMTP 3 client by hand, plain or CURVE, that sends what no library would."""

import ctypes
import ctypes.util
import os
import socket
import struct

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
MORE, LONG, COMMAND = 1, 2, 4


def box(plain, nonce, public, secret):
    sealed = ctypes.create_string_buffer(len(plain) + 16)
    assert SODIUM.crypto_box_easy(
        sealed, plain, ctypes.c_ulonglong(len(plain)), nonce, public, secret) == 0
    return sealed.raw


def opened(sealed, nonce, public, secret):
    plain = ctypes.create_string_buffer(len(sealed) - 16)
    assert SODIUM.crypto_box_open_easy(
        plain, sealed, ctypes.c_ulonglong(len(sealed)), nonce, public, secret) == 0
    return plain.raw


def key_pair():
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    SODIUM.crypto_box_keypair(public, secret)
    return public.raw, secret.raw


def frame(body, flags=0):
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body


def metadata(socket_type, more=()):
    return b"".join(
        bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
        for name, value in ((b"Socket-Type", socket_type), (b"Identity", b""), *more))


class RawPeer:
    """Connected and past its handshake.

    properties: further ones of the handshake, names and values. waits: the handshake is completed only
    when the daemon has answered it, which plain peers need not.
    """

    def __init__(self, port, socket_type, keys=None, server_key=None, properties=(), waits=False):
        self.metadata = metadata(socket_type, properties)
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(20)
        mechanism = b"CURVE" if keys else b"NULL"
        self.socket.sendall(
            b"\xff" + bytes(8) + b"\x7f\x03\x00" + mechanism.ljust(20, b"\0") + bytes(32))
        self.read(64)
        self.count = 0
        self.is_curve = keys is not None
        if self.is_curve:
            self.shake_hands(keys, server_key)
        else:
            if waits:
                self.read_frame()
            self.socket.sendall(frame(b"\x05READY" + self.metadata, COMMAND))
            if not waits:
                self.read_frame()

    def shake_hands(self, keys, server_key):
        public, secret = keys
        self.transient = key_pair()
        short = self.nonce()
        self.socket.sendall(frame(
            b"\x05HELLO\x01\x00" + bytes(72) + self.transient[0] + short + box(
                bytes(64), b"CurveZMQHELLO---" + short, server_key, self.transient[1]), COMMAND))
        welcome = self.read_frame()
        assert welcome.startswith(b"\x07WELCOME"), welcome
        plain = opened(welcome[24:], b"WELCOME-" + welcome[8:24], server_key, self.transient[1])
        self.server, cookie = plain[:32], plain[32:]
        vouch_nonce = os.urandom(16)
        vouch = box(self.transient[0] + server_key, b"VOUCH---" + vouch_nonce, self.server, secret)
        short = self.nonce()
        self.socket.sendall(frame(
            b"\x08INITIATE" + cookie + short + box(
                public + vouch_nonce + vouch + self.metadata,
                b"CurveZMQINITIATE" + short, self.server, self.transient[1]), COMMAND))
        ready = self.read_frame()
        assert ready.startswith(b"\x05READY"), ready

    def nonce(self):
        self.count += 1
        return struct.pack(">Q", self.count)

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the other end has closed")
            data += more
        return data

    def read_frame(self):
        flags, size = self.read(2)
        if flags & LONG:
            size = struct.unpack(">Q", bytes([size]) + self.read(7))[0]
        return self.read(size)

    def encoded(self, body, more=False, command=False):
        """One message part, or a command, as it goes over the wire."""
        if not self.is_curve:
            return frame(body, (MORE if more else 0) | (COMMAND if command else 0))
        short = self.nonce()
        sealed = box(bytes([more | command << 1]) + body, b"CurveZMQMESSAGEC" + short, self.server,
                     self.transient[1])
        return frame(b"\x07MESSAGE" + short + sealed)

    def send(self, *bodies, more=False):
        self.socket.sendall(b"".join(self.encoded(body, more) for body in bodies))

    def close(self):
        self.socket.close()

    def break_off(self):
        """Ends the connection as a machine that goes down does, and not in order."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
