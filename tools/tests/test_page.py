"""The daemon's page in a real browser, and `tamis watch`, while a burst of anomalies is replayed.

No console error, no request to anybody else, every number shown is the one of /metrics, nothing
sticks out sideways. TAMIS_SCREENSHOTS=FOLDER keeps pictures. Skipped where the programs are not
built; a Chromium must be there, `tools/setup --tests` sees to it.
"""

import http.server
import json
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
import zmq

import browser

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import loopback  # noqa: E402
import tamis_formats as formats  # noqa: E402

BUILT = pathlib.Path(__file__).resolve().parents[2] / ".build/release"
if not (BUILT / "tamisd").exists():
    pytest.skip("the programs are not built", allow_module_level=True)


def tamis(*arguments, timeout=300):
    return subprocess.run([BUILT / "tamis", *map(str, arguments)], check=True, timeout=timeout,
                          capture_output=True, text=True).stdout


class Daemon:
    """A tamisd of its own folder and ports."""

    def __init__(self, folder):
        self.folder = folder
        tamis("simulate", "background", "--events", 4000, "--seed", 1,
              "--out", folder / "train.npy")
        tamis("simulate", "background", "--events", 20000, "--seed", 2, "--run", 2,
              "--out", folder / "calibration.run")
        tamis("simulate", "background", "--events", 6000, "--seed", 3, "--run", 3,
              "--out", folder / "background.run")
        tamis("simulate", "anomalies", "--events", 200, "--seed", 4, "--run", 4,
              "--anomaly-scale", 4,
              "--out", folder / "anomalies.run")
        tamis("train", "--background", folder / "train.npy", "--out", folder / "m.safetensors",
              "--steps", 100, "--hidden", 32, "--blocks", 1)
        tamis("calibrate", "--model", folder / "m.safetensors", "--background",
              folder / "calibration.run", "--working-point", "loose=1e-2", "--working-point",
              "tight=1e-3", "--out", folder / "c.json")
        self.input, output, self.http = loopback.free_ports(3)
        self.url = f"http://127.0.0.1:{self.http}"
        (folder / "tamisd.yaml").write_text(
            f"model: m.safetensors\ncalibration: c.json\ninput:\n  pattern: pull\n"
            f"  bind: [tcp://127.0.0.1:{self.input}]\noutput:\n  pattern: pub\n"
            f"  bind: [tcp://127.0.0.1:{output}]\njournal:\n  path: journal\n"
            f"unbiased:\n  prescale: 100\nhttp:\n  listen: 127.0.0.1:{self.http}\n")
        self.start()

    def start(self):
        with open(self.folder / "tamisd.log", "ab") as log:
            self.process = subprocess.Popen(
                [BUILT / "tamisd", "--config", self.folder / "tamisd.yaml"], stderr=log)
        deadline = time.monotonic() + 120
        while True:
            try:
                return self.get("/healthz")
            except urllib.error.URLError:
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as reply:
            return reply.read().decode()

    def metrics(self):
        pairs = (line.rsplit(" ", 1) for line in self.get("/metrics").splitlines()
                 if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def replay(self, run, rate):
        tamis("replay", self.folder / run, "--connect", f"tcp://127.0.0.1:{self.input}",
              "--pattern", "push", "--pace", f"{rate}/s", "--batch", 16)

    def send_largest_numbers(self):
        """An event whose numbers are as long as they can be, and that is flagged."""
        self.sequence = getattr(self, "sequence", 0) + 1
        events = formats.new_events(
            1, 64, kind=formats.EVENT, run=2**32 - 1, source=2**16 - 1, time_ns=time.time_ns(),
            sequence=self.sequence, event=2**64 - 1)
        events["features"] = 30.0
        with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
            sender.connect(f"tcp://127.0.0.1:{self.input}")
            sender.send(formats.seal(events).tobytes())

    def wait_for_scored(self, count):
        deadline = time.monotonic() + 120
        while self.metrics()["tamis_events_scored_total"] < count:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("page"))
    yield daemon
    if daemon.process.poll() is None:
        daemon.stop()


@pytest.fixture(scope="module")
def page(daemon, tmp_path_factory):
    page = browser.Browser(tmp_path_factory.mktemp("browser"))
    page.resize(1280, 900)
    page.open(daemon.url + "/")
    page.wait_for("document.body?.dataset.time > 0")
    yield page
    page.close()


