"""Pages and other markup: HTML, XML, SVG, feeds.

What a page repeats (menus, cards, footers, inline styles) is told by reference to its first place, and beginnings that
neighbouring lines share stand above them. Tags, indentation and order stay. The text of a
file that is likely to be edited stays as it is. See `codec` for the notation.

An outline is the text of a page as a browser shows it. It is no choice of lines: its one notice names them all, and
what is checked is that every word of it stands in the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compressors._exact import ByteExact
from headroom.compressors._html import words
from headroom.compressors._html.page import Shown, shown
from headroom.compressors._lines import codec
from headroom.compressors._texture import shows_file, texture
from headroom.notices import read
from headroom.types import Facts, Notices, Omission, Outline, PartClass

MARK = "[html codes: "

STEPS = ("references", "headings")

OPENING = 2_000
"""Characters within which a page says that it is one; headers of a reply may stand before."""

MAX_PAGE = 4_000_000
"""Longer texts are no pages, and would keep a parser busy for seconds."""

MIN_SHOWN, MIN_SHARE, SURELY_SHOWN = 600, 0.02, 4_000
"""Characters that a browser must show, and as a share of the page if they are not as many as an article has: of a page
that scripts fill, the scripts are the news."""

WHAT = "markup, scripts and styles of the page"
WHAT_MENUS = "markup, scripts, styles and menus of the page"

_PAGE = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\w+://\S+")
_CODE = re.compile(r"[<>{};=]|\w\(|^\s*\)")
_ASKED = re.compile(r"\w+(?:[-_:]+\w+)*")
_OF_MARKUP = frozenset(
    (
        "css", "dom", "div", "html5", "markup", "scrape", "scraper", "scraping", "selector", "selectors", "span",
        "stylesheet", "svg", "xpath",
    )
)  # fmt: skip
"""Words of questions about the markup itself."""

MIN_MENU_WORD = 4


class Html(ByteExact):
    """References to repeated blocks, shared beginnings; the readable text of a page."""

    name = "html"
    version = 3
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def fit(self, facts: Facts) -> float:
        return texture(facts).fit("markup")

    def encode(self, facts: Facts) -> str | None:
        return None if shows_file(facts.call) else codec.encode(facts.text, STEPS, MARK)

    def decode(self, rendering: str) -> str:
        return codec.decode(rendering, MARK)

    def outline(self, facts: Facts, notices: Notices, deep: bool) -> Outline | None:
        page = facts.text
        if shows_file(facts.call) or len(page) > MAX_PAGE or _PAGE.search(page, 0, OPENING) is None:
            return None
        made = shown(page)
        asked = set(_ASKED.findall(_ADDRESS.sub(" ", facts.query or "").lower()))
        if made is not None and asked & _only_in(made.menus, made.text):
            made = shown(page, keep_menus=True)
        least = max(MIN_SHOWN, min(MIN_SHARE * len(page), SURELY_SHOWN))
        if made is None or len(made.text) < least or _about_markup(asked, made, page):
            return None
        what = WHAT_MENUS if made.menus else WHAT
        omission = Omission(unit="lines", first=1, last=len(facts.lines), what=what)
        return Outline(
            f"{made.text}\n\n{notices.write(omission)}",
            (omission,),
            source=f"{made.text}\n{_beside(facts.lines, made.text)}",
        )

    def restored(self, facts: Facts, outline: str) -> bool:
        text, _, last = outline.rpartition("\n")
        omission = read(last)
        whole = omission is not None and (omission.unit, omission.first, omission.last) == (
            "lines", 1, len(facts.lines),
        )  # fmt: skip
        return whole and words.stand_in(text, facts.text)


def _beside(lines: Sequence[str], shown: str) -> str:
    """The lines of a page that are neither markup nor script and that its text does not show: what a tool printed
    amid a page must not go with the page."""
    said = " ".join(shown.split())
    return "\n".join(
        line for line in lines if line.strip() and not _CODE.search(line) and " ".join(line.split()) not in said
    )


def _only_in(menus: str, text: str) -> set[str]:
    """The words of the menus that the text does not hold."""
    found = {word for word in _ASKED.findall(menus.lower()) if len(word) >= MIN_MENU_WORD}
    return found - set(_ASKED.findall(text.lower()))


def _about_markup(asked: set[str], made: Shown, page: str) -> bool:
    """True if a question names the markup itself, or a compound (a class, an attribute) that stands nowhere else."""
    named = {word for word in asked if not word.isalnum()}
    low = page.lower()
    seen = f"{made.text} {made.menus}".lower()
    return bool(asked & _OF_MARKUP) or any(word in low and word not in seen for word in named)
