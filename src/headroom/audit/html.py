"""An audit as one page: everything in it, no script, no network, legible on a phone and in print.

Each figure and each name on the page is put there by its path in the document, which stands beside it as `data-from`,
and the document is embedded whole: what is shown can be traced, and nothing is shown that is not in the JSON. Texts of
logs are escaped, and the page's policy would not run them if they were not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from string import Template
from typing import Any

from headroom.audit.figures import change, day, money, share, whole
from headroom.audit.markup import Markup, Sheet, element, html, joined
from headroom.audit.report import off, shown
from headroom.audit.sections import count, dollars, reads, sections, shares, spared

POLICY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src 'sha256-{}'"

RANGE = (
    "A replay cannot know how the agent would have gone on, so dollars are a range. The lower end has every hidden line"
    " that was used later cost one more turn to fetch it; the upper end has none do so."
)


def page(document: Mapping[str, Any]) -> str:
    """The page of a `summary.document`."""
    template = (files("headroom.audit") / "page.html").read_text(encoding="utf-8")
    style = re.search(r"<style>(.*?)</style>", template, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    sheet = Sheet(document)
    # in a script element only `<` could end it; as an escape it is the same JSON
    data = json.dumps(document, separators=(",", ":")).replace("<", "\\u003c")
    return Template(template).substitute(
        policy=POLICY.format(digest),
        about=_about(sheet),
        answer=joined(_answer(sheet)),
        sections=joined(sections(sheet)) if document["sessions"] else reads(sheet),
        data=data,
    )


def _about(sheet: Sheet) -> Markup:
    if not sheet.value("$.sessions"):
        return html("")
    agents = joined((sheet.show(f"{path}.title") for path in sheet.paths("$.summary.agents")), ", ")
    return joined(
        [
            count(sheet, "$.summary.sessions", "session"), " of ", agents, ", ",
            count(sheet, "$.summary.projects", "project"), ", ",
            sheet.span("$.summary.first", "$.summary.last", day), ", ",
            count(sheet, "$.summary.requests", "request"),
        ]
    )  # fmt: skip


def _answer(sheet: Sheet) -> Iterator[Markup]:
    """What is recommended, and the four figures that tell why."""
    yield element("p", sheet.show("$.summary.advice.sentence"), class_="lead")
    if not sheet.value("$.sessions"):
        return
    level = shown(sheet.value("$"))
    of = f"$.summary.levels.{level}"
    bill = joined(["at list price, ", dollars(sheet, "$.summary.raw.input"), " of it for prompts"])
    less = joined(["spared at ", level, ": ", shares(sheet, of), " of the bill"])
    cards = (
        (dollars(sheet, "$.summary.raw.dollars"), bill),
        (spared(sheet, of), less),
        (sheet.show(f"{of}.turns.more", change), f"turns until the context is full at {level}"),
        (sheet.show(f"{of}.regret", share), f"of the lines used later in what {level} cuts are hidden")
        if sheet.value(f"{of}.used")
        else (sheet.show(f"{of}.cut", whole), f"outputs of which {level} leaves anything out"),
    )
    yield element(
        "div",
        *[element("div", element("b", big), element("span", small, class_="soft"), class_="figure")
          for big, small in cards],
        class_="figures",
    )  # fmt: skip
    yield element("p", RANGE, class_="soft")
    if sheet.value("$.summary.priced"):
        yield element(
            "p",
            joined(
                ["Dollars are what the API would bill, at the list prices of ", sheet.show("$.prices_of"), ". A"
                 " subscription pays none of it; its limits are used up by the same tokens."]
            ),
            class_="soft",
        )  # fmt: skip
    yield from _checks(sheet)


def _checks(sheet: Sheet) -> Iterator[Markup]:
    """How far the replay is off, and what it could not price."""
    billed = "$.summary.billed"
    if sheet.value(f"{billed}.off") is not None:
        yield element(
            "p", "The logs' own counts of tokens come to ", sheet.show(f"{billed}.dollars", money), " in ",
            count(sheet, f"{billed}.sessions", "session"), "; the replay of what was sent comes to ",
            sheet.show(f"{billed}.replayed", money), ", ", sheet.show(f"{billed}.off", change), ".",
            off(sheet.value(f"{billed}.off")), class_="soft",
        )  # fmt: skip
    for path, text in (("unpriced", " without a price: the table of prices does not have the model."),
                       ("estimated", " with sizes of prompts or cache tiers that are estimates."),):  # fmt: skip
        if sheet.value(f"$.summary.{path}"):
            yield element("p", count(sheet, f"$.summary.{path}", "session"), text, class_="soft")
