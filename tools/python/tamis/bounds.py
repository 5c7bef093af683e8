"""Numbers from outside: within their bounds, or a ValueError that says what was expected."""

from __future__ import annotations

import argparse
from collections.abc import Callable

__all__ = ["SECONDS_MAX", "U32_MAX", "U64_MAX", "number", "number_option", "whole", "whole_option"]

U32_MAX, U64_MAX = 2**32 - 1, 2**64 - 1
# Sockets count milliseconds in 31 bits; this is 23 days.
SECONDS_MAX = 2_000_000.0


def whole(name: str, value: int, low: int, high: int) -> int:
    """`value` where it is within `low` to `high`."""
    if not low <= value <= high:
        raise ValueError(f"{name} {value}: {_range(low, high)} was expected")
    return value


def number(name: str, value: float, low: float, high: float, *, inside: bool = False) -> float:
    """`value` where it is within `low` to `high`, and with `inside` neither of them. NaN is not."""
    within = low < value < high if inside else low <= value <= high
    if not within:
        raise ValueError(f"{name} {value}: {_range(low, high, inside)} was expected")
    return value


def whole_option(low: int, high: int) -> Callable[[str], int]:
    """The type of an option that takes whole numbers, for argparse."""
    def parsed(text: str) -> int:
        try:
            return whole("found", int(text), low, high)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"found {text}, expected a whole number, {_range(low, high)}") from None
    return parsed


def number_option(low: float, high: float, *, inside: bool = False) -> Callable[[str], float]:
    """The type of an option that takes numbers, for argparse."""
    def parsed(text: str) -> float:
        try:
            return number("found", float(text), low, high, inside=inside)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"found {text}, expected a number, {_range(low, high, inside)}") from None
    return parsed


def _range(low: float, high: float, inside: bool = False) -> str:
    if inside:
        return f"above {low:.15g} and below {high:.15g}"
    if isinstance(high, int):
        return f"{low} to {high}"
    return f"{low:.15g} to {high:.15g}"
