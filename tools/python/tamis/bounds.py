"""Numbers from outside: within their bounds, or a ValueError that says what was expected."""

from __future__ import annotations

import argparse
import json
import numbers
from collections.abc import Callable
from typing import Any

__all__ = [
    "EVENTS_MAX", "FLOAT32_MAX", "SECONDS_MAX", "U32_MAX", "U64_MAX", "number", "number_option",
    "stated_float32", "stated_number", "stated_whole", "strict_json", "whole", "whole_option"]

U32_MAX, U64_MAX = 2**32 - 1, 2**64 - 1
FLOAT32_MAX = 3.4028234663852886e38
# More than any calibration counts.
EVENTS_MAX = 2**50
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


def stated_whole(name: str, value: Any, low: int, high: int) -> int:
    """A whole number that a file states, within its bounds."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name}: {value!r} found, a whole number was expected")
    return whole(name, int(value), low, high)


def stated_number(name: str, value: Any, low: float, high: float, *, inside: bool = False) -> float:
    """A number that a file states, within its bounds."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name}: {value!r} found, a number was expected")
    return number(name, float(value), low, high, inside=inside)


def stated_float32(name: str, value: Any, least: float = -FLOAT32_MAX) -> float:
    """A number that a file states, within the range of float32."""
    return stated_number(name, value, least, FLOAT32_MAX)


def strict_json(text: str | bytes) -> Any:
    """The value of a JSON text. NaN and infinities, which Python's reader takes, are no JSON."""
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no number of JSON")
    return json.loads(text, parse_constant=refuse)


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
