#!/usr/bin/env python3
"""Sends requests for records of every wrong kind to a daemon and checks the answers.

Prints `status count` for each status that was answered: the test compares them with the daemon's
counters. Usage: hostile_catch_up.py ADDRESS LAST, where LAST is the journal's last number.
"""

import collections
import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_catch_up as catch_up  # noqa: E402

counts = collections.Counter()


def answered(socket, parts):
    socket.send_multipart(parts)
    assert socket.poll(20_000), f"no answer to parts of {[len(each) for each in parts]} bytes"
    received = socket.recv_multipart()
    reply, records = catch_up.decoded([each for each in received if each != b""][:1]
                                      + [received[-1]])
    counts[catch_up.STATUS_NAMES[reply["status"]]] += 1
    return reply, records


def edited(**fields):
    """A request with other fields, and the checksum that goes with them."""
    content = np.frombuffer(catch_up.request(1, tag=7), catch_up.REQUEST).copy()
    for name, value in fields.items():
        content[name] = value
    return catch_up.sealed(content)


def main():
    address, last = sys.argv[1], int(sys.argv[2])
    context = zmq.Context.instance()
    dealer, bare = context.socket(zmq.DEALER), context.socket(zmq.DEALER)
    for socket in (dealer, bare):
        socket.linger = 0
        socket.connect(address)
    random = np.random.default_rng(5)
    good = catch_up.request(1, tag=7)

    def expect(status, content, tag=7):
        for socket, front in ((dealer, [b""]), (bare, [])):
            if socket is bare and content == b"":
                continue  # an empty part alone is a delimiter with nothing behind it: see below
            reply, records = answered(socket, front + [content])
            assert catch_up.STATUS_NAMES[reply["status"]] == status, (status, reply)
            assert reply["tag"] == tag and len(records) == 0
            assert reply["last"] == last and reply["next"] == last + 1

    expect("malformed", b"", 0)
    expect("malformed", b"\0", 0)
    expect("malformed", good[:-1], 0)
    expect("malformed", good + b"\0", 0)
    expect("malformed", bytes(4096), 0)
    for size in (1, 47, 48, 49, 96, 1000):
        for _ in range(20):
            expect("malformed", random.bytes(size), 0)
    expect("version", edited(version=0))
    expect("version", edited(version=2))
    expect("crc", good[:-1] + bytes([good[-1] ^ 1]))
    expect("kind", edited(kind=0))
    expect("kind", edited(kind=255))
    expect("kind", edited(flags=4))
    expect("instance", edited(flags=1, instance=4_000_000_000))
    expect("number", edited(first=0))
    expect("number", edited(first=9, last=8))
    expect("beyond", edited(first=last + 2))
    expect("beyond", edited(first=2**64 - 1))
    # More parts than there should be, and none but the delimiter.
    for parts in ([b"", good, good], [b"", b"", b"", good], [good, good], [good, b""], [b""]):
        reply, _ = answered(dealer, parts)
        assert reply["status"] == catch_up.MALFORMED, parts

    # A part beyond 4096 bytes closes the connection unread; the peer may come again.
    huge = context.socket(zmq.DEALER)
    huge.linger = 0
    huge.connect(address)
    huge.send_multipart([b"", bytes(1 << 20)])
    assert not huge.poll(500)
    huge.close()

    # What is right is still answered, in every form of request socket.
    req = context.socket(zmq.REQ)
    req.linger = 0
    req.connect(address)
    reply, records = answered(req, [edited(records_max=3)])
    assert reply["status"] == catch_up.OK and records["number"].tolist() == [1, 2, 3]
    assert reply["next"] == 4 and reply["oldest"] == 1
    reply, records = answered(bare, [edited(bytes_max=1)])
    assert records["number"].tolist() == [1], "one record is sent whatever the limit"
    reply, records = answered(dealer, [b"", edited(bytes_max=640 * 3 + 1)])
    assert records["number"].tolist() == [1, 2, 3]
    reply, records = answered(dealer, [b"", edited(first=last, last=2**64 - 1)])
    assert records["number"].tolist() == [last] and reply["next"] == last + 1
    reply, records = answered(dealer, [b"", edited(first=last + 1)])
    assert reply["status"] == catch_up.OK and len(records) == 0 and reply["next"] == last + 1

    # One that asks and goes away before the answer, and one that never reads.
    for _ in range(50):
        gone = context.socket(zmq.DEALER)
        gone.linger = 1000
        gone.connect(address)
        gone.send_multipart([b"", good])
        gone.close(linger=1000)
    deaf = context.socket(zmq.DEALER)
    deaf.rcvhwm = 1
    deaf.linger = 0
    deaf.connect(address)
    for _ in range(200):
        deaf.send_multipart([b"", good])
    reply, records = answered(dealer, [b"", good])
    assert reply["status"] == catch_up.OK and len(records) > 0
    for name, count in sorted(counts.items()):
        print(name, count)


main()
