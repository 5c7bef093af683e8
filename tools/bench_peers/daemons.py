"""Daemons from socket to socket: tamisd and those of Python, started and asked alike."""

import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.request

import loopback
from bench_peers import processes

# By name: what starts it, and how.
DAEMONS = {
    "tamisd exact, workers 0": ("tamisd", "exact", 0),
    "tamisd exact, workers 1": ("tamisd", "exact", 1),
    "tamisd screened, workers 0": ("tamisd", "screened", 0),
    "tamisd screened, workers 1": ("tamisd", "screened", 1),
    "Python, message by message": ("python", "each", None),
    "Python, drains its socket": ("python", "drain", None),
    "Python, forwards alone": ("python", "forward", None),
}
CONFIGURATION = """model: {model}
calibration: {calibration}
input: {{pattern: pull, bind: ["{inward}"]}}
output: {{pattern: pub, bind: ["{outward}"], high_water_mark: 1000000}}
journal: {{path: journal}}
unbiased: {{prescale: 0}}
engine: {{precision: {precision}, workers: {workers}}}
http: {{listen: "127.0.0.1:{http}"}}
log: {{level: warning}}
"""


def missing():
    """The daemons that cannot be measured here, with the reason."""
    lacking = [each for each in ("onnx", "onnxruntime") if not importlib.util.find_spec(each)]
    if not lacking:
        return {}
    return {name: f"{lacking[0]} is not installed" for name, (_, how, _) in DAEMONS.items()
            if how in ("each", "drain")}


def measurable():
    return [name for name in DAEMONS if name not in missing()]


def missing_rows(result, width):
    """Rows of a table of so many columns that name what was not measured, and why."""
    return [[name, f"not measured: {reason}", *[""] * (width - 2)]
            for name, reason in result["missing"].items()]


def started(name, options, calibration, folder):
    """The daemon of this name, bound to its processor and ready."""
    program, how, workers = DAEMONS[name]
    os.mkdir(folder)
    if program == "tamisd":
        return Tamisd(options, calibration, folder, how, workers)
    return Python(options, calibration, folder, how)


class Tamisd:
    def __init__(self, options, calibration, folder, precision, workers):
        ports = loopback.free_ports(3)
        self.inward, self.outward = (f"tcp://127.0.0.1:{port}" for port in ports[:2])
        self.http = ports[2]
        configuration = os.path.join(folder, "tamisd.yaml")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION.format(
                model=json.dumps(options.model), calibration=json.dumps(calibration),
                inward=self.inward, outward=self.outward, http=self.http, precision=precision,
                workers=workers))
        self.log = open(os.path.join(folder, "log"), "w+")
        self.process = processes.start(
            [options.tamisd, "--config", configuration], options.processor, stderr=self.log)
        processes.wait_until(self.metrics, 20, "tamisd answers")

    def metrics(self):
        """Sums over labels by name; nothing while it does not answer."""
        if self.process.poll() is not None:
            self.log.seek(0)
            raise RuntimeError(f"tamisd ended with {self.process.returncode}: {self.log.read()}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=5) as page:
                lines = page.read().decode().splitlines()
        except OSError:
            return {}
        sums = {}
        for line in lines:
            if line and not line.startswith("#"):
                name, value = line.split("{")[0].split(" ")[0], line.rsplit(" ", 1)[1]
                sums[name] = sums.get(name, 0) + float(value)
        return sums

    def watch(self, total, seconds):
        """Waits until it has scored `total` events, with (seconds, events so far) on the way."""
        samples, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            scored = self.metrics().get("tamis_events_scored_total", 0)
            samples.append((time.monotonic(), scored))
            if scored >= total:
                break
            # An answer takes about a millisecond of the processor that is measured.
            time.sleep(0.1)
        return samples

    def end(self):
        """Ends it; what it counted."""
        last = self.metrics()
        threads = nanoseconds_by_thread(self.process.pid)
        status = processes.end(self.process)
        self.log.close()
        return {"received": int(last["tamis_events_scored_total"]),
                "processor_ns_by_thread": threads,
                "lost": int(last.get("tamis_events_lost_total", 0)),
                "refused": int(last.get("tamis_events_rejected_total", 0)), "status": status}


class Python:
    def __init__(self, options, calibration, folder, kind):
        self.inward, self.outward = (
            f"tcp://127.0.0.1:{port}" for port in loopback.free_ports(2))
        self.process = processes.start(
            [sys.executable, "-m", "bench_peers.peer_daemon", kind, self.inward, self.outward,
             options.model, calibration], options.processor, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the Python daemon ended with {self.process.wait()}")
        self.answer = None

    def watch(self, total, seconds):
        """Ends it and returns its own samples: it is called when the sender has finished, and
        asked by SIGTERM only when its processor time stands still."""
        deadline, last = time.monotonic() + seconds, -1
        while time.monotonic() < deadline:
            time.sleep(0.3)
            used = processor_ticks(self.process.pid)
            if used - last <= 1 and last >= 0:
                break
            last = used
        self.process.terminate()
        self.answer = json.loads(self.process.stdout.readline())
        return [tuple(each) for each in self.answer["samples"]]

    def end(self):
        if self.answer is None:
            self.watch(0, 60)
        status = processes.end(self.process)
        return {"received": self.answer["received"], "lost": 0,
                "refused": self.answer["refused"], "status": status}


def nanoseconds_by_thread(pid):
    """The processor time that each thread of a process has used, by name; those of one name together."""
    used = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{thread}"
        try:
            with open(f"{folder}/comm") as name, open(f"{folder}/schedstat") as times:
                key = name.read().strip()
                used[key] = used.get(key, 0) + int(times.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
    return used


def processor_ticks(pid):
    """The processor time that a process has used, in ticks of a hundredth of a second."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])
