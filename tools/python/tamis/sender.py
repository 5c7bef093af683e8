"""Sends event records to a daemon, or to several."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import zmq

from . import records as formats
from .bounds import SECONDS_MAX, U32_MAX, number, whole
from .curve import Curve, attach
from .faults import TamisError
from .records import Records, feature_count_of, is_flagged
from .runs import Path, Run, RunFault

__all__ = ["NobodyReceives", "RATE_MAX", "Sender", "fresh_records", "replayed_records"]

_BLOCK_ROWS = 8192
# Records a second; more is as fast as it goes, which is 0.
RATE_MAX = 1e9


class NobodyReceives(TamisError):
    """No receiver took a message for as long as the sender waits."""


class Sender:
    """Sends event records over PUSH (to one of the daemons) or PUB (to every one).

    bind, connect    where: one of the two
    features         D, or names=[...]: the features' names, which give D and the schema field
    run, source      of records that are built here; sequences count from 1 in each run
    pattern          "push" or "pub"
    batch            records a message at most
    rate             records a second; 0 is as fast as it goes
    wait_s           how long to wait for somebody who takes a message; then NobodyReceives
    topic            pub: a part before the records
    may_drop         pub: drop where a subscriber is slow instead of waiting for it
    wait_subscriber  pub: send nothing before somebody has subscribed
    curve            keys

    >>> with Sender(connect="tcp://127.0.0.1:5555", names=names) as sender:  # doctest: +SKIP
    ...     sender.begin_of_run()
    ...     sender.send(features)                  # (N, D) float32
    ...     sender.end_of_run()

    Leaving the block waits until everything has left this process. A sender belongs to one thread.
    """

    def __init__(self, *, bind: str | None = None, connect: str | None = None,
                 features: int | None = None, names: Sequence[str] | None = None,
                 run: int = 1, source: int = 1, pattern: str = "push", batch: int = 64,
                 rate: float = 0, wait_s: float = 60, topic: bytes = b"", may_drop: bool = False,
                 wait_subscriber: bool = False, curve: Curve | None = None,
                 schema: int | None = None):
        if (bind is None) == (connect is None):
            raise ValueError("one of bind and connect was expected")
        if pattern not in ("push", "pub"):
            raise ValueError(f"pattern {pattern!r}; push or pub was expected")
        whole("batch", batch, 1, U32_MAX)
        number("rate", rate, 0, RATE_MAX)
        number("wait_s", wait_s, 0, SECONDS_MAX)
        if names is not None and features not in (None, len(names)):
            raise ValueError(f"{features} features with {len(names)} names")
        self.feature_count = len(names) if names is not None else features
        self.schema = formats.schema_prefix(names) if schema is None and names else schema or 0
        self.run, self.source, self.lumi, self.sequence = run, source, 1, 0
        self.batch, self.wait_s = batch, wait_s
        self.records_sent = self.events_sent = self.messages_sent = 0
        self._prefix = [topic] if topic else []
        self._pace = _Pace(rate)
        self._context: zmq.Context[Any] = zmq.Context()
        self._executor: ThreadPoolExecutor | None = None
        try:
            self._socket = self._opened(pattern, bind, connect, may_drop, curve)
            if pattern == "pub" and wait_subscriber:
                self._wait_for_subscriber()
        except BaseException:
            self._context.destroy(linger=0)
            raise

    def _opened(self, pattern: str, bind: str | None, connect: str | None, may_drop: bool,
                curve: Curve | None) -> zmq.Socket[Any]:
        socket: zmq.Socket[Any] = self._context.socket(
            zmq.PUSH if pattern == "push" else zmq.XPUB)
        socket.linger = socket.sndtimeo = socket.rcvtimeo = int(self.wait_s * 1000)
        if pattern == "push":
            socket.immediate = 1  # queue only for a receiver that is connected
        elif not may_drop:
            socket.setsockopt(zmq.XPUB_NODROP, 1)
        attach(socket, bind, connect, curve)
        return socket

    def _wait_for_subscriber(self) -> None:
        # An XPUB socket hears who subscribes.
        try:
            while not self._socket.recv().startswith(b"\x01"):
                pass
        except zmq.Again:
            raise NobodyReceives(f"nobody has subscribed within {self.wait_s} s") from None

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(flush=kind is None)

    def begin_of_run(self, run: int | None = None) -> None:
        """Sends a begin of run; sequences count from 1 again."""
        self.run = self.run if run is None else run
        self.sequence = 0
        self.send_records(_control_record(self, formats.BEGIN_OF_RUN))

    def end_of_run(self) -> None:
        """Sends an end of run."""
        self.send_records(_control_record(self, formats.END_OF_RUN))

    def heartbeat(self) -> None:
        """Says that this sender lives, where there are no events."""
        self.send_records(_control_record(self, formats.HEARTBEAT))

    def build(self, features: npt.ArrayLike, **columns: Any) -> Records:
        """Sealed records for raw features (N, D) with the next sequence numbers.

        columns: scalars or arrays (N,) for fields of the event record, such as event, time_ns,
        lumi, condition, flags. Events are numbered by their sequence, and the time is now, where
        they are not given.
        """
        rows = np.asarray(features, np.float32)
        if rows.ndim == 1:
            rows = rows[np.newaxis]
        if rows.ndim != 2 or self.feature_count not in (None, rows.shape[1]):
            raise ValueError(f"features of shape {rows.shape}; (N, {self.feature_count or 'D'}) "
                             "was expected")
        self.feature_count = rows.shape[1]
        sequence = self.sequence + 1 + np.arange(len(rows), dtype=np.uint64)
        kind = columns.get("kind", formats.EVENT)
        defaults = {
            "sequence": sequence, "run": self.run, "source": self.source, "lumi": self.lumi,
            "schema": self.schema, "time_ns": time.time_ns(), "features": rows,
            "event": sequence if kind == formats.EVENT else 0}
        records = formats.new_events(len(rows), rows.shape[1], **(defaults | columns))
        self.sequence += len(rows)
        return formats.seal(records)

    def send(self, features: npt.ArrayLike, **columns: Any) -> None:
        """Builds and sends events of raw features (N, D) or one (D,); see build()."""
        rows = np.asarray(features)
        if rows.ndim == 2 and len(rows) > _BLOCK_ROWS:
            for start in range(0, len(rows), _BLOCK_ROWS):
                part = slice(start, start + _BLOCK_ROWS)
                self.send(rows[part], **{
                    name: values[part] if np.ndim(values) else values
                    for name, values in columns.items()})
            return
        self.send_records(self.build(rows, **columns))

    def send_records(self, records: Records) -> None:
        """Sends event records (N,) as they are, in messages of at most `batch`."""
        if is_flagged(records):
            raise ValueError("flagged records; send records['event']")
        records = np.ascontiguousarray(records)
        self.feature_count = self.feature_count or feature_count_of(records)
        size = records.dtype.itemsize
        content = memoryview(records.tobytes())
        for start in range(0, len(records), self.batch):
            count = min(self.batch, len(records) - start)
            self._pace.wait(self.records_sent)
            try:
                self._socket.send_multipart(
                    [*self._prefix, content[start * size:(start + count) * size]])
            except zmq.Again:
                raise NobodyReceives(
                    f"nobody took a message for {self.wait_s} s; is the receiver there?") from None
            self.records_sent += count
            self.messages_sent += 1
        self.events_sent += int((records["kind"] == formats.EVENT).sum())

    def send_run(self, path: Path) -> None:
        """Sends a recorded run's records as they were, with the replayed bit set."""
        for block in replayed_records(path):
            self.send_records(block)

    async def asend(self, features: npt.ArrayLike, **columns: Any) -> None:
        """The same as send(), in a thread of its own; await one at a time."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, lambda: self.send(features, **columns))

    def close(self, flush: bool = True) -> None:
        """Waits until everything has left, at most wait_s (NobodyReceives), and closes."""
        if self._executor is not None:
            self._executor.shutdown()
        if self._socket.closed:
            return
        if not flush:
            self._context.destroy(linger=0)
            return
        self._socket.close()
        closing = time.monotonic()
        self._context.term()  # returns when all has left, or is thrown away after the waiting time
        if time.monotonic() - closing >= 0.9 * self.wait_s:  # timers count in milliseconds
            raise NobodyReceives(f"not everything was taken within {self.wait_s} s")


class _Pace:
    """Holds a sender to a rate, without drift: late messages are sent at once."""

    def __init__(self, rate: float):
        self.rate, self.start = rate, 0.0

    def wait(self, sent: int) -> None:
        """Returns when record number `sent` is due, counted from the first."""
        if self.rate <= 0:
            return
        self.start = self.start or time.monotonic()
        while (ahead := self.start + sent / self.rate - time.monotonic()) > 0.001:
            time.sleep(min(ahead, SECONDS_MAX))


def fresh_records(sender: Sender, blocks: Iterable[npt.NDArray[Any]]) -> Iterator[Records]:
    """Sealed records of a whole run: begin of run, events of the feature blocks, end of run.

    Events are numbered from 1.
    """
    event = 0
    begun = False
    for features in blocks:
        if not begun:
            sender.feature_count = features.shape[1]
            sender.sequence = 0
            yield _control_record(sender, formats.BEGIN_OF_RUN)
            begun = True
        numbers = event + 1 + np.arange(len(features), dtype=np.uint64)
        event += len(features)
        yield sender.build(features, event=numbers)
    if sender.feature_count:
        yield _control_record(sender, formats.END_OF_RUN)


def _control_record(sender: Sender, kind: int) -> Records:
    if sender.feature_count is None:
        raise ValueError("features or names was expected: a control record has the events' size")
    return sender.build(np.zeros((1, sender.feature_count), np.float32), kind=kind)


def replayed_records(path: Path) -> Iterator[Records]:
    """Blocks of a recorded run's records, with the replayed bit set and sealed again."""
    run = Run(path)
    if run.kind != "events":
        raise RunFault(f"{path}: holds flagged records; events were expected")
    for block in run.blocks(_BLOCK_ROWS):
        records = block.copy()
        records["flags"] |= formats.REPLAYED_FLAG
        yield formats.seal(records)
