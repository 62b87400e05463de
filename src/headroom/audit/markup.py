"""The pieces of an audit's page: text that is safe to stand in HTML, figures with their origin, tables and bars."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from headroom.audit import figures

_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]")


class Markup(str):
    """HTML. Any other string is text, and is escaped where it is put into HTML."""

    __slots__ = ()

    def __add__(self, other: str) -> Markup:
        return Markup(str(self) + html(other))


def html(text: str) -> Markup:
    """Text as HTML; what is HTML already stays."""
    return text if isinstance(text, Markup) else Markup(escape(text))


def joined(pieces: Iterable[str], between: str = "") -> Markup:
    return Markup(html(between).join(map(html, pieces)))


def element(name: str, *inner: str, **attributes: str) -> Markup:
    """An element. `class_` is the attribute `class`, and `data_from` is `data-from`."""
    said = "".join(f' {key.strip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{said}>{joined(inner)}</{name}>")


class Sheet:
    """A document of an audit, whose values are shown by their paths, such as `$.sessions[3].raw.prompt`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def value(self, path: str) -> Any:
        """The value at a path. Raises LookupError where there is none."""
        found: Any = self._document
        for key, number in _STEP.findall(path):
            found = found[key] if key else found[int(number)]
        return found

    def paths(self, path: str, most: int | None = None) -> Iterator[str]:
        """The paths of the elements of a list, at most so many."""
        return (f"{path}[{number}]" for number in range(len(self.value(path)[:most])))

    def show(self, path: str, form: Callable[[Any], str] = str) -> Markup:
        """The value at a path, written by `form`, with where it comes from."""
        value = self.value(path)
        text = figures.NONE if value is None or value == "" else form(value)
        return element("span", text.replace("-", "−") if form in SIGNED else text, data_from=path)

    def span(self, low: str, high: str, form: Callable[[Any], str]) -> Markup:
        """Two values as a range; one if they read the same."""
        ends = [self.show(path, form) for path in (low, high)]
        same = form(self.value(low)) == form(self.value(high)) if self.value(low) is not None else True
        return ends[0] if same else joined(ends, " to ")


SIGNED = (figures.money, figures.share, figures.change)
"""Forms whose minus is written as one."""


COLUMNS = {"<": "words", "=": "bar", "+": "more"}
"""The class of a column by the first character of its head."""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> Markup:
    """A table. A head that begins with `<` stands over words, one that is `=` over bars, and one that begins with `+`
    over what narrow screens leave out."""
    names = [head.lstrip("<=+") for head in heads]
    kinds = [COLUMNS.get(head[0], "") for head in heads]
    head = joined(element("th", name, scope="col", class_=of) for name, of in zip(names, kinds, strict=True))
    body = [
        element("tr", *[element("td", cell, class_=of, data_head=name)
                        for cell, name, of in zip(row, names, kinds, strict=True)])
        for row in rows
    ]  # fmt: skip
    return element("div", element("table", element("tr", head), *body), class_=f"scroll {kind}".strip())


def bar(whole: float, low: float, high: float, most: float, *, name: str) -> Markup:
    """A bar of `whole`, at whose end `low` would have been spared, and perhaps up to `high`. What would have been paid
    on top stands behind it. It has no figures of its own: they stand beside it."""
    least = max(low, 0.0)
    parts = (
        ("spent-bar", 0.0, whole - max(high, least)),
        ("maybe-bar", whole - max(high, least), whole - least),
        ("spared-bar", whole - least, whole),
        ("lost-bar", whole, whole - min(low, 0.0)),
    )
    scale = 100 / most if most > 0 else 0.0
    drawn = [
        element("rect", x=f"{from_ * scale:.2f}", y="0", width=f"{(to - from_) * scale:.2f}", height="10", class_=kind)
        for kind, from_, to in parts
        if (to - from_) * scale >= 0.005
    ]
    return element("svg", *drawn, viewBox="0 0 100 10", preserveAspectRatio="none", role="img", aria_label=name)
