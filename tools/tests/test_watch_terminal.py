"""`tamis watch` on terminals of several sizes, against a fixed status with four alarms."""

import http.server
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import struct
import termios
import threading
import time
import fcntl

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILT = ROOT / ".build/release"
if not (BUILT / "tamis").exists():
    pytest.skip("the programs are not built", allow_module_level=True)

LARGEST = 2**64 - 1
ALARMS = [
    ("TamisJournalStalled", "critical", "The pipeline waits for the journal: no space left on device while writing "
     "000001.flagged.writing."),
    ("TamisEventsLost", "warning", "12,345 records lost in the last 5 min."),
    ("TamisDeadTime", "warning", "Input waited for the pipeline 12.3 % of the time."),
    ("TamisFlaggedRateOff", "warning", "loose fires at 2.3 times its target."),
]


def fixed_status():
    status = json.loads((ROOT / "Tests/MonitoringTests/Golden/status.json").read_text())
    status["state"] = "alarm"
    status["alarms"] = [
        {"name": name, "severity": severity, "since": status["time"] - 60, "sentence": sentence,
         "runbook": f"docs/runbook.md#{name.lower()}"} for name, severity, sentence in ALARMS]
    status["ledger"]["received"] = LARGEST
    status["last_flags"][0].update(background_rate=1.44e-10, rate_extrapolated=True)
    status["strangest_flags"][0].update(
        run=2**32 - 1, event=LARGEST, score=3.4e38, background_rate=5.12e-17,
        rate_extrapolated=False)
    return status


# As long as the name of a working point may be; they differ at the end.
NAMES = [f"{place}_working_point_whose_name_has_sixty_four_characters_like_the_{place}x" for place in
         "abcd"]


def long_status():
    """The same with the longest names and counts."""
    status = fixed_status()
    for place, point in enumerate(status["working_points"]):
        point.update(name=NAMES[place], fired=LARGEST, flagged=LARGEST - place)
    status["alarms"][-1]["sentence"] = f"{NAMES[0]} fires at 2.3 times its target."
    for source in status["ledger"]["by_source"]:
        source.update(received=LARGEST, lost=LARGEST - 1, late=LARGEST - 2)
    for flag in status["last_flags"] + status["strangest_flags"]:
        flag.update(run=2**32 - 1, event=LARGEST, working_points=NAMES[:3])
    for feature in status["top_features"]:
        feature["name"] = feature["name"].ljust(64, "_")
    return status


def beyond_status():
    """The same with what JSON cannot say: an infinite score, which has no shares, and an infinite statistic."""
    status = fixed_status()
    for flag in (status["last_flags"][0], status["strangest_flags"][0]):
        flag.update(score=None, top_features=[])
    status["drift"]["checks"][0].update(statistic=None, windows=3, alarm=True)
    return status


def alarming_status():
    """Points of which the rates' alarms say something else than all events since the generation began."""
    status = fixed_status()
    loose, nominal, tight = status["working_points"][:3]
    loose["realised"].update(rate=0.01, lower=0.0099, upper=0.0101)
    loose["rate_test"]["raised"] = "above"
    # Its rate is right, and far from the calibration's.
    nominal["rate_control"].update(target="0.002", target_fpr=0.002)
    nominal["realised"].update(rate=0.002, lower=0.0019, upper=0.0021)
    status["drift"]["checks"].append(
        {"check": "flagged_rate", "statistic": 8.0, "limit": 4.0, "alarm": True, "alarms": 1, "windows": 9,
         "finding": f"{tight['name']}: rate 2e-07 where the calibration expects 1e-07"})
    return status


