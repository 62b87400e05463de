"""Random tool outputs that try to break an encoder: JSON of every shape and near-JSON, numbered views, search
results, and texts full of what codecs stumble over. Deterministic by seed; made for volume, from nothing to a few kB.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from headroom.types import Json

NASTY = (
    "", " ", "-", "~", "~0", "@x", "@", "#1", "$0", "null", "true", "NaN", "0", "01", "1.0", "-0",
    "1e5", "<>", "<a>", "{}",
    "[]", "{a}", "[100 rows]", "[3 rows]", "a|b", "a,b", "a;b", "a\tb", "a=b", "a: b", '"', '""',
    "'", "\\", "\\n", "a\nb",
    "\n", "\r\n", "\r", " lead", "trail ", "  ", "\u2028", "\u0085", "\u00a0", "é", "漢字", "🙂",
    "e\u0301", "\u202e", "\ufeff",
    "…", "→", "12→x", "12:x", "×3", "…[", "]", "[", "|", ",", "?", "?=", "=", ":", "::", ".", "a.b",
    "/", "a/b", "../", "C:\\x",
    "http://x.y/z?q=1#f", "https://api.example.dev/users/amara", "req-000001", "sha256:00ff",
    "2025-03-09T07:00:00Z",
    "\x1b[31mred\x1b[0m", "\x07", "\x7f", "<system-reminder>", "Exit code 1", "```", "|---|", "%s",
    "${x}", "\u200b", "😀" * 3,
)  # fmt: skip
KEYS = (
    "id", "name", "a", "b", "url", "html_url", "user", "a.b", "a|b", "", " ", "0", "type", "value",
    "list", "meta", "é", "x y", "k=v",
    "null", "tags", "@t", "#", "<k>", '"q"', "created_at",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "1", "-1", "1.0", "1.00", "1e5", "1E5", "1e+5", "0.1",
    "123456789012345678901234567890123456789", "1e400", "-1e-400",
    "3.141592653589793238", "9007199254740993", "10", "200", "404", "1700000000",
)  # fmt: skip


PATHS = ("src/a.py", "src/b c.py", "a-1-b.txt", "C:\\x\\y.ts", "./z", "2025-06-24 14", "é/ü.rs")


class Number(NamedTuple):
    """A number by its text, which Python's own types would not keep."""

    text: str


def scalar(rng: Random) -> Json:
    pick = rng.random()
    if pick < 0.3:
        return rng.choice(NASTY)
    if pick < 0.55:
        return Number(rng.choice(NUMBERS))
    if pick < 0.65:
        return rng.choice((None, True, False))
    if pick < 0.8:
        head, tail = rng.choice(("req-", "user/", "https://h.dev/", "")), rng.choice(("", ".py", "/x"))
        return f"{head}{rng.randint(0, 9999):04}{tail}"
    return "".join(rng.choice(NASTY) for _ in range(rng.randint(1, 4)))


def value(rng: Random, depth: int) -> Json:
    """Any JSON value, at most `depth` deep."""
    pick = rng.random()
    if depth <= 0 or pick < 0.45:
        return scalar(rng)
    if pick < 0.65:
        return {rng.choice(KEYS): value(rng, depth - 1) for _ in range(rng.randint(0, 5))}
    if pick < 0.8:
        return [value(rng, depth - 1) for _ in range(rng.randint(0, 5))]
    return rows(rng, depth - 1)


def rows(rng: Random, depth: int) -> list[Json]:
    """Objects that share most keys: constant, near-constant, affixed, derived, nested, missing and odd cells."""
    keys = rng.sample(KEYS, rng.randint(1, min(8, len(KEYS))))
    makers = {key: _column(rng, depth) for key in keys}
    out: list[Json] = []
    for n in range(rng.choice((0, 1, 2, 3, 5, 8, 20))):
        row = {key: make(n) for key, make in makers.items() if rng.random() > 0.08}
        if rng.random() < 0.04:
            row[rng.choice(KEYS)] = value(rng, depth)
        out.append(row if rng.random() > 0.02 else scalar(rng))
    if out and rng.random() < 0.1:
        rng.shuffle(out)
    return out


