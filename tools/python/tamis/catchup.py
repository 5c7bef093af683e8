"""Flagged records by number, asked for from a daemon's journal as docs/formats.md has it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import zmq

from . import records as formats
from .addresses import checked
from .bounds import SECONDS_MAX, U32_MAX, U64_MAX, number, whole
from .faults import CatchUpFault, NoAnswer
from .records import Records

__all__ = [
    "BAD_CHECKSUM", "BAD_KIND", "BAD_NUMBER", "BAD_VERSION", "BEYOND", "COMPARE_INSTANCE",
    "CatchUpFault", "Client", "MALFORMED", "NoAnswer", "OK", "ONE_POINT", "OTHER_INSTANCE", "RECORDS",
    "REPLY", "REPLY_MAGIC", "REQUEST", "REQUEST_MAGIC", "STATUS_NAMES", "UNREADABLE", "decoded", "request",
    "sealed"]

REQUEST_MAGIC, REPLY_MAGIC = b"TMSQ", b"TMSA"
RECORDS = 1  # the only kind of request
COMPARE_INSTANCE, ONE_POINT = 1, 2  # flags

OK, MALFORMED, BAD_VERSION, BAD_CHECKSUM, BAD_KIND, BAD_NUMBER, OTHER_INSTANCE, BEYOND, \
    UNREADABLE = range(9)
STATUS_NAMES = ["ok", "malformed", "version", "crc", "kind", "number", "instance", "beyond",
                "journal"]

REQUEST = np.dtype([
    ("magic", "S4"), ("version", "u1"), ("kind", "u1"), ("flags", "<u2"), ("tag", "<u8"),
    ("first", "<u8"), ("last", "<u8"), ("records_max", "<u4"), ("bytes_max", "<u4"),
    ("instance", "<u4"), ("crc32c", "<u4")])
REPLY = np.dtype([
    ("magic", "S4"), ("version", "u1"), ("status", "u1"), ("features", "<u2"), ("tag", "<u8"),
    ("gone_first", "<u8"), ("gone_last", "<u8"), ("oldest", "<u8"), ("last", "<u8"),
    ("published", "<u8"), ("next", "<u8"), ("records", "<u4"), ("unreadable", "<u4"),
    ("record_bytes", "<u4"), ("instance", "<u4"), ("reserved", "<u8"), ("reserved_too", "<u4"),
    ("crc32c", "<u4")])


def request(first: int, last: int = 0, records_max: int = 0, bytes_max: int = 0,
            instance: int | None = None, tag: int = 0, working_point: int | None = None) -> bytes:
    """The bytes of a request; 0 stands for no limit, None for every working point."""
    for name, value in ("first", first), ("last", last), ("tag", tag):
        whole(name, value, 0, U64_MAX)
    for name, value in ("records_max", records_max), ("bytes_max", bytes_max), (
            "instance", instance or 0):
        whole(name, value, 0, U32_MAX)
    whole("working_point", working_point or 0, 0, 15)
    fields = np.zeros(1, REQUEST)
    fields["magic"], fields["version"], fields["kind"] = REQUEST_MAGIC, 1, RECORDS
    fields["first"], fields["last"], fields["tag"] = first, last, tag
    fields["records_max"], fields["bytes_max"] = records_max, bytes_max
    if instance is not None:
        fields["flags"], fields["instance"] = COMPARE_INSTANCE, instance
    if working_point is not None:
        fields["flags"] |= ONE_POINT | working_point << 8
    return sealed(fields)


def sealed(fields: Any) -> bytes:
    """The bytes of a request or a reply with the checksum of all before it."""
    content: bytes = fields.tobytes()[:-4]
    return content + formats.crc32c(content).to_bytes(4, "little")


def decoded(parts: Sequence[bytes]) -> tuple[Any, Records]:
    """A reply's fields and its records, checked."""
    if len(parts) != 2 or len(parts[0]) != REPLY.itemsize:
        raise CatchUpFault(f"a reply of parts of {[len(each) for each in parts]} bytes")
    reply = np.frombuffer(parts[0], REPLY)[0]
    if reply["magic"] != REPLY_MAGIC or reply["version"] != 1:
        raise CatchUpFault(f"a reply that begins with {parts[0][:5]!r}")
    if parts[0] != sealed(reply):
        raise CatchUpFault("a reply with a wrong checksum")
    dtype = formats.flagged_dtype(int(reply["features"]))
    if dtype.itemsize != reply["record_bytes"]:
        raise CatchUpFault(f"{reply['features']} features, {reply['record_bytes']} bytes a record")
    if len(parts[1]) != int(reply["records"]) * dtype.itemsize:
        raise CatchUpFault(f"{reply['records']} records in {len(parts[1])} bytes")
    return reply, np.frombuffer(parts[1], dtype)


