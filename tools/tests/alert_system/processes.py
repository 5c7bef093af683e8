"""Programs that a test has started, and ports for them. None outlives the test."""

import ctypes
import pathlib
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = ROOT / ".build/release"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def program(name):
    """The path of promtool or prometheus, installed or unpacked by tools/setup; None without."""
    return shutil.which(name) or shutil.which(name, path=ROOT / ".build/tools/bin")


def start(command, log):
    """Starts a program that ends with this one; its output goes to the file `log`."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))


def wait_until(condition, what, seconds=120):
    """Looks five times a second; the generous limit guards against hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.2)