def keep_screenshot(page, name):
    if folder := os.environ.get("TAMIS_SCREENSHOTS"):
        page.screenshot(f"{folder}/{name}.png")


def redrawn(page, times):
    """Waits until the page has been drawn so often with a newer status."""
    for _ in range(times):
        page.wait_for(f"document.body.dataset.time > {page.evaluate('document.body.dataset.time')}")


def shown_metrics(page):
    return page.evaluate(
        "[...document.querySelectorAll('[data-metric]')].map(each => "
        "[each.dataset.metric, Number(each.dataset.value), each.textContent])")


def number(text):
    """A rounded number of the page, with commas between groups and perhaps a unit."""
    match = re.fullmatch(r"([-\d.,]+(?:e-?\d+)?)(?:\u00a0(kB|MB|GB|TB|B))?", text)
    scale = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}.get(match[2], 1)
    return float(match[1].replace(",", "")) * scale


def test_page_shows_what_metrics_say(daemon, page):
    before = daemon.metrics()["tamis_events_scored_total"]
    daemon.replay("background.run", 3000)
    daemon.replay("anomalies.run", 400)
    daemon.wait_for_scored(before + 6200)
    # Quiet now: page and metrics must meet.
    deadline = time.monotonic() + 120
    while daemon.metrics()["tamis_ring_records"] > 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    redrawn(page, 3)
    shown = shown_metrics(page)
    metrics = daemon.metrics()
    assert len(shown) > 35
    for name, value, text in shown:
        assert name in metrics
        if value is None:  # NaN, as the browser hands it over.
            assert math.isnan(metrics[name]) and text == "–", name
            continue
        assert value == pytest.approx(metrics[name], rel=1e-12), name
        assert number(text) == pytest.approx(value, rel=0.006), (name, text)
    assert metrics['tamis_events_flagged_total{working_point="tight"}'] > 100
    assert page.evaluate("document.querySelectorAll('#features .name').length") == 10
    assert page.evaluate("document.querySelectorAll('#flags tbody tr').length") == 8
    assert page.evaluate("document.querySelectorAll('#strangest tbody tr').length") == 8


# Numbers of which a part is in another line, beside the window, or hidden by an element.
BROKEN_NUMBERS = """(() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, parents = [];
    for (let each = text.parentElement; each; each = each.parentElement) parents.push(each);
    // Of a line that is too long whole words are left out.
    if (parents.some(each => each.tagName == "SUMMARY") && parents[0].className == "word") continue;
    const frames = parents.filter(each => getComputedStyle(each).overflowX != "visible")
      .map(each => each.getBoundingClientRect());
    for (const match of text.data.matchAll(/[\\d.,]*\\d/g)) {
      const range = document.createRange();
      range.setStart(text, match.index);
      range.setEnd(text, match.index + match[0].length);
      const parts = [...range.getClientRects()].filter(part => part.width > 0);
      const lines = new Set(parts.map(part => Math.round(part.top)));
      const isIn = (part, frame) => part.left >= frame.left - 1 && part.right <= frame.right + 1;
      // What a fold hides altogether is not cut.
      const isCut = part => frames.some(frame =>
        !isIn(part, frame) && part.left < frame.right && part.right > frame.left);
      if (lines.size > 1 || parts.some(part => isCut(part)
          || part.left < innerWidth && part.right > innerWidth + 1))
        found.push(`${match[0]} in ${parents[0].tagName} ${parents[0].className}`);
    }
  }
  return found;
})()"""


@pytest.mark.parametrize("width,height", [
    (1280, 900), (400, 800), (390, 844), (1920, 1080)])
