"""What makes each alert fire, and what makes it stop. Each is a target of Prometheus of its own."""

import contextlib
import threading
import time

import zmq
import zmq.auth

import loopback
from raw_peer import RawPeer

from . import exporter, live, processes

# Where every event is in the unbiased sample, the same events come again and again.
CHECKS = ["score", "feature_mean", "feature_spread", "not_finite", "flagged_rate", "condition"]


class Live:
    """Something done to a running daemon, or to its sender or receiver. Subclasses say what."""

    sections = {}  # of the configuration
    has_peers = True

    def __init__(self, folder, armed):
        self.daemon = live.Daemon(folder, armed, **self.sections)
        self.peers = live.Peers(self.daemon, armed / "stream.npy") if self.has_peers else None
        self.target = self.daemon.target

    def provoke(self):
        raise NotImplementedError

    def remove(self):
        raise NotImplementedError

    def stop(self):
        """Ends all; returns the daemon's exit status, 0 when it ended in order."""
        if self.peers:
            self.peers.stop()
        return self.daemon.stop()


class Killed(Live):
    """kill -9; later started again."""
    alerts = {"TamisDown"}
    also = {"TamisRestarted", "TamisEventsLost", "TamisNoEvents"}

    def provoke(self):
        self.daemon.kill()

    def remove(self):
        self.daemon.start()


class DiskFull(Live):
    """The journal cannot be written, so the ring fills and the input waits."""
    alerts = {"TamisJournalStalled", "TamisDeadTime"}
    also = {"TamisNoEvents", "TamisPipelineStuck", "TamisNotReady"}
    sections = {"unbiased": {"prescale": 1}, "engine": {"slots": 128},
                "drift": {"ignore": CHECKS}}

    def provoke(self):
        self.daemon.limit_files(65536)

    def remove(self):
        self.daemon.limit_files("unlimited")


class Lossy(Live):
    """A tenth of the records never leaves the sender."""
    alerts = {"TamisEventsLost"}
    also = set()

    def provoke(self):
        self.peers.lost_share = 0.1

    def remove(self):
        self.peers.lost_share = 0.0


class Damaged(Live):
    """A third of the records is damaged on the way, and so missing in the sequence."""
    alerts = {"TamisEventsRejected"}
    also = {"TamisEventsLost"}

    def provoke(self):
        self.peers.damaged_share = 0.3

    def remove(self):
        self.peers.damaged_share = 0.0


class Silent(Live):
    """The sender falls silent within a run; in the end it ends the run."""
    alerts = {"TamisNoEvents"}
    also = set()

    def provoke(self):
        self.peers.is_sending = False

    def remove(self):
        self.peers.is_closing = True


class Unread(Live):
    """The receiver goes, while all events are kept, and comes back."""
    alerts = {"TamisOutputBacklog"}
    also = set()
    sections = {"unbiased": {"prescale": 1}, "drift": {"ignore": CHECKS}}

    def provoke(self):
        self.peers.events_a_message = 100
        self.peers.is_receiving = False

    def remove(self):
        self.peers.is_receiving = True


class Restarted(Live):
    """Ended in order and started again, while a run goes on."""
    alerts = {"TamisRestarted"}
    also = {"TamisDown", "TamisEventsLost"}

    def provoke(self):
        self.daemon.stop()
        self.daemon.start()

    def remove(self):
        pass


