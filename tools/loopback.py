"""Ports for the programs that a test starts, and what has arrived from them."""

import errno
import pathlib
import random
import socket
import time

_RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
# Names that say which ports this process has taken; each is held until the process ends.
_held = []


def free_ports(count):
    """`count` ports of the loopback address that nobody uses, and that nobody gets by chance.

    A port that the kernel picks is anybody's again once it is closed. These are below those that
    the kernel gives to connections, and each is held by an abstract socket name, as every test of
    this project holds its own.
    """
    # Where the kernel's ports begin that low, some of those have to do.
    end = max(int(_RANGE.read_text().split()[0]), 2 * _LOWEST)
    ports = []
    while len(ports) < count:
        port = random.randrange(_LOWEST, end)
        if _takes(port):
            ports.append(port)
    return ports


def free_port():
    """One of them."""
    return free_ports(1)[0]


def arrived(zmq_socket, quiet_s=0.3):
    """All messages until none has come for `quiet_s`.

    Moments in which this process was late do not count: neither did the library's thread receive.
    """
    messages, calm_s, step_s = [], 0.0, 0.02
    while calm_s < quiet_s:
        began = time.monotonic()
        if zmq_socket.poll(int(1_000 * step_s)):
            messages.append(zmq_socket.recv_multipart())
            calm_s = 0.0
        elif time.monotonic() - began < 2 * step_s:
            calm_s += step_s
    return messages


def _takes(port):
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0tamis-test-port-{port}")
        with socket.socket() as server:
            server.bind(("127.0.0.1", port))
    except OSError as error:
        name.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    _held.append(name)
    return True
