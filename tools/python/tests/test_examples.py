"""The programs of docs/examples, built and run against a daemon."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import tamis
from daemon import BUILT, Daemon

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parents[2] / "docs" / "examples"
# JeroMQ from 0.5 on, or Debian's jzmq, which is libzmq.
JARS = [os.environ.get("TAMIS_JEROMQ_JAR", ""), "/usr/share/java/zmq.jar"]
JNI = "/usr/lib/x86_64-linux-gnu/jni"
COUNT = 200

if not (BUILT / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.fixture
def daemon(study, tmp_path):
    with Daemon(tmp_path / "daemon", study / "model.safetensors", study / "model.json",
                publish="all") as running:
        yield running


def checked(command, **more):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True,
                          check=False, timeout=120, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def talk(daemon, sender, receiver, source):
    """Sends COUNT events and takes them as flagged records; checks both sides."""
    receiving = subprocess.Popen([str(each) for each in receiver(daemon.output)],
                                 stdout=subprocess.PIPE, text=True)
    daemon.wait(lambda: daemon.metric("tamis_output_subscribers") == 1, "the receiver is there")
    assert f"sent {COUNT} events in run 4000000000" in checked(sender(daemon.input))
    said, _ = receiving.communicate(timeout=120)
    assert receiving.returncode == 0
    events = re.findall(r"^(\d+): run 4000000000 event (\d+) score (\S+) ", said, re.MULTILINE)
    assert [(int(number), int(event)) for number, event, _ in events] == \
        [(each, each) for each in range(1, COUNT + 1)]
    assert daemon.stop() == 0
    journal = tamis.Journal(daemon.journal)
    records = journal.records()
    assert [np.float32(score) for _, _, score in events] == records["score"].tolist()
    assert (records["event"]["source"] == source).all()
    expected = np.sin(np.arange(64) + 64 * 7.0).astype(np.float32)
    assert np.abs(records["event"]["features"][6] - expected).max() < 1e-5
    (line,) = journal.closed_runs()
    assert (line["closing"], line["events"], line["lost"]) == ("end_of_run", COUNT, 0)


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_c(daemon, tmp_path):
    for name in ("sender", "receiver"):  # each uses a part of tamis.h
        checked(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-o",
                 tmp_path / name, EXAMPLES / f"{name}.c", "-lzmq", "-lm"])
    talk(daemon, lambda to: [tmp_path / "sender", to, 4_000_000_000, 64, COUNT],
         lambda at: [tmp_path / "receiver", at, COUNT], source=1)


@pytest.mark.skipif(not shutil.which("javac"), reason="no Java compiler")
@pytest.mark.parametrize("jar", JARS, ids=["jeromq", "jzmq"])
def test_java(daemon, tmp_path, jar):
    if not pathlib.Path(jar).is_file():
        pytest.skip("no JeroMQ of 0.5 or later: name its jar in TAMIS_JEROMQ_JAR" if jar == JARS[0]
                    else "no libzmq-java here")
    checked(["javac", "-Xlint:all,-deprecation", "-Werror", "-cp", jar, "-d", tmp_path,
             *sorted(EXAMPLES.glob("*.java"))])
    java = ["java", f"-Djava.library.path={JNI}", "-cp", f"{jar}:{tmp_path}"]
    talk(daemon, lambda to: [*java, "Sender", to, 4_000_000_000, 64, COUNT],
         lambda at: [*java, "Receiver", at, COUNT], source=2)


def test_python_from_a_run_to_parquet(daemon, study, tmp_path):
    pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    checked([sys.executable, EXAMPLES / "run_to_parquet.py", study / "anomalies", daemon.input,
             daemon.output, daemon.catch_up, 300, tmp_path / "flags.parquet"],
            env={**os.environ, "PYTHONPATH": str(HERE.parent)})
    table = tamis.from_parquet(tmp_path / "flags.parquet")
    assert len(table.records) == 300
    assert table.feature_names == tamis.Run(study / "anomalies").stated_names
    assert table.records.tobytes() == tamis.Journal(daemon.journal).records().tobytes()
