"""Medians, latencies and Markdown tables."""

import math
import statistics


def summary(values):
    """Median, smallest and largest of repeated measurements."""
    return {"median": statistics.median(values), "minimum": min(values), "maximum": max(values)}


def with_range(measured, digits=3):
    """A median with its range: 83,100 [82,900 .. 83,300]."""
    return (f"{figure(measured['median'], digits)} "
            f"[{figure(measured['minimum'], digits)} .. {figure(measured['maximum'], digits)}]")


def figure(value, digits=3):
    """A number with so many significant digits, thousands separated."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):,.{max(decimals, 0)}f}"


def latency_summary(nanoseconds):
    """p50, p99, p99.9 and the longest in microseconds. A p is the smallest latency that at least
    this share of the events did not exceed."""
    ordered = sorted(nanoseconds)

    def quantile(parts, of):
        return ordered[-(-len(ordered) * parts // of) - 1] / 1e3

    return {"events": len(ordered), "p50": quantile(50, 100), "p99": quantile(99, 100),
            "p99.9": quantile(999, 1000), "longest": ordered[-1] / 1e3}


def steady_rate(samples, total, low=0.15, high=0.85):
    """Events a second between two shares of `total`, from (seconds, events so far) samples.

    The first sample at or above each share is taken, so that start and end do not count.
    """
    begin = next((each for each in samples if each[1] >= low * total), None)
    end = next((each for each in samples if each[1] >= high * total), None)
    if begin is None or end is None or end[0] <= begin[0]:
        raise ValueError(f"{len(samples)} samples do not span {low:.0%} to {high:.0%} of {total}")
    return (end[1] - begin[1]) / (end[0] - begin[0])


def table(head, rows):
    """A Markdown table; the first column is text, all others are figures."""
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row of {len(row)} cells under a head of {len(head)}: {row}")
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, rule, *rows))
