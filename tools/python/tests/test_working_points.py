"""One working point alone: topics, catch-up, and what others get beside it."""

import json
import time

import numpy as np
import pytest
import zmq

import tamis
from daemon import BUILT, Daemon, loopback
from tamis import catchup, records as formats

NAMES = ["pt", "eta", "phi", "mass"]
# Prescales that look at one hash: 2, 3 and none give masks that do not nest.
POINTS = [("wide", 0.6, 3), ("wide-too", 0.5, 1), ("wi", 0.2, 2), ("tight", 0.05, 1)]


@pytest.fixture(scope="module")
def pair(tmp_path_factory, tamis_program):
    if not (BUILT / "tamisd").exists():
        pytest.skip("the programs are not built")
    folder = tmp_path_factory.mktemp("points")
    np.save(folder / "x.npy", features(4000, 1))
    (folder / "n.json").write_text(json.dumps(NAMES))
    tamis_program("train", "--background", folder / "x.npy", "--feature-names", folder / "n.json",
                  "--steps", 100, "--hidden", 16, "--out", folder / "m.safetensors")
    options = []
    for name, rate, prescale in POINTS:
        options += ["--working-point", f"{name}={rate}", "--prescale", f"{name}={prescale}"]
    tamis_program("calibrate", "--model", folder / "m.safetensors", "--background",
                  folder / "x.npy", *options, "--out", folder / "c.json")
    return folder


def features(count, seed=3):
    return np.random.default_rng(seed).standard_normal((count, 4)).astype(np.float32)


@pytest.fixture
def daemon(pair, tmp_path):
    with Daemon(tmp_path / "daemon", pair / "m.safetensors", pair / "c.json", unbiased=5) as running:
        yield running


def send(daemon, count, first=1, seed=3):
    decided = daemon.metric("tamis_events_scored_total")
    with tamis.Sender(connect=daemon.input, names=NAMES, run=seed, batch=16) as sender:
        sender.send(features(count, seed))
    # Where the ring is empty what is kept is in the journal.
    daemon.wait(lambda: daemon.metric("tamis_events_scored_total") == decided + count
                and daemon.metric("tamis_ring_records") == 0, "decided")


def subscriber(daemon, *topics):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.linger, socket.rcvhwm = 0, 0
    for topic in topics:
        socket.subscribe(topic)
    socket.connect(daemon.output)
    return socket


def subscribed(daemon, count):
    daemon.wait(lambda: daemon.metric("tamis_output_subscribers") == count, f"{count} topics")


def drained(socket, daemon, wanted=()):
    """(topic, number, mask) of all that came, when nothing waits for the output any more.

    `wanted` are numbers that have to come: records that are sent again do not count as waiting, and
    may be sent some seconds after their receiver has come.
    """
    daemon.wait(lambda: daemon.metric("tamis_records_waiting") == 0, "all is sent")
    found, missing, deadline = [], set(wanted), time.monotonic() + 120
    while True:
        for topic, record in loopback.arrived(socket):
            record = np.frombuffer(record, formats.flagged_dtype(4))[0]
            found.append((topic, int(record["number"]), int(record["working_points"])))
        missing -= {number for _, number, _ in found}
        if not missing:
            return found
        assert time.monotonic() < deadline, f"{len(missing)} numbers have not come"


def journal(daemon):
    records = tamis.Journal(daemon.journal).records()
    return records["number"], records["working_points"], records["reasons"]


def test_each_takes_what_it_asked_for_and_once(daemon):
    sockets = {place: subscriber(daemon, *formats.point_subscriptions(place)) for place in range(4)}
    everything = subscriber(daemon, b"")
    flagged = subscriber(daemon, b"flagged", b"flagged")
    subscribed(daemon, 6)
    send(daemon, 3000)
    numbers, masks, reasons = journal(daemon)
    assert len(np.unique(masks)) > 6, "masks that do not nest"
    for place, socket in sockets.items():
        wanted = numbers[masks >> place & 1 == 1].tolist()
        found = drained(socket, daemon, wanted)
        assert [number for _, number, _ in found] == wanted and len(wanted) > 20
        assert {topic for topic, *_ in found} == {
            formats.point_topic(mask) for mask in np.unique(masks) if mask >> place & 1}
    wanted = numbers[reasons != formats.UNBIASED].tolist()
    assert [number for _, number, _ in drained(flagged, daemon, wanted)] == wanted
    wanted = numbers.tolist()
    assert [number for _, number, _ in drained(everything, daemon, wanted)] == wanted


def test_topics_are_those_of_before_while_nobody_asks_for_a_point(daemon):
    flagged = subscriber(daemon, b"flagged")
    subscribed(daemon, 1)
    send(daemon, 500)
    assert {topic for topic, *_ in drained(flagged, daemon)} == {b"flagged"}
    tight = subscriber(daemon, *formats.point_subscriptions(3))
    subscribed(daemon, 2)
    send(daemon, 500, seed=4)
    assert {len(topic) for topic, *_ in drained(flagged, daemon)} == {24}
    tight.close()
    subscribed(daemon, 1)
    send(daemon, 500, seed=5)
    assert {topic for topic, *_ in drained(flagged, daemon)} == {b"flagged"}


