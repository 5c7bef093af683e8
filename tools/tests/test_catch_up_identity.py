"""Two peers of one routing identity at the catch-up port: the last to come is answered, and none keeps a place."""

import os
import re
import struct
import time

import pytest

from launched import BIN, Daemon, configuration, good, make_chain, until

if not (BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)

import zmq  # noqa: E402
import tamis_formats  # noqa: E402, F401
from tamis.checksums import crc32c  # noqa: E402


def request(tag):
    """Two records from number 1 on."""
    body = struct.pack("<4sBBHQQQIII", b"TMSQ", 1, 1, 0, tag, 1, 0, 2, 0, 0)
    return body + struct.pack("<I", crc32c(body))


def ask(peer, tag, seconds=20):
    """The number of records of the answer to a request; None without one."""
    peer.send(request(tag))
    deadline = time.monotonic() + seconds
    while peer.poll(max(0, 1000 * (deadline - time.monotonic()))):
        header = peer.recv_multipart()[0]
        # An answer to who had the identity before may come here: the tag tells.
        if struct.unpack_from("<Q", header, 8)[0] == tag:
            return struct.unpack_from("<I", header, 64)[0]
    return None


def connected(context, daemon, kind, identity):
    made = context.socket(kind)
    made.linger = 0
    # Who is disconnected does not come again within this test.
    made.reconnect_ivl = -1
    if identity:
        made.setsockopt(zmq.IDENTITY, identity)
    made.connect(daemon.address("catch_up"))
    return made


def connections(daemon):
    """Peers of the catch-up socket, as the daemon counts them."""
    page = daemon.get("/metrics").decode()
    return int(re.search(r'^tamis_connections{socket="catch_up"[^}]*} (\d+)', page, re.M).group(1))


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


@pytest.mark.parametrize("after", [1, 50])
def test_connections_of_peers_that_have_gone_take_no_place(tmp_path, after):
    """The library keeps a peer that asks after another one took its identity."""
    chain = make_chain(tmp_path)
    path = configuration(chain, tmp_path, catch_up='{bind: ["tcp://127.0.0.1:*"]}',
                         security="{connections_max: 8}")
    with Daemon(path) as daemon, zmq.Context() as context:
        good("replay", chain / "background.run", "--connect", daemon.address("input"))
        until(lambda: b'"last_number":0' not in daemon.get("/status").replace(b" ", b""), "records are there")
        before = descriptors(daemon)
        staying = context.socket(zmq.DEALER)
        staying.linger = 0
        staying.connect(daemon.address("catch_up"))
        assert ask(staying, 1) == 2
        for tag in range(2, 5):
            first = connected(context, daemon, zmq.DEALER, b"same")
            assert ask(first, tag) == 2
            second = connected(context, daemon, zmq.DEALER, b"same")
            assert ask(second, tag) == 2
            for _ in range(after):
                first.send(request(tag))
                second.send(request(tag))
            # Until the daemon has read what both sent.
            time.sleep(0.3)
            first.close()
            second.close()
        until(lambda: connections(daemon) <= 1, "their places are free")
        until(lambda: descriptors(daemon) <= before + 1, "their descriptors are closed")
        # Who was there is connected again by its library; a request that was on its way is lost.
        until(lambda: ask(staying, 9, seconds=1) == 2, "who stayed is answered")
        several = [connected(context, daemon, zmq.DEALER, None) for _ in range(6)]
        assert [ask(each, 10) for each in several] == [2] * 6
        context.destroy(linger=0)
        assert daemon.end() == 0


def test_the_last_of_two_peers_of_one_identity_is_answered(tmp_path):
    chain = make_chain(tmp_path)
    path = configuration(chain, tmp_path, catch_up='{bind: ["tcp://127.0.0.1:*"]}')
    with Daemon(path) as daemon, zmq.Context() as context:
        good("replay", chain / "background.run", "--connect", daemon.address("input"))
        until(lambda: b'"last_number":0' not in daemon.get("/status").replace(b" ", b""), "records are there")

        def peer(kind, identity):
            return connected(context, daemon, kind, identity)

        first = peer(zmq.DEALER, b"receiver")
        assert ask(first, 1) == 2
        # As a consumer that comes again while its former connection is not known to be gone.
        second = peer(zmq.DEALER, b"receiver")
        assert ask(second, 2) == 2 and ask(second, 3) == 2
        many = [peer(zmq.DEALER, b"receiver") for _ in range(20)]
        for other in many:
            other.send(request(9))
        for identity in (b"other", None):
            assert ask(peer(zmq.DEALER, identity), 4) == 2
        last = peer(zmq.DEALER, b"receiver")
        assert ask(last, 5) == 2
        context.destroy(linger=0)
        assert daemon.end() == 0
