"""The account of sequence numbers in a manifest: that of the programs."""

import json

import numpy as np
import pytest

import tamis
from tamis import sequences


def counts(numbers):
    found = sequences.sequence_counts(np.asarray(numbers, np.uint64))
    return found["lost"], found["late"], found["repeated"]


def noted(numbers):
    seen, zeros = sequences._Seen(), 0
    for number in numbers:
        if number:
            seen.note(number)
        else:
            zeros += 1
    return seen.highest - seen.received, seen.late, seen.repeated + zeros


def test_zero_is_a_repeated_number_and_never_a_received_one():
    assert counts([0]) == (0, 0, 1)
    assert counts([0, 1, 2, 3]) == (0, 0, 1)
    assert counts([1, 0, 2, 0]) == (0, 0, 2)
    assert counts([0, 5]) == (4, 0, 1)


def test_the_largest_numbers():
    assert counts([2**64 - 1]) == (2**64 - 2, 0, 0)
    assert counts([2**64 - 1, 0, 1, 2**64 - 2]) == (2**64 - 4, 2, 1)
    assert counts(2**64 - 1 - np.arange(50, dtype=np.uint64)) == (2**64 - 51, 49, 0)


def test_beyond_64_ranges_the_oldest_gap_is_closed():
    odd, even = range(1, 401, 2), range(2, 401, 2)
    # 200 ranges are needed, 64 are kept: of the even numbers 135 lie in closed gaps.
    assert counts([*odd, *even]) == (135, 64, 135)
    assert counts([*odd[:65], *even[:65]]) == (0, 64, 0)
    assert counts([*odd[:66], *even[:66]]) == (1, 64, 1)


@pytest.mark.parametrize("seed", range(20))
def test_both_ways_of_counting_agree(seed):
    random = np.random.default_rng(seed)
    blocks = [np.arange(first, first + random.integers(1, 40), dtype=np.uint64)
              for first in random.integers(0, 500, random.integers(1, 60))]
    numbers = np.concatenate(blocks)
    assert counts(numbers) == noted(numbers.tolist())


def shuffled(count):
    return np.random.default_rng(3).permutation(count) + 1


@pytest.mark.parametrize("numbers", [
    np.arange(50), np.zeros(5), shuffled(3000), [*range(1, 400, 2), *range(2, 402, 2)],
    2**64 - 1 - np.arange(50, dtype=np.uint64),
], ids=["from 0", "only 0", "shuffled", "many gaps", "largest"])
def test_the_program_finds_a_written_run_whole(tamis_program, tmp_path, numbers):
    events = tamis.new_events(len(numbers), 2, run=1, source=1,
                              sequence=np.asarray(numbers, np.uint64))
    with tamis.RunWriter(tmp_path / "run", "events", 2) as writer:
        writer.append(tamis.seal(events))
    assert "manifest.json agrees with the segments" in tamis_program("inspect", tmp_path / "run")


def test_a_manifest_lists_the_highest_runs(tamis_program, tmp_path):
    events = tamis.new_events(5000, 2, run=np.arange(5000), source=1, sequence=1)
    with tamis.RunWriter(tmp_path / "run", "events", 2) as writer:
        writer.append(tamis.seal(events))
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["runs"] == list(range(904, 5000))
    assert [each["run"] for each in manifest["sources"]] == manifest["runs"]
    assert manifest["records_not_listed"] == 904
    assert "manifest.json agrees with the segments" in tamis_program("inspect", tmp_path / "run")