def test_nothing_sticks_out(daemon, page, width, height):
    daemon.send_largest_numbers()
    page.wait_for("document.body.textContent.includes('18446744073709551615')")
    page.resize(width, height)
    page.wait_for(f"window.innerWidth == {width}")
    redrawn(page, 2)
    assert page.evaluate(BROKEN_NUMBERS) == []
    table = page.evaluate("(() => { const table = document.getElementById('flags');"
                          "return table.scrollWidth - table.clientWidth; })()")
    assert table <= 1, "the last flagged events do not have to be scrolled"
    for is_dark in (False, True):
        page.dark(is_dark)
        keep_screenshot(page, f"page-{width}{'-dark' if is_dark else ''}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Nothing inside is cut off either, but for tables that may be scrolled.
    cut = page.evaluate(
        "[...document.querySelectorAll('.card, .tile, header')].filter(each => "
        "each.scrollWidth > each.clientWidth + 1).map(each => each.innerText.slice(0, 40))")
    assert cut == []


LARGEST = 2**64 - 1
# As many characters as the name of a working point may have.
LONG = "the_name_of_a_working_point_that_has_sixty_four_characters_in_it"


def with_largest_counts(status):
    """Every count as large as it can be; a place for each source, with a number of 10 digits."""
    def largest(part):
        if isinstance(part, dict):
            return {key: largest(each) for key, each in part.items()}
        if isinstance(part, list):
            return [largest(each) for each in part]
        return LARGEST if isinstance(part, int) and not isinstance(part, bool) else part

    for key in ("ledger", "journal", "output", "connections", "process", "catch_up", "reloads"):
        status[key] = largest(status[key])
    for point in status["working_points"]:
        point.update(fired=LARGEST, flagged=LARGEST, flagged_alone=LARGEST,
                     prescale_in_force=2**32 - 1)
    source = status["ledger"]["by_source"][0]
    status["ledger"]["by_source"] = [{**source, "source": str(2**32 - 1 - each)} for each in range(64)]


def with_long_names(status):
    """Sixteen working points with the longest names, and features with longer ones."""
    names = [LONG[:-2] + f"{each:02}" for each in range(16)]
    status["working_points"] = [{**status["working_points"][0], "name": name} for name in names]
    status["history"]["working_points"] = names
    for point in status["history"]["points"]:
        point["flagged_per_second"] = [1.0] * len(names)
    for flag in status["last_flags"] + status["strangest_flags"]:
        flag["working_points"] = names
        for each in flag["top_features"]:
            each["name"] = "f" * 200
    for each in status["top_features"] + status["drift"]["features_most_off"]:
        each["name"] = "f" * 200


def with_wide_rows(status):
    """Ordinary numbers that together are a little wider than the table of the working points."""
    for point in status["working_points"]:
        point.update(fired=77_236_144, flagged=7_723_611, flagged_alone=7_651_711,
                     prescale_in_force=0, threshold=2931.2249)
        point["realised"].update(rate=1.019e-7, lower=5.084e-8, upper=1.8224e-7)


def with_beyond(status):
    """What JSON cannot say: infinite scores, which have no shares, and an infinite statistic."""
    for flag in status["last_flags"] + status["strangest_flags"]:
        flag.update(score=None, top_features=[])
    status["drift"]["checks"][0].update(statistic=None, windows=3)
    for feature in status["drift"]["features_most_off"][:1]:
        feature["deviation"] = None


def with_rate_alarms(status):
    """Points that are on target since the generation began, and alarms that say otherwise of lately."""
    point = status["working_points"][0]
    point["realised"].update(rate=0.01, lower=0.0099, upper=0.0101)
    point.update(target_fpr=0.01, calibrated_fpr_interval=[0.0098, 0.0102], rate_control=None,
                 rate_test={"target": 0.01, "evidence_above": 4, "evidence_below": -4, "limit": 3.6,
                            "raised": None})
    control = {"target": "0.02", "target_fpr": 0.02, "factor": 0.9, "factor_min": 0.5, "factor_max": 2.0,
               "at_limit": False, "steps": 9, "hold": "none"}
    status["working_points"] = [
        {**point, "name": "tested", "rate_test": {**point["rate_test"], "raised": "above"}},
        {**point, "name": "checked"}, {**point, "name": "calm"},
        # Its rate is right, and far from the calibration's.
        {**point, "name": "held", "rate_control": control,
         "realised": {**point["realised"], "rate": 0.02, "lower": 0.0199, "upper": 0.0201}}]
    checks = [each for each in status["drift"]["checks"] if each["check"] != "flagged_rate"]
    status["drift"]["checks"] = [
        *checks,
        {"check": "flagged_rate", "statistic": 8.0, "limit": 4.0, "alarm": True, "alarms": 1, "windows": 9,
         "finding": "checked: rate 0.015 where the calibration expects 0.01"}]


@pytest.mark.parametrize("changed", [with_largest_counts, with_long_names, with_wide_rows, with_beyond,
                                     with_rate_alarms])
def test_extremes_find_room(daemon, tmp_path, changed):
    """The daemon's own page, over a status that no daemon reaches in a test."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            body = daemon.get(self.path).encode()
            if self.path == "/status":
                status = json.loads(body)
                changed(status)
                body = json.dumps(status).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.Browser(tmp_path)
        try:
            for width, height in ((1280, 900), (390, 844)):
                page.resize(width, height)
                page.open(f"http://127.0.0.1:{server.server_port}/")
                page.wait_for(f"window.innerWidth == {width} && document.body?.dataset.time > 0")
                keep_screenshot(page, f"{changed.__name__}-{width}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate(BROKEN_NUMBERS) == []
                if changed is with_beyond:
                    check_beyond(page)
                if changed is with_rate_alarms:
                    check_rate_words(page)
        finally:
            page.close()
            server.shutdown()


def check_beyond(page):
    for part in ("flags", "strangest"):
        rows = page.evaluate(f"[...document.querySelectorAll('#{part} tbody tr')].map(each => each.innerText)")
        assert rows and all("∞" in row and "no shares: the score is beyond float32" in row for row in rows), rows
    assert "∞" in page.evaluate("document.querySelector('#drift tbody tr').innerText")


def check_rate_words(page):
    words = page.evaluate(
        "[...document.querySelectorAll('#points-chart .name')].map(each => each.textContent)")
    assert words == ["tested: above target (alarm)", "checked: off target (alarm)", "calm: on target",
                     "held: held at 0.02"]
    # Two whose alarm is on; the mark in the legend is not one of them.
    assert page.evaluate("document.querySelectorAll('#points-chart .fout').length") == 2
    assert "realised since generation 1" in page.evaluate(
        "document.querySelector('#points-chart .legend').textContent")


@pytest.mark.parametrize("width", [1920, 390])
def test_the_working_points_say_since_when_each_number_counts(page, width):
    page.resize(width, 900)
    page.wait_for(f"window.innerWidth == {width}")
    time.sleep(1.5)
    text = re.sub(r"\s+", " ", page.evaluate("document.getElementById('points').innerText"))
    keep_screenshot(page, f"points-{width}")
    assert re.search(r"realised \(95.%\) since generation 1\b", text), text
    for name in ("fired", "flagged", "by it alone"):
        assert f"{name} since start" in text, text
    assert "since this model and calibration came into force" in text
    for part in ("ledger", "keeping"):
        assert "since the start." in page.evaluate(f"document.getElementById('{part}').innerText")
    assert "stream since start" in page.evaluate("document.getElementById('score-chart').textContent")


def test_page_outlives_the_daemon(daemon, page):
    assert page.complaints == []
    daemon.stop()
    page.wait_for("document.getElementById('state').textContent == 'AWAY'")
    assert "TamisDown" in page.evaluate("document.getElementById('alarms').textContent")
    keep_screenshot(page, "page-away")
    complaints = len(page.complaints)
    daemon.start()
    page.wait_for("document.getElementById('state').textContent != 'AWAY'")
    assert "TamisDown" not in page.evaluate("document.getElementById('alarms').textContent")
    # The browser itself complains of the refused connections, and of nothing else.
    assert all("ERR_" in each for each in page.complaints[:max(complaints, 1)])
    page.evaluate("1")
    assert all("ERR_" in each for each in page.complaints)


def test_nobody_else_is_asked(daemon, page):
    redrawn(page, 5)
    assert len(page.requests) > 5
    assert [each for each in page.requests
            if not each.startswith((daemon.url + "/", "data:"))] == []


def test_watch_prints_the_same(daemon):
    text = tamis("watch", "--url", daemon.url, "--once")
    metrics = daemon.metrics()
    scored = int(metrics["tamis_events_scored_total"])
    assert f"scored {scored:,}".replace(",", " ") in text
    assert re.search(r"^loose +0\.01 ", text, re.MULTILINE)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_watch_says_when_nobody_answers(daemon):
    port = loopback.free_port()
    watch = subprocess.run(
        [BUILT / "tamis", "watch", "--once", "--url", f"http://127.0.0.1:{port}"],
        capture_output=True, text=True, timeout=60, check=False)
    assert watch.returncode == 1 and watch.stdout == ""
    assert "Connection refused; is tamisd running" in watch.stderr


def test_promtool_finds_nothing_to_improve(daemon):
    checked = subprocess.run(["promtool", "check", "metrics"], input=daemon.get("/metrics"),
                             capture_output=True, text=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
