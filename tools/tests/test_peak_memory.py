"""What the tests' own measure of memory says is true of the program, and of nobody else."""

import pathlib
import subprocess
import sys

import pytest

import peak_memory

PYTHON = [sys.executable, "-I", "-S", "-c"]
MB = 1 << 20


def test_memory_of_the_caller_is_not_counted():
    caller = f"""
import sys
sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})
import peak_memory
ballast = b"1" * {400 * MB}
print(peak_memory.run(["/bin/true"], 60).peak_byte_count)
"""
    done = subprocess.run([sys.executable, "-c", caller], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert 0 < int(done.stdout) < 60 * MB


def test_memory_of_the_program_is_counted():
    small = peak_memory.run([*PYTHON, "pass"], 60)
    large = peak_memory.run([*PYTHON, f"b'1' * {200 * MB}"], 60)
    assert small.peak_byte_count < 60 * MB < 200 * MB < large.peak_byte_count < 260 * MB


def test_its_end_is_told():
    done = peak_memory.run([*PYTHON, "import sys; print('out'); sys.exit('err')"], 60, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "out\n", "err\n")
    assert 0 < done.processor_seconds < 60
    killed = peak_memory.run([*PYTHON, "import os; os.kill(os.getpid(), 11)"], 60)
    assert killed.returncode == -11


def test_a_program_that_hangs_is_ended():
    command = [*PYTHON, "print('begun', flush=True)\nwhile True: pass"]
    with pytest.raises(subprocess.TimeoutExpired) as raised:
        peak_memory.run(command, 2, text=True)
    # Nobody is left who could hold the pipe, or `run` would still wait for its end.
    assert raised.value.output in ("begun\n", "")


def test_a_program_that_is_not_there_is_told():
    with pytest.raises(RuntimeError, match="/nowhere could not be started: .*No such file"):
        peak_memory.run(["/nowhere"], 60)