def test_records_of_other_points_do_not_stand_in_the_way(daemon):
    """A subscriber to one point is alone; one to all that comes later gets what it missed."""
    tight = subscriber(daemon, *formats.point_subscriptions(3))
    subscribed(daemon, 1)
    send(daemon, 2000)
    numbers, masks, reasons = journal(daemon)
    wanted = numbers[masks >> 3 & 1 == 1].tolist()
    assert [number for _, number, _ in drained(tight, daemon, wanted)] == wanted and len(wanted) > 20
    flagged = subscriber(daemon, b"flagged")
    subscribed(daemon, 2)
    whole = numbers[reasons != formats.UNBIASED].tolist()
    assert [number for _, number, _ in drained(flagged, daemon, whole)] == whole
    assert {number for _, number, _ in drained(tight, daemon)} <= set(wanted)
    flagged.close()
    subscribed(daemon, 1)
    send(daemon, 1000, seed=4)
    again = subscriber(daemon, b"flagged")
    subscribed(daemon, 2)
    numbers, _, reasons = journal(daemon)
    # Some come twice, where the subscription met records that were just going out.
    wanted = numbers[reasons != formats.UNBIASED].tolist()
    assert sorted({number for _, number, _ in drained(again, daemon, wanted)}) == wanted


def test_records_wait_when_the_last_of_a_point_has_gone(daemon):
    tight = subscriber(daemon, *formats.point_subscriptions(3))
    subscribed(daemon, 1)
    send(daemon, 300)
    drained(tight, daemon)
    tight.close()
    subscribed(daemon, 0)
    send(daemon, 1000, seed=4)
    time.sleep(0.3)
    assert daemon.metric("tamis_records_waiting") > 100
    again = subscriber(daemon, *formats.point_subscriptions(1))
    subscribed(daemon, 1)
    numbers, masks, _ = journal(daemon)
    wanted = numbers[masks >> 1 & 1 == 1].tolist()
    found = [number for _, number, _ in drained(again, daemon, wanted)]
    assert sorted(set(found)) == found == wanted


@pytest.mark.parametrize("place", [0, 2, 7, 9])
def test_a_receiver_gets_each_record_of_its_point_over_a_kill(daemon, pair, tmp_path, place):
    options = {"catch_up": daemon.catch_up, "first": 1, "working_point": place,
               "out": tmp_path / "run"}

    def take(receiver, count=0):
        """What comes in a second and a half, and at least `count` numbers."""
        parts, end = [], time.monotonic() + 1.5
        while time.monotonic() < end or receiver.is_behind or len(parts) < count:
            assert time.monotonic() < end + 120
            if (records := receiver.take(0.1)) is not None:
                parts += records["number"].tolist()
        assert not receiver.faults, receiver.messages
        return parts

    with tamis.Receiver(daemon.output, **options) as receiver:
        send(daemon, 800)
        found = take(receiver)
    send(daemon, 800, seed=4)
    daemon.kill()
    daemon.start()
    with tamis.Receiver(daemon.output, **options) as receiver:
        send(daemon, 800, seed=5)
        numbers, masks, _ = journal(daemon)
        wanted = numbers[masks >> place & 1 == 1].tolist()
        found += take(receiver, len(wanted) - len(found))
    assert found == wanted
    assert bool(found) == (place < 4)
    if found:
        assert tamis.Run(tmp_path / "run").records()["number"].tolist() == found


def test_a_point_is_asked_for_by_number(daemon):
    send(daemon, 1000)
    numbers, masks, _ = journal(daemon)
    for place in range(5):
        client = catchup.Client(daemon.catch_up, working_point=place, bytes_max=5000)
        found = [number for _, records in client.records_from(1)
                 for number in records["number"].tolist()]
        client.close()
        assert found == numbers[masks >> place & 1 == 1].tolist()


def test_names_need_their_calibration(pair):
    address = "tcp://127.0.0.1:1"
    receiver = tamis.Receiver(address, working_point="wi", calibration=pair / "c.json")
    assert receiver.working_point == 2
    receiver.close()
    for wrong in ({"working_point": "wi"}, {"working_point": 16}, {"working_point": -1},
                  {"working_point": "w", "calibration": pair / "c.json"},
                  {"working_point": 4, "calibration": pair / "c.json"},
                  {"working_point": 0, "topic": "flagged"}, {"calibration": pair / "c.json"},
                  {"working_point": 0, "pattern": "pull"}):
        with pytest.raises(ValueError):
            tamis.Receiver(address, **wrong)


def test_records_of_another_calibration_are_told(daemon, pair, tmp_path):
    other = json.loads((pair / "c.json").read_text())
    other["created"] = "another"
    (tmp_path / "o.json").write_text(json.dumps(other))
    options = {"working_point": "tight", "calibration": tmp_path / "o.json", "first": 1,
               "catch_up": daemon.catch_up, "state": tmp_path / "state"}
    with tamis.Receiver(daemon.output, **options) as receiver:
        subscribed(daemon, 1)
        send(daemon, 500)
        count, deadline = 0, time.monotonic() + 60
        numbers, masks, _ = journal(daemon)
        wanted = int((masks >> 3 & 1 == 1).sum())
        while count < wanted and time.monotonic() < deadline:
            records = receiver.take(0.1)
            count += 0 if records is None else len(records)
        assert count == receiver.faults.total() == wanted > 0
        assert "another calibration" in receiver.messages[0]
    subscribed(daemon, 0)
    # Started again with the same state it drops what the daemon sends again, and tells nothing.
    with tamis.Receiver(daemon.output, **options) as receiver:
        daemon.wait(lambda: receiver.take(0.1) is None and receiver.repeated, "records came again")
        assert not receiver.faults and receiver.received
