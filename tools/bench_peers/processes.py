"""Processes that end with the program, whatever happens, and free ports."""

import atexit
import os
import pathlib
import subprocess
import sys
import time

_started = []
_TOOLS = str(pathlib.Path(__file__).resolve().parent.parent)


def say(text):
    print(f"bench-peers: {text}", file=sys.stderr, flush=True)


def start(arguments, processor=None, **options):
    """Starts a program that finds this package, bound to a processor where one is given."""
    environment = {**os.environ, "PYTHONPATH": _TOOLS, "PYTHONDONTWRITEBYTECODE": "1",
                   "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1", **options.pop("env", {})}
    if processor is not None:
        arguments = ["taskset", "--cpu-list", str(processor), *arguments]
    process = subprocess.Popen([str(each) for each in arguments], env=environment, **options)
    _started.append(process)
    return process


def end(process, seconds=15):
    """Asks a process to end (SIGTERM), kills it when it does not; its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


@atexit.register
def end_all():
    for process in _started:
        if process.poll() is None:
            process.kill()
            process.wait()




def wait_until(condition, seconds, what):
    """Waits until the condition gives something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
