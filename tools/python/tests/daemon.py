"""A tamisd of the tests' own, which can be killed and started again."""

import pathlib
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import loopback  # noqa: E402

BUILT = pathlib.Path(__file__).resolve().parents[3] / ".build" / "release"


class Daemon:
    def __init__(self, folder, model, calibration, unbiased=0, publish="flagged"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        ports = loopback.free_ports(4)
        self.input, self.output, self.catch_up, http = (
            f"tcp://127.0.0.1:{port}" for port in ports)
        self.page = f"http://127.0.0.1:{ports[3]}"
        self.journal = self.folder / "journal"
        (self.folder / "tamisd.yaml").write_text(f"""
model: {model}
calibration: {calibration}
input: {{pattern: pull, bind: ["{self.input}"]}}
output: {{pattern: pub, bind: ["{self.output}"], publish: {publish}}}
catch_up: {{bind: ["{self.catch_up}"]}}
journal: {{path: journal}}
unbiased: {{prescale: {unbiased}}}
http: {{listen: "{http[6:]}"}}
""")
        self.start()

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [BUILT / "tamisd", "--config", self.folder / "tamisd.yaml"], stdout=self.log,
            stderr=self.log, env={"SWIFT_BACKTRACE": "enable=no"})
        self.wait(lambda: self.metrics() is not None, "it answers")

    def metrics(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
        try:
            text = urllib.request.urlopen(self.page + "/metrics", timeout=60).read().decode()
        except OSError:
            return None
        found = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.split("{")[0]
                found[name] = found.get(name, 0) + float(value)
        return found

    def metric(self, name):
        return int((self.metrics() or {}).get(name, 0))

    def wait(self, holds, what, seconds=120):
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(120)
        self.log.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
