"""Tamis on the wire: event records, flagged records, checksums, scores, decisions.

Written from docs/formats.md alone, with NumPy and nothing of the program itself, so that it is a
second opinion on every byte. All functions take whole arrays of records; a single record is an
array of length one.
"""

import hashlib

import numpy as np

EVENT_MAGIC = b"TMSE"
FLAGGED_MAGIC = b"TMSF"
VERSION = 1
HEADER_BYTES = 64
CHECKSUM_WORD = 15  # bytes 60..63 of either header

EVENT, BEGIN_OF_RUN, END_OF_RUN, HEARTBEAT = 1, 2, 3, 4
KIND_NAMES = {EVENT: "event", BEGIN_OF_RUN: "begin_of_run", END_OF_RUN: "end_of_run",
              HEARTBEAT: "heartbeat"}

# Event flags.
UNBIASED_FLAG, SIMULATED_FLAG, REPLAYED_FLAG, TAINTED_FLAG = 1, 2, 4, 8

# Reasons of a flagged record.
ABOVE_THRESHOLD, UNBIASED, NOT_SCORABLE = 1, 2, 4
REASON_NAMES = {ABOVE_THRESHOLD: "above_threshold", UNBIASED: "unbiased",
                NOT_SCORABLE: "not_scorable"}

TOPIC_FLAGGED, TOPIC_UNBIASED, TOPIC_UNFLAGGED = b"flagged", b"unbiased", b"unflagged"


# Layouts


def event_dtype(feature_count):
    """The event record of D features: 64 + 4 D bytes."""
    return np.dtype([
        ("magic", "S4"), ("version", "u1"), ("kind", "u1"), ("flags", "<u2"),
        ("source", "<u4"), ("run", "<u4"), ("lumi", "<u4"), ("features_count", "<u2"),
        ("bunch_crossing", "<u2"), ("sequence", "<u8"), ("event", "<u8"), ("time_ns", "<u8"),
        ("orbit", "<u4"), ("condition", "<f4"), ("schema", "<u4"), ("crc32c", "<u4"),
        ("features", "<f4", (feature_count,)),
    ])


def flagged_dtype(feature_count):
    """The flagged record: 64 + 4 D bytes, then the event record as it came."""
    return np.dtype([
        ("magic", "S4"), ("version", "u1"), ("reasons", "u1"), ("working_points", "<u2"),
        ("score", "<f4"), ("threshold", "<f4"), ("number", "<u8"), ("received_ns", "<u8"),
        ("decided_ns", "<u8"), ("weight", "<u4"), ("model", "<u4"), ("calibration", "<u4"),
        ("instance", "<u4"), ("reserved", "<u4"), ("crc32c", "<u4"),
        ("attributions", "<f4", (feature_count,)), ("event", event_dtype(feature_count)),
    ])


def flagged_feature_count(byte_count):
    """The D of a flagged record of `byte_count` bytes; None where no D fits."""
    feature_count, rest = divmod(byte_count - 2 * HEADER_BYTES, 8)
    return feature_count if rest == 0 and 1 <= feature_count <= 65535 else None


def schema_prefix(feature_names):
    """The schema field: the first four bytes of SHA-256 over the names joined by newlines."""
    digest = hashlib.sha256("\n".join(feature_names).encode()).digest()
    return int.from_bytes(digest[:4], "little")


# Building and checking records


def new_events(count, feature_count, **columns):
    """`count` event records with the given columns (scalars or arrays); seal() them when done."""
    records = np.zeros(count, event_dtype(feature_count))
    records["magic"], records["version"], records["kind"] = EVENT_MAGIC, VERSION, EVENT
    records["features_count"], records["condition"] = feature_count, np.nan
    for name, values in columns.items():
        records[name] = values
    return records


def seal(records):
    """Writes the checksum of every event or flagged record in place, and returns the records."""
    records["crc32c"] = checksums(records)
    return records


def event_faults(records):
    """Per record: whether magic, version, kind, feature count or checksum is wrong."""
    feature_count = records.dtype["features"].shape[0]
    return (
        (records["magic"] != EVENT_MAGIC) | (records["version"] != VERSION)
        | (records["kind"] < EVENT) | (records["kind"] > HEARTBEAT)
        | (records["features_count"] != feature_count)
        | (records["crc32c"] != checksums(records)))


def flagged_faults(records):
    """All that is wrong with flagged records, as (row, text) pairs."""
    scored = records["reasons"] & NOT_SCORABLE == 0
    above = records["reasons"] & ABOVE_THRESHOLD != 0
    same_score = sum_attributions(records["attributions"]).view("<u4") == bits(records["score"])
    all_nan = np.isnan(records["score"]) & np.isnan(records["attributions"]).all(axis=1)
    finite = np.isfinite(records["event"]["features"]).all(axis=1)
    checks = [
        ("magic or version", (records["magic"] == FLAGGED_MAGIC) & (records["version"] == VERSION)),
        ("checksum", records["crc32c"] == checksums(records)),
        ("the event's own header or checksum",
         ~event_faults(np.ascontiguousarray(records["event"]))),
        ("kind of the event", records["event"]["kind"] == EVENT),
        ("reasons", records["reasons"] < 8),
        ("weight", (records["weight"] >= 1) == (records["reasons"] > 0)),
        ("score is not the sum of the attributions", np.where(scored, same_score, all_nan)),
        ("scorable where a feature is not finite, or the reverse", scored == finite),
        ("score not above the threshold", ~above | (records["score"] > records["threshold"])),
        ("working points without their reason", above == (records["working_points"] != 0)),
    ]
    return [(int(row), text) for text, good in checks for row in np.flatnonzero(~good)]


