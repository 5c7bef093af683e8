"""Numbers from outside: what a field, an option or an argument cannot be is refused with a word."""

import contextlib
import io
import json

import numpy as np
import pytest

import tamis
from tamis import bounds, catchup, records
from tamis.commands import catch_up, rates, read_run, receive, send

ADDRESS = ["--connect", "tcp://127.0.0.1:9"]
SEND, CATCH_UP = ["--generate", "1", *ADDRESS], ["--from", "1", *ADDRESS]
RATES = ["--flagged", "j", "--calibration", "c", "--input", "r"]
SECONDS = ["nan", "inf", "-1", "1e308", "x", ""]
REFUSED = [
    (rates, RATES, "--confidence", ["nan", "inf", "0", "1", "-1", "2", "1e-400", "x"]),
    (send, SEND, "--rate", ["nan", "inf", "-1", "1e308"]),
    (send, SEND, "--wait", SECONDS),
    (send, SEND, "--batch", ["0", "-1", "99999999999", "1.5"]),
    (send, SEND, "--seed", ["-1", str(2**64)]),
    (send, SEND, "--features", ["0", "-1", "65536"]),
    (send, SEND, "--run-number", ["-1", str(2**32)]),
    (send, SEND, "--source", ["-1", str(2**32)]),
    (send, ADDRESS, "--generate", ["-1", str(2**64)]),
    (receive, ADDRESS, "--count", ["-1"]),
    (receive, ADDRESS, "--idle", SECONDS),
    (receive, ADDRESS, "--timeout", SECONDS),
    (receive, ADDRESS, "--top", ["-1", "99999999999999999999"]),
    (receive, ADDRESS, "--working-point", ["-1", "16", "1.5", "tight", ""]),
    (receive, [*ADDRESS, "--catch-up", "tcp://127.0.0.1:9"], "--from", ["0", "-1", str(2**64)]),
    (catch_up, ADDRESS, "--from", ["0", "-1", str(2**64)]),
    (catch_up, CATCH_UP, "--to", ["-1", str(2**64)]),
    (catch_up, CATCH_UP, "--instance", ["-1", str(2**32)]),
    (catch_up, CATCH_UP, "--timeout", SECONDS),
    (read_run, ["run"], "--show", ["-1", str(2**64)]),
]


@pytest.mark.parametrize("program, others, option, values", REFUSED,
                         ids=lambda each: each if isinstance(each, str) else None)
def test_options_that_no_number_fits_are_wrong_usage(program, others, option, values):
    for value in values:
        errors = io.StringIO()
        with pytest.raises(SystemExit) as ending, contextlib.redirect_stderr(errors):
            program.parse_arguments([*others, f"{option}={value}"])
        assert ending.value.code == 2, value
        assert option in errors.getvalue(), value


def test_options_take_the_ends_of_their_range():
    assert send.parse_arguments([*SEND, "--features=65535"]).features == 65535
    assert send.parse_arguments([*SEND, f"--source={2**32 - 1}"]).source == 2**32 - 1
    assert send.parse_arguments([*SEND, "--rate=0", "--wait=0"]).rate == 0
    assert catch_up.parse_arguments([*CATCH_UP, f"--to={2**64 - 1}"]).last == 2**64 - 1
    assert rates.parse_arguments([*RATES, "--confidence=0.999"]).confidence == 0.999


def test_a_working_point_is_named_by_its_place():
    assert receive.parse_arguments([*ADDRESS, "--working-point=15"]).working_point == 15
    errors = io.StringIO()
    with pytest.raises(SystemExit), contextlib.redirect_stderr(errors):
        receive.parse_arguments([*ADDRESS, "--working-point", "tight"])
    assert "'tight': a place from 0 to 15 was expected" in errors.getvalue()


@pytest.mark.parametrize("feature_count", [0, -1, 65536, 2**32 + 1])
def test_records_have_as_many_features_as_the_field_can_say(feature_count):
    with pytest.raises(ValueError, match="1 to 65535"):
        tamis.new_events(1, feature_count)
    with pytest.raises(ValueError, match="1 to 65535"):
        records.flagged_dtype(feature_count)


def test_the_most_features_are_stated():
    assert tamis.new_events(1, 65535)["features_count"][0] == 65535


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 0.5, -1.0, 2.0**64])
def test_fields_of_whole_numbers_refuse_other_floats(value):
    with pytest.raises(ValueError, match="sequence"):
        tamis.new_events(1, 2, sequence=np.array([value]))


