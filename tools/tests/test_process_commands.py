"""Commands as processes: their outputs, signals, descriptors and names."""

import json
import os
import pathlib
import signal
import stat
import subprocess
import time

import numpy
import pytest
import zmq

import peak_memory
from launched import BIN, good, loopback, make_chain, tamis, until


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


def score(chain, *arguments):
    return tamis("score", "--model", chain / "model.safetensors", "--input",
                 chain / "background.run", *arguments)


@pytest.mark.parametrize("arguments", [
    ("inspect", "model.safetensors"), ("inspect", "background.run"), ("--help",), ("--version",),
    ("score", "--model", "model.safetensors", "--input", "background.run"),
    ("inspect", "model.safetensors", "--json"), ("--generate-completion-script", "bash"),
])
def test_a_full_stdout_is_a_failure(chain, arguments):
    with open("/dev/full", "w") as full:
        done = tamis(*arguments, stdout=full, cwd=chain)
    assert done.returncode == 1
    assert "cannot write to stdout: No space left on device" in done.stderr


@pytest.mark.parametrize("arguments", [("--help",), ("inspect", "background.run")])
def test_a_closed_pipe_is_a_quiet_failure(chain, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = tamis(*arguments, stdout=writer, cwd=chain)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (1, 2), (0, 1, 2)])
def test_closed_descriptors_are_no_files_of_ours(chain, tmp_path, closed):
    out = tmp_path / "scores.npy"
    command = [BIN / "tamis", "score", "--model", chain / "model.safetensors", "--input",
               chain / "background.run", "--scores", out]
    child = subprocess.Popen(list(map(str, command)), close_fds=False,
                             preexec_fn=lambda: [os.close(each) for each in closed])
    assert child.wait(300) == 0
    assert numpy.load(out).shape == (6000,)


def make_device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("no devices can be made here")


@pytest.mark.parametrize("kind", ["device", "fifo", "folder", "socket"])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_only_regular_files_are_replaced(chain, tmp_path, kind, force):
    out = tmp_path / "null"
    if kind == "device":
        make_device(out)
    elif kind == "fifo":
        os.mkfifo(out)
    elif kind == "folder":
        out.mkdir()
    else:
        os.mknod(out, stat.S_IFSOCK | 0o666)
    before = os.lstat(out)
    done = score(chain, "--scores", out, *force)
    assert done.returncode == 1
    assert str(out) in done.stderr and f"found a {kind if kind != 'fifo' else 'FIFO'}" in done.stderr
    assert os.lstat(out).st_ino == before.st_ino and os.lstat(out).st_mode == before.st_mode
    assert os.listdir(tmp_path) == ["null"]


@pytest.mark.parametrize("command", [
    ("train", "--background", "background.run", "--steps", "1"),
    ("calibrate", "--model", "model.safetensors", "--background", "background.run",
     "--working-point", "a=1e-2"),
    ("keygen",), ("simulate", "background", "--events", "10"),
    ("sample", "--model", "model.safetensors", "--events", "10", "--steps-per-level", "1"),
    ("explain", "--model", "model.safetensors", "--input", "background.run"),
])
def test_every_command_looks_at_its_output_first(chain, tmp_path, command):
    option = "--svg" if command[0] == "explain" else "--out"
    fifo = tmp_path / "x.npy"
    os.mkfifo(fifo)
    for name, said in [(fifo, "found a FIFO"), (tmp_path / "no/x.npy", "found no folder"),
                       (f"{tmp_path}/", "folder"), ("", "an empty name")]:
        if command[0] in ("simulate", "sample") and name == f"{tmp_path}/":
            continue  # A run is a folder.
        done = tamis(*command, option, name, "--force", cwd=chain)
        assert done.returncode == 1, (name, done.stderr)
        assert said in done.stderr, (name, done.stderr)
    assert stat.S_ISFIFO(os.lstat(fifo).st_mode)