def _unsecured(socket: zmq.Socket[Any]) -> None:
    pass


class Client:
    """Asks one daemon, again where no answer comes.

    address    of the daemon's catch-up socket
    instance   the daemon that is meant; None for whichever answers
    timeout_s  until a request is sent again, on a new connection
    patience_s until an answer that does not come is a fault
    working_point  0 to 15: records of this one alone; None for all
    secure     gives a new socket its keys
    """

    def __init__(self, address: str, instance: int | None = None, timeout_s: float = 5,
                 patience_s: float = 60, bytes_max: int = 0,
                 secure: Callable[[zmq.Socket[Any]], None] = _unsecured,
                 context: zmq.Context[Any] | None = None, working_point: int | None = None):
        number("timeout_s", timeout_s, 0, SECONDS_MAX)
        number("patience_s", patience_s, 0, SECONDS_MAX)
        self.working_point = working_point
        self.address, self.instance, self.bytes_max = checked(address), instance, bytes_max
        self.timeout_ms, self.patience_s = int(timeout_s * 1000), patience_s
        self.context = context or zmq.Context.instance()
        self.socket: zmq.Socket[Any] | None = None
        self.secure = secure
        self.tags = itertools.count(1)

    def ask(self, first: int, last: int = 0, patience_s: float | None = None,
            ) -> tuple[Any, Records]:
        """One request, one reply: its fields and its records, which may be none."""
        patience_s = self.patience_s if patience_s is None else patience_s
        deadline = time.monotonic() + patience_s
        while True:
            try:
                parts = self._exchange(first, last, deadline)
            except zmq.ZMQError as fault:
                raise CatchUpFault(f"{self.address}: {fault}") from fault
            if parts is not None:
                reply, records = decoded(parts)
                status = int(reply["status"])
                if status == OK:
                    return reply, records
                if status != UNREADABLE or time.monotonic() > deadline:
                    raise CatchUpFault(
                        f"{self.address}: number {first} refused: {_status_text(status)}; the "
                        f"journal's last is {reply['last']}")
            if time.monotonic() > deadline:
                raise NoAnswer(f"{self.address}: no answer within {patience_s} s")

    def _exchange(self, first: int, last: int, deadline: float) -> list[bytes] | None:
        """The parts of the answer; None where none came in time, and the socket is given up."""
        if self.socket is None:
            self.socket = self.context.socket(zmq.DEALER)
            self.socket.linger = 0
            self.secure(self.socket)
            self.socket.connect(self.address)
        tag = next(self.tags)
        message = request(first, last, bytes_max=self.bytes_max, instance=self.instance, tag=tag,
                          working_point=self.working_point)
        self.socket.send_multipart([b"", message])
        deadline = min(deadline, time.monotonic() + self.timeout_ms / 1000)
        while (left := deadline - time.monotonic()) > 0 and self.socket.poll(int(left * 1000) + 1):
            parts = self.socket.recv_multipart()[1:]
            if parts and len(parts[0]) == REPLY.itemsize \
                    and np.frombuffer(parts[0], REPLY)["tag"][0] == tag:
                return parts
        self.close()
        return None

    def records_from(self, first: int, last: int = 0, patience_s: float | None = None,
                     ) -> Iterator[tuple[tuple[int, int] | None, Records]]:
        """Yields (gone, records): a range (a, b) of numbers that the journal has no more, or None,
        and the records that follow it. Ends at `last`, or with what is journaled when it gets
        there.
        """
        while True:
            reply, records = self.ask(first, last, patience_s)
            gone = (int(reply["gone_first"]), int(reply["gone_last"])) \
                if reply["gone_first"] else None
            yield gone, records
            following = int(reply["next"])
            end = min(int(reply["last"]), last) if last else int(reply["last"])
            if following > end:
                return
            if following <= first:
                raise CatchUpFault(f"{self.address}: no progress at number {first} of {end}")
            first = following

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _status_text(status: int) -> str:
    return STATUS_NAMES[status] if status < len(STATUS_NAMES) else f"status {status}"
