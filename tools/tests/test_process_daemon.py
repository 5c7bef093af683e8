"""The daemon as a process: log, descriptors, reloads, signals, --check and its neighbours."""

import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from launched import BIN, Daemon, configuration, loopback, make_chain, tamis, until


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    return make_chain(tmp_path_factory.mktemp("chain"))


def check(path, **options):
    return subprocess.run([BIN / "tamisd", "--config", path, "--check"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **options)


def feed(daemon, chain, count=1):
    for _ in range(count):
        done = tamis("replay", chain / "background.run", "--connect", daemon.address("input"))
        assert done.returncode == 0, done.stderr


def fill(writer):
    """Fills a pipe until it takes nothing more."""
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 65_536)
    except BlockingIOError:
        pass
    try:
        while True:
            os.write(writer, b"x")
    except BlockingIOError:
        os.set_blocking(writer, True)


def free_address():
    return f"127.0.0.1:{loopback.free_port()}"


def metric(daemon, name):
    page = daemon.get("/metrics").decode()
    return sum(float(line.split()[-1]) for line in page.splitlines()
               if re.match(rf"{name}[ {{]", line))


class TestLog:
    def test_nobody_reads_stderr(self, chain, tmp_path):
        """Scoring, HTTP, reload and the end go on; what was dropped is told when lines flow."""
        reader, writer = os.pipe()
        fill(writer)
        listen = free_address()
        path = configuration(chain, tmp_path, http=f"{{listen: {listen}}}",
                             input=f'{{bind: ["tcp://{free_address()}"]}}')
        with Daemon(path, serving=False, stderr=writer) as daemon:
            daemon.address = lambda name: {
                "http": listen, "input": re.search(r"input: .*?\"(.*?)\"", path.read_text())[1]}[name]

            def serves():
                try:
                    return daemon.get("/healthz")
                except OSError:
                    return False

            until(serves, "it serves with a full stderr")
            feed(daemon, chain)
            until(lambda: metric(daemon, "tamis_events_scored_total") == 6000, "all is scored")
            # More lines than the queue holds: each reload logs several.
            for number in range(1500):
                daemon.process.send_signal(signal.SIGHUP)
                if number % 50 == 0:
                    made = metric(daemon, "tamis_reloads_total")
                    until(lambda: metric(daemon, "tamis_reloads_total") > made, "a reload is made")
            os.set_blocking(reader, False)
            said = b""

            def told():
                nonlocal said
                try:
                    said = (said + os.read(reader, 1 << 20))[-100_000:]
                except BlockingIOError:
                    pass
                return b"draining" in said

            daemon.process.send_signal(signal.SIGTERM)
            until(told, "lines flow again")
            assert daemon.process.wait(120) == 0
        os.close(reader)
        os.close(writer)

    def test_sigterm_ends_it_with_a_full_stderr(self, chain, tmp_path):
        reader, writer = os.pipe()
        fill(writer)
        listen = free_address()
        path = configuration(chain, tmp_path, http=f"{{listen: {listen}}}")
        with Daemon(path, serving=False, stderr=writer) as daemon:
            daemon.address = lambda name: listen

            def serves():
                try:
                    return daemon.get("/healthz")
                except OSError:
                    return False

            until(serves, "it serves")
            begin = time.monotonic()
            assert daemon.end() == 0
            assert time.monotonic() - begin < 30
        os.close(reader)
        os.close(writer)

    def test_a_reader_that_is_gone(self, chain, tmp_path):
        reader, writer = os.pipe()
        os.close(reader)
        listen = free_address()
        path = configuration(chain, tmp_path, http=f"{{listen: {listen}}}")
        with Daemon(path, serving=False, stderr=writer, stdout=writer) as daemon:
            daemon.address = lambda name: listen
            until(lambda: _answers(listen), "it serves")
            assert daemon.end() == 0
        os.close(writer)