def test_a_link_stays_and_its_file_is_replaced(chain, tmp_path):
    (tmp_path / "store").mkdir()
    target = tmp_path / "store/scores-1.npy"
    target.write_text("old")
    link = tmp_path / "scores.npy"
    link.symlink_to("store/scores-1.npy")
    assert score(chain, "--scores", link).returncode == 1
    assert score(chain, "--scores", link, "--force").returncode == 0
    assert link.is_symlink() and numpy.load(target).shape == (6000,)
    dangling = tmp_path / "new.npy"
    dangling.symlink_to("store/new.npy")
    assert score(chain, "--scores", dangling).returncode == 0
    assert dangling.is_symlink() and numpy.load(tmp_path / "store/new.npy").shape == (6000,)
    lost = tmp_path / "lost.npy"
    lost.symlink_to("nowhere/x.npy")
    assert "found no folder" in score(chain, "--scores", lost).stderr
    loop = tmp_path / "loop.npy"
    loop.symlink_to("loop.npy")
    assert score(chain, "--scores", loop).returncode == 1


def test_an_output_is_no_input_and_no_other_output(chain, tmp_path):
    run = tmp_path / "a.run"
    good("simulate", "background", "--events", 100, "--out", run)
    model = chain / "model.safetensors"
    calibration = chain / "calibration.json"
    segment = next(run.glob("*.events"))
    before = {path.name: path.read_bytes() for path in run.iterdir()}

    def refused(*arguments, cwd=None):
        done = tamis(*arguments, "--force", cwd=cwd)
        assert done.returncode == 2, done.stderr
        return done.stderr

    common = ("score", "--model", model, "--calibration", calibration, "--input")
    assert "is an input" in refused(*common, run, "--flagged", run)
    assert "is an input" in refused(*common, segment, "--flagged", run)
    assert "is an input" in refused(*common, run, "--scores", segment)
    link = tmp_path / "link"
    link.symlink_to(run / "manifest.json")
    assert "is an input" in refused(*common, run, "--scores", model)
    assert "same file" in refused(*common, run, "--scores", tmp_path / "x", "--attributions",
                                  f"{tmp_path}/a.run/../x")
    assert "same file" in refused(*common, run, "--scores", "x", "--attributions", tmp_path / "x",
                                  cwd=tmp_path)
    assert "is an input" in refused("calibrate", "--model", model, "--background", run,
                                    "--compare", calibration, "--out", calibration)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_unfinished_file(chain, tmp_path, number):
    child = subprocess.Popen(
        [BIN / "tamis", "simulate", "background", "--events", "500000000", "--out",
         tmp_path / "big.npy"], stderr=subprocess.DEVNULL)
    try:
        until(lambda: any(".writing-" in name for name in os.listdir(tmp_path)), "it is begun")
        child.send_signal(number)
        assert child.wait(60) == -number
    finally:
        child.kill()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_signal_leaves_no_unfinished_run(tmp_path, number, is_there):
    run = tmp_path / "big.run"
    if is_there:
        run.mkdir()
        (run / "notes.txt").touch()
        (run / "000001.flagged").touch()
    child = subprocess.Popen(
        [BIN / "tamis", "simulate", "background", "--events", "500000000", "--out", run, "--force"],
        stderr=subprocess.DEVNULL)
    try:
        until(lambda: (run / "000001.events.writing").exists(), "it is begun")
        child.send_signal(number)
        assert child.wait(60) == -number
    finally:
        child.kill()
    assert os.listdir(run if is_there else tmp_path) == (["notes.txt"] if is_there else [])


