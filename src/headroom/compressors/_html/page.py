"""The text of a page as a browser shows it, by the standard library's parser.

Headings, lists, tables, links and code keep a plain sign of what they are, and fields of forms the names by which alone
they can be filled in; scripts, styles, hidden elements and menus go. A page that is not closed where something would go
is refused, since its text may stand in there: losing markup is the aim, losing what a reader sees is the error.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

SPACE, LINE, BLANK = 1, 2, 3
"""What separates a text from the one before, the strongest wins."""

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object", "canvas", "audio", "video"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)
_HEADINGS = {"title": "# ", **{f"h{n}": f"{'#' * n} " for n in range(1, 7)}}
_BREAKS = {
    **dict.fromkeys(("p", "ul", "ol", "dl", "table", "blockquote", "figure", "pre", *_HEADINGS), BLANK),
    **dict.fromkeys(
        (
            "address", "article", "aside", "body", "br", "caption", "dd", "details", "dialog", "div", "dt", "fieldset",
            "figcaption", "footer", "form", "head", "header", "hr", "html", "legend", "li", "main", "menu", "nav",
            "option", "section", "select", "summary", "tr",
        ),
        LINE,
    ),
    **dict.fromkeys((*_UNSEEN, "button", "img", "input", "textarea"), SPACE),
}  # fmt: skip
_ITEMS = frozenset({"li", "dt", "dd", "option"})
_CELLS = frozenset({"td", "th"})
_ENDED_BY = {
    "li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "option": ("option",), "td": ("td", "th", "p"),
    "th": ("td", "th", "p"), "tr": ("td", "th", "tr", "p"), "a": ("a",),
    **dict.fromkeys(("p", "div", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "section", "form"), ("p",)),
}  # fmt: skip
"""The open elements that a new one closes, as far as they are the innermost."""

_MENUS = frozenset({"nav", "header", "footer", "aside", "menu"})
_MENU_ROLES = frozenset({"navigation", "menu", "menubar", "banner", "contentinfo"})
MENU_LINKS = 0.6
"""An element that may be a menu is one if at least this share of its text is links."""

_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_USELESS = re.compile(r"\s*(?:#|javascript:|data:|about:|blob:|\Z)", re.IGNORECASE)
_TRACKING = re.compile(r"[?&](?:utm_\w+|fbclid|gclid|mc_cid|ref_src|igshid)=.*", re.DOTALL)
MAX_HREF = 200
"""An address above this is a token or a tracker, and nothing a reader would open by hand."""

_FIELDS = frozenset({"input", "select", "textarea"})
_NAME = re.compile(r"[\w.:$\[\]-]{1,80}")
_NO_FIELDS = ("hidden", "submit", "button", "image", "reset")
"""What kinds of `input` nobody fills in."""

MAX_UNCLOSED = 200
"""More signs that open something and are never closed than this are no page, and some parsers look for the end of each
through all the rest."""

MAX_DEPTH = 500
"""Deeper pages are not pages that a person wrote."""


class _Open(NamedTuple):
    """An open element: the places of its first piece, and of its letters and those in links before it."""

    tag: str
    hidden: bool
    menu: bool
    href: str
    start: int
    letters: int
    linked: int


class Shown(NamedTuple):
    """What a page shows."""

    text: str
    menus: str
    """The text of the menus, which `text` does not hold."""


class _Address(str):
    """Where a link goes, as it stands behind the link's text."""

    __slots__ = ()


def shown(page: str, keep_menus: bool = False) -> Shown | None:
    """The readable text of a page, with its menus if asked for; None where nobody can tell what a browser shows."""
    if any(
        page.count(start) - page.count(end) > MAX_UNCLOSED for start, end in (("<!--", "-->"), ("<![CDATA[", "]]>"))
    ):
        return None
    if any(stretch.count("<") > MAX_UNCLOSED for stretch in page.split(">")):
        return None
    reader = _Reader()
    try:
        reader.feed(page)
        reader.close()
    except (AssertionError, ValueError):  # what the parser says of declarations it does not know
        return None
    return reader.told(keep_menus)