@pytest.fixture(scope="module")
def url():
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            made = {"/long/status": long_status, "/beyond/status": beyond_status,
                    "/alarming/status": alarming_status}
            status = made.get(self.path, fixed_status)()
            body = json.dumps(status).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Terminal:
    """`tamis watch` in a pseudoterminal."""

    def __init__(self, url, rows, columns):
        self.process_id, self.descriptor = pty.fork()
        if self.process_id == 0:
            os.environ["NO_COLOR"] = "1"
            os.execv(BUILT / "tamis", ["tamis", "watch", "--url", url, "--interval", "60"])
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = b""

    def screen(self, is_there):
        """The lines of the last whole screen, once `is_there` holds for them."""
        deadline = time.monotonic() + 120
        while True:
            if select.select([self.descriptor], [], [], 0.2)[0]:
                self.output += os.read(self.descriptor, 65536)
            drawn = re.findall(rb"\x1b\[H(.*?)\x1b\[J", self.output, re.DOTALL)
            lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line)
                     for line in re.split("\r+\n", drawn[-1].decode())] if drawn else []
            if lines and is_there(lines):
                return lines
            assert time.monotonic() < deadline, lines

    def press(self, keys):
        os.write(self.descriptor, keys)

    def end(self):
        self.press(b"q")
        deadline = time.monotonic() + 120
        while True:
            found, status = os.waitpid(self.process_id, os.WNOHANG)
            if found:
                os.close(self.descriptor)
                return os.waitstatus_to_exitcode(status)
            # What it writes at its end must have room.
            if select.select([self.descriptor], [], [], 0.05)[0]:
                try:
                    os.read(self.descriptor, 65536)
                except OSError:
                    pass
            if time.monotonic() > deadline:
                os.kill(self.process_id, signal.SIGKILL)
                raise AssertionError("q does not end it")


@pytest.mark.parametrize("rows,columns", [(24, 80), (50, 200), (24, 132), (0, 0)])
def test_the_most_important_of_everything_fits(url, rows, columns):
    terminal = Terminal(url, rows, columns)
    rows, columns = rows or 24, columns or 80
    lines = terminal.screen(lambda lines: "overview" in lines[-1])
    assert len(lines) <= rows and max(map(len, lines)) <= columns
    text = "\n".join(lines)
    for _, _, sentence in ALARMS:
        # A sentence that does not fit ends with a whole word and the sign that there is more.
        short = next(line for line in lines if sentence[:30] in line)
        assert sentence in short or columns < 132 and re.search(r"[a-z:] \.\.\.$", short), short
    for word in ["ALARM", "events", "latency", "working point", "ledger", "journal", "output",
                 "drift", "BEYOND", "because"]:
        assert word in text, word
    # A number is whole or not there.
    assert "18,446,744,073,709,551,615" in text
    assert terminal.end() == 0


def test_keys_show_the_rest(url):
    terminal = Terminal(url, 24, 80)
    terminal.screen(lambda lines: "more lines: 5" in lines[-1])
    terminal.press(b"5")
    lines = terminal.screen(lambda lines: "lines 1 to 23 of" in lines[-1])
    count = int(re.search(r"of (\d+)", lines[-1])[1])
    terminal.press(b"j\x1b[B")
    moved = terminal.screen(lambda lines: "lines 3 to 25 of" in lines[-1])
    assert moved[0] == lines[2]
    terminal.press(b"\x1b[6~" * 10)
    terminal.screen(lambda lines: f"to {count} of {count}" in lines[-1])
    terminal.press(b"k\x1b[A\x1b[5~" * 10)
    terminal.screen(lambda lines: "lines 1 to" in lines[-1])
    terminal.press(b"2")
    alarms = terminal.screen(lambda lines: "[2 alarms]" in lines[-1])
    assert all(any(name in line for line in alarms) for name, _, _ in ALARMS)
    terminal.press(b"3")
    terminal.screen(lambda lines: "[3 ledger]" in lines[-1])
    terminal.press(b"4")
    lines = terminal.screen(lambda lines: "[4 flags]" in lines[-1])
    # Numbers that find no room in a line are in the next one, and no number is cut.
    text = " ".join(line.strip() for line in lines)
    assert ("run 4,294,967,295 event 18,446,744,073,709,551,615  score 3.4e+38 rate 5.12e-17"
            in text), text
    assert terminal.end() == 0


