"""What makes each alert fire, and what makes it stop. Each is a target of Prometheus of its own."""

import subprocess

from . import exporter, live, processes


class Live:
    """Something done to a running daemon with a sender. Subclasses say what."""

    choice = {}

    def __init__(self, folder, armed):
        self.daemon = live.Daemon(folder, armed, **self.choice)
        self.sender = live.Sender(self.daemon)
        self.target = self.daemon.target

    def provoke(self):
        raise NotImplementedError

    def remove(self):
        raise NotImplementedError

    def stop(self):
        self.sender.stop()
        self.daemon.stop()


class Killed(Live):
    """kill -9, and started again."""
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
    choice = {"unbiased_prescale": 1, "slots": 128}

    def provoke(self):
        self.daemon.limit_files(65536)

    def remove(self):
        self.daemon.limit_files("unlimited")


class Lossy(Live):
    """A tenth of the records never leaves the sender."""
    alerts = {"TamisEventsLost"}
    also = set()

    def provoke(self):
        self.sender.lost_share = 0.1

    def remove(self):
        self.sender.lost_share = 0.0


class Damaged(Live):
    """A third of the records is damaged on the way, and so missing in the sequence."""
    alerts = {"TamisEventsRejected"}
    also = {"TamisEventsLost"}

    def provoke(self):
        self.sender.damaged_share = 0.3

    def remove(self):
        self.sender.damaged_share = 0.0


class Silent(Live):
    """The sender falls silent within a run; in the end it ends the run."""
    alerts = {"TamisNoEvents"}
    also = set()

    def provoke(self):
        self.sender.sending.clear()

    def remove(self):
        self.sender.closing = True


class Unread(Live):
    """Nobody takes the output, until somebody does."""
    alerts = {"TamisOutputBacklog"}
    also = set()
    choice = {"unbiased_prescale": 1}
    receiver = None

    def provoke(self):
        self.sender.events_a_message = 100

    def remove(self):
        self.receiver = processes.start(
            ["/usr/bin/python3", processes.ROOT / "tools/receive.py", "--connect",
             f"tcp://127.0.0.1:{self.daemon.output_port}", "--quiet"],
            self.daemon.folder / "receiver.log")

    def stop(self):
        super().stop()
        if self.receiver:
            self.receiver.terminate()
            self.receiver.wait(30)


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
        "not ready": Told("TamisNotReady", constant("tamis_ready", 0)),
        "stuck": Told("TamisPipelineStuck", constant("tamis_healthy", 0)),
        "bad reload": Told("TamisReloadRefused", constant("tamis_last_reload_successful", 0)),
        "restarted": Told("TamisRestarted", constant("process_start_time_seconds", 2000),
                          after=["process_start_time_seconds"]),
        "unknown key": Told("TamisHandshakesFailed", lambda seconds: {
            'tamis_handshakes_failed_total{socket="input",reason="unknown_key"}':
                int(20 * seconds)}),
        "filling": Told("TamisJournalDiskFilling", lambda seconds: {
            "tamis_journal_free_bytes": 100e9 - 2e9 * min(seconds, 45)},
            after=["tamis_journal_free_bytes"]),
        "abandoned": Told("TamisRecordsAbandoned", constant("tamis_records_abandoned_total", 3)),
        "unbalanced": Told("TamisLedgerFault", constant("tamis_ledger_faults_total", 1)),
        "screen": Told("TamisScreenDisagrees", constant("tamis_screen_disagreements_total", 2)),
        "flood": Told("TamisFlood", constant("tamis_flood_prescale", 64)),
        "drift": Told("TamisDrift", constant('tamis_drift_alarm{check="feature_mean"}', 1)),
        "rate": Told("TamisFlaggedRateOff", lambda _: {
            'tamis_realised_fpr_lower{working_point="tight"}': 0.002,
            'tamis_realised_fpr_upper{working_point="tight"}': 0.003}),
    }


LIVE = {"killed": Killed, "full disk": DiskFull, "lossy": Lossy, "damaged": Damaged,
        "silent": Silent, "unread": Unread}


def every(folder, armed):
    """All provocations by name, started and in health."""
    made = {name: kind(folder / name.replace(" ", "-"), armed) for name, kind in LIVE.items()}
    return made | told()
