"""What the tests share: the package beside them, the built programs, small files."""

import pathlib
import subprocess
import sys

import pytest

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
BUILT = ROOT / ".build" / "release"
# The package of the checkout, where no other is installed on purpose.
sys.path.insert(0, str(PACKAGE))


@pytest.fixture(scope="session")
def tamis_program():
    """Runs the built program; what it prints."""
    if not (BUILT / "tamis").exists():
        pytest.skip("the programs are not built")

    def run(*arguments):
        done = subprocess.run([BUILT / "tamis", *map(str, arguments)], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


@pytest.fixture(scope="session")
def study(tamis_program, tmp_path_factory):
    """A small study: runs train, test, anomalies; model and autoencoder with calibrations."""
    folder = tmp_path_factory.mktemp("study")
    tamis_program("simulate", "background", "--events", 4000, "--run", 1, "--seed", 1, "--out",
                  folder / "train")
    tamis_program("simulate", "background", "--events", 3000, "--run", 2, "--seed", 2, "--out",
                  folder / "test")
    tamis_program("simulate", "anomalies", "--events", 300, "--run", 3, "--seed", 3, "--out",
                  folder / "anomalies")
    for name, options in (("model", ["--hidden", 32, "--blocks", 2, "--distance", "none"]),
                          ("far", ["--hidden", 32, "--blocks", 2]),
                          ("autoencoder", ["--network", "autoencoder"])):
        model = folder / f"{name}.safetensors"
        tamis_program("train", "--background", folder / "train", "--out", model, "--steps", 300,
                      *options)
        tamis_program("calibrate", "--model", model, "--background", folder / "train",
              "--working-point", "loose=5e-2", "--working-point", "nominal=5e-3",
              "--prescale", "loose=3", "--out", folder / f"{name}.json")
    return folder


@pytest.fixture
def write_changed(study, tmp_path):
    """Writes the events of the study's test run, as a function alters them in place, as a run."""
    import tamis

    def write(change):
        run = tamis.Run(study / "test")
        events = run.select(kind=tamis.records.EVENT).copy()
        change(events)
        tamis.seal(events)
        with tamis.RunWriter(tmp_path / "events", "events", 64, run.stated_names) as writer:
            writer.append(events)
    return write