def _answers(address):
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("closed", [(0,), (1, 2), (0, 1, 2)])
def test_the_log_is_no_file_of_the_journal(chain, tmp_path, closed):
    listen = free_address()
    path = configuration(chain, tmp_path, http=f"{{listen: {listen}}}", log="{level: debug}")
    daemon = subprocess.Popen([BIN / "tamisd", "--config", path], close_fds=False,
                              preexec_fn=lambda: [os.close(each) for each in closed])
    try:
        until(lambda: _answers(listen), "it serves")
        for descriptor in closed:
            assert os.readlink(f"/proc/{daemon.pid}/fd/{descriptor}") == "/dev/null"
        daemon.terminate()
        assert daemon.wait(60) == 0
    finally:
        daemon.kill()
        daemon.wait()
    for file in (tmp_path / "journal").iterdir():
        if file.suffix != ".jsonl":
            assert b"tamisd" not in file.read_bytes() and b"draining" not in file.read_bytes()


class TestReload:
    @pytest.mark.parametrize("what", ["model.safetensors", "calibration.json"])
    def test_fifos_are_refused_at_once(self, chain, tmp_path, what):
        own = tmp_path / what
        own.write_bytes((chain / what).read_bytes())
        path = configuration(chain, tmp_path, **{what.split(".")[0]: str(own)})
        with Daemon(path) as daemon:
            own.unlink()
            os.mkfifo(own)
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: "reload refused" in daemon.log, "it is refused")
            assert "FIFO" in daemon.log
            assert daemon.end() == 0

    def test_a_configuration_that_is_a_fifo(self, chain, tmp_path):
        path = configuration(chain, tmp_path)
        with Daemon(path) as daemon:
            path.unlink()
            os.mkfifo(path)
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: "reload refused" in daemon.log, "it is refused")
            assert daemon.end() == 0

    def test_many_signals_are_answered_by_the_last_state(self, chain, tmp_path):
        own = tmp_path / "calibration.json"
        own.write_bytes((chain / "calibration.json").read_bytes())
        path = configuration(chain, tmp_path, calibration=str(own))
        with Daemon(path) as daemon:
            for number in range(40):
                own.write_text("{" if number < 39
                               else (chain / "calibration.json").read_text() + "\n")
                daemon.process.send_signal(signal.SIGHUP)
            until(lambda: "calibration are in force" in daemon.log, "the last state is armed")
            assert daemon.end() == 0

    def test_only_the_daemon_that_answers_is_signalled(self, chain, tmp_path):
        path = configuration(chain, tmp_path)
        with Daemon(path) as daemon:
            url = f"http://{daemon.address('http')}"
            assert tamis("reload", "--url", url).returncode == 0
            build = json.loads(daemon.get("/status"))["build"]
            assert build["pid"] == daemon.process.pid
            assert build["process"]["namespace"] == os.stat("/proc/self/ns/pid").st_ino
            other = tamis("reload", "--url", url, "--pid", os.getpid())
            assert other.returncode == 1 and "is not the daemon" in other.stderr
            gone = tamis("reload", "--url", url, "--pid", 2**22 - 1)
            assert gone.returncode == 1 and "is not the daemon" in gone.stderr
            named = tamis("reload", "--url", url, "--pid", daemon.process.pid)
            assert named.returncode == 0, named.stderr
            assert daemon.end() == 0

    def test_a_daemon_in_another_container(self, chain, tmp_path):
        if subprocess.run(["unshare", "--pid", "--fork", "true"],
                          capture_output=True).returncode != 0:
            pytest.skip("no namespaces here")
        path = configuration(chain, tmp_path)
        launcher = ("unshare", "--pid", "--fork", "--kill-child")
        with Daemon(path, launcher=launcher) as daemon:
            url = f"http://{daemon.address('http')}"
            inner = json.loads(daemon.get("/status"))["build"]["pid"]
            assert inner == 1
            done = tamis("reload", "--url", url)
            assert done.returncode == 1 and "another container" in done.stderr, done.stderr
            here = int(pathlib.Path(
                f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text())
            assert tamis("reload", "--url", url, "--pid", here).returncode == 0
            # Process 1 ends in order, too.
            os.kill(here, signal.SIGTERM)
            assert daemon.process.wait(60) == 0
            assert " ended " in daemon.log


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_twice(self, chain, tmp_path, number):
        # A record that nobody takes keeps the daemon draining.
        path = configuration(chain, tmp_path, output='{bind: ["tcp://127.0.0.1:*"], pattern: push}',
                             shutdown="{drain_timeout_ms: 3000}")
        with Daemon(path) as daemon:
            daemon.process.send_signal(number)
            until(lambda: "draining" in daemon.log, "it drains")
            for again in (number, signal.SIGHUP):
                if daemon.process.poll() is None:
                    daemon.process.send_signal(again)
            assert daemon.process.wait(60) == 0

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_during_the_start(self, chain, tmp_path, number):
        """strace would be the exact way; many moments of the start do as well."""
        path = configuration(chain, tmp_path)
        seen = set()
        for step in range(24):
            with Daemon(path, serving=False) as daemon:
                time.sleep(0.004 * step)
                seen.add(daemon.end(number))
        assert seen <= {0, -number}, seen
        with Daemon(path) as daemon:
            assert daemon.end() == 0

    def test_hangup_during_the_start_waits(self, chain, tmp_path):
        path = configuration(chain, tmp_path)
        with Daemon(path, serving=False) as daemon:
            status = pathlib.Path(f"/proc/{daemon.process.pid}/status")

            def blocks():
                lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
                return int(lines["SigBlk"], 16) & 1

            until(blocks, "the program has begun")
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: "calibration are in force" in daemon.log, "the reload follows the start")
            assert daemon.end() == 0


