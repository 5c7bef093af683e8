"""Event records and flagged records as structured arrays, written from docs/formats.md alone.

All functions take whole arrays of records, shape (N,); a single record is an array of length one.
D is the number of features. Times are nanoseconds since 1970-01-01 UTC, uint64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .bounds import whole
from .checksums import crc32c, record_checksums
from .decisions import sum_attributions

__all__ = [
    "ABOVE_THRESHOLD", "BEGIN_OF_RUN", "BELOW_THRESHOLD", "END_OF_RUN", "EVENT", "EVENT_MAGIC",
    "FLAGGED_MAGIC",
    "HEADER_BYTES", "HEARTBEAT", "KIND_NAMES", "NOT_SCORABLE", "REASON_NAMES", "REPLAYED_FLAG",
    "Records", "SIMULATED_FLAG", "TAINTED_FLAG", "TOPIC_FLAGGED", "TOPIC_UNBIASED",
    "TOPIC_UNFLAGGED", "UNBIASED", "UNBIASED_FLAG", "VERSION", "bits", "checksums", "crc32c",
    "describe",
    "event_dtype", "event_fault_texts", "event_faults", "events_of", "feature_count_of",
    "flagged_byte_masks", "flagged_content_masks", "flagged_dtype", "flagged_fault_masks",
    "flagged_faults", "flagged_feature_count",
    "is_flagged", "new_events", "new_flagged", "numbered_names", "point_subscriptions",
    "point_topic", "record_dtype", "schema_prefix", "schema_text", "seal", "simulated_count", "topic",
    "weight_sum"]

Records = npt.NDArray[Any]
"""A structured array of event or flagged records, shape (N,)."""

EVENT_MAGIC = b"TMSE"
FLAGGED_MAGIC = b"TMSF"
VERSION = 1
HEADER_BYTES = 64
FEATURES_MAX = 65535

EVENT, BEGIN_OF_RUN, END_OF_RUN, HEARTBEAT = 1, 2, 3, 4
KIND_NAMES = {EVENT: "event", BEGIN_OF_RUN: "begin_of_run", END_OF_RUN: "end_of_run",
              HEARTBEAT: "heartbeat"}

# Bits of an event's flags.
UNBIASED_FLAG, SIMULATED_FLAG, REPLAYED_FLAG, TAINTED_FLAG = 1, 2, 4, 8

# Bits of a flagged record's reasons.
ABOVE_THRESHOLD, UNBIASED, NOT_SCORABLE, BELOW_THRESHOLD = 1, 2, 4, 8
REASON_NAMES = {ABOVE_THRESHOLD: "above_threshold", UNBIASED: "unbiased",
                NOT_SCORABLE: "not_scorable", BELOW_THRESHOLD: "below_threshold"}

TOPIC_FLAGGED, TOPIC_UNBIASED, TOPIC_UNFLAGGED = b"flagged", b"unbiased", b"unflagged"


# Layouts


def event_dtype(feature_count: int) -> np.dtype[Any]:
    """The event record of D features, 1 to 65535: 64 + 4 D bytes."""
    whole("features", feature_count, 1, FEATURES_MAX)
    return np.dtype([
        ("magic", "S4"), ("version", "u1"), ("kind", "u1"), ("flags", "<u2"),
        ("source", "<u4"), ("run", "<u4"), ("lumi", "<u4"), ("features_count", "<u2"),
        ("bunch_crossing", "<u2"), ("sequence", "<u8"), ("event", "<u8"), ("time_ns", "<u8"),
        ("orbit", "<u4"), ("condition", "<f4"), ("schema", "<u4"), ("crc32c", "<u4"),
        ("features", "<f4", (feature_count,)),
    ])


def flagged_dtype(feature_count: int) -> np.dtype[Any]:
    """The flagged record of D features: 128 + 8 D bytes; `event` is the event record inside."""
    return np.dtype([
        ("magic", "S4"), ("version", "u1"), ("reasons", "u1"), ("working_points", "<u2"),
        ("score", "<f4"), ("threshold", "<f4"), ("number", "<u8"), ("received_ns", "<u8"),
        ("decided_ns", "<u8"), ("weight", "<u4"), ("model", "<u4"), ("calibration", "<u4"),
        ("instance", "<u4"), ("background_rate", "<f4"), ("crc32c", "<u4"),
        ("attributions", "<f4", (feature_count,)), ("event", event_dtype(feature_count)),
    ])


def record_dtype(kind: str, feature_count: int) -> np.dtype[Any]:
    """The layout of a run's records; kind is "events" or "flagged"."""
    return {"events": event_dtype, "flagged": flagged_dtype}[kind](feature_count)