def bits(values):
    """The bit patterns of a float32 array."""
    return np.ascontiguousarray(values, "<f4").view("<u4")


# CRC-32C (Castagnoli), reflected polynomial 0x82F63B78


def _advanced(state, byte_count):
    for _ in range(byte_count):
        state = _BYTE_TABLE[state & 255] ^ (state >> np.uint32(8))
    return state


def _byte_table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, np.uint32(0x82F63B78), np.uint32(0)) ^ (table >> np.uint32(1))
    return table


_BYTE_TABLE = _byte_table()
# What four steps make of the low and of the high half of a state; the CRC is linear, so a whole
# word takes two look-ups.
_LOW_TABLE = _advanced(np.arange(65536, dtype=np.uint32), 4)
_HIGH_TABLE = _advanced(np.arange(65536, dtype=np.uint32) << np.uint32(16), 4)
_ROWS_AT_ONCE = 4096


def crc32c(data):
    """CRC-32C of one byte string; slow, for short ones. crc32c(b"123456789") is 0xE3069283."""
    state = 0xFFFFFFFF
    for byte in data:
        state = int(_BYTE_TABLE[(state ^ byte) & 255]) ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def checksums(records):
    """CRC-32C of every record without its checksum field, column by column over all records."""
    words = np.ascontiguousarray(records).view("<u4")
    words = words.reshape(len(records), records.dtype.itemsize // 4)
    result = np.empty(len(records), np.uint32)
    for start in range(0, len(records), _ROWS_AT_ONCE):
        columns = np.ascontiguousarray(words[start:start + _ROWS_AT_ONCE].T)
        state = np.full(columns.shape[1], 0xFFFFFFFF, np.uint32)
        for index, column in enumerate(columns):
            if index != CHECKSUM_WORD:
                state ^= column
                state = _LOW_TABLE[state & 0xFFFF] ^ _HIGH_TABLE[state >> 16]
        result[start:start + _ROWS_AT_ONCE] = ~state
    return result


# Scores


def sum_attributions(attributions):
    """The score that goes with attributions of shape (N, D), in its one order, to the bit."""
    count, feature_count = attributions.shape
    lanes = np.zeros((count, 16), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, feature_count, 16):
            part = attributions[:, start:start + 16]
            lanes[:, :part.shape[1]] += part
        for half in (8, 4, 2, 1):
            lanes = lanes[:, :half] + lanes[:, half:]
    return np.ascontiguousarray(lanes[:, 0])


# Decisions


def _mixed(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def prescale_hash(events):
    """The 64-bit number of every event record that all its prescales look at."""
    run, source = events["run"].astype(np.uint64), events["source"].astype(np.uint64)
    state = np.zeros(len(events), np.uint64)
    for word in (run << np.uint64(32) | source, events["sequence"], events["event"]):
        state = _mixed(state + np.uint64(0x9E3779B97F4A7C15) + word)
    return state


def passes(hashes, prescale):
    """Whether floor(hash * prescale / 2^64) is 0; a prescale of 0 lets nothing pass."""
    if prescale == 0:
        return np.zeros(len(hashes), bool)
    return hashes <= np.uint64((2**64 - 1) // prescale)


def decide(scores, hashes, working_points, unbiased_prescale):
    """Reasons, working point mask and weight of every event; reasons 0 where it is not kept.

    working_points: (threshold, prescale) pairs in the calibration's order.
    """
    unscorable = np.isnan(scores)
    reasons = np.where(unscorable, NOT_SCORABLE, 0).astype(np.uint8)
    weight = np.where(unscorable, 1, 2**32 - 1).astype(np.uint32)
    mask = np.zeros(len(scores), np.uint16)
    for index, (threshold, prescale) in enumerate(working_points):
        kept = (scores > np.float32(threshold)) & passes(hashes, prescale)
        mask[kept] |= np.uint16(1 << index)
        reasons[kept] |= ABOVE_THRESHOLD
        weight[kept] = np.minimum(weight[kept], prescale)
    kept = passes(hashes, unbiased_prescale)
    reasons[kept] |= UNBIASED
    weight[kept] = np.minimum(weight[kept], unbiased_prescale)
    weight[reasons == 0] = 0
    return reasons, mask, weight


def topic(reasons):
    """The topic part of a flagged record with these reasons."""
    if reasons == 0:
        return TOPIC_UNFLAGGED
    return TOPIC_UNBIASED if reasons == UNBIASED else TOPIC_FLAGGED
