"""Calibration and scoring of many runs on a local Dask cluster of several processes."""

import json
import os
import pathlib
import subprocess
import sys

import distributed
import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[1]
TAMIS = TOOLS.parent / ".build/release/tamis"
if not TAMIS.exists():
    pytest.skip("the program is not built", allow_module_level=True)

# The date in the files, so that they can be compared as bytes.
ENVIRONMENT = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
POINTS = ["loose=1e-2", "nominal=1e-3"]


def tamis(*arguments):
    return subprocess.run([TAMIS, *map(str, arguments)], check=True, capture_output=True,
                          text=True, env=ENVIRONMENT).stdout


def tamis_dask(*arguments, status=0, environment=ENVIRONMENT):
    """Runs the tool; its report where it was asked for one."""
    finished = subprocess.run(
        [sys.executable, TOOLS / "tamis_dask.py", *map(str, arguments)], capture_output=True,
        text=True, env=environment, timeout=600)
    assert finished.returncode == status, finished.stderr
    if "--json" in arguments and status != 2:
        return json.loads(finished.stdout) | {"errors": finished.stderr}
    return finished.stdout + finished.stderr


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small model and five runs of background."""
    folder = tmp_path_factory.mktemp("dask")
    tamis("simulate", "background", "--events", 3000, "--seed", 1, "--out", folder / "train.npy")
    tamis("train", "--background", folder / "train.npy", "--out", folder / "m.safetensors",
          "--steps", 40, "--hidden", 32, "--blocks", 1)
    for run in range(5):
        tamis("simulate", "background", "--events", 1500 + 200 * run, "--seed", 10 + run, "--run",
              run + 1, "--out", folder / f"run{run}")
    return folder


def runs(study):
    return [study / f"run{run}" for run in range(5)]


def calibrate(study, tmp_path, *more, status=0):
    return tamis_dask("calibrate", "--model", study / "m.safetensors", "--tamis", TAMIS,
                      "--working-point", *POINTS, "--work", tmp_path / "parts", "--out",
                      tmp_path / "calibration.json", "--jobs", 3, "--json", *more, status=status)


def test_the_calibration_is_that_of_one_pass(study, tmp_path):
    report = calibrate(study, tmp_path, *reversed(runs(study)))
    tamis("calibrate", "--model", study / "m.safetensors", "--background", *runs(study),
          "--working-point", *POINTS, "--out", tmp_path / "single.json")
    single = (tmp_path / "single.json").read_bytes()
    assert (tmp_path / "calibration.json").read_bytes() == single
    assert [each["status"] for each in report["runs"]] == ["done"] * 5
    assert len({each["worker"] for each in report["runs"]}) > 1


@pytest.mark.parametrize("more", [["--quiet-point", "low=1e-2"], ["--condition-bins", 3],
                                  ["--condition-edges", "40,60"]])
def test_quiet_points_and_bins_are_those_of_one_pass(study, tmp_path, more):
    report = calibrate(study, tmp_path, *more, "--json", *runs(study))
    tamis("calibrate", "--model", study / "m.safetensors", "--background", *runs(study),
          "--working-point", *POINTS, *more, "--out", tmp_path / "single.json")
    assert (tmp_path / "calibration.json").read_bytes() == (tmp_path / "single.json").read_bytes()
    assert [each["status"] for each in report["runs"]] == ["done"] * 5


def test_finished_parts_are_kept_unless_something_changed(study, tmp_path):
    calibrate(study, tmp_path, *runs(study))
    first = (tmp_path / "calibration.json").read_bytes()
    part = next((tmp_path / "parts").glob("run2-*.part"))
    part.write_bytes(part.read_bytes()[:-1])
    report = calibrate(study, tmp_path, "--force", *runs(study))
    assert [each["status"] for each in report["runs"]] == ["kept"] * 2 + ["done"] + ["kept"] * 2
    assert (tmp_path / "calibration.json").read_bytes() == first
    # Other options make other parts.
    report = calibrate(study, tmp_path, "--force", "--tamis-options=--confidence 0.9",
                       *runs(study))
    assert {each["status"] for each in report["runs"]} == {"done"}


def test_a_run_that_cannot_be_read_stops_the_merge_and_keeps_the_rest(study, tmp_path):
    torn = tmp_path / "torn.events"
    torn.write_bytes(b"TMSE" + b"\1" * 700)
    report = calibrate(study, tmp_path, "--retries", 1, runs(study)[0], torn, status=1)
    assert [each["status"] for each in report["runs"]] == ["done", "failed"]
    assert "torn.events" in report["errors"] and report["failed"] == 1
    assert not (tmp_path / "calibration.json").exists()
    report = calibrate(study, tmp_path, runs(study)[0], runs(study)[1])
    assert [each["status"] for each in report["runs"]] == ["kept", "done"]


def test_a_failed_task_is_tried_again(study, tmp_path):
    marker, flaky = tmp_path / "failed-once", tmp_path / "flaky"
    flaky.write_text(f"#!/bin/sh\ncase $1 in calibrate) if [ ! -e {marker} ]; then\n"
                     f"touch {marker}; echo 'the disk sighed' >&2; exit 1; fi;; esac\n"
                     f"exec {TAMIS} \"$@\"\n")
    flaky.chmod(0o755)
    report = calibrate(study, tmp_path, "--tamis", flaky, *runs(study)[:2])
    assert marker.exists() and report["failed"] == 0


def test_scores_are_those_of_the_program(study, tmp_path):
    report = tamis_dask("score", "--model", study / "m.safetensors", "--tamis", TAMIS, "--work",
                        tmp_path / "scores", "--json", *runs(study))
    for run, result in zip(runs(study), report["runs"]):
        tamis("score", "--model", study / "m.safetensors", "--input", run, "--scores",
              tmp_path / "own.npy", "--force")
        assert pathlib.Path(result["output"]).read_bytes() == (tmp_path / "own.npy").read_bytes()


def test_a_running_scheduler_is_used(study, tmp_path):
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1",
                                  dashboard_address=None) as cluster:
        report = calibrate(study, tmp_path, "--scheduler", cluster.scheduler_address,
                           *runs(study)[:3])
        pids = {cluster.workers[each].pid for each in cluster.workers}
    assert {int(each["worker"].split(":")[1]) for each in report["runs"]} <= pids


# What dask-jobqueue is told, by a module of its name that repeats it.
JOBQUEUE = """
class Recorded:
    def __init__(self, **options): self.options = options
    def job_script(self): return f"{type(self).__name__} {sorted(self.options.items())}"
    def close(self): pass