def test_requests_state_the_numbers_that_are_asked_for():
    for wrong in ({"first": -1}, {"first": 2**64}, {"first": 1, "last": 2**64},
                  {"first": 1, "instance": 2**32}, {"first": 1, "working_point": 16},
                  {"first": 1, "bytes_max": 2**32}):
        with pytest.raises(ValueError, match="was expected"):
            catchup.request(**wrong)
    assert len(catchup.request(2**64 - 1, 2**64 - 1, 2**32 - 1, 2**32 - 1, 2**32 - 1, 0, 15)) == 48


@pytest.mark.parametrize("patience_s", [float("nan"), float("inf"), -1])
def test_waits_are_finite(patience_s):
    with pytest.raises(ValueError, match="patience_s"):
        catchup.Client("tcp://127.0.0.1:9", patience_s=patience_s)
    with pytest.raises(ValueError, match="wait_s"):
        tamis.Sender(connect="tcp://127.0.0.1:9", features=2, wait_s=patience_s)
    with pytest.raises(ValueError, match="rate"):
        tamis.Sender(connect="tcp://127.0.0.1:9", features=2, rate=patience_s)


def test_bounds_say_what_was_expected():
    with pytest.raises(ValueError, match="x 5: 1 to 4 was expected"):
        bounds.whole("x", 5, 1, 4)
    with pytest.raises(ValueError, match="x nan: above 0 and below 1 was expected"):
        bounds.number("x", float("nan"), 0, 1, inside=True)


def changed(content, path, text):
    """The JSON of `content` with `text`, as it stands, in the place `path`."""
    copy = json.loads(json.dumps(content))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = "@"
    return json.dumps(copy).replace('"@"', text)


NO_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e999", '"1"', "null", "true", "[]", "-1", "1" * 400]
PLACES = {
    ("working_points", 0, "prescale"): [*NO_NUMBERS, "0", "1.5", str(2**32), "1e308"],
    ("working_points", 0, "threshold"): [*NO_NUMBERS[:-2], "1e39"],
    ("working_points", 0, "target_fpr"): [*NO_NUMBERS, "0", "1", "1.5"],
    ("working_points", 0, "fpr_interval", 0): [*NO_NUMBERS, "1.5"],
    ("levels", 0): [*NO_NUMBERS, "0.5", "65536"], ("weights", 0): [*NO_NUMBERS, "1e39"],
    ("events",): [*NO_NUMBERS, "0", "1.5", str(2**50 + 1)],
    ("confidence",): [*(each for each in NO_NUMBERS if each != "null"), "0", "1"],
    ("background_rates", "scores", 0): [*NO_NUMBERS[:-2], "1e39"],
    ("background_rates", "ranks", 0): [*NO_NUMBERS, "0", "1.5", str(2**63)],
    ("background_rates", "tail", "shape"): [*NO_NUMBERS, "1"],
    ("background_rates", "tail", "scale"): [*NO_NUMBERS[:-1], "0"],
    ("background_rates", "tail", "excesses"): [*NO_NUMBERS, "0"],
    ("background_rates", "tail", "base_rate"): [*NO_NUMBERS, "0", "2"],
}


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_calibration_with_a_number_that_it_cannot_have_is_refused(study, tmp_path, path):
    content = json.loads((study / "model.json").read_text())
    file = tmp_path / "c.json"
    for text in PLACES[path]:
        file.write_text(changed(content, path, text))
        with pytest.raises(tamis.FileFault):
            tamis.Calibration.read(file)
    # The file as it is, and `tamis-rates` by the same reader.
    tamis.Calibration.read(study / "model.json")
    with pytest.raises(tamis.FileFault):
        rates.main(["--flagged", str(tmp_path), "--calibration", str(file), "--input", str(tmp_path)])


def test_a_point_that_was_extrapolated_may_have_no_interval(study, tmp_path):
    content = json.loads((study / "model.json").read_text())
    content["working_points"][0] |= {"extrapolated": True, "rank": None, "fpr_interval": None}
    file = tmp_path / "c.json"
    file.write_text(json.dumps(content))
    assert tamis.Calibration.read(file).working_points[0].fpr_interval is None
