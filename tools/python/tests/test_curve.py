"""The Python peers with CURVE keys, against sockets of this process."""

import argparse
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import zmq
import zmq.auth

TOOLS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOOLS))

from tamis import curve  # noqa: E402


def start(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-B", TOOLS / script, *map(str, arguments)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process, status=0):
    output, errors = process.communicate(timeout=60)
    assert process.returncode == status, errors
    return output, errors


@pytest.fixture
def context():
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture
def pair(tmp_path):
    """A pair as zmq.auth makes it: the certificate's path and the public key."""
    public, secret = zmq.auth.create_certificates(tmp_path, "peer")
    os.chmod(secret, 0o600)
    return secret, zmq.auth.load_certificate(public)[0].decode()


def hyphened():
    """A pair whose public key begins as an option does, as one in 85 does."""
    while not (pair := zmq.curve_keypair())[0].startswith(b"-"):
        pass
    return pair


@pytest.mark.parametrize("made", [zmq.curve_keypair, hyphened])
def test_sender_connects_as_a_client(context, pair, made):
    public, secret = made()
    socket = context.socket(zmq.PULL)
    socket.rcvtimeo = 30_000
    socket.curve_server, socket.curve_secretkey = True, secret
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    address = f"tcp://127.0.0.1:{port}"
    plain = start("send.py", "--generate", 3, "--connect", address, "--wait", 0.3)
    assert "nobody takes" in ended(plain, status=1)[1]
    sender = start("send.py", "--generate", 3, "--batch", 10, "--connect", address,
                   "--curve-key", pair[0], "--curve-server-key", public.decode())
    assert len(socket.recv()) == 320  # begin of run
    ended(sender)


@pytest.mark.parametrize("script, limits", [
    ("receive.py", ["--timeout", 0.2]), ("catch_up.py", ["--from", 1, "--timeout", 0.2])])
def test_receivers_take_any_key(tmp_path, pair, script, limits):
    """Nobody is there; that is not a word on how the command is used."""
    receiver = start(script, "--connect", f"ipc://{tmp_path}/nobody", "--curve-key", pair[0],
                     "--curve-server-key", hyphened()[0].decode(), *limits)
    assert "usage:" not in receiver.communicate(timeout=60)[1] and receiver.returncode != 2


def test_replay_takes_any_key(context, tmp_path, pair, tamis_program):
    public, secret = hyphened()
    socket = context.socket(zmq.PULL)
    socket.rcvtimeo = 30_000
    socket.curve_server, socket.curve_secretkey = True, secret
    address = f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"
    np.save(tmp_path / "x.npy", np.zeros((3, 4), np.float32))
    tamis_program("replay", tmp_path / "x.npy", "--connect", address, "--curve-key", pair[0],
                  "--curve-server-key", public.decode())
    assert socket.recv()


def test_sender_binds_as_a_server(tmp_path, context, pair):
    friend, stranger = zmq.curve_keypair(), zmq.curve_keypair()
    (tmp_path / "clients").write_text(f"# who may come\n{friend[0].decode()}  a friend\n")
    address = f"ipc://{tmp_path}/events"
    sender = start("send.py", "--generate", 3, "--bind", address, "--curve-key", pair[0],
                   "--curve-clients", tmp_path / "clients")

    def receive(keys, timeout_ms):
        socket = context.socket(zmq.PULL)
        socket.rcvtimeo = timeout_ms
        socket.curve_serverkey = pair[1].encode()
        socket.curve_publickey, socket.curve_secretkey = keys
        socket.connect(address)
        try:
            return socket.recv()
        except zmq.Again:
            return None
        finally:
            socket.close(linger=0)

    assert receive(stranger, 500) is None
    assert receive(friend, 30_000) is not None
    sender.kill()
    sender.communicate()


@pytest.mark.parametrize("text, fault", [
    ("nonsense  me\n", "line 1"),
    ("\n# fine\nshort\n", "line 3"),
])
def test_bad_lists_are_placed(tmp_path, text, fault):
    (tmp_path / "list").write_text(text)
    with pytest.raises(curve.KeyFault, match=fault):
        curve.read_public_keys(tmp_path / "list")


def test_a_readable_secret_is_refused(pair):
    os.chmod(pair[0], 0o644)
    with pytest.raises(curve.KeyFault, match="chmod 600"):
        curve.read_pair(pair[0])


@pytest.mark.parametrize("given", [
    {"curve_server_key": "x"}, {"curve_key": "x", "connect": "tcp://a:1"},
    {"curve_key": "x", "bind": "tcp://a:1"},
])
def test_options_that_do_not_go_together(monkeypatch, given):
    monkeypatch.setattr(curve, "read_pair", lambda path: (b"", b""))
    options = argparse.Namespace(**{
        "curve_key": None, "curve_server_key": None, "curve_clients": None, "bind": None,
        "connect": None, **given})
    with pytest.raises(curve.KeyFault, match="--curve-"):
        curve.secure(None, options)
