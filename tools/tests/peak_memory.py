"""Runs a program and tells how much memory and processor time it took."""

import os
import signal
import subprocess
import sys

# A child's `ru_maxrss` on Linux begins with the peak of the process that started it: exec keeps the
# larger of the two. The small interpreter between them has some 10 MB, whatever its caller has.
_BETWEEN = """
import os, sys
told = int(sys.argv[1])
os.set_inheritable(told, False)
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
os.write(told, b"%d %d %f" % (os.waitstatus_to_exitcode(status), usage.ru_maxrss << 10,
                              usage.ru_utime + usage.ru_stime))
"""


class Measured:
    """A program that has ended. `peak_byte_count` is its largest resident memory."""

    def __init__(self, returncode, stdout, stderr, peak_byte_count, processor_seconds):
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr
        self.peak_byte_count, self.processor_seconds = peak_byte_count, processor_seconds


def run(command, seconds, **options):
    """Runs `command`, whose first word is a path, to its end; `options` are those of `Popen`.

    After `seconds` the program is killed, and `subprocess.TimeoutExpired` is raised with what it
    wrote until then.
    """
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               **options}
    reader, writer = os.pipe()
    with open(reader, "rb") as told:
        try:
            # A session of its own, so that both are killed as one.
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BETWEEN, str(writer), *map(str, command)],
                pass_fds=(writer,), start_new_session=True, **options)
        finally:
            os.close(writer)
        try:
            stdout, stderr = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                error.output, error.stderr = stdout, stderr
            raise
        if process.returncode != 0:
            raise RuntimeError(f"{command[0]} could not be started: {stderr!r}")
        returncode, peak_byte_count, processor_seconds = told.read().split()
    return Measured(
        int(returncode), stdout, stderr, int(peak_byte_count), float(processor_seconds))
