"""Every number on the page of `tamis evaluate` is a rounding of one in report.json.

Skipped where the program is not built.
"""

import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

TAMIS = pathlib.Path(__file__).resolve().parents[2] / ".build/release/tamis"
if not TAMIS.exists():
    pytest.skip("the program is not built", allow_module_level=True)


def tamis(*arguments):
    subprocess.run([TAMIS, *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    for name, kind, count, seed in (("train", "background", 3000, 1),
                                    ("calibration", "background", 3000, 2),
                                    ("test", "background", 5000, 3),
                                    ("anomalies", "anomalies", 200, 4)):
        tamis("simulate", kind, "--events", count, "--seed", seed, "--out",
              folder / f"{name}.npy")
    model = folder / "m.safetensors"
    tamis("train", "--background", folder / "train.npy", "--out", model, "--steps", 60,
          "--hidden", 32, "--blocks", 1)
    tamis("calibrate", "--model", model, "--background", folder / "calibration.npy",
          "--working-point", "loose=1e-1", "--working-point", "tight=1e-2",
          "--out", folder / "c.json")
    tamis("evaluate", "--model", model, "--calibration", folder / "c.json",
          "--background", folder / "test.npy", "--anomalies", f"s={folder / 'anomalies.npy'}",
          "--bootstrap", 100, "--report", folder / "report", "--pictures", folder / "pictures",
          "--title", "Is <it> blind?")
    text = (folder / "report/report.html").read_text()
    return text, json.loads((folder / "report/report.json").read_text()), folder / "pictures"


class Page(html.parser.HTMLParser):
    """The text of the page, without style sheets, and without the numbers of axes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.addresses = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "link", "path", "line", "rect", "circle", "polyline"):
            self.open.append((tag, dict(attributes).get("class", "")))
        self.addresses += [value for key, value in attributes if key in ("src", "href")]

    def handle_endtag(self, tag):
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        is_axis = "svg" in tags and self.open[-1][1] == "" and "text" in tags
        if not {"style", "head"} & set(tags) and not is_axis and "hash" not in [
                name for _, name in self.open]:
            self.texts.append(data)


# Long lists that are drawn and not written: among so many numbers any would be found.
DRAWN = ("points", "roc", "counts", "loss_history")


def numbers_of(value):
    if isinstance(value, dict):
        return [n for name, member in value.items() if name not in DRAWN
                for n in numbers_of(member)]
    if isinstance(value, list):
        return [n for element in value for n in numbers_of(element)]
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, str):
        return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", value)]
    return [float(value)]


def test_every_number_is_in_the_json(report):
    text, json_report, _ = report
    known = numbers_of(json_report)
    for model in json_report["models"]:
        losses = model["training"]["loss_history"]
        known += [losses[0][1], losses[-1][1]]
    # What the page says in other units or as lengths of lists.
    known += [100 * n for n in known] + [n / 3.6e6 for n in known]
    known += [n for histogram in json_report["score_histograms"]
              for n in (len(histogram["background"]["counts"]),)]
    known.append(len(json_report["features"]["histograms"]))
    known += [len(cloud["points"]) for cloud in json_report["components"]["scatter"]]
    known += [round(pair["overlap"] * event["agreement"]["top"])
              for model in json_report["strangest"] for sample in model["samples"]
              for event in sample["events"] for pair in event["agreement"]["pairs"]]
    # Constants of the method, named in sentences: one half, central 99.6 %, 5 sigma, 3e-7, SHA-256.
    known += [0.5, 99.6, 5, 3e-7, 256, 1, 2, 10]
    page = Page(text)
    joined = "\n".join(page.texts)
    missing = []
    for token in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\w)", joined):
        digits = token.lstrip("-").split("e")[0]
        places = len(digits.split(".")[1]) if "." in digits else 0
        exponent = int(token.split("e")[1]) if "e" in token else 0
        step = 10.0 ** (exponent - places)
        # Significant digits without a point, such as 1234 for 1234.4, round at the unit.
        if not any(abs(float(token) - n) <= 0.5000001 * step for n in known):
            missing.append(token)
    assert missing == []


def test_the_page_asks_for_nothing(report):
    text, _, _ = report
    page = Page(text)
    assert all(address.startswith(("#", "data:")) for address in page.addresses)
    assert "<script" not in text and "url(" not in text and "@import" not in text
    assert "default-src 'none'" in text
    assert page.open == []


def test_the_title_is_the_users(report):
    text, json_report, _ = report
    assert "<h1>Is &lt;it&gt; blind?</h1>" in text and json_report["title"] == "Is <it> blind?"


def test_each_picture_is_a_file(report):
    text, _, folder = report
    pictures = sorted(folder.glob("*.svg"))
    assert len(pictures) == text.count("<figure>")
    for picture in pictures:
        content = picture.read_text()
        root = xml.etree.ElementTree.fromstring(content)
        assert root.tag == "{http://www.w3.org/2000/svg}svg" and float(root.get("width")) > 100
        # Programs for slides know neither variables nor scripts.
        assert "var(" not in content and "<script" not in content
        if shutil.which("rsvg-convert"):
            assert picture.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")


def test_a_threshold_of_too_few_events_reads_the_same(report):
    text, _, _ = report
    assert "too few events</span>" in text and text.count('Where it says') == 1