def test_a_second_daemon_is_refused_and_harms_nothing(chain, tmp_path):
    path = configuration(chain, tmp_path, input=f'{{bind: ["tcp://{free_address()}"]}}')
    with Daemon(path) as first:
        second = subprocess.run([BIN / "tamisd", "--config", path], text=True, capture_output=True,
                                timeout=60)
        assert second.returncode == 1
        assert f"process {first.process.pid}" in second.stderr
        feed(first, chain)
        until(lambda: metric(first, "tamis_events_scored_total") == 6000, "the first goes on")
        said = check(path)
        assert said.returncode == 0 and f"process {first.process.pid} has it open" in said.stdout
        assert first.end() == 0


class TestCheck:
    """What --check passes, starts; what it refuses, does not start, for the same reason."""

    def refused(self, path, *words, **options):
        said = check(path, **options)
        assert said.returncode == 1, said.stdout
        started = subprocess.run([BIN / "tamisd", "--config", path], text=True, timeout=60,
                                 capture_output=True, **options)
        assert started.returncode == 1
        for word in words:
            assert word in said.stderr, said.stderr
            assert word in started.stderr, started.stderr
        return said.stderr

    def warned(self, path, *words):
        said = check(path)
        assert said.returncode == 0, said.stderr
        for word in words:
            assert word in said.stdout, said.stdout
        with Daemon(path) as daemon:
            for word in words:
                assert word in daemon.log
            assert daemon.end() == 0

    def test_good(self, chain, tmp_path):
        path = configuration(chain, tmp_path)
        said = check(path)
        assert said.returncode == 0 and "warning: journal" not in said.stdout.replace("tmpfs", "")
        assert sorted(each.name for each in tmp_path.iterdir()) == ["tamisd.yaml"]

    @pytest.mark.parametrize("section", ["input", "output", "catch_up"])
    @pytest.mark.parametrize("address, word", [
        ("tcp://nosuchinterface:5555", "nosuchinterface"), ("tcp://192.0.2.1:5555", "192.0.2.1")])
    def test_addresses_that_are_not_here(self, chain, tmp_path, section, address, word):
        path = configuration(chain, tmp_path, **{section: f'{{bind: ["{address}"]}}'})
        self.refused(path, word)

    def test_ports_in_use(self, chain, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            self.refused(configuration(chain, tmp_path, input=f'{{bind: ["tcp://127.0.0.1:{port}"]}}'),
                         str(port), "in use")
            self.refused(configuration(chain, tmp_path, http=f"{{listen: 127.0.0.1:{port}}}"),
                         str(port), "in use")

    @pytest.mark.parametrize("listen", ["192.0.2.1:9464", "no.such.host.invalid:9464"])
    def test_http_addresses(self, chain, tmp_path, listen):
        self.refused(configuration(chain, tmp_path, http=f'{{listen: "{listen}"}}'), listen)

    def test_all_that_is_wrong_is_told_at_once(self, chain, tmp_path):
        (tmp_path / "journal").write_text("")
        path = configuration(chain, tmp_path, input='{bind: ["tcp://nosuch:1"]}',
                             http="{listen: 192.0.2.1:1}", model=str(tmp_path / "no.safetensors"))
        said = self.refused(path)
        for word in ("nosuch", "192.0.2.1", "no.safetensors", "found a file"):
            assert word in said

    def test_journals_that_cannot_be(self, chain, tmp_path):
        (tmp_path / "file").write_text("")
        self.refused(configuration(chain, tmp_path, journal="{path: file}"), "found a file")
        self.refused(configuration(chain, tmp_path, journal="{path: no/journal}"), "no folder")
        self.refused(configuration(chain, tmp_path, journal="{path: file/journal}"), "journal.path")
        os.mkfifo(tmp_path / "fifo")
        self.refused(configuration(chain, tmp_path, journal="{path: fifo}"), "journal.path")

    def test_a_journal_of_somebody_else(self, chain, tmp_path):
        if os.getuid() != 0:
            pytest.skip("another user is needed")
        (tmp_path / "journal").mkdir(mode=0o755)
        path = configuration(chain, tmp_path)
        for parent in [tmp_path, *tmp_path.parents][:3] + [chain, *chain.parents][:3]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        self.refused(path, "Permission denied", user="nobody", group="nogroup")

    def test_hosts_that_are_not_known_now(self, chain, tmp_path):
        path = configuration(chain, tmp_path, input='{connect: ["tcp://no.such.host.invalid:1"]}')
        self.warned(path, "no.such.host.invalid", "not known now")

    def test_names_of_no_feature(self, chain, tmp_path):
        self.warned(configuration(chain, tmp_path, drift="{ignore_features: [nonsense]}"),
                    "nonsense")

    def test_a_journal_in_memory(self, chain, tmp_path):
        if not pathlib.Path("/dev/shm").is_dir():
            pytest.skip("no tmpfs")
        folder = pathlib.Path(f"/dev/shm/tamis-test-{os.getpid()}")
        try:
            self.warned(configuration(chain, tmp_path, journal=f"{{path: {folder}}}"), "tmpfs")
        finally:
            subprocess.run(["rm", "-rf", folder], check=True)

    @pytest.mark.parametrize("key", ["model", "calibration"])
    @pytest.mark.parametrize("value", ["~/x", "~root/x", "$HOME/x"])
    def test_what_only_a_shell_knows(self, chain, tmp_path, key, value):
        self.refused(configuration(chain, tmp_path, **{key: value}), value, "shell" if "~" in value
                     else "variables")

    def test_model_and_calibration_exchanged(self, chain, tmp_path):
        path = configuration(chain, tmp_path, model=str(chain / "calibration.json"),
                             calibration=str(chain / "model.safetensors"))
        self.refused(path, "found a calibration", "found a model")

    @pytest.mark.parametrize("change", [
        lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")])
    def test_marks_and_line_ends_of_other_editors(self, chain, tmp_path, change):
        path = configuration(chain, tmp_path)
        path.write_bytes(change(path.read_bytes()))
        assert check(path).returncode == 0

    def test_tabs_are_named(self, chain, tmp_path):
        path = configuration(chain, tmp_path, input=None)
        path.write_text(path.read_text() + "input:\n\tbind: [tcp://127.0.0.1:5555]\n")
        self.refused(path, "a tab in the indentation", ":9:1:")

    def test_a_folder_in_place_of_a_file(self, chain, tmp_path):
        self.refused(configuration(chain, tmp_path, model=str(tmp_path)), "a folder")
