"""What a deep outline of source leaves out: tables, licences, and a few bodies that nothing points at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import compress
from headroom.compressors import BY_NAME
from headroom.notices import PartNotices, read
from headroom.store import MemoryStore
from headroom.types import Facts, Outline, ToolCall


def steps(count: int, indent: str, name: str) -> list[str]:
    return [f"{indent}{name}_{n} = combine({name}_{n - 1}, weight={n * 7}, label='{name} {n}')" for n in range(count)]


def python(names: str, count: int = 24) -> list[str]:
    lines = ["import json", "", "LIMIT = 7", ""]
    for name in names.split():
        lines += [f"def {name}(", "    first: int,", ") -> int:", f'    """Works out the {name}."""',
                  *steps(count, "    ", name), f"    return {name}_1", "", ""]  # fmt: skip
    return lines


NAMES = "apex bravo cedar delta ember fjord grove haven igloo jetty kayak llama mango north ocean piano"
FILE = python(NAMES)
BRACES = {
    "go": ("func (s *Server) {}(ctx context.Context) (int, error) {{", "}"),
    "rust": ("    pub(crate) async fn {}(&self) -> Result<u8> {{", "    }"),
    "javascript": ("export const {} = async (request, reply) => {{", "};"),
    "a method": ("  async {}(request) {{", "  }"),
    "java": ("    public static List<String> {}(int first) {{", "    }"),
    "a test": ("test('{} works', async () => {{", "});"),
    "c": ("static int\n{}(struct node *first)\n{{", "}"),
}


def outline(
    lines: list[str], query: str | None = None, call: ToolCall | None = None, kind: str = "code"
) -> Outline | None:
    """The deep outline, checked to be restored by its notices."""
    facts = Facts("\n".join(lines), call, query)
    made = BY_NAME[kind].outline(facts, PartNotices("abcdefghijkl", "tool"), True)
    assert made is None or BY_NAME[kind].restored(facts, made.text)
    return made if made and made.omissions else None


def kept(made: Outline | None) -> list[str]:
    return [] if made is None else [line for line in made.text.split("\n") if read(line) is None]


def numbered(lines: list[str], first: int = 1) -> list[str]:
    return [f"{number:6}\t{line}" for number, line in enumerate(lines, first)]


def test_signatures_descriptions_and_constants_stay_and_long_bodies_go() -> None:
    left = kept(outline(FILE))
    cut = [line for line in FILE if line not in left]
    assert cut
    assert all(" = combine(" in line or line.startswith("    return") for line in cut)
    assert len("\n".join(cut)) <= 0.2 * len("\n".join(FILE))


def test_nothing_goes_from_code_unless_deep_nor_from_a_short_file() -> None:
    notices = PartNotices("abcdefghijkl", "tool")
    assert BY_NAME["code"].outline(Facts("\n".join(FILE)), notices, False) is None
    assert BY_NAME["reading"].outline(Facts("\n".join(numbered(FILE))), notices, False) is None
    assert outline(python("apex bravo cedar delta ember fjord grove haven")) is None


@pytest.mark.parametrize("language", BRACES)
def test_bodies_in_braces_go(language: str) -> None:
    start, end = BRACES[language]
    indent = " " * (len(end) - len(end.lstrip()) + 4)
    lines = []
    for name in NAMES.split():
        lines += [*start.format(name).split("\n"), *steps(24, indent, name), end, ""]
    made = outline(lines)
    assert made is not None
    assert {line for line in lines if " = combine(" not in line} <= {*kept(made)}


def cut_bodies(lines: list[str], query: str | None = None) -> list[str]:
    left = "\n".join(kept(outline(lines, query)))
    return [name for name in NAMES.split() if f"{name}_7 = " not in left]


def test_the_bodies_that_go_stand_far_down() -> None:
    assert cut_bodies([*FILE, *python("quay")]) == ["ocean", "piano"]


def test_a_body_stays_that_the_question_points_at_or_that_tells_of_work_left_over() -> None:
    lines = [line.replace("ocean 7'", "TODO 7'") for line in FILE]
    place = FILE.index(steps(24, "    ", "piano")[7]) + 1
    assert cut_bodies(lines, f"app.py:{place}: why is north wrong?") == ["kayak", "llama", "mango"]


LICENCE = [
    "// Copyright 2020 The Harbour Authors",
    "//",
    *[
        f"// You may do this and that under term {n} of the licence, as long as you keep paragraph {n}."
        for n in range(12)
    ],
]
TABLES = {
    "translations": [f'    "greeting_{n}": "Guten Tag, liebe Leute Nummer {n * 3}",' for n in range(60)],
    "colours": [f"  --tint-{n}: #{n * 1234:06x}; /* the tint that is used for it */" for n in range(60)],
    "members": [f"    HARBOUR_{n} = {n * 4096}  # {n * 7:>40}" for n in range(60)],
    "fixtures": [line for n in range(20) for line in
                 ("    {", f'        "name": "case {n}",', f'        "depth": {n * 11.5},', "    },")],
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("kind", ["code", "reading"])
def test_a_table_of_data_shows_how_it_begins_and_ends(table: str, kind: str) -> None:
    lines = ["package harbour", "", *TABLES[table], "", "last line"]
    lines = lines if kind == "code" else numbered(lines)
    made = outline(lines, kind=kind)
    assert made is not None
    assert {*lines[:4], *lines[-3:]} <= {*kept(made)}
    assert [one.what.partition(" ")[2] for one in made.omissions] == ["lines alike"]


def test_the_entry_of_a_table_stays_that_the_question_names() -> None:
    assert TABLES["translations"][30] in kept(outline(["x = {", *TABLES["translations"], "}"], "change greeting_30"))


@pytest.mark.parametrize(
    "line", ["    field_{0}: String,", "    add(parser, {0})", "    raise Late({0})", "    if depth == {0}: pass"]
)
def test_fields_and_statements_are_no_table(line: str) -> None:
    assert outline([line.format(f"{n}" if "(" in line or "=" in line else "abcdefgh" * 3) for n in range(80)]) is None


def test_a_licence_goes_but_for_its_first_lines() -> None:
    left = kept(outline([*LICENCE, "", "package harbour"]))
    assert left == [*LICENCE[:2], LICENCE[-1], "", "package harbour"]


def test_a_comment_that_says_what_a_file_is_for_stays() -> None:
    lines = [line.replace("Copyright", "Written").replace("licence", "harbour") for line in LICENCE]
    assert outline([*lines, "", "package harbour"]) is None


def test_a_class_is_looked_into() -> None:
    lines = ["class Harbour:", *[f"    {line}" if line else "" for line in FILE]]
    assert len(outline(lines) or ()) == len(outline(FILE) or ())
    assert [one.first - 1 for one in outline(lines).omissions] == [one.first for one in outline(FILE).omissions]  # type: ignore[union-attr]


def test_a_numbered_view_of_a_whole_file_is_outlined_by_its_own_numbers() -> None:
    lines = numbered(FILE)
    made = outline(lines, kind="reading", call=ToolCall(name="Read", args={"file_path": "a.py", "limit": None}))
    assert made is not None
    for omission in made.omissions:
        assert lines[omission.first - 1].split()[0] == str(omission.first)


@pytest.mark.parametrize("args", [{"offset": 1}, {"limit": 300}, {"view_range": [1, 300]}])
def test_a_view_that_was_asked_for_by_its_range_stays(args: dict[str, object]) -> None:
    assert outline(numbered(FILE), kind="reading", call=ToolCall(name="Read", args=args)) is None


def test_a_view_whose_numbers_are_not_its_places_stays() -> None:
    assert outline(numbered(FILE, 40), kind="reading") is None
    assert outline(["Here is the file:", *numbered(FILE)], kind="reading") is None


@pytest.mark.parametrize("kind", ["code", "reading"])
def test_only_aggressive_sends_the_outline(kind: str) -> None:
    lines = [*FILE[: len(FILE) // 2], "TABLE = {", *TABLES["translations"] * 3, *TABLES["fixtures"] * 3, "}"]
    text = "\n".join(lines if kind == "code" else numbered(lines))
    sent = compress(text, level="aggressive", way_back="tool", store=MemoryStore()).parts[0]
    assert sent.reason == "outlined"
    assert compress(text, level="balanced", way_back="tool", store=MemoryStore()).parts[0].reason != "outlined"


line = st.one_of(
    st.sampled_from(["def f(a):", "  def g(", "  ):", "func x() {", "}", "", "    {", "if (a) {", '    """', "foo(a,"]),
    st.sampled_from(["  'a': 'b',", "  'c': 7,", "// Copyright 2020", "# SPDX-License-Identifier: MIT"]),
    st.sampled_from(["    x = 1", "\ty = 'error'", "        z(" + "1, " * 60 + ")"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(line, max_size=60), st.integers(1, 20), st.sampled_from(["code", "reading"]))
def test_lines_outside_what_was_cut_stand_in_order(some: list[str], times: int, kind: str) -> None:
    lines = some * times if kind == "code" else numbered(some * times)
    made = outline(lines, kind=kind)
    if made is not None:
        left = iter(lines)
        assert all(one in left for one in kept(made))
