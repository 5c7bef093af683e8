"""Flagged records by number, asked for from a daemon's journal as docs/formats.md has it."""

import itertools
import time

import numpy as np
import zmq

import tamis_formats as formats

REQUEST_MAGIC, REPLY_MAGIC = b"TMSQ", b"TMSA"
RECORDS = 1  # the only kind of request
COMPARE_INSTANCE = 1  # flag

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


class CatchUpFault(Exception):
    """An answer that is none, or none at all."""


def request(first, last=0, records_max=0, bytes_max=0, instance=None, tag=0):
    """The bytes of a request; 0 stands for no limit."""
    fields = np.zeros(1, REQUEST)
    fields["magic"], fields["version"], fields["kind"] = REQUEST_MAGIC, 1, RECORDS
    fields["first"], fields["last"], fields["tag"] = first, last, tag
    fields["records_max"], fields["bytes_max"] = records_max, bytes_max
    if instance is not None:
        fields["flags"], fields["instance"] = COMPARE_INSTANCE, instance
    return sealed(fields)


def sealed(fields):
    """The bytes of a request or a reply with the checksum of all before it."""
    content = fields.tobytes()[:-4]
    return content + formats.crc32c(content).to_bytes(4, "little")


def decoded(parts):
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


class Client:
    """Asks one daemon, again where no answer comes."""

    def __init__(self, address, instance=None, timeout_s=5, patience_s=60, bytes_max=0,
                 secure=lambda socket: None):
        """`secure` gives a new socket its keys."""
        self.address, self.instance, self.bytes_max = address, instance, bytes_max
        self.timeout_ms, self.patience_s = int(timeout_s * 1000), patience_s
        self.context = zmq.Context.instance()
        self.socket, self.secure = None, secure
        self.tags = itertools.count(1)

    def ask(self, first, last=0):
        """One request, one reply: its fields and its records."""
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                parts = self._exchange(first, last)
            except zmq.ZMQError as fault:
                raise CatchUpFault(f"{self.address}: {fault}") from fault
            if parts is not None:
                reply, records = decoded(parts)
                if reply["status"] == OK:
                    return reply, records
                if reply["status"] != UNREADABLE or time.monotonic() > deadline:
                    name = STATUS_NAMES[reply["status"]] if reply["status"] < 9 else "unknown"
                    raise CatchUpFault(
                        f"{self.address}: number {first} refused: {name}; "
                        f"the journal's last is {reply['last']}")
            if time.monotonic() > deadline:
                raise CatchUpFault(f"{self.address}: no answer within {self.patience_s} s")

    def _exchange(self, first, last):
        """The parts of the answer; None where none came in time, and the socket is given up."""
        if self.socket is None:
            self.socket = self.context.socket(zmq.DEALER)
            self.socket.linger = 0
            self.secure(self.socket)
            self.socket.connect(self.address)
        tag = next(self.tags)
        message = request(first, last, bytes_max=self.bytes_max, instance=self.instance, tag=tag)
        self.socket.send_multipart([b"", message])
        deadline = time.monotonic() + self.timeout_ms / 1000
        while (left := deadline - time.monotonic()) > 0 and self.socket.poll(int(left * 1000) + 1):
            parts = self.socket.recv_multipart()[1:]
            if parts and len(parts[0]) == REPLY.itemsize \
                    and np.frombuffer(parts[0], REPLY)["tag"][0] == tag:
                return parts
        self.close()
        return None

    def records_from(self, first, last=0):
        """Yields (gone, records): a range (a, b) of numbers that the journal has no more, or None,
        and the records that follow it. Ends at `last`, or with what is journaled when it gets there.
        """
        while True:
            reply, records = self.ask(first, last)
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

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None
