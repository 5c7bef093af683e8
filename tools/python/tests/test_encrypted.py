"""Sender and Receiver over CURVE, with the keys of `tamis keygen`."""

import numpy as np
import pytest
import zmq

import tamis
from tamis import records as formats


@pytest.fixture
def keys(tamis_program, tmp_path):
    """A server and a client that know each other, and a stranger."""
    for name in ("server", "client", "stranger"):
        tamis_program("keygen", "--out", tmp_path / f"{name}.key")
    (tmp_path / "clients").write_text((tmp_path / "client.key.public").read_text())

    def client(name):
        return tamis.Curve(tmp_path / f"{name}.key", server_key=tmp_path / "server.key.public")
    return tamis.Curve(tmp_path / "server.key", clients=tmp_path / "clients"), client


def free_address():
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        return f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"


def test_a_sender_that_binds_lets_its_clients_in(keys):
    server, client = keys
    address = free_address()
    with zmq.Context() as context, context.socket(zmq.PULL) as friend, \
            context.socket(zmq.PULL) as stranger:
        for socket, name in ((friend, "client"), (stranger, "stranger")):
            socket.linger = 0
            client(name).secure_client(socket, address)
            socket.connect(address)
        with tamis.Sender(bind=address, features=4, curve=server) as sender:
            sender.send(np.ones((3, 4)))
            assert friend.poll(20_000)
            records = np.frombuffer(friend.recv(), formats.event_dtype(4))
            assert len(records) == 3 and not formats.event_faults(records).any()
        assert not stranger.poll(200)


def test_a_receiver_with_a_key_and_one_with_another(keys):
    server, client = keys
    address = free_address()
    events = formats.seal(formats.new_events(5, 4, features=np.ones((5, 4))))
    records = formats.seal(formats.new_flagged(
        events, np.ones((5, 4)), reasons=1, working_points=1, weight=1, number=1 + np.arange(5)))
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.linger = 0
        server.secure_server(socket)
        socket.bind(address)
        with tamis.Receiver(address, curve=client("client")) as receiver, \
                tamis.Receiver(address, curve=client("stranger")) as stranger:
            assert socket.poll(20_000) and socket.recv() == b"\x01"
            for record in records:
                socket.send_multipart([b"flagged", record.tobytes()])
            got = 0
            while got < 5:
                got += len(receiver.take(20))
            assert got == 5 and not receiver.faults and stranger.take(0.2) is None


def test_keys_that_are_missing(keys, tmp_path):
    server, _ = keys
    with pytest.raises(tamis.KeyFault, match="server's public key"):
        tamis.Receiver("tcp://127.0.0.1:1", curve=server)
    with pytest.raises(tamis.KeyFault, match="keys of its clients"):
        tamis.Sender(bind="tcp://127.0.0.1:*", features=1,
                     curve=tamis.Curve(tmp_path / "server.key"))