@pytest.mark.parametrize("columns", [37, 60, 79, 100])
def test_no_line_ends_within_a_word(url, columns):
    terminal = Terminal(url, 60, columns)
    terminal.screen(lambda lines: len(lines) > 20)
    terminal.press(b"5")
    narrow = terminal.screen(lambda lines: any("Journal" in line for line in lines))
    assert terminal.end() == 0
    whole = subprocess.run([BUILT / "tamis", "watch", "--once", "--url", url], check=True,
                           capture_output=True, text=True, timeout=60).stdout
    known = {word.strip(",;") for word in whole.split()}
    for line in narrow[:-1]:
        assert len(line) <= columns
        # The axis of rates has no letters and no digits.
        words = [word for word in line.removesuffix("...").split() if re.search(r"\w", word)]
        assert not words or words[-1].strip(",;") in known, line


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_long_names_leave_no_number_out(url, columns):
    assert {len(name) for name in NAMES} == {64}
    terminal = Terminal(f"{url}/long", 200, columns)
    overview = terminal.screen(lambda lines: "[1 overview]" in lines[-1])
    terminal.press(b"5")
    everything = terminal.screen(lambda lines: "[5 everything]" in lines[-1])
    assert terminal.end() == 0
    for lines in (overview, everything):
        text = re.sub(r"\s+", " ", " ".join(lines))
        for number in ["0.0101 (0.01 to 0.0101)", "1.02e-07 (5.08e-08 to 1.82e-07)", f"{LARGEST:,}",
                       f"{LARGEST - 2:,}", "source 1: " f"{LARGEST:,} received, {LARGEST - 1:,} lost, "
                       f"{LARGEST - 2:,} late", "31 %", "12.5 %", "rate about 1e-10 (extrapolated)", "2.3 times"]:
            assert number in text, number
        # Of the alarms alone the overview has no more than a line each.
        assert not [line for line in lines if line.endswith(" ...")
                    and not line.startswith((" critical", " warning"))]
    assert not [line for line in everything if line.endswith(" ...")]
    if columns > 64:
        assert all(any(line.strip().startswith(name) for line in everything) for name in NAMES[:3])
    if columns == 80:
        # What is shortened has both its ends.
        assert any(re.match(r"a\w*\.\.\.\w*_ax +0\.01 ", line) for line in overview)


@pytest.mark.parametrize("columns", [36, 60])
def test_the_last_line_says_how_much_is_left(url, columns):
    terminal = Terminal(f"{url}/long", 24, columns)
    lines = terminal.screen(lambda lines: "[1" in lines[-1])
    assert re.fullmatch(r"\[1\] 2 3 4 5 q  \d+ more lines: 5", lines[-1])
    assert terminal.end() == 0


def test_once_prints_everything_whole(url):
    text = subprocess.run([BUILT / "tamis", "watch", "--once", "--url", url], check=True,
                          capture_output=True, text=True, timeout=60).stdout
    assert "18,446,744,073,709,551,615" in text
    assert "strangest" in text
    # A rate from a fitted tail is an order of magnitude.
    assert "rate about 1e-10 (extrapolated) " in text and "rate 1.25e-05 " in text


def test_what_json_cannot_say_is_told_as_what_it_is(url):
    done = subprocess.run([BUILT / "tamis", "watch", "--once", "--url", f"{url}/beyond/"], check=True,
                          capture_output=True, text=True)
    assert len(re.findall(r"score inf \(beyond float32\)", done.stdout)) == 2
    assert "score -" not in done.stdout
    check = beyond_status()["drift"]["checks"][0]["check"]
    assert f"{check} inf (limit " in done.stdout, done.stdout


def test_the_table_does_not_contradict_the_alarms_of_the_rates(url):
    text = subprocess.run([BUILT / "tamis", "watch", "--once", "--url", f"{url}/alarming/"], check=True,
                          capture_output=True, text=True).stdout
    marks = {name: re.search(rf"^{name} .*?(| off| alarm)$", text, re.MULTILINE)[1].strip()
             for name in ("loose", "nominal", "tight")}
    assert marks == {"loose": "alarm", "nominal": "", "tight": "alarm"}, text
    assert re.search(r"^nominal +0\.002 ", text, re.MULTILINE), text
