"""Lines are told by reference only where they mean the same: what they hang on is looked at as well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from headroom.compressors import BY_NAME, stands_for
from headroom.compressors._repeats import Earlier, expand, tell
from headroom.types import Facts
from tests.work import work

WORDS = (
    "orders", "refunds", "baskets", "invoices", "ledgers", "sessions", "tokens", "caches", "queues", "retries",
    "gateways", "parsers",
)  # fmt: skip


def sent(kind: str, text: str) -> str:
    rendering = BY_NAME[kind].encode(Facts(text))
    assert rendering is not None
    return rendering


def told(kind: str, first: str, second: str) -> list[str]:
    """The second text as it is sent after the first one."""
    one, two = sent(kind, first), sent(kind, second)
    earlier = [Earlier("Bash one", one, kind)]
    found = tell(two, kind, earlier, decode=stands_for)
    if found is None:
        return two.split("\n")
    assert expand(found[0], kind, earlier) == two
    return found[0].split("\n")


def refers(lines: Sequence[str]) -> bool:
    return any(line.startswith("[= lines ") for line in lines)


def log(hour: int, last: str) -> str:
    lines = [
        f"2026-03-04 {hour:02}:{i:02}:0{i % 7} INFO worker {'abc'[i % 3]} finished job nightly-{i} of tenant-{i % 5}"
        for i in range(40)
    ]
    return "\n".join([*lines, last])


def test_rows_of_a_log_are_not_told_by_rows_of_another_hour() -> None:
    assert not refers(told("logs", log(9, "a"), log(10, "b")))
    assert refers(told("logs", log(9, "a"), log(9, "b")))


def hits(folder: str, last: str) -> str:
    lines = [f"src/{folder}/store.py:{17 * i}:    self.{word} = open_{word}(path)" for i, word in enumerate(WORDS, 1)]
    return "\n".join([f"src/{folder}/app.py:1:import {last}", *lines])


def test_hits_in_one_file_are_not_told_by_those_in_another() -> None:
    assert not refers(told("search", hits("cellar", "a"), hits("attic", "b")))
    assert refers(told("search", hits("cellar", "a"), hits("cellar", "b")))


def comment(number: int) -> dict[str, Any]:
    return {
        "url": f"https://api.example.com/comments/{number}", "id": number, "state": "open",
        "html_url": f"https://api.example.com/comments/{number}/page",
        "pages_url": f"https://api.example.com/comments/{number}/pages",
        "likes_url": f"https://api.example.com/comments/{number}/likes",
        "marks_url": f"https://api.example.com/comments/{number}/marks",
        "links_url": f"https://api.example.com/comments/{number}/links",
        "files_url": f"https://api.example.com/comments/{number}/files",
        "user": {
            "login": "ada", "url": "https://api.example.com/users/ada", "kind": "a person of the harbour office",
            "boats_url": "https://api.example.com/users/ada/boats", "lines_url": "https://api.example.com/users/ada/lines",
            "crews_url": "https://api.example.com/users/ada/crews", "ports_url": "https://api.example.com/users/ada/ports",
        },
    }  # fmt: skip


def test_what_hangs_on_a_value_told_above_is_told_with_it_or_not_at_all() -> None:
    lines = told("records", json.dumps(comment(70001)), json.dumps(comment(70002)))

    assert {"html_url=<url>/page", "pages_url=<url>/pages", "files_url=<url>/files"} <= set(lines)
    assert refers(lines)
    assert "boats_url=<url>/boats" not in lines


@pytest.mark.parametrize("same", [True, False])
def test_rows_of_a_table_are_told_under_the_same_columns_only(same: bool) -> None:
    rows = [{"id": 7 * i, "of": f"{word} of the winter", "kind": word.upper()} for i, word in enumerate(WORDS)]
    other = rows if same else [{"id": r["id"], "of": r["of"], "sort": r["kind"]} for r in rows]
    first, second = json.dumps({"name": "a", "rows": rows}), json.dumps({"name": "b", "rows": other})

    assert refers(told("records", first, second)) is same


def test_the_words_by_which_lines_are_found_are_those_of_the_first_that_has_any() -> None:
    block = ["total_count=0", "}", *(f"    {word} = open_{word}(path, mode)" for word in WORDS)]
    first = "\n".join([*(f"line {i}" for i in range(30)), *block])
    found = tell("\n".join(["other", *block]), "raw", [Earlier("Bash one", first, "raw")])

    assert found is not None
    assert found[0].split("\n")[2] == '[= lines 31-44 of Bash one, at "total_count=0"]'


def test_work_stays_bounded_where_many_lines_are_equal_and_none_means_the_same() -> None:
    def busy(hour: int, length: int) -> str:
        own = hour * 7919
        return "\n".join(
            f"2026-03-04 {hour:02}:{i // 60:02}:{i % 60:02} INFO worker {'abc'[i % 3]} finished job nightly-{i}"
            f" of tenant-{i * own if i % 12 == 0 else i % 5}"
            for i in range(length)
        )

    def session(length: int) -> None:
        earlier = [Earlier("Bash one", sent("logs", busy(9, length)), "logs")]
        tell(sent("logs", busy(10, length)), "logs", earlier, decode=stands_for)

    assert work(lambda: session(1200)) < 6 * work(lambda: session(300))
