"""What `tamisd --check` refuses is what the start refuses, with the same words."""

import os
import shutil
import socket
import subprocess

import numpy as np
import pytest

import launched

if not (launched.BIN / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return launched.make_chain(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="module")
def other_chain(tmp_path_factory):
    """The same of five features."""
    folder = tmp_path_factory.mktemp("other")
    np.save(folder / "x.npy", np.random.default_rng(1).standard_normal((2_000, 5), np.float32))
    launched.good("train", "--background", folder / "x.npy", "--steps", 20, "--hidden", 16,
                  "--blocks", 1, "--out", folder / "model.safetensors")
    launched.good("calibrate", "--model", folder / "model.safetensors", "--background",
                  folder / "x.npy", "--working-point", "half=0.5", "--out",
                  folder / "calibration.json")
    return folder


def check(path, launcher=()):
    done = subprocess.run([*launcher, launched.BIN / "tamisd", "--config", path, "--check"],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def start(path, launcher=()):
    """Exit status and errors of a start; status None where it runs."""
    with launched.Daemon(path, launcher=launcher, serving=False) as daemon:
        launched.until(lambda: daemon.process.poll() is not None or " running " in daemon.log,
                       "it runs or has ended")
        status = daemon.process.poll()
        if status is None:
            assert daemon.end() == 0
        return status, daemon.log


def refused(path, text, launcher=()):
    """Both refuse, and say this."""
    (status, said), (start_status, start_said) = check(path, launcher), start(path, launcher)
    assert (status, start_status) == (1, 1), said + start_said
    assert text in said and text in start_said, said + start_said


def listening(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen()
    return made


@pytest.mark.parametrize("where", ["input", "output", "catch_up"])
@pytest.mark.parametrize("kind", ["file", "folder", "fifo", "link to nothing"])
def test_what_is_no_socket_at_an_ipc_path(chain, tmp_path, where, kind):
    path = tmp_path / "s"
    {"file": lambda: path.write_text("mine"), "folder": path.mkdir, "fifo": lambda: os.mkfifo(path),
     "link to nothing": lambda: path.symlink_to("nowhere")}[kind]()
    configuration = launched.configuration(chain, tmp_path, **{where: f'{{bind: ["ipc://{path}"]}}'})
    refused(configuration, "is no socket; move it away")
    assert os.path.lexists(path) and not path.is_socket()


def test_ipc_paths_of_the_living_and_the_dead(chain, tmp_path):
    configuration = launched.configuration(
        chain, tmp_path, output=f'{{bind: ["ipc://{tmp_path}/s"]}}')
    with listening(tmp_path / "s"):
        refused(configuration, "a living process listens there")
    assert check(configuration)[0] == 0
    assert (tmp_path / "s").is_socket()
    assert start(configuration)[0] is None
    name = f"tamis-{os.getpid()}"
    configuration = launched.configuration(chain, tmp_path, output=f'{{bind: ["ipc://@{name}"]}}')
    with listening("\0" + name):
        refused(configuration, "a living process listens there")


@pytest.mark.parametrize("one,other", [
    ("tcp://*:PORT", "tcp://127.0.0.1:PORT"), ("tcp://127.0.0.1:PORT", "tcp://*:PORT"),
    ("tcp://lo:PORT", "tcp://127.0.0.1:PORT"), ("tcp://127.0.0.1:PORT", "tcp://0.0.0.0:PORT"),
    ("tcp://[::]:PORT", "tcp://127.0.0.1:PORT"), ("tcp://[::1]:PORT", "tcp://[::]:PORT"),
    ("ipc://FOLDER/s", "ipc://FOLDER/./s"), ("ipc://FOLDER/s", "ipc://FOLDER/link/s"),
    ("ipc://@tamis-PORT", "ipc://@tamis-PORT"),
])
@pytest.mark.parametrize("where", ["output", "catch_up"])
def test_one_address_for_two_sockets(chain, tmp_path, one, other, where):
    if "::" in one:
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("this machine has no IPv6")
    (tmp_path / "link").symlink_to(tmp_path)
    port = launched.loopback.free_port()
    one, other = (text.replace("PORT", str(port)).replace("FOLDER", str(tmp_path)) for text in (one, other))
    configuration = launched.configuration(
        chain, tmp_path, input=f'{{bind: ["{one}"]}}', **{where: f'{{bind: ["{other}"]}}'})
    refused(configuration, "each")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
@pytest.mark.parametrize("where", ["input", "output", "catch_up"])
def test_one_port_for_a_socket_and_the_page(chain, tmp_path, host, where):
    port = launched.loopback.free_port()
    refused(launched.configuration(
        chain, tmp_path, http=f'{{listen: "{host}:{port}"}}',
        **{where: f'{{bind: ["tcp://127.0.0.1:{port}"]}}'}), "takes the same port")


def test_other_addresses_of_one_port_are_no_conflict(chain, tmp_path):
    port = launched.loopback.free_port()
    configuration = launched.configuration(
        chain, tmp_path, input=f'{{bind: ["tcp://127.0.0.1:{port}"]}}',
        output=f'{{bind: ["tcp://127.0.0.2:{port}"]}}', http=f'{{listen: "127.0.0.3:{port}"}}')
    assert check(configuration) == (0, "")
    assert start(configuration)[0] is None


@pytest.mark.parametrize("sections,text", [
    ({"input": '{bind: ["tcp://eth77:5555"]}'}, "no such interface or address"),
    ({"input": '{bind: ["tcp://203.0.113.7:5555"]}'}, "Cannot assign requested address"),
    ({"input": '{bind: ["tcp://localhost:5555"]}'}, "no such interface or address"),
    ({"output": '{bind: ["ipc://no/s"]}'}, "cannot write in the folder"),
    ({"http": "{listen: nohost.invalid:9464}"}, "no such host"),
    ({"http": "{listen: 203.0.113.7:9464}"}, "Cannot assign requested address"),
    ({"journal": "{path: no/journal}"}, "found no folder"),
    ({"journal": "{path: /proc/journal}"}, "cannot write in /proc"),
    ({"security": "{key_pair: no.key, clients: no.list}"}, "no.list"),
    ({"engine": "{slots: 16777216, batch_max: 1048576, workers: 1}"}, "batch_max"),
    ({"engine": "{affinity: [777], workers: 1}"}, "777"),
    ({"model": "no.safetensors"}, "no.safetensors"),
])
def test_what_else_is_refused(chain, tmp_path, sections, text):
    refused(launched.configuration(chain, tmp_path, **sections), text)


def test_a_port_of_another(chain, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for section in ("input", "output", "catch_up"):
            refused(launched.configuration(chain, tmp_path, **{
                section: f'{{bind: ["tcp://127.0.0.1:{port}"]}}'}), "Address already in use")
        refused(launched.configuration(chain, tmp_path, http=f"{{listen: 127.0.0.1:{port}}}"),
                "Address already in use")


@pytest.mark.parametrize("manifest", [True, False])
def test_a_journal_of_other_features(chain, other_chain, tmp_path, manifest):
    with launched.Daemon(launched.configuration(chain, tmp_path, unbiased="{prescale: 1}")) as daemon:
        launched.good("replay", chain / "background.run", "--connect", daemon.address("input"))
        launched.until(lambda: b"tamis_records_journaled_total 6000\n" in daemon.get("/metrics"),
                       "all are in the journal")
        other = tmp_path / "other"
        other.mkdir()
        path = launched.configuration(other_chain, other, journal=f"{{path: {tmp_path}/journal}}")
        assert "features" in check(path)[1]
        assert daemon.end() == 0
    if not manifest:
        (tmp_path / "journal/manifest.json").unlink()
    refused(path, "found a journal of 64 features, expected 5")


def test_a_journal_that_is_a_link_to_nothing(chain, tmp_path):
    (tmp_path / "journal").symlink_to("nowhere")
    refused(launched.configuration(chain, tmp_path), "found a symbolic link to nothing")


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs another user")
def test_as_another_user(chain, tmp_path):
    for folder in (tmp_path, *tmp_path.parents[:3], chain):
        folder.chmod(folder.stat().st_mode | 0o055)
    launcher = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    refused(launched.configuration(chain, tmp_path, journal="{path: journal}"),
            "cannot write in", launcher)
    own = tmp_path / "own"
    own.mkdir()
    (own / "journal").mkdir()
    for each in (own, own / "journal"):
        os.chown(each, 65534, 65534)
    (own / "journal/published").write_bytes(bytes(8))
    (own / "journal/published").chmod(0o600)
    path = launched.configuration(chain, own, input='{bind: ["tcp://127.0.0.1:*"]}')
    refused(path, "published", launcher)


@pytest.mark.parametrize("kind,text", [
    ("events", "found a recorded run"), ("flagged", "found a run of flagged records"),
    ("files", "found a folder of other files, such as model.safetensors")])
def test_a_folder_that_holds_another_thing(chain, tmp_path, kind, text):
    folder = tmp_path / "journal"
    if kind == "events":
        shutil.copytree(chain / "background.run", folder)
    elif kind == "flagged":
        launched.good("score", "--model", chain / "model.safetensors", "--calibration",
                      chain / "calibration.json", "--input", chain / "background.run", "--flagged", folder)
    else:
        folder.mkdir()
        shutil.copy(chain / "model.safetensors", folder)
    before = sorted(path.name for path in folder.iterdir())
    path = launched.configuration(chain, tmp_path)
    refused(path, text)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_full_disk_that_a_new_journal_finds(chain, tmp_path):
    """Where the start cannot make its files, the check says so, and not only that nothing is kept."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted: {done.stderr}")
    try:
        (disk / "journal").mkdir()
        with pytest.raises(OSError), open(disk / "filler", "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        refused(launched.configuration(chain, tmp_path, journal=f"{{path: {disk}/journal}}"),
                "No space left on device")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize("count", [5, 8, 12, 20, 30, 64, 200])
def test_too_few_descriptors(chain, tmp_path, count):
    path = launched.configuration(
        chain, tmp_path, catch_up='{bind: ["tcp://127.0.0.1:*"]}')
    refused(path, f"found a limit of {count} open files, expected at least 432",
            ("prlimit", f"--nofile={count}:{count}"))


@pytest.mark.parametrize("kilobytes", [128, 256, 1023])
def test_too_small_a_stack(chain, tmp_path, kilobytes):
    path = launched.configuration(chain, tmp_path)
    refused(path, f"found a limit of {kilobytes * 1024} bytes for the stack, expected at least 1048576",
            ("prlimit", f"--stack={kilobytes * 1024}"))


@pytest.mark.parametrize("limit", ["--data=20000000", "--data=50000000", "--data=100000000",
                                   "--as=250000000"])
def test_no_room_for_threads(chain, tmp_path, limit):
    path = launched.configuration(chain, tmp_path)
    refused(path, "; raise the limits on ", ("prlimit", limit))


def test_no_room_for_the_ring(chain, tmp_path):
    path = launched.configuration(chain, tmp_path, engine="{slots: 4194304}")
    refused(path, "bytes of memory beside 16 threads", ("prlimit", "--data=1000000000"))


@pytest.mark.parametrize("limit", ["--stack=1048576", "--stack=unlimited", "--data=400000000",
                                   "--as=1200000000"])
def test_limits_that_just_do(chain, tmp_path, limit):
    path = launched.configuration(chain, tmp_path)
    assert check(path, ("prlimit", limit)) == (0, "")
    assert start(path, ("prlimit", limit))[0] is None


def test_descriptors_that_just_do(chain, tmp_path):
    path = launched.configuration(
        chain, tmp_path, security="{connections_max: 1}", catch_up='{bind: ["tcp://127.0.0.1:*"]}')
    # A soft limit is raised.
    for limit in ("243:243", "20:1000"):
        launcher = ("prlimit", f"--nofile={limit}")
        assert check(path, launcher) == (0, "")
        assert start(path, launcher)[0] is None


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize("limit", [512, 4_096, 40_960, 1_000_000])
def test_a_limit_on_the_size_of_files(chain, tmp_path, is_new, limit):
    """What a first start writes must fit below RLIMIT_FSIZE."""
    configuration = launched.configuration(chain, tmp_path)
    if not is_new:
        (tmp_path / "journal").mkdir()
    refused(configuration, "File too large", ["prlimit", f"--fsize={limit}"])


def test_a_limit_below_the_size_of_segments_is_a_warning(chain, tmp_path):
    configuration = launched.configuration(
        chain, tmp_path, journal="{path: journal, segment_bytes_max: 8388608}")
    limited = ["prlimit", "--fsize=4194304"]
    done = subprocess.run([*limited, launched.BIN / "tamisd", "--config", configuration, "--check"],
                          capture_output=True, text=True, timeout=60)
    warning = "journal.segment_bytes_max: found a limit of 4194304 bytes a file"
    assert done.returncode == 0 and warning in done.stdout + done.stderr, done
    status, said = start(configuration, limited)
    assert status is None and warning in said
