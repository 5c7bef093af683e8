"""One daemon of tools/soak with its journal's disk and its receiver, and what happens to them."""

import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import loopback

HERE = pathlib.Path(__file__).resolve().parent
RECONNECT_S = 0.3


class Failed(Exception):
    """What does not hold."""


class SoakDaemon:
    """A tamisd in a folder of its own that holds the two calibrations a.json and b.json as well."""

    def __init__(self, name, folder, binary, workers, unbiased_prescale, sender):
        self.name, self.folder, self.binary = name, folder, binary
        folder.mkdir()
        self.counts = collections.Counter()
        self.process = self.receiver = None
        self.disk = folder / "disk"
        self.disk.mkdir()
        # A small file system that can be filled; where that may not be made, a plain folder.
        self.is_mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", self.disk],
            capture_output=True).returncode == 0
        self.journal = self.disk / "journal"
        self.ports = dict(zip(("in", "out", "catch_up", "http"), loopback.free_ports(4)))
        receive = {"bind": [self.address("in")]}
        if sender:
            receive |= {"connect": [sender], "shared": True}
        self.configuration = {
            "model": str(folder.parent / "model.safetensors"), "calibration": "live.json",
            "input": receive,
            "output": {"bind": [self.address("out")], "high_water_mark": 500,
                       "slow_receiver_s": 5},
            "catch_up": {"bind": [self.address("catch_up")]},
            "journal": {"path": str(self.journal), "segment_bytes_max": 8 << 20,
                        "segment_age_max_s": 7},
            "unbiased": {"prescale": unbiased_prescale},
            "engine": {"workers": workers},
            "http": {"listen": f"127.0.0.1:{self.ports['http']}"},
        }
        self.write("tamisd.yaml")
        self.write("broken.yaml", model="missing.safetensors")
        self.put("a.json")

    def address(self, port):
        return f"tcp://127.0.0.1:{self.ports[port]}"

    def write(self, name, **changes):
        (self.folder / name).write_text(json.dumps(self.configuration | changes, indent=1))

    def put(self, name):
        """Puts a calibration in the place of the live one at once."""
        beside = self.folder / "live.json.new"
        source = self.folder / name
        beside.write_bytes((source if source.exists() else self.folder.parent / name).read_bytes())
        beside.rename(self.folder / "live.json")

    # Processes

    def launch(self, *command, log):
        with open(self.folder / f"{log}.log", "ab") as file:
            return subprocess.Popen(list(map(str, command)), stdout=file, stderr=file)

    def start(self):
        self.process = self.launch(
            self.binary, "--config", self.folder / "tamisd.yaml", log="tamisd")
        self.wait_for(lambda: self.get("/healthz") is not None, 60, "tamisd answers")

    def start_receiver(self):
        self.receiver = self.launch(
            sys.executable, HERE / "receive.py", "--connect", self.address("out"), "--quiet",
            log="receiver")

    def end(self):
        for child in (self.receiver, self.process):
            if child and child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
                child.wait()
        if self.is_mounted:
            subprocess.run(["umount", self.disk], capture_output=True)

    # What it says

    def get(self, path, timeout=10):
        try:
            address = f"http://127.0.0.1:{self.ports['http']}{path}"
            return urllib.request.urlopen(address, timeout=timeout).read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return None

    def metric(self, name):
        page = self.get("/metrics") or ""
        return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines()
                   if line.startswith((name + " ", name + "{")))

    def wait_for(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise Failed(f"{self.name} has ended with {self.process.returncode} before: {what}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.name}: after {seconds} s still not: {what}")
            time.sleep(0.05)

    def resident_kb(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    # What happens to it

    def reload(self, choice):
        """Switches to calibration `choice`, or is refused where it is none: garbage, other, gone."""
        is_bad = choice not in ("a", "b")
        if choice == "garbage":
            (self.folder / "garbage.json").write_text('{"format": "tamis-calibration/1", "model')
        elif choice == "other":
            text = (self.folder.parent / "a.json").read_text()
            known = json.loads(text)["model_sha256"]
            (self.folder / "other.json").write_text(text.replace(known, "0" * 64))
        if choice == "gone":
            (self.folder / "live.json").unlink()
        else:
            self.put(f"{choice}.json")
        before = self.metric("tamis_reloads_total")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.metric("tamis_reloads_total") > before, 60, "the reload")
        if (self.metric("tamis_last_reload_successful") == 0) != is_bad:
            raise Failed(f"{self.name}: {choice} was {'taken' if is_bad else 'refused'}")
        self.counts["bad reloads" if is_bad else "reloads"] += 1
        if is_bad:
            self.put("a.json")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.counts["kills"] += 1

    def kill_once(self):
        self.kill()
        self.start()

    def kill_twice(self):
        self.kill()
        self.start()
        self.kill_once()

    def kill_and_fail_to_start(self):
        self.kill()
        broken = self.launch(
            self.binary, "--config", self.folder / "broken.yaml", log="broken")
        if broken.wait(60) in (0, None):
            raise Failed(f"{self.name}: a start without its model ended with status 0")
        self.counts["failed starts"] += 1
        self.start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        if status != 0:
            raise Failed(f"{self.name}: SIGTERM ended it with {status}")

    def restart(self):
        self.stop()
        self.counts["stops"] += 1
        self.start()

    def freeze(self):
        self.receiver.send_signal(signal.SIGSTOP)
        self.counts["frozen receivers"] += 1

    def thaw(self):
        self.receiver.send_signal(signal.SIGCONT)

    def reconnect(self):
        self.receiver.kill()
        self.receiver.wait()
        time.sleep(RECONNECT_S)
        self.start_receiver()
        self.counts["reconnects"] += 1

    def fill(self):
        if not self.is_mounted:
            return
        with open(self.disk / "filler", "wb", buffering=0) as filler:
            for block in (1 << 20, 64):
                try:
                    while True:
                        filler.write(bytes(block))
                except OSError:
                    pass
        self.wait_for(lambda: self.metric("tamis_journal_stalled") == 1, 60, "the stall shows")
        self.counts["full disks"] += 1

    def free(self):
        if not self.is_mounted:
            return
        os.unlink(self.disk / "filler")
        self.wait_for(lambda: self.metric("tamis_journal_stalled") == 0, 60, "it recovers")
