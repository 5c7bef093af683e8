"""Two peers of one routing identity at the catch-up port: the last to come is answered."""

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


def test_the_last_of_two_peers_of_one_identity_is_answered(tmp_path):
    chain = make_chain(tmp_path)
    path = configuration(chain, tmp_path, catch_up='{bind: ["tcp://127.0.0.1:*"]}')
    with Daemon(path) as daemon, zmq.Context() as context:
        good("replay", chain / "background.run", "--connect", daemon.address("input"))
        until(lambda: b'"last_number":0' not in daemon.get("/status").replace(b" ", b""), "records are there")

        def peer(kind, identity):
            made = context.socket(kind)
            made.linger = 0
            # Who is disconnected does not come again within this test.
            made.reconnect_ivl = -1
            if identity:
                made.setsockopt(zmq.IDENTITY, identity)
            made.connect(daemon.address("catch_up"))
            return made

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
