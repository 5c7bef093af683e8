"""What the programs have in common."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

import zmq

from ..faults import TamisError


class _Signalled(BaseException):
    """A signal that ends the program, once what it has begun is put in order."""

    def __init__(self, number: int):
        super().__init__(number)
        self.number = number


def _raise(number: int, _: object) -> NoReturn:
    # What is put in order now must not be broken off by another one.
    for each in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(each, signal.SIG_IGN)
    raise _Signalled(number)


def ended(main: Callable[[Sequence[str] | None], int]) -> NoReturn:
    """Runs a program: a fault from outside is one line on stderr and exit status 1."""
    name = pathlib.Path(sys.argv[0]).name

    def told(message: Warning | str, *_: object, **__: object) -> None:
        print(f"{name}: warning: {message}", file=sys.stderr)

    warnings.showwarning = told
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Who started the program with a signal ignored (nohup) wants that to stay.
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _raise)
    try:
        sys.exit(main(None))
    except BrokenPipeError:
        # Whoever read the output has gone, such as `head`.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except _Signalled as ending:
        # The parent then sees which signal it was. Process 1 survives this, and ends by status.
        signal.signal(ending.number, signal.SIG_DFL)
        os.kill(os.getpid(), ending.number)
        sys.exit(128 + ending.number)
    except (OSError, ValueError, KeyError, OverflowError, MemoryError, TamisError,
            zmq.ZMQError) as fault:
        # These say little without their kind.
        is_bare = isinstance(fault, (KeyError, OverflowError, MemoryError))
        text = f"{type(fault).__name__}: {fault}" if is_bare else fault
        sys.exit(f"{name}: {text}")