def test_a_killed_run_is_told_and_replaced(chain, tmp_path):
    run = tmp_path / "big.run"
    child = subprocess.Popen(
        [BIN / "tamis", "simulate", "background", "--events", "500000000", "--out", run],
        stderr=subprocess.DEVNULL)
    try:
        # Some records are in it.
        until(lambda: run.is_dir() and any(f.stat().st_size for f in run.iterdir()), "it is begun")
    finally:
        child.kill()
        child.wait()
    done = tamis("inspect", run)
    assert done.returncode == 1
    assert "problem: not finished" in done.stdout and done.stdout.endswith("not whole\n")
    # The check takes all of what is there: a part is enough for the readers.
    segment = run / "000001.events.writing"
    os.truncate(segment, min(segment.stat().st_size, 10_000))
    sink = tmp_path / "again.npy"
    readers = [("score", "--model", chain / "model.safetensors", "--input", run, "--scores", sink),
               ("calibrate", "--model", chain / "model.safetensors", "--background", run,
                "--working-point", "a=0.5", "--out", tmp_path / "c.json"),
               ("drift", "--model", chain / "model.safetensors", "--calibration",
                chain / "calibration.json", "--input", run),
               ("explain", "--model", chain / "model.safetensors", "--input", run),
               ("replay", run, "--connect", "tcp://127.0.0.1:1", "--wait", "0")]
    for reader in readers:
        said = tamis(*reader).stderr
        assert "big.run: not finished" in said and "its last whole record is sequence" in said, (
            reader[0], said)
    good("simulate", "background", "--events", "5", "--out", run, "--force")
    assert good("inspect", run).endswith("whole\n")


def test_record_looks_at_its_folder_first(tmp_path):
    (tmp_path / "notes.txt").touch()
    for force, said in [((), "a folder that is not empty"), (("--force",), "a folder of other files")]:
        done = tamis("record", "--bind", "tcp://127.0.0.1:*", "--pattern", "pull", "--out", tmp_path,
                     "--seconds", "30", *force)
        assert done.returncode == 1 and said in done.stderr, done.stderr
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_two_at_once_leave_one_whole_run(tmp_path):
    for _ in range(3):
        commands = [
            subprocess.Popen(
                [BIN / "tamis", "simulate", "background", "--events", "20000", "--run", str(run),
                 "--out", tmp_path / "r.run", "--force"], stderr=subprocess.PIPE, text=True)
            for run in (1, 2, 3)]
        said = [command.communicate(timeout=60)[1] for command in commands]
        ends = [command.returncode for command in commands]
        assert 0 in ends
        for end, text in zip(ends, said):
            assert end == 0 or "a folder that another process writes" in text, text
        assert good("inspect", tmp_path / "r.run").endswith("whole\n")


def test_two_key_pairs_at_once_are_one_pair(tmp_path):
    for _ in range(5):
        commands = [
            subprocess.Popen([BIN / "tamis", "keygen", "--out", tmp_path / "k", "--force"],
                             stdout=subprocess.DEVNULL) for _ in range(4)]
        assert [command.wait(60) for command in commands] == [0] * 4
        public = (tmp_path / "k.public").read_text().split()[0]
        assert f'public-key = "{public}"' in (tmp_path / "k").read_text()


def as_process_1(*command, **options):
    """Runs a program as process 1 of a namespace of its own."""
    probe = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("no namespaces here")
    return subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", *map(str, command)],
                            **options)