class _Reader(HTMLParser):
    """One pass over a page: `pieces` are what a browser shows, parted by line feeds and blanks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.menus: list[tuple[int, int]] = []
        self.open: list[_Open] = []
        self.lists: list[int | None] = []  # the next number, None for lists without
        self.break_: int = 0
        self.cells = 0  # how many cells began since the last text of their row
        self.in_row = False
        self.form = (0, "")  # of the last form the piece that may say how it is sent, and what it would say
        self.sign = ""  # what stands before the next text: of a heading, an item
        self.hidden = self.verbatim = self.letters = self.linked = 0
        self.too_deep = False

    def told(self, keep_menus: bool) -> Shown | None:
        """What was read, with or without its menus."""
        if self.too_deep or any(one.hidden for one in self.open):
            return None
        while self.open:
            self._close()
        pieces, menus, at = [], [], 0
        for start, stop in sorted(self.menus):
            if stop > at:
                pieces += self.pieces[at:start]
                menus += self.pieces[max(at, start) : stop]
                at = stop
        whole = self.pieces if keep_menus else pieces + self.pieces[at:]
        return Shown(_tidy(whole), _tidy([] if keep_menus else menus))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._end_implied(tag)
        if tag in ("td", "th"):
            self.cells += self.in_row
            self.in_row = True
        else:
            self._break(tag)
        if tag == "tr":
            self.cells, self.in_row = 0, False
        if tag in _VOID:
            self._void(tag, given)
            return
        if tag == "form":
            self.form = (len(self.pieces), _form(given))
            self.pieces.append("")
        hidden = tag in _UNSEEN or _is_hidden(tag, given)
        menu = tag in _MENUS or given.get("role", "").lower() in _MENU_ROLES
        href = given.get("href", "") if tag == "a" else ""
        if len(self.open) == MAX_DEPTH:
            self.too_deep = True
            return
        self.open.append(_Open(tag, hidden, menu, href, len(self.pieces), self.letters, self.linked))
        self.hidden += hidden
        if not self.hidden:
            self._field(tag, given)
            self._signed(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.hidden and tag not in _VOID and self.open[-1].tag == tag:  # `<path/>` of a drawing; `<div/>` is open
            self._close()

    def handle_endtag(self, tag: str) -> None:
        at = next((i for i in range(len(self.open) - 1, -1, -1) if self.open[i].tag == tag), None)
        if at is None:
            self._break(tag)
            return
        while len(self.open) > at:
            self._close(ended=len(self.open) == at + 1)

    def handle_data(self, data: str) -> None:
        if self.hidden or not data:
            return
        if self.verbatim:
            self._write(data)
            return
        words = data.split()
        if data[0].isspace():
            self.break_ = max(self.break_, SPACE)
        if words:
            self._write(" ".join(words))
            self.break_ = SPACE if data[-1].isspace() else 0

    def _void(self, tag: str, given: dict[str, str]) -> None:
        """An element that holds nothing: what a browser writes for it."""
        if self.hidden or _is_hidden(tag, given):
            return
        self._field(tag, given)
        said = given.get("alt", "") if tag == "img" else ""
        if tag == "input" and given.get("type", "").lower() not in ("hidden", "password", "checkbox", "radio"):
            said = given.get("value") or given.get("placeholder", "")
        if said.strip():
            self._write(" ".join(said.split()))
            self.break_ = SPACE

    def _field(self, tag: str, given: dict[str, str]) -> None:
        """The name of a field, and where its form begins how that is sent: no text of the page, not counted as such."""
        name = given.get("name", "")
        if tag not in _FIELDS or given.get("type", "").lower() in _NO_FIELDS or not _NAME.fullmatch(name):
            return
        at, sent = self.form
        if sent:
            self.pieces[at] = f"\n{sent}"
            self.form = (0, "")
        said = f"<{tag} name={name}>"
        self._write(said)
        self.letters -= len(said)
        self.break_ = SPACE

    def _signed(self, tag: str, given: dict[str, str]) -> None:
        """What stands before the text of an element that says what it is."""
        if tag == "ol":
            first = given.get("start", "1")
            self.lists.append(int(first) if re.fullmatch("[0-9]{1,6}", first) else 1)
        elif tag in ("ul", "menu"):
            self.lists.append(None)
        elif tag in _HEADINGS:
            self.sign += _HEADINGS[tag]
        elif tag == "li":
            number = self.lists[-1] if self.lists else None
            if number is not None:
                self.lists[-1] = number + 1
            self.sign = "  " * (len(self.lists) - 1) + ("- " if number is None else f"{number}. ")
        elif tag == "pre":
            self.verbatim += 1
            self.sign += "```\n"

    def _end_implied(self, tag: str) -> None:
        ended = _ENDED_BY.get(tag, ())
        while self.open and self.open[-1].tag in ended:
            self._close()

    def _close(self, ended: bool = False) -> None:
        """Closes the innermost element; `ended` if its own tag says so: a menu without may be the rest of the page."""
        one = self.open.pop()
        self.hidden -= one.hidden
        if one.tag not in _CELLS:
            self._break(one.tag)
        if self.hidden or one.hidden:
            return
        wrote = self.letters > one.letters
        if wrote and one.tag in _CELLS:
            self.break_ = 0
        if one.tag == "a":
            self._linked(one)
        elif one.tag in ("ol", "ul", "menu") and self.lists:
            self.lists.pop()
        elif one.tag == "pre":
            self.verbatim -= 1
            if wrote:
                self.pieces.append("```" if self.pieces[-1].endswith("\n") else "\n```")
        if one.tag in _HEADINGS or one.tag in _ITEMS or one.tag == "pre":
            self.sign = ""
        if ended and one.menu and wrote and self.linked - one.linked >= MENU_LINKS * (self.letters - one.letters):
            self.menus.append((one.start, len(self.pieces)))

    def _linked(self, one: _Open) -> None:
        """The address behind the text of a link, if it says where to go."""
        self.linked += self.letters - one.letters
        href = _TRACKING.sub("", one.href.strip())
        if self.letters == one.letters or _USELESS.match(href) or len(href) > MAX_HREF:
            return
        if re.search(r"[\s<>]", href) or self.pieces[-1].strip() == href:
            return
        self.pieces.append(_Address(f" <{href}>"))

    def _break(self, tag: str) -> None:
        if self.open and self.open[-1].tag in _CELLS and self.open[-1].letters == self.letters:
            return  # a cell begins where its row or the cell before says
        self.break_ = max(self.break_, _BREAKS.get(tag, 0))

    def _write(self, text: str) -> None:
        """A text with what parts it from the one before."""
        if self.cells:
            self.pieces.append(" |" * self.cells + " ")
        elif self.break_:
            self.pieces.append((" ", "\n", "\n\n")[self.break_ - 1])
        self.pieces += [self.sign, text]
        self.letters += len(text)
        self.sign, self.break_, self.cells = "", 0, 0


def _form(given: dict[str, str]) -> str:
    """How a form is sent, as far as it says so itself."""
    action = _TRACKING.sub("", given.get("action", "").strip())
    said = " method=post" if given.get("method", "").lower() == "post" else ""
    if not _USELESS.match(action) and len(action) <= MAX_HREF and not re.search(r"[\s<>]", action):
        said += f" action={action}"
    return f"<form{said}>" if said else ""


def _is_hidden(tag: str, given: dict[str, str]) -> bool:
    return (
        "hidden" in given
        or bool(_HIDING.search(given.get("style", "")))
        or (tag == "dialog" and "open" not in given)
        or (tag == "input" and given.get("type", "").lower() == "hidden")
    )


def _tidy(pieces: list[str]) -> str:
    """The pieces joined, each address once, without blanks at the ends of lines and two empty lines in a row."""
    told: set[str] = set()
    once: list[str] = []
    for piece in pieces:
        if isinstance(piece, _Address):
            if piece in told:
                continue
            told.add(piece)
        once.append(piece)
    text = "\n".join([line.rstrip(" \t") for line in "".join(once).split("\n")])
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")
