"""The column codec: what it writes comes back, and what it cannot have written is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compressors._columns.cells import INLINE, MISSING, STYLES, split, split_rows
from headroom.compressors._columns.json_text import unrelaxed
from headroom.compressors._columns.read import read
from headroom.compressors._columns.write import Table, write
from headroom.errors import FormatError

Columns = dict[str, list[Any]]

WORDS = st.sampled_from(
    [
        *(
            "",
            "a",
            "INFO",
            "null",
            "true",
            "12",
            "-0",
            "01",
            "1e5",
            "~",
            "-",
            "=",
            "=x",
            "<>",
            "<a>",
            "[x",
            "{x",
            '"q"',
        ),
        *("a b", "a,b", "a|b", "a\tb", " lead", "trail ", "two\nlines", "cr\rx", "\u2028", "\x85", "é", "[1]", "{}"),
        *("https://h/u/7", "https://h/u/7/repos", "u/7", "pre-7-x", "x=y", 'x="y', "a;b", "<a", "%s", "\\", "[a;b]"),
    ]
)
VALUES = st.one_of(
    WORDS,
    st.text(max_size=12),
    st.integers(-(10**30), 10**30).map(lambda i: (str(i),)),
    st.sampled_from([None, True, False, MISSING, ("1.0",), ("1e400",), ("-0",)]),
)
NAMES = st.sampled_from(["a", "b", "user.login", "user.url", "url", '"x y"', "match[].line", "{key}", "a.b.c", "7"])


@st.composite
def columns(draw: st.DrawFn) -> Columns:
    n = draw(st.integers(1, 14))
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    made: Columns = {}
    for name in names:
        base = draw(st.one_of(st.lists(VALUES, min_size=n, max_size=n), VALUES.map(lambda v: [v] * n)))
        shape = draw(st.sampled_from(["as is", "prefix", "other", "usual"]))
        if shape == "prefix":
            base = [f"https://h/{i}/x" if draw(st.integers(0, 9)) else v for i, v in enumerate(base)]
        elif shape == "other" and made:
            source = next(iter(made.values()))
            base = [f"{v}/more" if type(v) is str else v for v in source]
        elif shape == "usual":
            base = [base[0] if draw(st.integers(0, 9)) else v for v in base]
        made[name] = base if any(v is not MISSING for v in base) else ["x"] * n
    return made


def back(table: Table, style: Any = None) -> Columns:
    return read(table.header, table.rows, lambda _, text: unrelaxed(text), style)


def filled(made: Columns, like: Columns) -> Columns:
    return {name: made[name] for name in like}


@given(columns())
def test_every_table_comes_back_in_every_style(made: Columns) -> None:
    n = len(next(iter(made.values())))
    for style in (None, INLINE, *STYLES.values()):
        table = write(made, n, style)
        assert len(table.rows) == n
        assert filled(back(table, style), made) == made


def test_a_constant_stands_once_above_the_rows() -> None:
    table = write({"host": ["web-1"] * 5, "code": [(str(i),) for i in range(5)]}, 5)
    assert table.header == ["host=web-1", ":code"]
    assert table.rows == ["0", "1", "2", "3", "4"]


def test_the_few_rows_that_differ_say_so_at_their_end() -> None:
    levels = ["INFO"] * 19 + ["FATAL"]
    table = write({"level": levels, "at": [(str(100 + i),) for i in range(20)]}, 20)
    assert "level?=INFO" in table.header
    assert [row for row in table.rows if "level=" in row] == ["119|level=FATAL"]


def test_what_strings_share_stands_in_a_template() -> None:
    ids = [f"req-{i:06}-done" for i in range(9)]
    table = write({"id": ids}, 9)
    assert table.header == ["id=req-<>-done", ":id"]
    assert table.rows[3] == "000003"


def test_a_column_made_of_another_has_no_cells() -> None:
    url = [f"https://api.example.com/issues/{7 * i}" for i in range(9)]
    table = write({"url": url, "comments": [u + "/comments" for u in url]}, 9)
    assert "comments=<url>/comments" in table.header
    assert table.header[-1] == ":url"


def test_a_reference_means_the_column_of_the_nearest_object() -> None:
    made: Columns = {
        "url": [f"https://a.example.com/{i}" for i in range(9)],
        "user.url": [f"https://b.example.com/{i * 3}" for i in range(9)],
        "user.repos": [f"https://b.example.com/{i * 3}/repos" for i in range(9)],
        "repos": [f"https://a.example.com/{i}/repos" for i in range(9)],
    }
    table = write(made, 9)
    assert "user.repos=<url>/repos" in table.header
    assert "repos=<url>/repos" in table.header
    assert filled(back(table), made) == made


def test_a_name_that_cannot_stand_in_a_template_is_never_referred_to() -> None:
    made: Columns = {name: [(str(700 + i),) for i in range(9)] for name in ('"<z>"', "copy", "again")}
    assert filled(back(write(made, 9)), made) == made


def test_numbers_are_never_cut() -> None:
    table = write({"id": [f"a1{i}" for i in range(100, 109)]}, 9)
    assert all(row.removesuffix("|").isdigit() or row.startswith("a1") for row in table.rows)
    assert "id=a1<>" not in table.header


@pytest.mark.parametrize("value", ["", "null", "12", "-0", "~", "=x", "[a]", '"', " a", "a\n", "-", "\u2028"])
def test_a_string_that_looks_like_something_else_stays_a_string(value: str) -> None:
    made: Columns = {"a": [value, "plain", value], "b": [("1",), ("2",), ("3",)]}
    for style in STYLES.values():
        assert filled(back(write(made, 3, style), style), made) == made


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (["a=<b>", "b=<a>", ":c"], ["1"]),
        (["a=<nowhere>", ":c"], ["1"]),
        (["a=<><>", ":a"], ["1"]),
        (["a=1", "a=2", ":c"], ["1"]),
        (["a?=<>x", ":a"], ["1"]),
        (["a=", ":c"], ["1"]),
        (["no header line", ":c"], ["1"]),
        ([":a|b;c"], ["1|2"]),
        ([":a|a"], ["1|2"]),
        (["a"], ["1"]),
        ([":a|b"], ["1|2|no entry"]),
        ([":a|b"], ["1|2|a=3"]),
        ([":a|b"], ['"open|2']),
        ([":a|b"], ['"x"y|2']),
        ([":a|b"], ["[1|2"]),
        ([":a|b"], ["=|2"]),
        (["a=1", ":a|b"], ["1|2"]),
        (["<", ":a"], ["1"]),
    ],
)
def test_what_the_writer_cannot_have_written_is_refused(header: list[str], rows: list[str]) -> None:
    with pytest.raises(FormatError):
        read(header, rows, lambda _, text: unrelaxed(text))


@given(st.lists(st.text(alphabet=':ab|,=<>"[]{}?~ .\n\t-1', max_size=12), max_size=5), st.lists(st.text(max_size=9)))
def test_garbage_is_refused_or_read_but_never_crashes(header: list[str], rows: list[str]) -> None:
    try:
        made = read([*header, ":a|b"], rows, lambda _, text: unrelaxed(text))
    except FormatError:
        return
    assert all(len(column) == len(rows) for column in made.values())


def test_cells_may_hold_the_separator_inside_quotes_and_brackets() -> None:
    assert split('a|"b|c"|[d|e]|x="f|g"', STYLES["|"], 3) == ["a", '"b|c"', "[d|e]", 'x="f|g"']
    assert split_rows('[a,"b;c";[d;e],f]') == ['a,"b;c"', "[d;e],f"]
