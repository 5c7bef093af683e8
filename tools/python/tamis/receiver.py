"""Receives flagged records: each once and in order, whatever daemon and receiver go through."""

from __future__ import annotations

import asyncio
import collections
import pathlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import zmq

from . import records as formats
from .calibrations import Calibration
from .catchup import Client
from .curve import Curve, attach
from .faults import CatchUpFault, NoAnswer, RunFault
from .records import Records, flagged_dtype, flagged_feature_count
from .run_writer import RunWriter
from .runs import Path, Run
from .state import StateFile

__all__ = ["Receiver"]

_POLL_MS = 50
# What may wait in the socket where what does not fit can be asked for.
_QUEUED_MAX = 10_000
# Numbers that are remembered where records are shared with other receivers.
_SEEN_MAX = 1 << 20
# After so long a silence the journal is asked whether it is one, and for how long.
_SILENCE_S = 2.0
_SILENT_PATIENCE_S = 1.0
# Beyond this working point the subscriptions are too many: all flagged records come, and those of
# the others are left out here.
_POINT_MAX = 7


class Receiver:
    """A stream of flagged records, in arrays as they come.

    connect, bind  the daemon's output address, or where it connects to
    pattern        "sub" or "pull"
    topic          sub: "flagged", "unbiased" or "unflagged"; all by default
    catch_up       the daemon's catch-up address: missing numbers are asked for there, so that every
                   record comes once and in order; needs all topics, or a working_point
    working_point  sub: the records of one working point alone: its place in the calibration, 0 to
                   15, or its name there
    calibration    a Calibration or its file, for a name; a record of another calibration is a fault
    state          a file that keeps the number of the last record that was handled, durably
    out            a run folder that the records are written to, durably, before they are handed on;
                   started again with it, the receiver goes on behind its last record
    first          begin with this number, where neither state nor out know better (catch_up)
    check          verify checksums of what comes, scores and reasons of what is handed on; faults
                   are counted and told, once for each record that is handed on
    names          feature names for the manifest of `out`
    curve          keys
    patience_s     how long a gap may wait for the daemon's answer; then CatchUpFault

    >>> with Receiver("tcp://127.0.0.1:5556", catch_up="tcp://127.0.0.1:5557",  # doctest: +SKIP
    ...               state="receiver.state") as receiver:
    ...     for records in receiver:       # flagged records, shape (n,), n >= 1
    ...         handle(records)

    With `state` a batch counts as handled when the next one is asked for, or by commit(). A program
    that is killed in between gets that batch again. Whoever must have each effect once keeps what
    undoes half of one in the state's note: commit(note=bytes_written), and after a start truncates
    the output to `receiver.note`. With `out` the run itself is the state and each record is in it
    once. A receiver belongs to one thread.

    Over "pull" without catch_up other receivers may have the numbers that do not come here, and what
    went to one that is gone may come here after higher ones: a number is dropped when it was seen.
    """

    def __init__(self, connect: str | None = None, *, bind: str | None = None,
                 pattern: str = "sub", topic: str = "", catch_up: str | None = None,
                 state: Path | None = None, out: Path | None = None, first: int | None = None,
                 check: bool = True, names: Sequence[str] | None = None,
                 curve: Curve | None = None, instance: int | None = None,
                 patience_s: float = 60, context: zmq.Context[Any] | None = None,
                 working_point: int | str | None = None,
                 calibration: Calibration | Path | None = None):
        if (bind is None) == (connect is None):
            raise ValueError("one of connect and bind was expected")
        if pattern not in ("sub", "pull"):
            raise ValueError(f"pattern {pattern!r}; sub or pull was expected")
        self.working_point, self._calibration = _place(working_point, calibration)
        """The place of the working point whose records alone come; None for all records."""
        if self.working_point is not None and (topic or pattern == "pull"):
            raise ValueError("working_point needs the pattern sub, and no topic")
        self._takes_all = not topic and self.working_point is None
        if catch_up and topic:
            raise ValueError("catch_up needs all topics: in one alone every number is not to be "
                             "seen")
        if first is not None and (not catch_up or first < 1):
            raise ValueError("first is a number from 1 on, and needs catch_up")
        self.check, self.names, self._topic = check, names, topic
        self.topics: collections.Counter[str] = collections.Counter()
        """Records that came through the socket, by topic."""
        self.faults: collections.Counter[str] = collections.Counter()
        """What was wrong, and how often."""
        self.messages: list[str] = []
        """Faults and gaps in words, at most five of a kind, until somebody takes them."""
        self.batch_max = 1024
        """Messages taken from the socket in one step."""
        self.highest_number = self.repeated = self.caught_up = self.gone = 0
        self._first, self._asked_s = first, 0.0
        self._ready: collections.deque[Records] = collections.deque()
        self._held: collections.deque[Records] = collections.deque()
        self._stopped = False
        self._executor: ThreadPoolExecutor | None = None
        self._future: asyncio.Future[Records | None] | None = None
        self._out, self._writer = out, None
        self._state = StateFile(state) if state is not None else None
        if self._state:
            self.highest_number = self._state.number
        if out is not None and (catch_up or self._state) and pathlib.Path(out).exists():
            self._go_on(out)
        if first is not None:
            self.highest_number = max(self.highest_number, first - 1)
        self._delivered = self.highest_number
        context = context or zmq.Context.instance()
        # Of records that are shared with others each has some, in any order after a departure.
        self._shares = pattern == "pull" and not catch_up
        self._seen: dict[int, None] = {}
        self._floor = self.highest_number
        self._client = Client(
            catch_up, instance, patience_s=patience_s, context=context,
            secure=lambda socket: curve.secure_client(socket, catch_up) if curve else None,
            working_point=self.working_point,
        ) if catch_up else None
        self._socket = self._opened(context, pattern, bind, connect, curve)
        self._heard_s = time.monotonic()
        # What is missing, to be asked for: up to this number, or 0 for up to the journal's end. The
        # socket gathers what is published meanwhile.
        self._gap = 0 if self._client and self._knows_where else None

    _gap: int | None
    _writer: RunWriter | None

    def _opened(self, context: zmq.Context[Any], pattern: str, bind: str | None,
                connect: str | None, curve: Curve | None) -> zmq.Socket[Any]:
        socket: zmq.Socket[Any] = context.socket(zmq.SUB if pattern == "sub" else zmq.PULL)
        socket.linger = 0
        try:
            socket.rcvhwm = _QUEUED_MAX if self._client else 0
            if pattern == "sub":
                for subscription in self._subscriptions:
                    socket.subscribe(subscription)
            attach(socket, bind, connect, curve)
        except BaseException:
            socket.close()
            raise
        return socket

    @property
    def _subscriptions(self) -> list[bytes]:
        if self.working_point is None:
            return [self._topic.encode()]
        if self.working_point > _POINT_MAX:
            return [formats.TOPIC_FLAGGED]
        return formats.point_subscriptions(self.working_point)

    def _go_on(self, out: Path) -> None:
        """Takes up an earlier run."""
        try:
            feature_count = Run(out).feature_count
        except RunFault:
            return  # no record in it
        self._writer = RunWriter(out, "flagged", feature_count, self.names, continuing=True)
        self.highest_number = max(self.highest_number, self._writer.last_number)

    # What is asked of it

    @property
    def note(self) -> Any:
        """What the last commit kept beside the number; None before one."""
        return self._state.note if self._state else None

    @property
    def received(self) -> int:
        """Records that came through the socket, repeated ones too."""
        return sum(self.topics.values())

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._commit_if_new()
        self.close()

    def __iter__(self) -> Iterator[Records]:
        """Arrays of records (n,), n >= 1, until stop() is called."""
        while not self._stopped:
            records = self.take(None)
            if records is not None:
                yield records

    async def __aiter__(self) -> AsyncIterator[Records]:
        """The same for asyncio; nothing is lost where a waiting task is cancelled."""
        while not self._stopped:
            records = await self.atake(1.0)
            if records is not None:
                yield records

    def take(self, timeout_s: float | None = 0) -> Records | None:
        """The next records (n,), or None where none came in time; None waits until stop().

        Commits what take() gave before.
        """
        self._commit_if_new()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._ready and not self._stopped:
            left_s = _POLL_MS / 1000 if deadline is None else deadline - time.monotonic()
            self.step(max(0.0, left_s))
            if deadline is not None and time.monotonic() >= deadline:
                break
        if not self._ready:
            return None
        records = self._ready.popleft()
        self._delivered = int(records["number"][-1])
        return records

    async def atake(self, timeout_s: float = 0) -> Records | None:
        """take() in a thread of its own. What a cancelled call has taken, the next one gets."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1)
        if self._future is None:
            loop = asyncio.get_running_loop()
            self._future = loop.run_in_executor(self._executor, self.take, timeout_s)
        records = await asyncio.shield(self._future)
        self._future = None
        return records

    def commit(self, note: Any = None) -> None:
        """Keeps that everything handed over is handled, with a note, durably. Needs `state`."""
        if self._state is None:
            raise ValueError("commit() needs state=FILE")
        self._state.write(self._delivered, note)

    def _commit_if_new(self) -> None:
        if self._state and self._delivered > self._state.number:
            self._state.write(self._delivered, self._state.note)

    def stop(self) -> None:
        """Ends the iterators; may be called from another thread or a signal handler."""
        self._stopped = True

    def close(self) -> None:
        """Closes sockets and files; of `out` the manifest is written."""
        self.stop()
        if self._executor is not None:
            self._executor.shutdown()
        self._socket.close()
        if self._client:
            self._client.close()
        if self._writer:
            self._writer.close()
            self._writer = None
        if self._state:
            self._state.close()

    # How records come

    @property
    def _knows_where(self) -> bool:
        """Whether there is a number behind which to ask."""
        return self.highest_number > 0 or self._first is not None

    def step(self, left_s: float = 0) -> None:
        """One small step: asks for a part of what is missing, or takes what has come."""
        if self._gap is not None:
            self._ask(self._gap)
        elif self._held:
            self._order(self._held.popleft())
        elif messages := self._waiting_messages(left_s):
            self.feed(messages)
        elif self._client and self._knows_where \
                and time.monotonic() - max(self._heard_s, self._asked_s) >= _SILENCE_S:
            # What was lost with nothing behind it shows no gap.
            self._gap = 0

    def ask(self) -> None:
        """Lets the next steps ask for what follows the highest number, up to the journal's end."""
        if self._client is None:
            raise ValueError("ask() needs catch_up=ADDRESS")
        self._gap = 0

    @property
    def is_behind(self) -> bool:
        """Whether something is known to be missing, or waits to be put in order."""
        return self._gap is not None or bool(self._held) or bool(self._ready)

    def _waiting_messages(self, left_s: float) -> list[list[bytes]]:
        """What has come; waits a little for the first."""
        messages: list[list[bytes]] = []
        if not self._socket.poll(min(_POLL_MS, int(left_s * 1000))):
            return messages
        self._heard_s = time.monotonic()
        # recv_multipart and the options of zmq.Socket look every number up in an enumeration: half
        # the time of a record.
        receive, get, socket = self._socket.recv, zmq.backend.Socket.get, self._socket
        without_waiting, has_more = int(zmq.NOBLOCK), int(zmq.RCVMORE)
        try:
            while len(messages) < self.batch_max:
                message = [receive(without_waiting)]
                while get(socket, has_more):
                    message.append(receive(without_waiting))
                messages.append(message)
        except zmq.Again:
            pass
        return messages

    def _ask(self, last: int) -> None:
        """Asks for the next part of what is missing and takes it."""
        if self._client is None:
            raise ValueError("no catch_up address to ask at")
        first = self.highest_number + 1
        try:
            reply, records = self._client.ask(first, last, None if last else _SILENT_PATIENCE_S)
        except NoAnswer:
            if last:
                raise
            self._gap = None  # the daemon is away; what comes, or silence, asks again
            return
        finally:
            self._asked_s = time.monotonic()
        if gone := int(reply["gone_last"]):
            self.gone += gone - int(reply["gone_first"]) + 1
            self.messages.append(f"gone from the journal: numbers {reply['gone_first']} to {gone}")
            self.highest_number = gone
        records = self._of_point(self._trusted(records))
        self.caught_up += len(records)
        self._deliver(records[[self._is_fresh(each) for each in records["number"].tolist()]])
        following = int(reply["next"])
        if self.working_point is not None:
            # The numbers in between are of others.
            self.highest_number = max(self.highest_number, following - 1)
        if following > (min(int(reply["last"]), last) if last else int(reply["last"])):
            self._gap = None
            if last > self.highest_number:
                self._fault(f"record number {last}: not in the journal's answers")
                self.highest_number = last
        elif following <= first:
            raise CatchUpFault(f"{self._client.address}: no progress at number {first}")

    def feed(self, messages: list[list[bytes]]) -> None:
        """Takes messages, lists of parts, in the order in which they came."""
        start = 0
        while start < len(messages):
            size = len(messages[start][1]) if len(messages[start]) == 2 else -1
            feature_count = flagged_feature_count(size)
            if feature_count is None:
                sizes = [len(each) for each in messages[start]]
                self._fault(f"a message of {len(sizes)} parts of {sizes} bytes")
                start += 1
                continue
            end = start + 1
            while end < len(messages) and len(messages[end]) == 2 and len(messages[end][1]) == size:
                end += 1
            content = b"".join([parts[1] for parts in messages[start:end]])
            records = np.frombuffer(content, flagged_dtype(feature_count))
            self._count_topics([parts[0] for parts in messages[start:end]], records)
            if len(trusted := self._of_point(self._trusted(records))):
                self._held.append(trusted)
            start = end

    def _count_topics(self, topics: list[bytes], records: Records) -> None:
        reasons = records["reasons"].tolist()
        points = records["working_points"].tolist()
        # A topic with the working points counts as the one that it begins with.
        topics = [formats.TOPIC_FLAGGED if topic == formats.point_topic(mask) else topic
                  for topic, mask in zip(topics, points)] if max(map(len, topics)) > 9 else topics
        for pair, count in collections.Counter(zip(topics, reasons)).items():
            self.topics[pair[0].decode(errors="replace")] += count
            if pair[0] != formats.topic(pair[1]):
                for row, found in enumerate(zip(topics, reasons)):
                    if found == pair:
                        self._fault(f"record number {records['number'][row]}: topic {pair[0]!r}")

    def _trusted(self, records: Records) -> Records:
        """The records whose bytes are as they were sent; tells what is wrong with others."""
        if not self.check or not len(records):
            return records
        whole = self._told(records, formats.flagged_byte_masks(records))
        return records if whole.all() else records[whole]

    def _told(self, records: Records, masks: list[tuple[str, npt.NDArray[np.bool_]]],
              ) -> npt.NDArray[np.bool_]:
        """Tells where one of the masks does not hold; (N,) where all do."""
        whole = np.ones(len(records), np.bool_)
        for text, good in masks:
            if good.all():
                continue
            for number in records["number"][~good].tolist():
                self._fault(f"record number {number}: {text}")
            whole &= good
        return whole

    def _of_point(self, records: Records) -> Records:
        """Those of the working point that is taken alone."""
        if self.working_point is None:
            return records
        chosen: Records = records[records["working_points"] >> self.working_point & 1 == 1]
        return chosen

    def _order(self, records: Records) -> None:
        """Hands on what is next, and stops at the first gap that can be asked for."""
        numbers = records["number"]
        expected = np.concatenate([[np.uint64(self.highest_number)], numbers[:-1]]) + np.uint64(1)
        if self.highest_number and not self._shares and (numbers == expected).all():
            # The usual case: nothing is missing, nothing comes twice.
            self.highest_number = int(numbers[-1])
            self._deliver(records)
            return
        if self.working_point is not None and self._client and self._knows_where:
            # Numbers jump here, so none tells whether one is missing. The journal does, and has
            # these records, too.
            if (last := int(numbers.max())) > self.highest_number:
                self._gap = last
            self.repeated += int((numbers <= np.uint64(self.highest_number)).sum())
            return
        fresh: list[int] = []
        for row, number in enumerate(numbers.tolist()):
            if self._client and self._knows_where and number > self.highest_number + 1:
                self._held.appendleft(records[row:])
                self._gap = number - 1
                break
            if self._is_fresh(number):
                fresh.append(row)
        self._deliver(records[fresh])

    def _is_fresh(self, number: int) -> bool:
        """Notes a record's number; a record may come again after a daemon or receiver has gone."""
        if self._shares:
            return self._is_unseen(number)
        if number <= self.highest_number:
            self.repeated += 1
            return False
        every_number_comes = self._takes_all and self.highest_number
        if every_number_comes and number != self.highest_number + 1:
            self._fault(f"record number {number} after {self.highest_number}")
        self.highest_number = number
        return True

    def _is_unseen(self, number: int) -> bool:
        """The same where other receivers may share the records: numbers jump, and what went to a
        receiver that is gone comes after higher ones."""
        if number in self._seen or number <= self._floor:
            self.repeated += 1
            return False
        self._seen[number] = None
        if len(self._seen) > _SEEN_MAX:
            del self._seen[next(iter(self._seen))]
        self.highest_number = max(self.highest_number, number)
        return True

    def _deliver(self, records: Records) -> None:
        """Hands on records that are new, in order."""
        if not len(records):
            return
        # Here and not where they come: a record may come several times, and is handed on once.
        if self.check:
            self._told(records, formats.flagged_content_masks(records))
        if self._calibration is not None:
            self._told(records, [(
                f"of another calibration, whose working point {self.working_point} may be another",
                records["calibration"] == self._calibration)])
        if self._out is not None:
            self._writer = self._writer or RunWriter(
                self._out, "flagged", formats.feature_count_of(records), self.names)
            self._writer.append(records, durable=True)
        self._ready.append(records)

    def _fault(self, text: str) -> None:
        kind = text.split(": ")[-1] if text.startswith("record number") else text
        self.faults[kind] += 1
        if self.faults[kind] <= 5:
            self.messages.append(f"fault: {text}")


def _place(working_point: int | str | None, calibration: Calibration | Path | None,
           ) -> tuple[int | None, np.uint32 | None]:
    """The place of a working point, and the calibration that records of it state."""
    if working_point is None:
        if calibration is not None:
            raise ValueError("calibration needs a working_point")
        return None, None
    if calibration is not None and not isinstance(calibration, Calibration):
        calibration = Calibration.read(calibration)
    stated = None
    if calibration is not None and calibration.sha256:
        stated = np.frombuffer(bytes.fromhex(calibration.sha256[:8]), "<u4")[0]
    if isinstance(working_point, str):
        if calibration is None:
            raise ValueError("the name of a working point needs its calibration")
        names = [each.name for each in calibration.working_points]
        if working_point not in names:
            raise ValueError(f"working point {working_point!r}; one of {', '.join(names)} was "
                             "expected")
        return names.index(working_point), stated
    count = 16 if calibration is None else len(calibration.working_points)
    if not 0 <= working_point < count:
        raise ValueError(f"working point {working_point}; 0 to {count - 1} was expected")
    return working_point, stated
