"""`tamis replay` gives no two records one sequence."""

import pytest

from launched import BIN, good, tamis

if not (BIN / "tamis").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.mark.parametrize("options, source", [
    (["--inject-source", 1], 1), (["--as-source", 7, "--inject-source", 7], 7),
    (["--as-source", 4_000_000_000], 4_000_000_000),
])
def test_what_is_mixed_in_has_a_source_of_its_own(tmp_path, options, source):
    run = tmp_path / "background.run"
    good("simulate", "background", "--events", 20, "--out", run)
    done = tamis("replay", run, "--inject", run, "--every", 5, "--connect", "tcp://127.0.0.1:9", "--wait",
                 1, *options)
    assert done.returncode == 1
    assert f"the recorded events have the source {source}" in done.stderr
    # Another source is taken: then nobody reads.
    done = tamis("replay", run, "--inject", run, "--every", 5, "--connect", "tcp://127.0.0.1:9", "--wait",
                 1, *options, "--inject-source", 9)
    assert done.returncode == 1 and "nobody read" in done.stderr


def replay(*arguments):
    return tamis("replay", *arguments, "--connect", "tcp://127.0.0.1:9", "--wait", 0)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A recorded run of one source, and pieces of it."""
    folder = tmp_path_factory.mktemp("parts")
    good("simulate", "background", "--events", 20, "--out", folder / "whole.run")
    good("simulate", "background", "--events", 20, "--run", 2, "--out", folder / "other.run")
    records = (folder / "whole.run/000001.events").read_bytes()
    size = 64 + 4 * 64
    assert len(records) == 22 * size
    for name, first, end in (("head", 0, 12), ("middle", 10, 15), ("tail", 12, 22), ("odd", 1, 21)):
        (folder / f"{name}.events").write_bytes(records[first * size:end * size])
    return folder


@pytest.mark.parametrize("names, options, sequence", [
    (["head.events", "middle.events"], [], 11), (["head.events", "head.events"], [], 1),
    (["odd.events", "odd.events"], [], 2), (["middle.events", "head.events"], [], 11),
    (["head.events", "middle.events"], ["--as-run", 7], 11), (["odd.events", "odd.events"], ["--as-source", 7], 2),
    (["head.events", "other.run", "middle.events"], ["--loop", 2], 11),
])
def test_two_recordings_do_not_give_two_records_one_number(parts, names, options, sequence):
    done = replay(*[parts / name for name in names], *options)
    assert done.returncode == 1 and "nobody read" not in done.stderr
    assert (f"{names[-1]}: found run 1, source 1, sequence {sequence}, as in {parts / names[0]}" in done.stderr
            and "refused as repeated" in done.stderr and "--as-run" in done.stderr), done.stderr


def test_a_recording_without_an_end_that_is_given_twice_is_told_so(parts):
    done = replay(parts / "head.events", parts / "head.events")
    assert "head.events, which is given twice and has no end of run: " in done.stderr, done.stderr
    assert "give it once, or replay them one by one" in done.stderr
    done = replay(parts / "head.events", parts / "middle.events")
    assert "given twice" not in done.stderr, done.stderr


def test_a_run_that_another_recording_has_ended_is_not_gone_on_with(parts):
    done = replay(parts / "whole.run", parts / "middle.events")
    assert done.returncode == 1 and "refused as run_ended" in done.stderr


@pytest.mark.parametrize("names", [["head.events", "tail.events"], ["whole.run", "other.run"], ["odd.events"]])
def test_recordings_with_numbers_of_their_own_are_sent(parts, names):
    done = replay(*[parts / name for name in names])
    assert done.returncode == 1 and "nobody read" in done.stderr and "take" not in done.stderr


def test_a_whole_run_that_is_sent_twice_is_told_as_two_takes(parts):
    done = replay(parts / "whole.run", parts / "whole.run")
    assert "run 1, source 1 is sent 2 times: a daemon counts each as another take" in done.stderr
    assert "nobody read" in done.stderr