class BadReload(Live):
    """SIGHUP with half a calibration, and again with all of it."""
    alerts = {"TamisReloadRefused"}
    also = set()

    def provoke(self):
        self.path = self.daemon.folder / "calibration.json"
        self.whole = self.path.read_bytes()
        self.path.write_bytes(self.whole[:len(self.whole) // 2])
        self.daemon.reload()

    def remove(self):
        self.path.write_bytes(self.whole)
        self.daemon.reload()


class NoPeer(Live):
    """The sender to which the daemon connects is away, and comes back."""
    alerts = {"TamisNotReady"}
    also = set()
    has_peers = False

    def __init__(self, folder, armed):
        self.address = f"tcp://127.0.0.1:{loopback.free_port()}"
        self.sections = {"input": {"bind": [], "connect": [self.address]}}
        self.context = zmq.Context()
        self.listen()
        super().__init__(folder, armed)

    def listen(self):
        self.socket = self.context.socket(zmq.PUSH)
        self.socket.linger = 0
        # The port of the one that went may not be free at once.
        processes.wait_until(self.is_bound, f"{self.address} is free")

    def is_bound(self):
        try:
            self.socket.bind(self.address)
        except zmq.ZMQError:
            return False
        return True

    def provoke(self):
        self.socket.close()

    def remove(self):
        self.listen()

    def stop(self):
        self.context.destroy(linger=0)
        return super().stop()


class Strangers(Live):
    """Peers whose keys are on no list knock, one after another."""
    alerts = {"TamisHandshakesFailed"}
    also = set()
    has_peers = False

    def __init__(self, folder, armed):
        keys = folder.with_name("keys")
        keys.mkdir()
        live.tamis("keygen", "--out", keys / "daemon.key")
        live.tamis("keygen", "--out", keys / "client.key")
        self.server_key, _ = zmq.auth.load_certificate(keys / "daemon.key")
        self.sections = {"security": {"key_pair": str(keys / "daemon.key"),
                                      "clients": str(keys / "client.key.public")}}
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.knock, daemon=True)
        super().__init__(folder, armed)

    def knock(self):
        with zmq.Context() as context:
            while not self.ending.wait(0.1):
                with context.socket(zmq.PUSH) as socket:
                    socket.linger, socket.curve_serverkey = 0, self.server_key
                    socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
                    socket.connect(f"tcp://127.0.0.1:{self.daemon.input_port}")
                    self.ending.wait(0.4)

    def provoke(self):
        self.thread.start()

    def remove(self):
        self.ending.set()
        self.thread.join()

    def stop(self):
        self.ending.set()
        return super().stop()


class Strange(Live):
    """All features are shifted, so that almost every event fires. Rates count from the last reload:
    when the stream is itself again, one clears them."""
    alerts = {"TamisDrift", "TamisFlaggedRateOff", "TamisFlood"}
    also = {"TamisOutputBacklog"}
    sections = {"unbiased": {"prescale": 1}, "flood": {"flagged_rate_max": 100},
                "drift": {"window_events": 500, "rate_window_events": 2000}}

    def provoke(self):
        self.peers.shift = 1.0

    def remove(self):
        self.peers.shift = 0.0
        # What was sent before has been decided by then.
        time.sleep(2)
        self.daemon.reload()


class Flooding(Live):
    """A peer that sends parts that never become a message, and comes back when it is cut off."""
    alerts = {"TamisConnectionsCut"}
    also = set()

    def provoke(self):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.flood)
        self.thread.start()

    def flood(self):
        while not self.ending.wait(0.2):
            with contextlib.suppress(OSError):
                peer = RawPeer(self.daemon.input_port, b"PUSH")
                while not self.ending.is_set():
                    peer.send(*[b""] * 1000, more=True)

    def remove(self):
        self.ending.set()
        self.thread.join()


class Told(exporter.Exporter):
    """A page that tells of it."""

    def __init__(self, alert, troubled, after=None, also=()):
        super().__init__(troubled, after)
        self.alerts, self.also = {alert}, set(also)


def told():
    """What no test can honestly do to a daemon, or what takes hours."""
    def constant(name, value):
        return lambda _: {name: value}

    return {
        "stuck": Told("TamisPipelineStuck", constant("tamis_healthy", 0)),
        "filling": Told("TamisJournalDiskFilling", lambda seconds: {
            "tamis_journal_free_bytes": 100e9 - 2e9 * min(seconds, 45)},
            after=["tamis_journal_free_bytes"]),
        "abandoned": Told("TamisRecordsAbandoned", constant("tamis_records_abandoned_total", 3)),
        "unbalanced": Told("TamisLedgerFault", constant("tamis_ledger_faults_total", 1)),
        "screen": Told("TamisScreenDisagrees", constant("tamis_screen_disagreements_total", 2)),
        "clock": Told("TamisClockSuspect", constant("tamis_journal_clock_suspect", 1)),
    }


LIVE = {"killed": Killed, "full disk": DiskFull, "lossy": Lossy, "damaged": Damaged,
        "silent": Silent, "unread": Unread, "restarted": Restarted, "bad reload": BadReload,
        "no peer": NoPeer, "strangers": Strangers, "strange": Strange,
        "flooding": Flooding}


def every(folder, armed):
    """All provocations by name, started and in health."""
    made = {name: kind(folder / name.replace(" ", "-"), armed) for name, kind in LIVE.items()}
    return made | told()