class SLURMCluster(Recorded): pass
class HTCondorCluster(Recorded): pass
"""


@pytest.mark.parametrize("options, expected", [
    (["--slurm", "--queue", "short", "--walltime", "01:00:00", "--job-extra=--qos=low"],
     ["SLURMCluster", "('queue', 'short')", "('walltime', '01:00:00')", "['--qos=low']",
      "('cores', 4)", "('memory', '3GB')"]),
    (["--htcondor", "--disk", "5GB", "--job-extra", "+JobFlavour=\"longlunch\""],
     ["HTCondorCluster", "('disk', '5GB')", "{'+JobFlavour': '\"longlunch\"'}"]),
])
def test_jobs_are_described_to_the_batch_system(study, tmp_path, options, expected):
    (tmp_path / "dask_jobqueue.py").write_text(JOBQUEUE)
    said = tamis_dask(
        "score", "--model", study / "m.safetensors", "--tamis", TAMIS, "--work", tmp_path,
        "--cores", 4, "--memory", "3GB", *options, "--print-job-script", runs(study)[0],
        environment=ENVIRONMENT | {"PYTHONPATH": str(tmp_path)})
    for each in expected:
        assert each in said
    assert not list(tmp_path.glob("*.npy"))


@pytest.mark.parametrize("arguments", [
    ["calibrate", "--model", "m", "--work", "w", "run"],
    ["score", "--model", "m", "--work", "w", "--slurm", "--htcondor", "run"],
    ["score", "--model", "m", "--work", "w", "--tamis", "/no/such", "run"],
    ["score", "--model", "m", "--work", "w", "--tamis", "/bin/true", "run", "./run"],
    ["score", "--model", "m", "--work", "w", "--tamis", "/bin/true", "--print-job-script", "run"],
])
def test_wrong_usage_is_said(arguments):
    assert "error" in tamis_dask(*arguments, status=2)
