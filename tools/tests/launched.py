"""The built programs, started by a test: with ports that the system chose, and none left behind."""

import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / ".build/release"
sys.path.insert(0, str(ROOT / "tools"))
import loopback  # noqa: E402


def tamis(*arguments, **options):
    """Runs a command to its end: its standard output, errors and status are captured as text."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "timeout": 300,
               **options}
    return subprocess.run([BIN / "tamis", *map(str, arguments)], **options)


def good(*arguments, **options):
    done = tamis(*arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_chain(folder):
    """A small run, a model and a calibration in `folder`: 64 features, trained a little."""
    folder = pathlib.Path(folder)
    good("simulate", "background", "--events", 6000, "--out", folder / "background.run")
    good("train", "--background", folder / "background.run", "--steps", 20, "--hidden", 32,
         "--blocks", 1, "--levels", "4,5", "--out", folder / "model.safetensors")
    good("calibrate", "--model", folder / "model.safetensors", "--background",
         folder / "background.run", "--working-point", "nominal=1e-2", "--out",
         folder / "calibration.json")
    return folder


def configuration(chain, folder, **changes):
    """Writes a configuration whose ports the system chooses; `changes` replace whole sections."""
    sections = {
        "model": str(chain / "model.safetensors"),
        "calibration": str(chain / "calibration.json"),
        "input": '{bind: ["tcp://127.0.0.1:*"]}',
        "output": '{bind: ["tcp://127.0.0.1:*"]}',
        "journal": "{path: journal}",
        "http": "{listen: 127.0.0.1:0}",
        "unbiased": "{prescale: 10}",
        "shutdown": "{drain_timeout_ms: 2000}",
        **changes}
    path = pathlib.Path(folder) / "tamisd.yaml"
    path.write_text("".join(f"{key}: {value}\n" for key, value in sections.items()
                            if value is not None))
    return path


class Daemon:
    """A running tamisd, its log in a file (or where `stderr` says)."""

    def __init__(self, path, *, launcher=(), serving=True, **options):
        self.log_path = path.with_suffix(".log")
        self._log = open(self.log_path, "wb")
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": self._log,
                   **options}
        self.process = subprocess.Popen(
            [*map(str, launcher), BIN / "tamisd", "--config", path], **options)
        if serving:
            until(self._is_serving, "tamisd serves", seconds=120)

    def _is_serving(self):
        assert self.process.poll() is None, self.log
        return re.search(r" running ", self.log) is not None

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    def address(self, name):
        """input, output, catch_up or http, as the log tells it."""
        return re.findall(rf" running .*?\b{name}=(\S+)", self.log)[-1]

    def get(self, path):
        return urllib.request.urlopen(f"http://{self.address('http')}{path}", timeout=120).read()

    def end(self, number=signal.SIGTERM, seconds=120):
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()


def until(condition, what, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.02)
