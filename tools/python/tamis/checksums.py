"""CRC-32C (Castagnoli) of many records at once, in NumPy.

The CRC without preset is linear: the state after a message is the sum (xor) of what each of its
words contributes, and a word's contribution is that word, advanced over the bytes behind it. So
neighbouring words are merged pairwise, then pairs, then pairs of pairs, over all records in one
operation each: some 30 NumPy calls a block, whatever the records' length, where a loop over the
words would need hundreds. Zero words in front change nothing, which makes every length a power of
two.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

_POLYNOMIAL = 0x82F63B78  # reflected
_BYTES_AT_ONCE = 1 << 19  # of one block, which stays in the second-level cache


def _byte_table() -> Words:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, np.uint32(_POLYNOMIAL), np.uint32(0)) ^ (table >> np.uint32(1))
    return table


_BYTE_TABLE = _byte_table()
_BYTES = _BYTE_TABLE.tolist()


@functools.cache
def _advance_tables(level: int) -> tuple[Words, Words]:
    """What 4 * 2**level zero bytes make of a state's low and high half."""
    if level == 0:
        low = np.arange(65536, dtype=np.uint32)
        high = low << np.uint32(16)
        for _ in range(4):
            low, high = (_BYTE_TABLE[each & np.uint32(255)] ^ (each >> np.uint32(8))
                         for each in (low, high))
        return low, high
    tables = _advance_tables(level - 1)
    return _advanced(tables[0], tables), _advanced(tables[1], tables)


def _advanced(states: Words, tables: tuple[Words, Words]) -> Words:
    low = tables[0].take(states & np.uint32(0xFFFF))
    low ^= tables[1].take(states >> np.uint32(16))
    return low


def crc32c(data: bytes) -> int:
    """CRC-32C of one byte string, a byte a step: for short ones.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    state = 0xFFFFFFFF
    for byte in data:
        state = _BYTES[(state ^ byte) & 255] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def _block(words: Words) -> Words:
    """CRC-32C of every row of `words`, shape (N, W) of little-endian 32-bit words; shape (N,)."""
    count, length = words.shape
    levels = max(1, (length - 1).bit_length())
    # One word column a row, so that every operation below runs over whole rows in memory.
    columns = np.empty((length + (length & 1), count), np.uint32)
    odd = length & 1
    columns[odd:] = words.T
    if odd:
        columns[0] = 0
    columns[odd] ^= np.uint32(0xFFFFFFFF)
    for level in range(levels):
        merged = _advanced(columns[0::2], _advance_tables(level))
        merged ^= columns[1::2]
        if len(merged) > 1 and len(merged) % 2:
            merged = np.concatenate([np.zeros((1, count), np.uint32), merged])
        columns = merged
    return ~_advanced(columns[0], _advance_tables(0))


def record_checksums(records: npt.NDArray[Any], checksum_word: int = 15) -> Words:
    """CRC-32C of every record without its checksum word, shape (N,).

    records: structured array of shape (N,), whole 32-bit words a record.
    """
    words = np.ascontiguousarray(records).view("<u4")
    words = words.reshape(len(records), records.dtype.itemsize // 4)
    result = np.empty(len(records), np.uint32)
    rows = max(1, _BYTES_AT_ONCE // records.dtype.itemsize)
    for start in range(0, len(records), rows):
        block = words[start:start + rows]
        kept = np.concatenate([block[:, :checksum_word], block[:, checksum_word + 1:]], axis=1)
        result[start:start + rows] = _block(kept)
    return result
