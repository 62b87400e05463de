"""The sections of an audit's page, each from its own part of the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from headroom.audit.figures import change, day, money, named, share, tokens, whole
from headroom.audit.markup import Markup, Sheet, bar, element, html, joined, table
from headroom.audit.report import shown

TOOLS = 30
DEARER = 10
PROJECTS = 30
SESSIONS = 300
"""Rows of the tables; the embedded JSON holds all."""

METHOD = (
    "Each session is read from the agent's own log, and its requests are rebuilt as they were sent. They go through the"
    " same code that the proxy runs, at each level, on this machine; nothing is sent anywhere.",
    "Tokens are the log's own account where it has one, else estimates. Dollars are list prices with the provider's"
    " rules for its cache. The declaration of Headroom's own tool is counted against it in every request.",
    "A line counts as used if the agent later named an identifier that it was the first to show, quoted it in an edit,"
    " or pointed at its number. Lines that were read and mattered without this are not seen; some that are counted are"
    " there by chance.",
    "A line that a level hides is one that the model would have had to fetch, by the range that stands in its place."
    " It may have done so for lines it did not need, too, and may not have noticed what it missed.",
    "Other wastes overlap with each other and with what the levels spare. They are no promise.",
)


def count(sheet: Sheet, path: str, noun: str) -> Markup:
    return joined([sheet.show(path, whole), f" {noun}{'s' * (sheet.value(path) != 1)}"])


def dollars(sheet: Sheet, path: str) -> Markup:
    return sheet.show(path, money) if sheet.value("$.summary.priced") else html("–")


def _signed(sheet: Sheet, low: str, high: str) -> Markup:
    """A range of dollars spared, in the colour of a gain or of a loss."""
    value = sheet.value(low)
    if value is None or not sheet.value("$.summary.priced"):
        return html("–")
    return element("span", sheet.span(low, high, money), class_="lost" if value < 0 else "spared" if value > 0 else "")


def spared(sheet: Sheet, path: str) -> Markup:
    return _signed(sheet, f"{path}.net", f"{path}.gross")


def hidden(sheet: Sheet, path: str) -> Markup:
    """The share of the lines used later that a level hides, and the lines."""
    if not sheet.value(f"{path}.used"):
        return html("–")
    lines = [" (", sheet.show(f"{path}.hidden", whole), " of ", sheet.show(f"{path}.used", whole), ")"]
    return joined([sheet.show(f"{path}.regret", share), *lines])


def shares(sheet: Sheet, path: str) -> Markup:
    """What is spared, as a range of shares of the bill."""
    return sheet.span(f"{path}.net_share", f"{path}.gross_share", share)


def sections(sheet: Sheet) -> Iterator[Markup]:
    level = shown(sheet.value("$"))
    yield from _levels(sheet)
    yield from _outputs(sheet, level, "tools", "By tool", "<Tool")
    yield from _outputs(sheet, level, "kinds", "By kind of output", "<Kind")
    yield from _parts(sheet, level, "projects", "By project", "<Project")
    yield from _parts(sheet, level, "periods", "Over time", "<Period")
    yield from _regrets(sheet)
    yield from _wastes(sheet)
    yield from _table_of_sessions(sheet, level)
    yield reads(sheet)
    yield from _method(sheet)


KEY = (("spent-bar", "paid all the same"), ("spared-bar", "spared"), ("maybe-bar", "spared if nothing is fetched"),
       ("lost-bar", "paid on top"))  # fmt: skip


def _key() -> Markup:
    square = '<svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" class="{}"></rect></svg>'
    return element(
        "p", *[element("span", Markup(square.format(kind)), name) for kind, name in KEY], class_="key soft"
    )  # fmt: skip


def _levels(sheet: Sheet) -> Iterator[Markup]:
    yield element("h2", "Per level")
    heads = ("<Level", "=", "Spared", "Of the bill", "Of input", "Fewer tokens", "Hidden", "Turns", "Dearer")
    bill = sheet.value("$.summary.raw.dollars")
    found = {level: f"$.summary.levels.{level}" for level in sheet.value("$.levels")}
    most = max([bill, *(bill - sheet.value(f"{path}.net") for path in found.values())])
    yield table(
        heads,
        (
            [
                level,
                bar(bill, sheet.value(f"{of}.net"), sheet.value(f"{of}.gross"), most, name=f"The bill at {level}"),
                spared(sheet, of), shares(sheet, of),
                sheet.span(f"{of}.net_input_share", f"{of}.gross_input_share", share),
                sheet.show(f"{of}.prompt_fewer", share), hidden(sheet, of),
                sheet.show(f"{of}.turns.more", change), sheet.show(f"{of}.dearer_sessions", whole),
            ]
            for level, of in found.items()
        ),
        "cards levels",
    )  # fmt: skip
    yield _key()
    yield element(
        "p", "Hidden: of the lines used later in outputs that the level cuts, those that it does not show. Turns: how"
        " many more until the context is full. Dearer: sessions in which the level would have cost money.",
        class_="soft",
    )  # fmt: skip
    for level, of in found.items():
        if sheet.value(f"{of}.dearer"):
            rows = [
                joined([_session(sheet, path), " by ", sheet.show(f"{path}.more", money), " (",
                        sheet.show(f"{path}.more_share", change), ")"])
                for path in sheet.paths(f"{of}.dearer", DEARER)
            ]  # fmt: skip
            more = " and others" if len(sheet.value(f"{of}.dearer")) > DEARER else ""
            yield element("p", f"Dearer at {level}: ", joined(rows, ", "), more, ".")


def _session(sheet: Sheet, path: str) -> Markup:
    """The name of the session that a record is of."""
    return sheet.show(f"$.sessions[{sheet.value(path)['session']}].name", named)


def _outputs(sheet: Sheet, level: str, of: str, title: str, head: str) -> Iterator[Markup]:
    """Tool outputs by one thing: what they cost, and what the shown level makes of them."""
    found = sheet.value(f"$.{of}")
    if not found:
        return
    most = max(one["dollars"] for one in found)
    yield element("h2", title)
    yield table(
        (head, "=", "Dollars", f"Spared at {level}", "+Tokens", "+Fewer", "+Outputs", "+Cut", "+Hidden"),
        (
            [
                sheet.show(f"{path}.name"),
                bar(one["dollars"], one["levels"][level]["spared"], one["levels"][level]["spared"], most,
                    name=f"{one['name']}: its dollars"),
                dollars(sheet, f"{path}.dollars"), dollars(sheet, f"{path}.levels.{level}.spared"),
                sheet.show(f"{path}.tokens", tokens), sheet.show(f"{path}.levels.{level}.fewer", share),
                sheet.show(f"{path}.outputs", whole), sheet.show(f"{path}.levels.{level}.cut", whole),
                hidden(sheet, f"{path}.levels.{level}"),
            ]
            for path, one in zip(sheet.paths(f"$.{of}", TOOLS), found, strict=False)
        ),
    )  # fmt: skip


def _parts(sheet: Sheet, level: str, of: str, title: str, head: str) -> Iterator[Markup]:
    """Whole sessions by one thing."""
    found = sheet.value(f"$.{of}")
    if not found:
        return
    most = max(max(one["dollars"], one["dollars"] - one["levels"][level]["net"]) for one in found)
    yield element("h2", title)
    yield table(
        (head, "=", "Dollars", f"Spared at {level}", "+Of the bill", "+Sessions"),
        (
            [
                sheet.show(f"{path}.name"),
                bar(one["dollars"], one["levels"][level]["net"], one["levels"][level]["gross"], most,
                       name=f"{one['name']}: the bill"),
                dollars(sheet, f"{path}.dollars"), spared(sheet, f"{path}.levels.{level}"),
                shares(sheet, f"{path}.levels.{level}"), sheet.show(f"{path}.sessions", whole),
            ]
            for path, one in zip(sheet.paths(f"$.{of}", PROJECTS), found, strict=False)
        ),
    )  # fmt: skip


def _regrets(sheet: Sheet) -> Iterator[Markup]:
    """The dearest lines that a level would have hidden though they were used, each in full."""
    yield element("h2", "Hidden, but used later")
    if not sheet.value("$.regrets"):
        yield element("p", "No line is known that was used later and that a level would have hidden.")
        return
    yield element(
        "p", "The dearest of each level, with what would have stood there. Judge whether it would have been missed."
    )  # fmt: skip
    for path in sheet.paths("$.regrets"):
        yield _regret(sheet, path)


def _regret(sheet: Sheet, path: str) -> Markup:
    one = sheet.value(path)
    levels = joined((sheet.show(level) for level in sheet.paths(f"{path}.levels")), ", ")
    before, found, after = one["line"].partition(one["used"]) if one["used"] else (one["line"], "", "")
    line = joined([before, element("mark", found), after]) if found else html(one["line"])
    return element(
        "article",
        element("h3", sheet.show(f"{path}.tool"), " ", sheet.show(f"{path}.call")),
        element(
            "p", "At ", levels, ". Session ", _session(sheet, path), ", request ", sheet.show(f"{path}.request", whole),
            ", ", sheet.show(f"{path}.kind"), ". Fetching it: ", dollars(sheet, f"{path}.dollars"), ".", class_="soft",
        ),
        element("p", "Line ", sheet.show(f"{path}.number", whole), ", ", sheet.show(f"{path}.why"), " later: ",
                element("mark", sheet.show(f"{path}.used"))),
        element("pre", element("span", line, data_from=f"{path}.line")),
        element("p", "What would have stood there:"),
        element("pre", sheet.show(f"{path}.around")),
    )  # fmt: skip


def _wastes(sheet: Sheet) -> Iterator[Markup]:
    if not sheet.value("$.wastes"):
        return
    yield element("h2", "Also paid for")
    yield element("p", "These overlap, with each other and with what the levels spare, and are not added up.")
    yield table(
        ("<Kind", "Dollars", "Tokens", "Times", "Sessions", "<Dearest, and what helps"),
        (
            [
                _two(sheet.show(f"{path}.name"), sheet.show(f"{path}.meaning")),
                dollars(sheet, f"{path}.dollars"), sheet.show(f"{path}.tokens", tokens),
                sheet.show(f"{path}.count", whole), sheet.show(f"{path}.sessions", whole),
                joined([*(_example(sheet, example) for example in sheet.paths(f"{path}.examples")),
                        element("div", sheet.show(f"{path}.remedy"), class_="soft")]),
            ]
            for path in sheet.paths("$.wastes")
        ),
        "cards",
    )  # fmt: skip


def _two(first: Markup, second: Markup) -> Markup:
    """A cell of two lines."""
    return joined([element("div", first, class_="name"), element("div", second, class_="soft")])


def _example(sheet: Sheet, path: str) -> Markup:
    return element("div", dollars(sheet, f"{path}.dollars"), " ", sheet.show(f"{path}.what"))


def _table_of_sessions(sheet: Sheet, level: str) -> Iterator[Markup]:
    """The dearest sessions, in the order of their dollars."""
    rows = sheet.value("$.sessions")
    order = sorted(range(len(rows)), key=lambda number: -(rows[number]["dollars"] or 0.0))
    yield element("h2", "Sessions")
    if len(order) > SESSIONS:
        yield element("p", "The dearest are shown; the JSON in this page holds all.", class_="soft")
    yield table(
        ("<Project and session", "+Requests", "Dollars", f"Spared at {level}", "+Of the bill"),
        (
            [
                _two(
                    sheet.show(f"{path}.project"),
                    joined([sheet.show(f"{path}.name", named), sheet.show(f"{path}.started", day),
                            sheet.show(f"{path}.model")], ", "),
                ),
                sheet.show(f"{path}.requests", whole), sheet.show(f"{path}.dollars", money),
                *([spared(sheet, f"{path}.spared.{level}"), shares(sheet, f"{path}.spared.{level}")]
                  if rows[number]["dollars"] is not None else ["–", "–"]),
            ]
            for number in order[:SESSIONS]
            for path in [f"$.sessions[{number}]"]
        ),
    )  # fmt: skip


def reads(sheet: Sheet) -> Markup:
    """What of the logs could not be used, and what the rows cannot tell."""
    found: list[tuple[str, str, tuple[str, str], Callable[[Any], str]]] = [
        ("failed", "Sessions that could not be audited", ("path", "why"), str),
        ("skipped", "Records of the logs that were left out", ("reason", "records"), whole),
        ("notes", "What cannot be told", ("note", "sessions"), lambda n: f"{n:,} session{'s' * (n != 1)}"),
    ]
    return joined(
        joined(
            [
                element("h2", title),
                element("ul", *[
                    element("li", sheet.show(f"{path}.{first}"), ": ", sheet.show(f"{path}.{second}", form))
                    for path in sheet.paths(f"$.{of}", TOOLS)
                ]),
            ]
        )
        for of, title, (first, second), form in found
        if sheet.value(f"$.{of}")
    )  # fmt: skip


def _method(sheet: Sheet) -> Iterator[Markup]:
    yield element("h2", "Method and limits")
    yield element("ul", *[element("li", text) for text in METHOD])
    yield element("p", "The rule of the recommendation: ", sheet.show("$.summary.advice.rule"))
    yield element(
        "p", "Headroom ", sheet.show("$.version"), ". Every figure on this page stands in the JSON that is embedded in"
        " it, at the path in its attribute data-from.", class_="soft",
    )  # fmt: skip
