"""Background rates: the table, the tail, the intervals, and the field of a record."""

import numpy as np
import pytest

import tamis
from tamis.rarity import BackgroundRates, clopper_pearson

TAIL = {"base": 2.0, "shape": 0.0, "scale": 1.0, "excesses": 70, "base_rate": 0.01}


def table(tail=TAIL):
    return BackgroundRates([5.0, 4.0, 3.0, 1.0], [1, 2, 4, 1000], 5000, tail)


def test_rates_are_those_of_the_next_lower_entry():
    field = table().field([5.0, 4.5, 4.0, 3.5, 3.0, 1.0, 0.0, np.nan])
    expected = np.array([2, 2, 4, 4, 1000, 5001, 5001, 0]) / 5001
    assert field.dtype == np.float32
    assert field.tobytes() == expected.astype(np.float32).tobytes()


def test_beyond_the_largest_the_tail_is_marked():
    field = table().field([np.nextafter(np.float32(5), np.float32(9)), 9.0, 1e30, np.inf])
    assert (field < 0).all() and field[0] >= np.float32(-1 / 5001)
    assert field[1] == -np.float32(0.01 * np.exp(-7.0))
    assert field[2] == field[3] == -np.finfo(np.float32).tiny
    assert table(None).field(9.0)[0] == np.float32(1 / 5001)


@pytest.mark.parametrize("shape", [0.0, 1e-6, 0.3])
def test_estimates_hold_their_rate(shape):
    rates = table({**TAIL, "shape": shape})
    for score in (0.5, 1.0, 2.0, 3.5, 4.5, 5.0, 6.0, 20.0):
        found = rates.estimate(score)
        assert found.interval[0] <= found.rate <= found.interval[1]
        assert found.extrapolated == (score > 5) and found.rate > 0
    assert rates.estimate(6.0).limit == pytest.approx(1 - 0.025 ** (1 / 5000), rel=1e-6)


@pytest.mark.parametrize("successes, trials, low, high", [
    (0, 10, 0, 0.3084971), (10, 10, 0.6915029, 1), (5, 10, 0.1870860, 0.8129140),
    (1, 100, 2.53146e-4, 0.0544594), (100, 100_000, 8.1371e-4, 1.21616e-3),
    (103, 100_000, 8.4079e-4, 1.2490e-3), (1, 1_000_000, 2.5318e-8, 5.57163e-6),
    (5, 10_000_000_000, 1.623486e-10, 1.166833e-9)])
def test_clopper_pearson(successes, trials, low, high):
    found = clopper_pearson(successes, trials, 0.95)
    assert found == pytest.approx((low, high), rel=2e-4, abs=1e-12)


def test_what_is_no_table_is_refused():
    for scores, ranks in (([1, 2], [1, 2]), ([2, 1], [2, 1]), ([2], [1, 2])):
        with pytest.raises(tamis.FileFault, match="background_rates"):
            BackgroundRates(scores, ranks, 10, None)
