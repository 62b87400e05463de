"""Pages and markup: what is told once, what is left alone, and what real pages save."""

from __future__ import annotations

import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import policy, tokens
from headroom.compressors.html import MARK, Html
from headroom.errors import FormatError
from headroom.types import Facts, ToolCall
from tests.samples import SHARED

PAGES = SHARED / "data" / "html" / "readability-pages.tar.gz"

HTML = Html()
CARD = [
    '  <div class="card">', '    <img src="/heron.jpg" alt="heron" loading="lazy">',
    "    <p>Oars and a map come along.</p>",
    '    <button type="submit" class="primary">Book this boat</button>', "  </div>",
]  # fmt: skip
PAGE = "\n".join(["<!DOCTYPE html>", "<html>", "<body>", *CARD, "  <h2>More</h2>", *CARD, "</body>", "</html>", ""])
XML = (
    '<?xml version="1.0"?>\n<list>\n'
    + "".join(f"  <boat id='{n}'>\n    <oars/>\n  </boat>\n" for n in range(9))
    + "</list>"
)
FRAGMENT = "".join(f'<li><a href="/b/{n}.html">boat {n}</a></li>\n' for n in range(20))
FEW_TAGS = "<status>not ready</status>\n\n<output>\n" + "one of the boats is not back\n" * 9 + "</output>\n"
GENERICS = "fn open<T>(name: Vec<String>) -> Box<dyn Any> {\n    find::<T>(name)\n}\n" * 5
JSX = "export function App() {\n  const n = use(1);\n  return (\n    <p>\n      {n}\n    </p>\n  );\n}\n" * 4

markup = st.lists(
    st.sampled_from(
        [*CARD, "<p>", "</p>", "", "@p", "\\", "[line above ×2]", "[= lines 1-4 above]", " x", "é\r", "\u2028"]
    ),
    max_size=40,
).map("\n".join)


def rendered(text: str, call: ToolCall | None = None) -> str | None:
    facts = Facts(text, call)
    rendering = HTML.encode(facts)
    assert rendering is None or HTML.verify(facts, rendering)
    return rendering


@pytest.mark.parametrize("text", [PAGE, XML, FRAGMENT, PAGE.replace("\n", "\r\n")], ids=["page", "xml", "part", "crlf"])
def test_markup_is_recognised(text: str) -> None:
    assert HTML.fit(Facts(text)) > 0.25


@pytest.mark.parametrize(
    "text", [FEW_TAGS, GENERICS, JSX, "", "<p>short</p>"], ids=["wrap", "rust", "jsx", "none", "short"]
)
def test_tags_in_something_else_make_no_page(text: str) -> None:
    assert HTML.fit(Facts(text)) == 0.0


def test_a_block_that_stands_again_is_told_by_its_lines() -> None:
    rendering = rendered(PAGE)

    assert rendering is not None
    assert rendering.startswith(MARK)
    assert rendering.split("\n")[-4:] == ["[= lines 4-8 above]", "</body>", "</html>", ""]
    assert rendering.count("Book this boat") == 1


@pytest.mark.parametrize(
    ("args", "stays"),
    [
        ({"file_path": "site/index.html"}, True),
        ({"command": "cd site && cat index.html"}, True),
        ({"command": ["bash", "-lc", "sed -n 1,80p index.html"]}, True),
        ({"command": "curl -s https://boats.example.org | head -80"}, False),
        ({"url": "https://boats.example.org/cat"}, False),
        ({}, False),
    ],
)
def test_a_file_that_may_be_edited_next_stays_and_a_fetched_page_does_not(args: dict[str, object], stays: bool) -> None:
    assert (rendered(PAGE, ToolCall(name="Bash", args=args)) is None) == stays


def test_nothing_is_said_of_a_page_that_repeats_nothing() -> None:
    lines = [f"<{tag}>{tag * 3}</{tag}>" for tag in ("h1", "p", "em", "ul", "li", "td", "b", "code")]

    assert rendered("\n".join(lines)) is None


@given(markup)
def test_every_byte_comes_back(text: str) -> None:
    rendering = rendered(text)
    if rendering is not None:
        assert HTML.decode(rendering) == text


@pytest.mark.parametrize("garbage", ["", "<p>", f"{MARK}nothing known]\n<p>", f"{MARK}= lines: those lines]"])
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(FormatError):
        HTML.decode(garbage)


@pytest.mark.skipif(not PAGES.exists(), reason="the recorded pages are not on this machine")
def test_all_recorded_pages_are_recognised_and_large_ones_carry_what_is_saved() -> None:
    count = tokens.counter().count
    before = after = 0
    with tarfile.open(PAGES) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.name.endswith("source.html") else None
            if file is None:
                continue
            text = file.read().decode("utf-8")
            assert HTML.fit(Facts(text)) > 0.25, member.name
            size = count(text)
            rendering = rendered(text)
            small = size if rendering is None else count(rendering)
            before += size
            after += small if policy.pays(size, small) else size

    assert 1 - after / before > 0.06  # half of the pages save less than 3 %
