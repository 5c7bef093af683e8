"""`tamis calibrate` on parts and journals, against NumPy and against its own single pass."""

import json
import os
import pathlib
import random
import subprocess
import sys

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tamis_formats as formats  # noqa: E402
import tamis_runs  # noqa: E402

TAMIS = pathlib.Path(__file__).resolve().parents[2] / ".build/release/tamis"
if not TAMIS.exists():
    pytest.skip("the program is not built", allow_module_level=True)

ENVIRONMENT = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
POINTS = ["--working-point", "loose=2e-2", "nominal=2e-3"]
TAINTED, UNBIASED = 8, 2


def tamis(*arguments, status=0):
    """Runs the program; what it said on stdout, or on stderr where it is to fail."""
    finished = subprocess.run([TAMIS, *map(str, arguments)], capture_output=True, text=True,
                              env=ENVIRONMENT)
    assert finished.returncode == status, finished.stderr
    return finished.stderr if status else finished.stdout


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small model, six runs of background, and the calibration of one pass over them."""
    folder = tmp_path_factory.mktemp("calibrate")
    tamis("simulate", "background", "--events", 3000, "--seed", 1, "--out", folder / "train.npy")
    tamis("train", "--background", folder / "train.npy", "--out", folder / "m.safetensors",
          "--steps", 40, "--hidden", 32, "--blocks", 1)
    for run in range(6):
        tamis("simulate", "background", "--events", 900 + 100 * run, "--seed", 20 + run, "--run",
              run + 1, "--out", folder / f"run{run}")
    calibrate(folder, folder / "single.json", *runs(folder))
    return folder


def runs(study):
    return [study / f"run{run}" for run in range(6)]


def calibrate(study, out, *inputs, more=POINTS, status=0):
    return tamis("calibrate", "--model", study / "m.safetensors", "--background", *inputs, *more,
                 "--out", out, status=status)


def part(study, out, *inputs, more=()):
    return calibrate(study, out, *inputs, more=["--partial", *POINTS, *more])


@pytest.mark.parametrize("seed", range(10))
def test_random_splits_merge_to_the_single_pass(study, tmp_path, seed):
    choose = random.Random(seed)
    order = choose.sample(runs(study), 6)
    cuts = sorted(choose.sample(range(1, 6), choose.randrange(1, 6)))
    total = [] if seed % 2 else ["--events-total", 6900 + seed]
    names = []
    for index, (begin, end) in enumerate(zip([0, *cuts], [*cuts, 6])):
        names.append(tmp_path / f"{index}.part")
        part(study, names[-1], *order[begin:end],
             more=[*total, "--workers", choose.choice([1, 2]), "--batch", choose.choice([1, 64])])
    choose.shuffle(names)
    tamis("calibrate", "--merge", *names, "--out", tmp_path / "merged.json")
    assert (tmp_path / "merged.json").read_bytes() == (study / "single.json").read_bytes()
    assert "calibration part" in tamis("inspect", names[0])


def test_one_run_may_be_split_into_arrays(study, tmp_path):
    events = np.load(study / "train.npy")
    for index, rows in enumerate(np.array_split(events, 4)):
        np.save(tmp_path / f"{index}.npy", rows)
    more = [*POINTS, "--working-point", "rare=1e-4", "--allow-extrapolation"]
    inputs = [tmp_path / f"{index}.npy" for index in range(4)]
    calibrate(study, tmp_path / "single.json", *reversed(inputs), more=more)
    for index in range(4):
        calibrate(study, tmp_path / f"{index}.part", inputs[index], more=["--partial", *more])
    tamis("calibrate", "--merge", *[tmp_path / f"{index}.part" for index in (2, 0, 3, 1)], "--out",
          tmp_path / "merged.json")
    assert (tmp_path / "merged.json").read_bytes() == (tmp_path / "single.json").read_bytes()


def test_the_reference_is_numpys(study, tmp_path):
    calibrate(study, tmp_path / "c.json", study / "train.npy")
    features = json.loads((tmp_path / "c.json").read_text())["reference"]["features"]
    events = np.load(study / "train.npy").astype(np.longdouble)
    centred = events - events.mean(0)
    spread = np.sqrt((centred ** 2).mean(0))
    np.testing.assert_allclose(features["mean"], events.mean(0).astype(float), rtol=1e-14)
    np.testing.assert_allclose(features["standard_deviation"], spread.astype(float), rtol=1e-14)
    kurtosis = (centred ** 4).mean(0) / spread ** 4
    np.testing.assert_allclose(features["kurtosis"], kurtosis.astype(float), rtol=1e-13)


@pytest.mark.parametrize("more", [["--quiet-point", "low=1e-2"], ["--condition-bins", "3"],
                                  ["--condition-edges", "40,60"]])
def test_quiet_points_and_bins_merge_to_the_single_pass(study, tmp_path, more):
    single = tmp_path / "single.json"
    calibrate(study, single, *runs(study), more=[*POINTS, *more])
    names = [tmp_path / f"{index}.part" for index in range(3)]
    for index, name in enumerate(names):
        part(study, name, *runs(study)[2 * index:2 * index + 2],
             more=[*more, *[[], ["--events-total", "9000"]][index % 2]])
    tamis("calibrate", "--merge", *names[::-1], "--out", tmp_path / "merged.json")
    assert (tmp_path / "merged.json").read_bytes() == single.read_bytes()
    # A comparison keeps more scores and changes no byte.
    calibrate(study, tmp_path / "again.json", *runs(study),
              more=[*POINTS, *more, "--compare", single])
    assert (tmp_path / "again.json").read_bytes() == single.read_bytes()
    part(study, tmp_path / "other", runs(study)[0])
    said = tamis("calibrate", "--merge", tmp_path / "other", *names[1:], "--out", tmp_path / "c",
                 status=1)
    assert ("working_points" if "low=1e-2" in more else "condition_bins") in said


def test_parts_that_do_not_belong_together_are_refused(study, tmp_path):
    part(study, tmp_path / "a", runs(study)[0])
    part(study, tmp_path / "same", runs(study)[0], runs(study)[1])
    calibrate(study, tmp_path / "other", runs(study)[1],
              more=["--partial", "--working-point", "loose=1e-2"])
    part(study, tmp_path / "short", runs(study)[2], more=["--events-total", 1100])
    for other, word in (("same", "count every event once"), ("other", "working_points"),
                        ("short", "--events-total 2000")):
        said = tamis("calibrate", "--merge", tmp_path / "a", tmp_path / other, "--out",
                     tmp_path / "c.json", status=1)
        assert word in said and str(tmp_path / other) in said
    assert not (tmp_path / "c.json").exists()
    said = calibrate(study, tmp_path / "c.json", runs(study)[0], runs(study)[0], status=1)
    assert "count every event once" in said


@pytest.mark.parametrize("arguments", [
    ["--merge", "p", "--model", "m", "--out", "c"], ["--merge", "p"],
    ["--merge", "p", "--out", "c", "--working-point", "a=0.1"],
    ["--model", "m", "--background", "b", "--out", "c"],
    ["--model", "m", "--background", "b", "--working-point", "a=0.1"],
    ["--background", "b", "--working-point", "a=0.1", "--out", "c"],
    ["--model", "m", "--working-point", "a=0.1", "--out", "c"],
    ["--partial", "--model", "m", "--background", "b", "--working-point", "a=0.1", "--out", "p",
     "--compare", "c"],
    ["--model", "m", "--background", "b", "--working-point", "a=0.1", "--out", "c",
     "--events-total", "5"],
])
def test_wrong_usage_exits_with_two(arguments):
    tamis("calibrate", *arguments, status=2)


# Journals

def journal(study, out, inputs, prescale, change=None):
    """What a daemon would keep of some runs, with its records changed by `change`."""
    made = out.with_name(out.name + ".made") if change else out
    tamis("score", "--model", study / "m.safetensors", "--calibration", study / "single.json",
          "--input", *inputs, "--flagged", made, "--unbiased-prescale", prescale)
    if change:
        rewritten(made, out, change)
    return out


def rewritten(source, out, change):
    run = tamis_runs.Run(source)
    records = change(records_of(source))
    records["event"] = formats.seal(np.ascontiguousarray(records["event"]))
    writer = tamis_runs.RunWriter(out, "flagged", run.feature_count, run.feature_names)
    writer.append(formats.seal(records))
    writer.close()


def sampled_scores(study, out, records):
    """Exact scores of the unbiased sample of some flagged records."""
    chosen = records[records["reasons"] & UNBIASED != 0]
    np.save(out.with_suffix(".npy"), np.array(chosen["event"]["features"]))
    tamis("score", "--model", study / "m.safetensors", "--input", out.with_suffix(".npy"),
          "--scores", out.with_suffix(".scores.npy"), "--force")
    return np.load(out.with_suffix(".scores.npy"))


def records_of(path):
    return np.concatenate([np.array(each) for each in tamis_runs.Run(path).blocks()])


def thresholds(path):
    calibration = json.loads(pathlib.Path(path).read_text())
    return calibration, {point["name"]: point["threshold"]
                         for point in calibration["working_points"]}


def expected_threshold(scores, rate):
    """The j-th largest of N, j = floor((N + 1) rate)."""
    return np.sort(scores)[::-1][int((len(scores) + 1) * rate + 1e-9) - 1]


def test_a_journal_gives_its_unbiased_sample_alone(study, tmp_path):
    path = journal(study, tmp_path / "journal", runs(study), 3)
    records = records_of(path)
    scores = sampled_scores(study, tmp_path / "sample", records)
    assert 0 < len(scores) < len(records)
    # Some of the sample fired too: they have another route's weight, and count like the rest.
    both = records["reasons"] == UNBIASED | 1
    assert both.any() and set(records["weight"][both]) == {1}
    calibrate(study, tmp_path / "c.json", path, more=["--working-point", "loose=2e-2"])
    calibration, found = thresholds(tmp_path / "c.json")
    assert calibration["events"] == len(scores)
    assert calibration["runs"][0]["unbiased_prescale"] == 3
    assert np.float32(found["loose"]) == expected_threshold(scores, 2e-2)
    # The sample is one of the stream: the threshold is that of all events within its interval.
    every = json.loads((study / "single.json").read_text())["working_points"][0]
    low, high = calibration["working_points"][0]["fpr_interval"]
    assert low < every["target_fpr"] < high


def test_samples_of_several_prescales_are_thinned_to_the_coarsest(study, tmp_path):
    fine = journal(study, tmp_path / "fine", runs(study)[:3], 2)
    coarse = journal(study, tmp_path / "coarse", runs(study)[3:], 5)
    five = journal(study, tmp_path / "five", runs(study), 5)
    more = ["--working-point", "loose=2e-2"]
    calibrate(study, tmp_path / "mixed.json", fine, coarse, more=more)
    calibrate(study, tmp_path / "five.json", five, more=more)
    mixed, found = thresholds(tmp_path / "mixed.json")
    whole, expected = thresholds(tmp_path / "five.json")
    assert found == expected and mixed["events"] == whole["events"]
    assert mixed["reference"] == whole["reference"]
    # Parts must be of one sample; each can be thinned by hand.
    for name, path, thinned in (("a", fine, []), ("b", coarse, []),
                                ("c", fine, ["--unbiased-prescale", 5])):
        calibrate(study, tmp_path / name, path, more=["--partial", *more, *thinned])
    said = tamis("calibrate", "--merge", tmp_path / "a", tmp_path / "b", "--out",
                 tmp_path / "merged.json", status=1)
    assert "--unbiased-prescale" in said
    tamis("calibrate", "--merge", tmp_path / "c", tmp_path / "b", "--out", tmp_path / "merged.json")
    assert (tmp_path / "merged.json").read_bytes() == (tmp_path / "mixed.json").read_bytes()
    said = calibrate(study, tmp_path / "x", coarse, more=[*more, "--unbiased-prescale", 4],
                     status=1)
    assert "one in 5" in said


def test_tainted_repeated_and_broken_events(study, tmp_path):
    def change(records):
        sampled = np.flatnonzero(records["reasons"] & UNBIASED)
        records["event"]["flags"][sampled[:7]] |= TAINTED
        records["event"]["features"][sampled[10], 3] = np.nan
        return np.concatenate([records, records[sampled[20:25]]])

    plain = journal(study, tmp_path / "plain", runs(study), 3)
    path = journal(study, tmp_path / "journal", runs(study), 3, change)
    more = ["--working-point", "loose=2e-2"]
    calibrate(study, tmp_path / "plain.json", plain, more=more)
    calibrate(study, tmp_path / "c.json", path, more=more)
    before, after = (json.loads((tmp_path / name).read_text())
                     for name in ("plain.json", "c.json"))
    assert after["events"] == before["events"] - 8 and after["not_scorable"] == 1
    assert after["runs"][0]["tainted"] == 7


def test_what_is_no_sample_is_refused(study, tmp_path):
    none = journal(study, tmp_path / "none", runs(study), 0)
    said = calibrate(study, tmp_path / "c.json", none, status=1)
    assert "unbiased.prescale" in said
    some = journal(study, tmp_path / "some", runs(study), 3)
    said = calibrate(study, tmp_path / "c.json", some, runs(study)[0], status=1)
    assert "stands for 3 of the stream" in said
    assert not (tmp_path / "c.json").exists()


# Comparing

def test_compare_says_what_changed(study, tmp_path):
    tamis("simulate", "background", "--events", 4000, "--seed", 77, "--run", 9, "--out",
          tmp_path / "later.npy")
    events = np.load(tmp_path / "later.npy")
    events[:, 5] += 0.5 * events[:, 5].std()
    np.save(tmp_path / "moved.npy", events)
    common = ["calibrate", "--model", study / "m.safetensors", "--compare", study / "single.json",
              "--json", "--background"]
    still = json.loads(tamis(*common, tmp_path / "later.npy"))["comparison"]
    moved = json.loads(tamis(*common, tmp_path / "moved.npy", "--out", tmp_path / "new.json"))
    assert [each["name"] for each in still["working_points"]] == ["loose", "nominal"]
    assert all(each["p_value"] > 1e-4 for each in still["working_points"])
    feature = moved["comparison"]["features"][0]
    assert feature["index"] == 5 and abs(feature["mean_shift"] - 0.5) < 0.1
    assert feature["mean_z"] > 10
    # The numbers are those of the scores.
    tamis("score", "--model", study / "m.safetensors", "--input", tmp_path / "moved.npy",
          "--scores", tmp_path / "s.npy")
    scores = np.load(tmp_path / "s.npy")
    _, old = thresholds(study / "single.json")
    _, new = thresholds(tmp_path / "new.json")
    for point in moved["comparison"]["working_points"]:
        assert point["fired_old"] == (scores > np.float32(old[point["name"]])).sum()
        assert point["fired_new"] == (scores > np.float32(new[point["name"]])).sum()
        assert np.isclose(point["threshold_ratio"], new[point["name"]] / old[point["name"]])
    text = tamis(*[each for each in common if each != "--json"], tmp_path / "moved.npy")
    assert "compared with" in text and "new events fire the old one" in text
    # A merge compares alike.
    part(study, tmp_path / "part", tmp_path / "moved.npy")
    merged = json.loads(tamis("calibrate", "--merge", tmp_path / "part", "--compare",
                              study / "single.json", "--json"))
    assert merged["comparison"] == moved["comparison"]