def _column(rng: Random, depth: int) -> Callable[[int], Json]:
    constant, other = scalar(rng), scalar(rng)
    few = [scalar(rng) for _ in range(3)]
    head, tail = rng.choice(NASTY), rng.choice(NASTY)
    return rng.choice((
        lambda n: constant,
        lambda n: other if n == 2 else constant,
        lambda n: rng.choice(few),
        lambda n: scalar(rng),
        lambda n: f"{head}{n:04}{tail}",
        lambda n: Number(str(n * 3)),
        lambda n: {"id": Number(str(n % 4)), "url": f"https://h.dev/{n % 4}", "x": constant},
        lambda n: None if n % 3 else {"t": constant},
        lambda n: value(rng, depth - 1),
        lambda n: [{"k": scalar(rng), "n": Number(str(n))} for _ in range(rng.randint(0, 3))],
    ))  # fmt: skip


def dump(item: Json, rng: Random, indent: int | None = None, level: int = 0) -> str:
    """JSON text of a value of `value`: number texts kept, escapes chosen at random."""
    if isinstance(item, Number):
        return item.text
    if isinstance(item, dict):
        cells = [
            f"{json.dumps(k, ensure_ascii=rng.random() < 0.5)}: {dump(v, rng, indent, level + 1)}"
            for k, v in item.items()
        ]
        return _bracket("{", cells, "}", indent, level)
    if isinstance(item, list):
        return _bracket("[", [dump(v, rng, indent, level + 1) for v in item], "]", indent, level)
    return json.dumps(item, ensure_ascii=rng.random() < 0.5)


def _bracket(left: str, cells: list[str], right: str, indent: int | None, level: int) -> str:
    if not cells or indent is None:
        return left + ", ".join(cells) + right
    pad = "\n" + " " * indent * (level + 1)
    return left + pad + ("," + pad).join(cells) + "\n" + " " * indent * level + right


def json_text(rng: Random) -> str:
    """One document, compact or pretty."""
    item = rows(rng, 2) if rng.random() < 0.6 else value(rng, 4)
    return dump(item, rng, rng.choice((None, None, 2, 4)))


def wrapped_json(rng: Random) -> str:
    """An object around arrays, a document after prose, or before it."""
    body = dump({"total": Number("3"), "items": rows(rng, 2), "next": scalar(rng)}, rng, rng.choice((None, 2)))
    return (
        rng.choice(("", "Found 3 results:\n", "ok\n\n", "\ufeff", " "))
        + body
        + rng.choice(("", "\n", "\n\nDone.", " x"))
    )


def json_lines(rng: Random) -> str:
    """One document a line, some lines broken, blank or of another kind."""
    lines = [dump(row, rng) for row in rows(rng, 1) + rows(rng, 1)]
    if lines and rng.random() < 0.3:
        lines.insert(rng.randrange(len(lines)), rng.choice(("", "---", "WARN slow", '{"a":', "[1,2", "null")))
    return rng.choice(("\n", "\n", "\r\n", "\n\n")).join(lines) + rng.choice(("", "\n"))


def escaped_json(rng: Random) -> str:
    """JSON inside a string field."""
    inner = dump(rows(rng, 1), rng, rng.choice((None, 2)))
    return json.dumps(
        {"stdout": inner + rng.choice(("", "\n")), "stderr": "", "code": 0}, ensure_ascii=rng.random() < 0.5
    )


