"""The code of the products' articles is code that is compiled and tested."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARTICLES = {
    "EmbedTheEngine": "Tests/ScoreEngineTests/EmbeddingArticleTests.swift",
    "BuildAReader": "Tests/RunFilesTests/ReaderArticleTests.swift",
}


def articles():
    return sorted(ROOT.glob("Sources/*/*.docc/*.md"))


@pytest.mark.parametrize("article", articles(), ids=lambda path: path.stem)
def test_code_is_that_of_a_test(article):
    code = re.findall(r"^```swift\n(.*?)^```$", article.read_text(), re.MULTILINE | re.DOTALL)
    if article.stem not in ARTICLES:
        assert code == []
        return
    test = (ROOT / ARTICLES[article.stem]).read_text()
    parts = re.findall(
        rf"^// begin: {article.stem}\n(.*?)^// end: {article.stem}$", test, re.MULTILINE | re.DOTALL)
    for line in re.findall(r"^import \w+$", "".join(code), re.MULTILINE):
        assert line in test
    assert [re.sub(r"^import \w+\n+", "", each, flags=re.MULTILINE) for each in code] == parts