def child_of(process):
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: children.read_text().strip(), "the child is there")
    return int(children.read_text().split()[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [
    ("simulate", "background", "--events", "500000000", "--out", "big.npy"),
    ("train", "--background", "background.run", "--steps", "10000000", "--out", "new.safetensors"),
    ("replay", "background.run", "--connect", "tcp://127.0.0.1:1", "--wait", "3000"),
    ("replay", "background.run", "--bind", "tcp://127.0.0.1:*", "--pattern", "pub", "--wait",
     "3000"),
    ("record", "--bind", "tcp://127.0.0.1:*", "--pattern", "pull", "--out", "recorded"),
    ("bench", "--slices", "1000"),
])
def test_signals_end_process_1(chain, tmp_path, command, number):
    command = [chain / word if word == "background.run" else word for word in command]
    parent = as_process_1(BIN / "tamis", *command, cwd=tmp_path, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
    try:
        child = child_of(parent)
        # Past the start of the program: its own handlers are in place.
        status = pathlib.Path(f"/proc/{child}/status")

        def takes_it():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            taken = int(lines["SigCgt"], 16) | int(lines["SigBlk"], 16)
            return lines["Name"].strip() == "tamis" and taken >> (number - 1) & 1

        until(takes_it, "the program takes the signal")
        os.kill(child, number)
        parent.wait(60)
    finally:
        parent.kill()
        parent.wait()
    assert not any(".writing-" in name for name in os.listdir(tmp_path))


def test_replay_counts_subscribers_and_not_their_topics(chain, tmp_path):
    """Three topics of one are one subscriber, and one that has gone is none."""
    address = f"ipc://{tmp_path}/replay"
    context = zmq.Context.instance()

    def subscriber(context=context):
        made = context.socket(zmq.SUB)
        made.linger = 0
        for topic in ("events", "ev", ""):
            made.subscribe(topic)
        made.connect(address)
        return made

    replay = subprocess.Popen(
        [BIN / "tamis", "replay", chain / "background.run", "--bind", address, "--pattern", "pub",
         "--subscribers", "2", "--topic", "events", "--wait", "60"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sockets = []
    try:
        until(lambda: (tmp_path / "replay").exists(), "it is bound")
        for _ in range(3):
            # A context that is closed has closed its connections.
            with zmq.Context() as own:
                assert subscriber(own).poll(200) == 0
                own.destroy(linger=0)
        sockets.append(subscriber())
        assert sockets[0].poll(500) == 0 and replay.poll() is None
        sockets.append(subscriber())
        first = [socket.recv_multipart() for socket in sockets]
        assert first[0] == first[1]
        for socket in sockets:
            while socket.poll(1_000):
                socket.recv_multipart()
        assert replay.wait(60) == 0, replay.stderr.read()
    finally:
        for socket in sockets:
            socket.close()
        replay.kill()
        replay.communicate()


def test_two_commands_of_one_output(chain, tmp_path):
    """The second is refused at once, whether a file of that name is there or not."""
    out = tmp_path / "model.safetensors"
    command = ("train", "--background", chain / "background.run", "--hidden", 16, "--blocks", 1, "--out")
    first = subprocess.Popen([BIN / "tamis", *map(str, command), out, "--steps", "100000000"],
                             stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until(lambda: (tmp_path / "model.safetensors.writing-lock").exists(), "the first has its name")
        for name in (out, f"{tmp_path}/./model.safetensors"):
            done = tamis(*command, name, "--steps", 20, "--force")
            assert done.returncode == 1 and "another process that is about to write it" in done.stderr
        # Another name in the folder is another's.
        assert tamis(*command, tmp_path / "other", "--steps", 20).returncode == 0
        first.kill()
        first.wait()
        assert tamis(*command, out, "--steps", 20).returncode == 0
    finally:
        first.kill()
        first.wait()
    assert sorted(os.listdir(tmp_path)) == [
        "model.safetensors", "model.safetensors.training.json", "other", "other.training.json"]


def test_what_a_killed_process_left_goes_with_the_next_write(chain, tmp_path):
    out = tmp_path / "scores.npy"
    ended = subprocess.Popen(["true"])
    ended.wait()
    stale = tmp_path / f"scores.npy.writing-{ended.pid}"
    stale.write_text("left")
    living = tmp_path / f"scores.npy.writing-{os.getpid()}"
    living.write_text("at work")
    other = tmp_path / f"other.npy.writing-{ended.pid}"
    other.write_text("of another name")
    assert score(chain, "--scores", out).returncode == 0
    assert not stale.exists() and living.exists() and other.exists()


@pytest.mark.parametrize("name", [b"sc\xffores.npy", b"\xe9.npy", b"a\xc3\x28.npy"])
def test_names_that_are_not_utf8_are_refused(chain, tmp_path, name):
    command = [os.fsencode(BIN / "tamis"), b"score", b"--model",
               os.fsencode(chain / "model.safetensors"), b"--input",
               os.fsencode(chain / "background.run"), b"--scores", os.fsencode(tmp_path) + b"/" + name]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr and b"\\x" in done.stderr
    assert os.listdir(tmp_path) == []


def test_such_names_in_a_folder_are_passed_over(chain, tmp_path):
    run = tmp_path / "a.run"
    good("simulate", "background", "--events", 100, "--out", run)
    pathlib.Path(os.fsdecode(os.fsencode(run) + b"/\xff.events")).write_bytes(b"x")
    assert "100" in good("inspect", run)
    assert good("score", "--model", chain / "model.safetensors", "--input", run)


def test_a_reader_who_stands_still_holds_nobody_up(chain, tmp_path):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    done = tamis("score", "--model", "nowhere", "--input", "nowhere", stderr=writer, timeout=60)
    assert done.returncode == 1
    os.close(reader)
    os.close(writer)


def test_flagged_events_are_no_background(chain, tmp_path):
    journal = tmp_path / "journal"
    common = ("score", "--model", chain / "model.safetensors", "--calibration",
              chain / "calibration.json", "--input", chain / "background.run", "--flagged")
    good(*common, journal)
    bare = tamis("train", "--background", journal, "--steps", 1, "--out", tmp_path / "m")
    assert bare.returncode == 1 and "unbiased sample" in bare.stderr
    sampled = tmp_path / "sampled"
    good(*common, sampled, "--unbiased-prescale", 10)
    trained = tamis("train", "--background", sampled, "--steps", 1, "--levels", "1", "--out",
                    tmp_path / "m", "--json")
    assert trained.returncode == 0 and "others left out" in trained.stderr
    assert 400 < json.loads(trained.stdout)["events"] < 800
    for option in ("--background", "--training-background"):
        given = {"--background": chain / "background.run", option: journal}
        done = tamis("evaluate", "--model", chain / "model.safetensors", "--anomalies",
                     f"x={chain / 'background.run'}",
                     *(word for pair in given.items() for word in pair))
        assert done.returncode == 1 and "unbiased sample" in done.stderr


@pytest.mark.parametrize("seconds", ["253402300799", "18446744074", "-1", "1e3", "9" * 40, ""])
def test_times_that_no_file_can_say(chain, tmp_path, seconds):
    done = tamis("calibrate", "--model", chain / "model.safetensors", "--background",
                 chain / "background.run", "--working-point", "a=1e-2", "--out", tmp_path / "c",
                 env={**os.environ, "SOURCE_DATE_EPOCH": seconds})
    assert done.returncode == 2 and "SOURCE_DATE_EPOCH" in done.stderr


def test_the_last_time_that_can_be_said(chain, tmp_path):
    good("calibrate", "--model", chain / "model.safetensors", "--background",
         chain / "background.run", "--working-point", "a=1e-2", "--out", tmp_path / "c",
         env={**os.environ, "SOURCE_DATE_EPOCH": "18446744073"})
    assert "2554-07-21T" in (tmp_path / "c").read_text()


def dump(program):
    said = subprocess.run([BIN / program, "--experimental-dump-help"], capture_output=True,
                          check=True)
    return json.loads(said.stdout)["command"]


def commands():
    inner = [each["commandName"] for each in dump("tamis")["subcommands"]]
    return [("tamisd",), ("tamis",), *(("tamis", name) for name in inner if name != "help")]


def examples(command):
    """The lines of a help text's examples as they appear on 80 columns."""
    said = subprocess.run([BIN / command[0], *command[1:], "--help"], text=True,
                          capture_output=True, check=True, env={**os.environ, "COLUMNS": "80"})
    lines = said.stdout.splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("Example"))
    end = next(index for index in range(begin, len(lines)) if not lines[index].strip())
    return lines[begin + 1:end]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_examples_can_be_pasted(command):
    known = {}
    for program in ("tamis", "tamisd"):
        root = dump(program)
        for each in [root, *root.get("subcommands", [])]:
            known[(program, each["commandName"]) if each is not root else (program,)] = {
                "--" + name["name"] for argument in each.get("arguments", [])
                for name in argument.get("names") or []}
    lines = examples(command)
    assert lines and all(line.startswith("  ") for line in lines), lines
    text = "\n".join(lines)
    assert subprocess.run(["bash", "-n"], input=text, text=True).returncode == 0
    for line in text.replace("\\\n", " ").splitlines():
        words = [word for word in line.split() if not word.startswith("TAMIS_")]
        if words[0] not in ("tamis", "tamisd"):
            continue
        key = tuple(words[:2]) if words[0] == "tamis" else ("tamisd",)
        options = {word for word in words if word.startswith("--")}
        assert options <= known[key], (line, options - known[key])


@pytest.mark.parametrize("words", [
    ("tamis", "inspect", "mod"), ("tamis", "score", "--model", "mod"),
    ("tamis", "calibrate", "--background", "mod"), ("tamis", "ledger", "mod"),
    ("tamis", "replay", "mod"), ("tamis", "record", "--out", "mod"),
    ("tamisd", "--config", "mod")])
def test_file_names_are_completed(tmp_path, words):
    (tmp_path / "model.safetensors").write_text("")
    script = subprocess.run([BIN / words[0], "--generate-completion-script", "bash"], text=True,
                            capture_output=True, check=True).stdout
    (tmp_path / "completion").write_text(script)
    listed = " ".join(words)
    done = subprocess.run(
        ["bash", "-c", f"""
        source ./completion
        COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; COMP_LINE="{listed}"
        COMP_POINT=${{#COMP_LINE}}
        $(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/') {words[0]} mod {words[-2]}
        printf '%s\\n' "${{COMPREPLY[@]}}" """], cwd=tmp_path, text=True, capture_output=True,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
    assert "model.safetensors" in done.stdout, done.stderr


def test_inspect_gives_memory_back_behind_it(tmp_path):
    """An array of 1.5 GB, of which no disk has a block."""
    path = tmp_path / "large.npy"
    with open(path, "wb") as file:
        numpy.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (6_000_000, 64)})
        file.truncate(file.tell() + 6_000_000 * 256)
    done = peak_memory.run([BIN / "tamis", "inspect", path], 300)
    assert done.returncode == 0, done.stderr
    assert done.peak_byte_count < 250_000 << 10


def test_a_wait_that_a_rate_asks_for_is_cut_and_told(tmp_path):
    numpy.save(tmp_path / "x.npy", numpy.zeros((3, 4), numpy.float32))
    with zmq.Context() as context, context.socket(zmq.PULL) as receiver:
        port = receiver.bind_to_random_port("tcp://127.0.0.1")
        done = tamis("replay", tmp_path / "x.npy", "--connect", f"tcp://127.0.0.1:{port}",
                              "--batch", 1, "--pace", "0.0000000001/s", "--gap-max", 0.01)
    assert done.returncode == 0
    assert "waiting 0.01 s (--gap-max)" in done.stderr
    assert "gaps_cut: 4" in done.stdout


@pytest.mark.parametrize("wait,text", [
    ("0", "nobody subscribed at once;"), ("0.5", "nobody subscribed for 0.5 seconds;"),
    ("1", "nobody subscribed for 1 second;")])
def test_the_time_that_nobody_came(chain, wait, text):
    done = tamis("replay", chain / "background.run", "--pattern", "pub", "--bind",
                 "tcp://127.0.0.1:*", "--wait", wait)
    assert done.returncode == 1 and text in done.stderr, done.stderr


def test_what_training_refuses_is_what_it_needs(tmp_path):
    numpy.save(tmp_path / "few.npy", numpy.random.default_rng(1).standard_normal((10, 4), numpy.float32))
    large = numpy.random.default_rng(1).standard_normal((100, 4))
    large[7, 2] = 1e300
    numpy.save(tmp_path / "large.npy", large)

    def refusal(name, *more):
        done = tamis("train", "--background", tmp_path / name, "--steps", "10", "--out",
                     tmp_path / "model.safetensors", *more)
        assert done.returncode == 1, done.stderr
        return done.stderr

    assert "found 10 events, expected at least 20" in refusal("few.npy")
    assert "found 10 events, expected at least 20" in refusal(
        "few.npy", "--levels", "1", "--distance", "2")
    assert "event 7, feature 2: found inf (or a float64 beyond the range of float32)" in refusal(
        "large.npy")
    assert "beyond the range of float32" in tamis("inspect", tmp_path / "large.npy").stdout
    assert "distance: found 1e-300" in refusal("few.npy", "--distance", "1e-300")


def test_record_writes_nothing_of_flagged_records(chain, tmp_path):
    """Whoever connects to a daemon's output gets no run of the event records in its records."""
    segment = (chain / "background.run" / "000001.events").read_bytes()
    event = segment[320:640]
    flagged = b"TMSF\1\1" + bytes(58 + 4 * 64) + event
    address = f"tcp://127.0.0.1:{loopback.free_port()}"
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.connect(address)
        for each in (flagged, flagged, event):
            sender.send(each)
        done = tamis("record", "--bind", address, "--pattern", "pull", "--events", 1,
                     "--out", "recorded", "--json", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert (said["events"], said["refused_magic"], said["flagged_records_seen"]) == (1, 2, 2)
    assert "these are flagged records" in done.stderr
    assert (tmp_path / "recorded" / "000001.events").read_bytes() == event


@pytest.mark.parametrize("command", ["replay", "record"])
def test_without_descriptors_a_command_says_so(chain, tmp_path, command):
    """The library would end the process (SIGABRT). The limit is one of new descriptors."""
    arguments = ["record", "--seconds", "0.1", "--out", str(tmp_path / "out")]
    if command == "replay":
        arguments = ["replay", str(chain / "background.run"), "--wait", "0.1"]
    for limit in (*range(4, 30), 64):
        done = subprocess.run(
            ["prlimit", f"--nofile={limit}", BIN / "tamis", *arguments, "--connect",
             f"tcp://127.0.0.1:{loopback.free_port()}"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, (limit, done)
        if limit < 16:
            assert "Too many open files" in done.stderr, (limit, done)
    assert "Too many open files" not in done.stderr


@pytest.mark.parametrize("first", [3, 100])
def test_a_kill_leaves_what_came_a_second_before(chain, tmp_path, first):
    """A slow stream is in the file within a second, however few messages have come."""
    records = numpy.fromfile(chain / "background.run/000001.events", "V320")
    address = f"tcp://127.0.0.1:{loopback.free_port()}"
    with zmq.Context.instance().socket(zmq.PUSH) as sender:
        sender.linger = 0
        sender.bind(address)
        child = subprocess.Popen([BIN / "tamis", "record", "--connect", address, "--pattern", "pull",
                                  "--out", tmp_path / "out"])
        segment = tmp_path / "out/000001.events.writing"
        for record in records[:first]:
            sender.send(record.tobytes())
        begin = time.monotonic()
        until(lambda: segment.exists() and segment.stat().st_size == first * 320, "it is written")
        # The beginning of the process, and a slow machine, count too.
        assert time.monotonic() - begin < 5
        begin = time.monotonic()
        for record in records[first:first + 5]:
            sender.send(record.tobytes())
        until(lambda: segment.stat().st_size == (first + 5) * 320, "it is written")
        assert time.monotonic() - begin < 2
        child.kill()
        assert child.wait(60) == -signal.SIGKILL
    done = tamis("inspect", tmp_path / "out")
    assert done.returncode == 1 and f"{first + 5} good records" in done.stdout, done
