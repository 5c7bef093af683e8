"""What the programs have in common."""

from __future__ import annotations

import pathlib
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

import zmq

from ..faults import TamisError


def ended(main: Callable[[Sequence[str] | None], int]) -> NoReturn:
    """Runs a program: a fault from outside is one line on stderr and exit status 1."""
    name = pathlib.Path(sys.argv[0]).name

    def told(message: Warning | str, *_: object, **__: object) -> None:
        print(f"{name}: warning: {message}", file=sys.stderr)

    warnings.showwarning = told
    try:
        sys.exit(main(None))
    except BrokenPipeError:
        # Whoever read the output has gone, such as `head`.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ValueError, KeyError, TamisError, zmq.ZMQError) as fault:
        text = f"{type(fault).__name__}: {fault}" if isinstance(fault, KeyError) else fault
        sys.exit(f"{name}: {text}")