def flagged_feature_count(byte_count: int) -> int | None:
    """The D of a flagged record of `byte_count` bytes; None where no D fits."""
    feature_count, rest = divmod(byte_count - 2 * HEADER_BYTES, 8)
    return feature_count if rest == 0 and 1 <= feature_count <= FEATURES_MAX else None


def is_flagged(records: Records) -> bool:
    """Whether an array holds flagged records."""
    return "attributions" in (records.dtype.names or ())


def events_of(records: Records) -> Records:
    """The event records of an array, which may be inside flagged ones; a view."""
    events: Records = records["event"] if is_flagged(records) else records
    return events


def feature_count_of(records: Records) -> int:
    """D of an array of records."""
    return int(events_of(records).dtype["features"].shape[0])


def schema_prefix(feature_names: Iterable[str]) -> int:
    """The schema field: the first four bytes of SHA-256 over the names joined by newlines."""
    digest = hashlib.sha256("\n".join(feature_names).encode()).digest()
    return int.from_bytes(digest[:4], "little")


def schema_text(schema: int) -> str:
    """A schema field as files write it, eight hexadecimal digits in the digest's order."""
    return int(schema).to_bytes(4, "little").hex()


def numbered_names(feature_count: int) -> list[str]:
    """Names for features that have none."""
    return [f"feature_{index}" for index in range(feature_count)]


# Building


def new_events(count: int, feature_count: int, **columns: Any) -> Records:
    """`count` event records with the given columns (scalars or arrays); seal() them when done.

    What is not given is 0; the kind is EVENT and the condition unknown (NaN). A value that does not
    fit its field is a ValueError: nothing is cut off.
    """
    records = np.zeros(count, event_dtype(feature_count))
    records["magic"], records["version"], records["kind"] = EVENT_MAGIC, VERSION, EVENT
    records["features_count"], records["condition"] = feature_count, np.nan
    _fill(records, columns)
    return records


def new_flagged(events: Records, attributions: npt.ArrayLike, **columns: Any) -> Records:
    """Flagged records around sealed events (N,), with attributions (N, D) and their scores.

    What is not given is 0; seal() the records when done.
    """
    records = np.zeros(len(events), flagged_dtype(feature_count_of(events)))
    records["magic"], records["version"], records["event"] = FLAGGED_MAGIC, VERSION, events
    records["attributions"] = attributions
    records["score"] = sum_attributions(records["attributions"])
    _fill(records, columns)
    return records


def _fill(records: Records, columns: dict[str, Any]) -> None:
    for name, values in columns.items():
        if name not in (records.dtype.names or ()):
            raise ValueError(f"no field {name!r}; there are {', '.join(records.dtype.names or ())}")
        field = records.dtype[name]
        if field.kind == "u":
            given = np.asarray(values)
            if given.size and given.dtype.kind not in "ubi":
                if given.dtype.kind != "f" or not bool(
                        (np.isfinite(given) & (given == np.floor(given))).all()):
                    raise ValueError(f"field {name}: whole numbers expected, {given.dtype} found")
            limit = int(np.iinfo(field).max)
            if given.size and (int(given.min()) < 0 or int(given.max()) > limit):
                raise ValueError(f"field {name}: {given.min()} to {given.max()} is not within "
                                 f"0 to {limit}")
        records[name] = values


def checksums(records: Records) -> npt.NDArray[np.uint32]:
    """CRC-32C of every record without its checksum field, shape (N,)."""
    return record_checksums(records)


def seal(records: Records) -> Records:
    """Writes the checksum of every event or flagged record in place, and returns the records."""
    records["crc32c"] = checksums(records)
    return records


# Checking


def event_faults(records: Records) -> npt.NDArray[np.bool_]:
    """Per record, (N,): whether magic, version, kind, feature count or checksum is wrong."""
    faults: npt.NDArray[np.bool_] = np.zeros(len(records), np.bool_)
    for _, good in _event_checks(records):
        faults |= ~good
    return faults


def event_fault_texts(records: Records) -> list[tuple[int, str]]:
    """What is wrong with event records, as (row, text) pairs: the first fault of each."""
    found: dict[int, str] = {}
    for text, good in _event_checks(records):
        for row in np.flatnonzero(~good).tolist():
            found.setdefault(row, text)
    return sorted(found.items())


def _event_checks(records: Records) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    kind = records["kind"]
    return [
        ("magic", records["magic"] == EVENT_MAGIC),
        ("version", records["version"] == VERSION),
        ("feature_count", records["features_count"] == feature_count_of(records)),
        ("crc", records["crc32c"] == checksums(records)),
        ("kind", (kind >= EVENT) & (kind <= HEARTBEAT)),
    ]


def flagged_faults(records: Records) -> list[tuple[int, str]]:
    """All that is wrong with flagged records, as (row, text) pairs."""
    return [(row, text) for text, good in flagged_fault_masks(records)
            for row in np.flatnonzero(~good).tolist()]


