"""Sends event records over ZeroMQ, as docs/formats.md has them.

Events come from a .npy of shape (N, D), from a recorded run (records as they were, with the
replayed bit set), or from a seeded generator of independent normal numbers. Events that are not
from a run get a begin and an end of run around them and sequence numbers from 1.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from .. import curve, runs
from ..bounds import SECONDS_MAX, U32_MAX, U64_MAX, number_option, whole_option
from ..records import FEATURES_MAX, Records
from ..run_writer import RunWriter
from ..sender import RATE_MAX, NobodyReceives, Sender, fresh_records, replayed_records
from .program import ended

EXAMPLES = """examples:
  tamis-send --events background.npy --connect tcp://127.0.0.1:5555
  tamis-send --generate 1000000 --rate 20000 --batch 64 --connect tcp://127.0.0.1:5555
  tamis-send --run recorded --pattern pub --bind tcp://127.0.0.1:5555 --wait-subscriber
"""
BLOCK_ROWS = 8192


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    events = parser.add_mutually_exclusive_group(required=True)
    events.add_argument("--events", metavar="FILE.npy", help="features, shape (N, D)")
    events.add_argument("--run", metavar="RUN", help="a run folder or one of its segments")
    events.add_argument("--generate", metavar="N", type=whole_option(0, U64_MAX),
                        help="make N events")
    address = parser.add_mutually_exclusive_group(required=True)
    address.add_argument("--bind", metavar="ADDRESS")
    address.add_argument("--connect", metavar="ADDRESS")
    parser.add_argument("--pattern", choices=["push", "pub"], default="push")
    parser.add_argument("--topic", default="", help="topic part before the records (pub)")
    parser.add_argument("--wait-subscriber", action="store_true",
                        help="pub: send nothing before somebody has subscribed")
    parser.add_argument("--may-drop", action="store_true",
                        help="pub: drop when a subscriber is slow, as a plain PUB socket does, "
                        "instead of waiting")
    parser.add_argument("--batch", metavar="RECORDS", type=whole_option(1, U32_MAX), default=16,
                        help="records a message (default 16)")
    parser.add_argument("--rate", metavar="EVENTS/S", type=number_option(0, RATE_MAX), default=0,
                        help="records a second; 0 is as fast as it goes (default)")
    parser.add_argument("--save", metavar="RUN", help="also write what is sent into a run folder")
    parser.add_argument("--wait", metavar="SECONDS", type=number_option(0, SECONDS_MAX), default=60,
                        help="give up when nobody takes a message for so long (default 60)")
    parser.add_argument("--seed", type=whole_option(0, U64_MAX), default=1,
                        help="of the generator (default 1)")
    parser.add_argument("--features", metavar="D", type=whole_option(1, FEATURES_MAX), default=64,
                        help="of the generator (default 64)")
    parser.add_argument("--run-number", metavar="R", type=whole_option(0, U32_MAX), default=1)
    parser.add_argument("--source", metavar="S", type=whole_option(0, U32_MAX), default=1)
    parser.add_argument("--names", metavar="FILE",
                        help="feature names for the schema field: a model, a manifest or a JSON "
                        "array; without it the field is 0")
    curve.add_options(parser)
    return parser.parse_args(curve.joined(arguments))


def feature_blocks(options: argparse.Namespace) -> Iterator[npt.NDArray[Any]]:
    """Arrays of raw features, (n, D) float32."""
    if options.events:
        features = runs.read_npy(options.events)
        for start in range(0, len(features), BLOCK_ROWS):
            yield features[start:start + BLOCK_ROWS]
        return
    generator = np.random.default_rng(options.seed)
    for start in range(0, options.generate, BLOCK_ROWS):
        count = min(BLOCK_ROWS, options.generate - start)
        yield generator.standard_normal((count, options.features), np.float32)


def saved(blocks: Iterable[Records], path: str, names: Sequence[str] | None) -> Iterator[Records]:
    """The same blocks, written into a new run folder on their way."""
    writer = None
    for block in blocks:
        writer = writer or RunWriter(path, "events", block.dtype["features"].shape[0], names)
        writer.append(block)
        yield block
    if writer:
        writer.close()


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    names = runs.feature_names_of(options.names) if options.names else None
    sender = Sender(
        bind=options.bind, connect=options.connect, pattern=options.pattern, batch=options.batch,
        features=options.features if options.generate is not None and not names else None,
        names=names, run=options.run_number, source=options.source, rate=options.rate,
        wait_s=options.wait, topic=options.topic.encode(), may_drop=options.may_drop,
        wait_subscriber=options.wait_subscriber, curve=curve.curve_of(options))
    blocks = replayed_records(options.run) if options.run else \
        fresh_records(sender, feature_blocks(options))
    if options.save:
        blocks = saved(blocks, options.save, names)
    start = time.monotonic()
    try:
        for block in blocks:
            sender.send_records(block)
        sender.close()
    except NobodyReceives:
        sender.close(flush=False)
        raise NobodyReceives(
            "nobody takes what is sent; is the receiver there? (see --wait)") from None
    except BaseException:
        sender.close(flush=False)
        raise
    seconds = time.monotonic() - start
    print(f"sent: {sender.records_sent} records, {sender.events_sent} events, "
          f"{sender.messages_sent} messages")
    print(f"time: {seconds:.3f} s, {sender.records_sent / seconds:.0f} records/s")
    return 0


def run() -> NoReturn:
    ended(main)
