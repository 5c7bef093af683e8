#!/usr/bin/env python3
"""Starts a daemon as its service manager does, writes down what it is told, and stops one thread.

usage: stuck.py WATCHDOG_MS THREAD COMMAND...

Each notification is a line on stdout: seconds since start, and the message with | between its
lines. SIGUSR1 stops the thread of the child that is named THREAD (by ptrace: all others run on),
SIGUSR2 lets it go; each is a line too, `stopped` or `released`. SIGTERM and SIGHUP go to the child.
Ends with the child, and with its exit status.
"""

import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17  # of ptrace(2)
PR_SET_PDEATHSIG = 1
WALL = 0x40000000  # waitpid: threads too
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if LIBC.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace({request:#x}): {thread}")


def end_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def thread_named(process, name):
    for task in pathlib.Path(f"/proc/{process}/task").iterdir():
        if (task / "comm").read_text().strip() == name:
            return int(task.name)
    raise SystemExit(f"stuck.py: no thread {name}")


class Manager:
    def __init__(self, watchdog_ms, thread_name, command):
        self.start, self.thread_name, self.stopped = time.monotonic(), thread_name, None
        self.wanted = []
        numbers = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            signal.signal(number, lambda number, _: self.wanted.append(number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)  # a test's threads may block them
        with tempfile.TemporaryDirectory() as folder:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.socket.bind(f"{folder}/notify")
            self.socket.settimeout(0.01)
            self.child = subprocess.Popen(
                command, preexec_fn=end_with_parent, env={
                    **os.environ, "NOTIFY_SOCKET": f"{folder}/notify",
                    "WATCHDOG_USEC": str(1000 * int(watchdog_ms))})
            try:
                self.serve()
            finally:
                self.child.kill()

    def say(self, text):
        print(f"{time.monotonic() - self.start:.3f} {text}", flush=True)

    def serve(self):
        while self.child.poll() is None:
            self.take_messages()
            while self.wanted:
                self.obey(self.wanted.pop(0))
        self.take_messages()

    def take_messages(self):
        try:
            while True:
                self.say(self.socket.recv(8192).decode().replace("\n", "|"))
        except TimeoutError:
            pass

    def obey(self, number):
        if number == signal.SIGUSR1:
            self.stopped = thread_named(self.child.pid, self.thread_name)
            ptrace(SEIZE, self.stopped)
            ptrace(INTERRUPT, self.stopped)
            os.waitpid(self.stopped, WALL)
            self.say("stopped")
        elif number == signal.SIGUSR2:
            ptrace(DETACH, self.stopped)
            self.say("released")
        else:
            self.child.send_signal(number)


if __name__ == "__main__":
    sys.exit(Manager(sys.argv[1], sys.argv[2], sys.argv[3:]).child.wait())