def flagged_fault_masks(records: Records) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """What must hold of flagged records: (what is wrong otherwise, (N,) whether it holds)."""
    return flagged_byte_masks(records) + flagged_content_masks(records)


def flagged_byte_masks(records: Records) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Whether the bytes of flagged records are as they were sent: without this not even the number
    is known."""
    return [
        ("magic or version", (records["magic"] == FLAGGED_MAGIC) & (records["version"] == VERSION)),
        ("checksum", records["crc32c"] == checksums(records)),
    ]


def flagged_content_masks(records: Records) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """What must hold of flagged records whose bytes are as they were sent."""
    events = np.ascontiguousarray(records["event"])
    scored = records["reasons"] & NOT_SCORABLE == 0
    above = records["reasons"] & ABOVE_THRESHOLD != 0
    below = records["reasons"] & BELOW_THRESHOLD != 0
    same_score = bits(sum_attributions(records["attributions"])) == bits(records["score"])
    with np.errstate(invalid="ignore"):
        all_nan = np.isnan(records["score"]) & np.isnan(records["attributions"]).all(axis=1)
        exceeds = records["score"] > records["threshold"]
        falls_short = records["score"] < records["threshold"]
    finite = np.isfinite(events["features"]).all(axis=1)
    return [
        ("the event's own header or checksum", ~event_faults(events)),
        ("kind of the event", events["kind"] == EVENT),
        ("reasons", (records["reasons"] < 16) & ~(above & below)),
        ("weight", (records["weight"] >= 1) == (records["reasons"] > 0)),
        ("score is not the sum of the attributions", np.where(scored, same_score, all_nan)),
        ("scorable where a feature is not finite, or the reverse", scored == finite),
        ("score not above the threshold", ~above | exceeds),
        ("score not below the threshold", ~below | falls_short),
        ("working points without their reason", (above | below) == (records["working_points"] != 0)),
    ]


def bits(values: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """The bit patterns of a float32 array."""
    return np.ascontiguousarray(values, "<f4").view("<u4")


def topic(reasons: int) -> bytes:
    """The topic part of a flagged record with these reasons."""
    if reasons == 0:
        return TOPIC_UNFLAGGED
    return TOPIC_UNBIASED if reasons == UNBIASED else TOPIC_FLAGGED


def point_topic(working_points: int) -> bytes:
    """The topic part of a flagged record with this mask, while somebody takes points alone."""
    return TOPIC_FLAGGED + b"/" + f"{working_points:016b}"[::-1].encode()


def point_subscriptions(working_point: int) -> list[bytes]:
    """What to subscribe to for the records of one working point, 0 to 15, and no others: 2^i
    beginnings of topics for working point i."""
    if not 0 <= working_point < 16:
        raise ValueError(f"working point {working_point}; 0 to 15 was expected")
    end = len(TOPIC_FLAGGED) + 2 + working_point
    return [point_topic(before | 1 << working_point)[:end] for before in range(1 << working_point)]


def weight_sum(records: Records) -> int:
    """The estimated number of events of the stream; simulated events stand beside it."""
    simulated = records["event"]["flags"] & SIMULATED_FLAG != 0
    return int(records["weight"][~simulated].sum(dtype=np.uint64))


def simulated_count(records: Records) -> int:
    """Records of events that their sender marked as simulated."""
    return int(np.count_nonzero(records["event"]["flags"] & SIMULATED_FLAG))


def describe(record: Any, names: Sequence[str] | None = None, top: int = 3) -> str:
    """One line for a flagged record: who it is, why it was kept, where its score comes from."""
    event, attributions = record["event"], record["attributions"]
    reasons = [name.replace("_", " ") for bit, name in REASON_NAMES.items()
               if record["reasons"] & bit]
    points = [str(bit) for bit in range(16) if record["working_points"] >> bit & 1]
    simulated = " (simulated)" if event["flags"] & SIMULATED_FLAG else ""
    line = (f"{record['number']}: run {event['run']} source {event['source']} "
            f"event {event['event']}{simulated}: {' + '.join(reasons)}, score {record['score']:.6g}, "
            f"threshold {record['threshold']:.6g}, weight {record['weight']}")
    rate = record["background_rate"]
    if rate:
        line += f", background rate {abs(rate):.3g}" + (" (extrapolated)" if rate < 0 else "")
    if points:
        line += f", working point bits {' '.join(points)}"
    if record["reasons"] & NOT_SCORABLE or not record["score"] > 0:
        return line
    largest = np.argsort(-attributions, kind="stable")[:top]
    with np.errstate(invalid="ignore"):
        shares = attributions[largest] / record["score"]
    named = names or numbered_names(len(attributions))
    return line + "; " + ", ".join(
        f"{named[index]} {share:.1%}" for index, share in zip(largest, shares))
