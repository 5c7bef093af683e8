"""Each alert fires in a real Prometheus when its cause is there, and clears when it is gone.

The durations of the rules are divided by FACTOR. Everything is provoked at once, each in a target
of its own, so that the test takes as long as the slowest alert.
"""

import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from alert_system import live, processes, prometheus, provocations, scaled_rules  # noqa: E402

FACTOR = 60
RULES = (processes.ROOT / "etc/prometheus/tamis.rules.yml").read_text()

if not processes.program("prometheus"):
    pytest.skip("Prometheus is not here", allow_module_level=True)
if not (processes.BIN / "tamisd").exists():
    pytest.skip("the program is not built", allow_module_level=True)


class System:
    """Prometheus, and a target for each provocation."""

    def __init__(self, folder):
        folder.joinpath("armed").mkdir()
        self.provocations = provocations.every(folder, live.arm(folder / "armed"))
        self.prometheus = prometheus.Prometheus(
            folder, [each.target for each in self.provocations.values()], FACTOR)

    def unexpected(self):
        """What fires and is neither a provocation's own alert nor one that it brings along.

        A scrape has half a second here: on a machine with much else to do any target may seem down.
        """
        expected = {each.target: each.alerts | each.also for each in self.provocations.values()}
        return {(alert, target) for alert, target in self.prometheus.firing()
                if alert != "TamisDown" and alert not in expected.get(target, ())}

    def stop(self):
        """Ends all; returns the exit status of each that did not end in order."""
        if not self.provocations:
            return {}
        self.prometheus.stop()
        statuses = {name: each.stop() for name, each in self.provocations.items()}
        self.provocations = {}
        return {name: status for name, status in statuses.items() if status != 0}


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    system = System(tmp_path_factory.mktemp("alerts"))
    yield system
    system.stop()


def test_every_alert_has_a_provocation(system):
    provoked = set().union(*(each.alerts for each in system.provocations.values()))
    assert provoked == set(scaled_rules.alert_names(RULES))


def test_nothing_fires_in_health(system):
    count = len(system.provocations)
    processes.wait_until(
        lambda: len([1 for _, value in system.prometheus.query("up == 1")]) == count,
        "Prometheus sees all targets")
    end = time.monotonic() + 12  # twelve minutes of the rules
    while time.monotonic() < end:
        # A busy machine misses scrapes of half a second.
        assert {alert for alert, _ in system.prometheus.firing()} <= {"TamisDown"}
        time.sleep(0.5)


def test_each_fires(system):
    for each in system.provocations.values():
        each.provoke()
    seen = set()

    def all_have_fired():
        assert not system.unexpected()
        seen.update(system.prometheus.firing())
        return all((alert, each.target) in seen
                   for each in system.provocations.values() for alert in each.alerts)

    try:
        processes.wait_until(all_have_fired, "each has fired")
    finally:
        print("never fired:", {(name, alert) for name, each in system.provocations.items()
                               for alert in each.alerts if (alert, each.target) not in seen})


def test_each_clears(system):
    for each in system.provocations.values():
        each.remove()
    try:
        processes.wait_until(lambda: system.prometheus.firing() == set(), "all is clear", 240)
    finally:
        print("still firing:", system.prometheus.firing())


def test_each_ends_in_order(system):
    assert system.stop() == {}
