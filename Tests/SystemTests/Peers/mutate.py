#!/usr/bin/env python3
"""Sends so many mutated, cut, joined and random messages, and a good event of source 77 after every
tenth; prints how many good events went out."""

import pathlib
import sys

import numpy as np
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools"))
import tamis_formats as formats  # noqa: E402

D = 64


def mutated(random, message):
    data = bytearray(message)
    choice = random.integers(6)
    if choice == 0:
        for position in random.integers(len(data), size=random.integers(1, 9)):
            data[position] = random.integers(256)
    elif choice == 1:
        del data[random.integers(len(data)):]
    elif choice == 2:
        position = random.integers(len(data))
        data[position:position] = random.bytes(int(random.integers(1, 100)))
    elif choice == 3:
        data = bytearray(random.bytes(int(random.integers(0, 2000))))
    elif choice == 4:
        data[20:22] = random.bytes(2)
    else:
        data[random.integers(min(64, len(data)))] ^= 1 << int(random.integers(8))
    return bytes(data)


def main():
    address, count = sys.argv[1], int(sys.argv[2])
    random = np.random.default_rng(11)
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.linger = 60_000
    socket.connect(address)
    records = formats.new_events(
        512, D, run=1, source=78, features=random.standard_normal((512, D)).astype(np.float32))
    records["sequence"] = np.arange(1, 513)
    formats.seal(records)
    good = formats.new_events(count // 10, D, run=1, source=77)
    good["features"] = random.standard_normal((len(good), D))
    good["sequence"] = good["event"] = np.arange(1, len(good) + 1)
    formats.seal(good)
    for number in range(count):
        start = random.integers(500)
        socket.send(mutated(random, records[start:start + random.integers(1, 5)].tobytes()))
        if number % 10 == 9:
            socket.send(good[number // 10:number // 10 + 1].tobytes())
    print(len(good))
    socket.close()
    zmq.Context.instance().term()


main()