def broken_json(rng: Random) -> str:
    """Half a document, duplicate keys, NaN, a trailing comma, deep nesting, a control character in a string."""
    text = json_text(rng)
    cut = rng.randrange(len(text) + 1)
    return rng.choice((
        text[:cut], text + text, text.replace(":", ": NaN,", 1), text.replace("]", ",]", 1),
        text[:cut] + "\x00" + text[cut:], text[:cut] + "\ud800" + text[cut:],
        '[{"a":1,"a":2},' * 20 + "1" + "]" * 20, "[" * 400 + "]" * rng.choice((399, 400)),
        '{"a":{"b":' * 150 + text + "}}" * 150, text.replace('"', "'"),
    ))  # fmt: skip


def numbered(rng: Random) -> str:
    """File views of every gutter, with gaps, restarts, lines that look numbered, and text around them."""
    number = rng.choice((1, 1, 9, 98, 9990))
    separator, width = rng.choice((("→", 6), ("\t", 1), ("\t", 6), (": ", 4), ("|", 5), (" | ", 3), ("  ", 5)))
    out = [rng.choice(NASTY)] if rng.random() < 0.2 else []
    for _ in range(rng.randint(1, 60)):
        body = (
            ""
            if rng.random() < 0.2
            else " " * rng.randint(0, 8) + "".join(rng.choice(NASTY) for _ in range(rng.randint(1, 4)))
        )
        out.append(f"{number:>{width}}{separator}{body}")
        number += 1 if rng.random() > 0.02 else rng.randint(-3, 9)
    return rng.choice(("\n", "\n", "\n", "\r\n")).join(out) + rng.choice(
        ("", "\n", "\n\n<system-reminder>x</system-reminder>")
    )


def hits(rng: Random) -> str:
    """Search results with context, odd paths, dates that look like hits, and blank separators."""
    out: list[str] = []
    for _ in range(rng.randint(1, 8)):
        path = rng.choice((*PATHS, "/abs/" + rng.choice(NASTY)))
        number = rng.randint(1, 2000)
        for _ in range(rng.randint(1, 6)):
            number += rng.choice((1, 1, 2, 40, -1))
            first, second = rng.choice("::-"), rng.choice("::-")
            out.append(f"{path}{first}{number}{second}{rng.choice(NASTY)}{rng.choice(NASTY)}")
        if rng.random() < 0.3:
            out.append(rng.choice(("--", "", "Binary file x matches", path)))
    return "\n".join(out) + rng.choice(("", "\n"))


def rg_records(rng: Random) -> str:
    """`rg --json` records, some incomplete, with odd paths and offsets."""
    out = []
    for n in range(rng.randint(1, 12)):
        start, end = rng.randint(0, 3), rng.randint(0, 9)
        data = {
            "path": {"text": rng.choice(("a.py", "b/c.py", rng.choice(NASTY)))},
            "lines": {"text": rng.choice(NASTY) + "\n"},
            "line_number": rng.choice((n, n, None)),
            "absolute_offset": n * 7,
            "submatches": [{"match": {"text": rng.choice(NASTY)}, "start": start, "end": end}],
        }
        kind = rng.choice(("match", "match", "context", "begin", "end", "summary"))
        out.append(json.dumps({"type": kind, "data": data}))
    return "\n".join(out) + "\n"


def lines(rng: Random) -> str:
    """Lines of anything: repeated, prefixed, coloured, very long, empty."""
    pool = ["".join(rng.choice(NASTY) for _ in range(rng.randint(0, 8))) for _ in range(6)]
    head = rng.choice(("", "2025-03-09 07:00:01 INFO ", "pkg/", "ok  \t", " ", "\t"))
    return rng.choice(("\n", "\n", "\r\n", "\u2028")).join(head + rng.choice(pool) for _ in range(rng.randint(1, 80)))


KINDS: tuple[Callable[[Random], str], ...] = (
    json_text, json_text, json_text, wrapped_json, json_lines, escaped_json, broken_json, numbered, hits,
    rg_records, lines,
)  # fmt: skip
"""What is drawn from; a kind named twice is drawn twice as often."""
