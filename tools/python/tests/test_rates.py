"""What a core can send and receive: processor time, which a busy machine does not change much."""

import multiprocessing
import time

import numpy as np
import zmq

import tamis
from tamis import records as formats

SENT_PER_SECOND, RECEIVED_PER_SECOND = 100_000, 50_000


def drain(queue, count):
    socket = zmq.Context().socket(zmq.PULL)
    queue.put(socket.bind_to_random_port("tcp://127.0.0.1"))
    while count > 0:
        count -= len(socket.recv()) // 320


def publish(queue, count):
    context = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.XPUB_NODROP, 1)
    queue.put(socket.bind_to_random_port("tcp://127.0.0.1"))
    features = np.random.default_rng(1).standard_normal((count, 64))
    events = formats.seal(formats.new_events(count, 64, features=features))
    records = formats.seal(formats.new_flagged(
        events, events["features"]**2, reasons=1, working_points=1, weight=1,
        number=1 + np.arange(count)))
    socket.recv()
    for record in records:
        socket.send_multipart([b"flagged", record.tobytes()])
    socket.close(linger=-1)
    context.term()


def started(work, count):
    process = multiprocessing.get_context("spawn")
    queue = process.Queue()
    peer = process.Process(target=work, args=(queue, count), daemon=True)
    peer.start()
    return f"tcp://127.0.0.1:{queue.get(timeout=60)}", peer


def test_sending():
    count = 200_000
    address, peer = started(drain, count)
    features = np.random.default_rng(1).standard_normal((count, 64), np.float32)
    start = time.process_time()
    with tamis.Sender(connect=address, features=64) as sender:
        sender.send(features)
    rate = count / (time.process_time() - start)
    peer.join(60)
    assert rate > SENT_PER_SECOND, f"{rate:.0f} records a second of processor time"


def test_receiving():
    count = 50_000
    address, peer = started(publish, count)
    with tamis.Receiver(address) as receiver:
        got = 0
        begin = time.process_time()
        while got < count:
            records = receiver.take(60)
            assert records is not None
            got += len(records)
        rate = count / (time.process_time() - begin)
        assert not receiver.faults
    peer.join(60)
    assert rate > RECEIVED_PER_SECOND, f"{rate:.0f} records a second of processor time"
