"""`tamis inspect` knows every file that Tamis writes, by what is in it, whatever its name is."""

import json
import os
import shutil
import struct
import subprocess

import pytest

from launched import BIN, Daemon, configuration, good, make_chain, tamis, until

if not (BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One of each kind, by the first words of what is said of it."""
    folder = make_chain(tmp_path_factory.mktemp("files"))
    with Daemon(configuration(folder, folder)) as daemon:
        good("replay", folder / "background.run", "--connect", daemon.address("input"))
        until(lambda: b"tamis_events_scored_total 6000" in daemon.get("/metrics"), "all is scored")
        assert daemon.end() == 0
    good("keygen", "--out", folder / "key")
    good("score", "--model", folder / "model.safetensors", "--input", folder / "background.run", "--scores",
         folder / "scores.npy")
    good("evaluate", "--model", folder / "model.safetensors", "--background", folder / "background.run",
         "--anomalies", folder / "background.run", "--report", folder / "report", "--pictures",
         folder / "pictures")
    journal = folder / "journal"
    return {
        folder / "model.safetensors": "file: ", folder / "calibration.json": "calibration tamis-calibration/1",
        folder / "model.safetensors.training.json": "what the training of a model has cost",
        folder / "background.run/000001.events": "a segment of event records",
        folder / "background.run/manifest.json": "the manifest of a run of event records",
        folder / "scores.npy": "a NumPy array", folder / "tamisd.yaml": "a configuration of the daemon",
        folder / "key": "a CURVE key pair, with its secret key",
        folder / "key.public": "a list of public CURVE keys",
        folder / "report/report.html": "the page of a report",
        folder / "report/report.json": "the numbers of a report",
        folder / "report/roc.csv": "the ROC curves of a report",
        next((folder / "pictures").glob("*.svg")): "a picture (SVG)",
        journal / "000001.flagged": "a segment of flagged records",
        journal / "manifest.json": "the manifest of a run of flagged records",
        journal / "numbers": "the reserved numbers of a journal",
        journal / "published": "the published number of a journal",
        journal / "ledger.open": "the accounts of a journal's open runs",
        journal / "ledger.jsonl": "the ledger of a journal's closed runs",
        journal / "decisions.jsonl": "what decided the records of a journal",
        journal / "lock": "the lock of a journal",
    }


def inspected(path):
    done = tamis("inspect", path, "--json")
    assert done.returncode in (0, 1) and "error" not in done.stderr, done.stderr
    (facts,) = json.loads(done.stdout).values()
    assert facts["whole"] == (done.returncode == 0)
    return facts


def test_each_file_under_its_name_and_under_others(files, tmp_path):
    for path, words in files.items():
        facts = inspected(path)
        assert facts["whole"] and facts["facts"][0].startswith(words), (path, facts)
        for name in ("x", "x.safetensors", "x.json", "published", "ledger.jsonl"):
            if path.name in ("lock", "tamisd.yaml", "key", "key.public") and name != "x":
                continue
            copy = tmp_path / name
            shutil.copy(path, copy)
            if path.name != "lock":
                assert inspected(copy)["facts"][0].startswith(words), (path, name, inspected(copy))
            copy.unlink()


def test_no_secret_key_is_shown(files):
    for path in files:
        if path.name == "key":
            secret = [line.split('"')[1] for line in path.read_text().splitlines() if "secret-key =" in line]
            assert secret[0] not in good("inspect", path)


@pytest.mark.parametrize("way", ["empty", "half", "zeros", "other"])
def test_a_damaged_file_of_a_journal_is_known_by_its_name(files, tmp_path, way):
    for path, words in files.items():
        if path.parent.name != "journal" or path.name in ("lock", "manifest.json", "000001.flagged"):
            continue
        content = path.read_bytes()
        copy = tmp_path / path.name
        copy.write_bytes({"empty": b"", "half": content[:len(content) // 2], "zeros": bytes(len(content)),
                          "other": b"some words\n" * 5}[way])
        facts = inspected(copy)
        # An empty file of lines is one without a line.
        assert facts["facts"][0].startswith(words), facts
        assert facts["whole"] == (way == "empty" and path.suffix == ".jsonl"), (path, facts)
        assert facts["whole"] or any(fact.startswith("problem: ") for fact in facts["facts"])


def test_what_is_none_of_ours_is_not_whole(tmp_path):
    for name, content in {
        "words": b"some words", "lock": b"some words", "x.json": b"{}", "x.yaml": b"a: 1\nb: 2\n",
        "empty": b"", "x.svg": b"<svg>", "page.html": b"<!doctype html><p class=\"quiet\">",
        "binary": os.urandom(100_000),
    }.items():
        (tmp_path / name).write_bytes(content)
        assert not inspected(tmp_path / name)["whole"], name


def test_the_folders_of_a_report_are_known(files, tmp_path):
    report = next(path.parent for path in files if path.name == "roc.csv")
    facts = inspected(report)
    assert facts["whole"], facts
    assert facts["facts"][0] == "a report, as `tamis evaluate --report` writes it"
    for name in ("report.html", "report.json", "roc.csv"):
        assert any(fact.startswith(f"{name}: ") for fact in facts["facts"]), facts
    assert f"a browser shows {report}/report.html" in facts["facts"]
    pictures = next(path.parent for path in files if path.suffix == ".svg")
    facts = inspected(pictures)
    assert facts["whole"], facts
    assert facts["facts"][0] == f"pictures of a report: {len(list(pictures.iterdir()))}"
    # What is missing, and what is cut, is a problem.
    shutil.copytree(report, tmp_path / "report")
    (tmp_path / "report/roc.csv").unlink()
    page = (tmp_path / "report/report.html").read_text()
    (tmp_path / "report/report.html").write_text(page[:len(page) // 2])
    facts = inspected(tmp_path / "report")
    problems = [fact for fact in facts["facts"] if fact.startswith("problem: ")]
    assert not facts["whole"] and len(problems) == 2, facts


@pytest.mark.parametrize("command", [
    ("inspect", "FOLDER"), ("score", "--model", "MODEL", "--input", "FOLDER"),
    ("train", "--background", "FOLDER", "--out", "NEW")])
def test_a_folder_without_a_run_is_told_by_what_it_has(files, tmp_path, command):
    model = next(path for path in files if path.name == "model.safetensors")
    folder = tmp_path / "folder"
    folder.mkdir()
    words = {"FOLDER": folder, "MODEL": model, "NEW": tmp_path / "new"}

    def told_of_folder():
        done = tamis(*[words.get(word, word) for word in command])
        assert done.returncode == 1
        return done.stdout + done.stderr

    told = told_of_folder()
    assert f"{folder}: found an empty folder, expected a run" in told, told
    (folder / "notes.txt").write_text("some words")
    told = told_of_folder()
    assert (f"{folder}: found a folder of other files, such as notes.txt, expected a run (000001.events, "
            f"manifest.json); `tamis inspect {folder}/*` says what its files are") in told, told


def test_a_torn_copy_of_numbers_is_no_fault(files, tmp_path):
    """One of two copies is enough; with none whole it is damaged."""
    numbers = next(path for path in files if path.name == "numbers")
    content = bytearray(numbers.read_bytes())
    newest = max((0, 512), key=lambda place: struct.unpack_from("<Q", content, place + 8)[0])
    content[newest + 20] ^= 1
    (tmp_path / "n").write_bytes(content)
    assert inspected(tmp_path / "n")["whole"]
    content[512 - newest + 20] ^= 1
    (tmp_path / "n").write_bytes(content)
    facts = inspected(tmp_path / "n")
    assert not facts["whole"] and "neither of its two copies is whole" in " ".join(facts["facts"])


def test_a_configuration_with_faults(files, tmp_path):
    path = tmp_path / "c"
    path.write_text("model: m\ncalibration: c\ninput: {bind: [x]}\njournal: {pat: j}\n")
    facts = inspected(path)
    assert not facts["whole"] and "did you mean `path`?" in " ".join(facts["facts"]), facts


def test_the_program_is_not_moved_by_a_file_of_gigabytes(tmp_path):
    """What is none of ours is not read whole."""
    path = tmp_path / "large"
    with open(path, "wb") as file:
        file.write(b"{\n{")
        file.truncate(3 << 30)
    done = subprocess.run(["prlimit", "--as=2000000000", BIN / "tamis", "inspect", path],
                          capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
