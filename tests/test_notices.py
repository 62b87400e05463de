"""Notices: one writer, one reader; whoever follows one to the letter gets exactly what it stands for."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Callable
from typing import Any, Literal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from headroom import Result, api, compress, notices, retrieve, settings
from headroom.cli import main
from headroom.compressors import BY_NAME
from headroom.store import MemoryStore
from headroom.types import Json, Omission, WayBack

WAYS: tuple[WayBack, ...] = ("tool", "mcp", "shell")
REF = "k3f7q2abcdef"

KEYS = st.from_regex(r"[A-Za-z_][\w-]{0,8}", fullmatch=True).filter(str.isascii)
PATHS = st.lists(KEYS.map(".{}".format) | st.integers(0, 999).map("[{}]".format), max_size=4).map("".join)
WORDS = st.text(max_size=30) | st.text("ab \n\t[]()'\"\\·…:-é😀\u2028", max_size=300) | st.just("headroom get x · y]")

Names = Literal["lines", "rows", "cells", "unseen in lines"]
UNITS: st.SearchStrategy[Names] = st.sampled_from(("lines", "rows", "cells", "unseen in lines"))


@st.composite
def omissions(draw: st.DrawFn) -> Omission:
    first = draw(st.integers(1, 10**6))
    unit = draw(UNITS)
    path = draw(PATHS) if unit in ("rows", "cells") else ""
    last = first + draw(st.integers(0, 10**4))
    return Omission(unit=unit, first=first, last=last, what=draw(WORDS), path=f"${path}" if path else "")


def followed_by_tool(notice: str, store: MemoryStore) -> str:
    """What the call that a notice spells returns."""
    spelt = re.search(r"· (headroom_retrieve\(.*\))\]", notice)
    assert spelt is not None
    call = ast.parse(spelt[1], mode="eval").body
    assert isinstance(call, ast.Call)
    args = [ast.literal_eval(arg) for arg in call.args]
    named: dict[str, Any] = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    return retrieve(*args, **named, store=store)


def followed_by_shell(notice: str) -> str:
    """What the command that a notice spells prints."""
    spelt = re.search(r"· headroom (get .*)\]", notice)
    assert spelt is not None
    answer = CliRunner().invoke(main, shlex.split(spelt[1]))
    assert answer.exit_code == 0, answer.stderr
    return answer.stdout_bytes.decode()


@given(st.lists(omissions(), min_size=1, max_size=3), st.sampled_from(WAYS))
def test_every_notice_is_read_back_as_the_omission_it_was_written_for(told: list[Omission], way: WayBack) -> None:
    writer = notices.PartNotices(REF, way)
    for number, omission in enumerate(told):
        notice = writer.write(omission)
        again = notices.read(notice)
        assert again is not None, notice
        place = ("unit", "first", "last", "path")
        assert [getattr(again, name) for name in place] == [getattr(omission, name) for name in place]
        assert (REF in notice) == (number == 0)
        assert notices.found(f"before {notice} after\n{notice}") == [notice, notice]


@given(omissions(), st.sampled_from(WAYS))
def test_a_notice_is_one_short_line_that_stands_in_a_json_string_as_it_is(omission: Omission, way: WayBack) -> None:
    notice = notices.PartNotices(REF, way).write(omission)
    assert json.dumps(notice, ensure_ascii=False) == f'"{notice}"'
    assert notice.isprintable()
    assert len(notice) < notices.MAX_WHAT + 2 * len(omission.path) + 120


def test_a_notice_speaks_plainly() -> None:
    writer = notices.PartNotices(REF, "tool")
    beats = Omission(unit="lines", first=41, last=252, what="198 × INFO heartbeat")
    rows = Omission(unit="rows", first=7, last=7, what="1 row alike", path="$.items")
    assert writer.write(beats) == (
        "[… lines 41-252: 198 × INFO heartbeat · headroom_retrieve('k3f7q2abcdef', lines='41-252')]"
    )
    assert writer.write(rows) == "[… rows 7 of $.items: 1 row alike]"
    assert notices.PartNotices(REF, "shell").write(rows) == (
        "[… rows 7 of $.items: 1 row alike · headroom get k3f7q2abcdef --path '$.items' --rows 7]"
    )


@pytest.mark.parametrize(
    "text", ["", "[…]", "[… lines 3: x", "[… lines x: y]", "[… pages 3: x]", "[… lines 3-4: x]\n", " [… lines 3: x]"]
)
def test_what_is_no_whole_notice_is_not_read(text: str) -> None:
    assert notices.read(text) is None


def with_both_ways(text: str, omission: Omission) -> tuple[str, str]:
    """What a model gets that follows the notice of `omission`, by the tool and in a shell."""
    store = MemoryStore()
    by_tool = followed_by_tool(notices.PartNotices(store.put(text), "tool").write(omission), store)
    ref = api.open_store(settings.load()).put(text)
    return by_tool, followed_by_shell(notices.PartNotices(ref, "shell").write(omission))


LINES = [f"line {number} of it, é" for number in range(1, 41)]
ITEMS = [{"n": n, "s": 'x"\\'} for n in range(9)]
DOCUMENT: Json = {"a": {"b-c": [[1, 2], ITEMS]}, "z": {f"k{n}": n for n in range(5)}}


@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 12), (40, 40)])
def test_a_notice_of_lines_gives_exactly_these_lines_either_way(first: int, last: int) -> None:
    omission = Omission(unit="lines", first=first, last=last, what="lines")
    exact = "".join(f"{line}\n" for line in LINES[first - 1 : last])
    assert with_both_ways("\n".join([*LINES, ""]), omission) == (exact, exact)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("unit", ["rows", "cells"])
def test_a_notice_of_rows_gives_exactly_these_rows_either_way(unit: Any, indent: int | None) -> None:
    text = json.dumps(DOCUMENT, indent=indent)
    omission = Omission(unit=unit, first=3, last=8, what="rows", path="$.a.b-c[1]")
    by_tool, by_shell = with_both_ways(text, omission)
    assert by_tool == by_shell
    assert by_tool in text
    assert json.loads(f"[{by_tool}]") == ITEMS[2:8]
    members = Omission(unit=unit, first=2, last=4, what="members", path="$.z")
    by_tool, by_shell = with_both_ways(text, members)
    assert by_tool == by_shell
    assert json.loads("{" + by_tool + "}") == {"k1": 1, "k2": 2, "k3": 3}


def test_rows_of_the_document_itself_need_no_path() -> None:
    text = json.dumps([{"n": n} for n in range(9)], indent=1)
    by_tool, by_shell = with_both_ways(text, Omission(unit="rows", first=9, last=9, what="row"))
    assert by_tool == by_shell
    assert json.loads(by_tool) == {"n": 8}


RUN = "\n".join(
    [f"tests/test_shop.py::test_{n} PASSED [{n / 9:3.0f}%]" for n in range(900)] + ["== 900 passed in 3 s =="]
)


def decoded(result: Result) -> str:
    """The outline that was sent, without the encoding around its notices."""
    return BY_NAME[result.parts[0].kind].decode(result.messages)


def followed(rendering: str, follow: Callable[[str], str]) -> str:
    """The rendering with each notice replaced by what it fetches, the way told once."""
    shown = notices.found(rendering)
    assert shown
    way = re.search(r" · .*\]", shown[0])
    assert way is not None
    first = notices.read(shown[0])
    assert first is not None
    for notice in shown:
        omission = notices.read(notice)
        assert omission is not None
        told = way[0].replace(notices.spec(first), notices.spec(omission))
        rendering = rendering.replace(notice, follow(notice[:-1] + told if notice != shown[0] else notice).rstrip("\n"))
    return rendering


def test_a_model_that_follows_every_notice_has_the_whole_output_again() -> None:
    store = MemoryStore()
    by_tool = compress(RUN, way_back="tool", store=store)
    assert by_tool.parts[0].reason == "outlined"
    assert followed(decoded(by_tool), lambda notice: followed_by_tool(notice, store)) == RUN
    by_shell = compress(RUN, way_back="shell")
    assert followed(decoded(by_shell), followed_by_shell) == RUN
