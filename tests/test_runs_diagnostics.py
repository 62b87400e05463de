"""Diagnostics that say the same of many places: told once, with a row for each place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors.runs import Runs
from headroom.errors import FormatError
from headroom.types import Facts

RUNS = Runs()
NAMES = ("fee", "total", "ledger", "rate", "batch", "journal", "entry", "limit", "owner", "status", "note", "quota")
PATHS = ("src/main.rs", "crates/core/src/cart.rs", "crates/api/src/routes/orders.rs")


def rendered(text: str) -> str:
    rendering = RUNS.encode(Facts(text))
    assert rendering is not None
    assert RUNS.decode(rendering) == text
    return rendering


def rust(
    message: str, path: str, line: int, source: str, marked: str, label: str = "", notes: Sequence[str] = ()
) -> str:
    """A diagnostic as rustc prints it: `marked` is the piece of the source that it underlines."""
    column = source.index(marked) + 1
    gutter = " " * len(str(line))
    marks = f"{gutter} | {' ' * (column - 1)}{'^' * len(marked)}{label and ' ' + label}"
    below = [f"{gutter} |", *(f"{gutter} = {note}" for note in notes)] if notes else []
    head = [message, f"{gutter}--> {path}:{line}:{column}", f"{gutter} |", f"{line} | {source}", marks]
    return "\n".join([*head, *below, "", ""])


def unused(i: int, path: str = PATHS[0], *, first: bool = False) -> str:
    name = f"{NAMES[i % len(NAMES)]}_{i}"
    return rust(
        f"warning: unused variable: `{name}`",
        path,
        7 + 9 * i,
        f"        let {name} = amount / 100;",
        name,
        f"help: if this is intentional, prefix it with an underscore: `_{name}`",
        ["note: `#[warn(unused_variables)]` on by default"] if first else (),
    )


def unwrap(i: int, path: str = PATHS[0]) -> str:
    call = f"{NAMES[i % len(NAMES)]}.get({i}).unwrap()"
    return rust(
        "warning: used `unwrap()` on an `Option` value",
        path,
        11 + 9 * i,
        f"    let x = {call};",
        call,
        notes=["help: e"],
    )


def mutable(i: int) -> str:
    gutter = " " * len(str(9 + 9 * i))
    return "\n".join(
        [
            "warning: variable does not need to be mutable",
            f"{gutter}--> {PATHS[0]}:{9 + 9 * i}:9",
            f"{gutter} |",
            f"{9 + 9 * i} |     let mut total = self.balance;",
            f"{gutter} |         ----^^^^^",
            f"{gutter} |         |",
            f"{gutter} |         help: remove this `mut`",
            "",
            "",
        ]
    )


def gcc(i: int, path: str = "lib/parse.c") -> str:
    name, line = NAMES[i % len(NAMES)], 8 + 9 * i
    column = 9 + i % 3
    return (
        f"{path}:{line}:{column}: warning: unused variable '{name}' [-Wunused-variable]\n"
        f"{line:5d} | {' ' * (column - 5)}int {name} = {i};\n      | {' ' * (column - 1)}{'^'}{'~' * (len(name) - 1)}\n"
    )


def clang(i: int) -> str:
    name, line = NAMES[i % len(NAMES)], 8 + 9 * i
    return (
        f"lib/parse.c:{line}:9: warning: unused variable '{name}' [-Wunused-variable]\n"
        f"    int {name} = {i};\n        ^\n"
    )


def javac(i: int) -> str:
    return (
        f"App.java:{8 + 9 * i}: warning: [unchecked] unchecked cast\n"
        f"    List<String> {NAMES[i % len(NAMES)]} = (List<String>) rows.get({i});\n{' ' * 28}^\n"
        "  required: List<String>\n  found:    Object\n"
    )


def mypy(i: int) -> str:
    name = NAMES[i % len(NAMES)]
    return (
        f'app/orders.py:{8 + 9 * i}: error: Incompatible types in assignment (expression has type "str",\n'
        f'variable has type "int")  [assignment]\n    {name} = order.name({i})\n    {" " * len(name)}   ^~~~~~~~~~\n'
    )


def ruff(i: int) -> str:
    line = 12 + 9 * i
    gutter = " " * len(str(line + 1))
    name = NAMES[i % len(NAMES)]
    return "\n".join(
        [
            f"F401 [*] `{name}` imported but unused",
            f"{gutter}--> app/orders.py:{line}:12",
            f"{gutter} |",
            f"{line - 1:>{len(gutter)}} | def load_{i}(order):",
            f"{line:>{len(gutter)}} |     import {name}",
            f"{gutter} |            {'^' * len(name)}",
            f"{line + 1:>{len(gutter)}} |     return order.{i}",
            f"{gutter} |",
            f"help: Remove unused import: `{name}`",
            "",
            "",
        ]
    )


MAKERS: dict[str, Callable[[int], str]] = {
    f.__name__: f for f in (unused, unwrap, mutable, gcc, clang, javac, mypy, ruff)
}


def table(rendering: str, title: str) -> list[str]:
    """The rows of the group whose pattern holds `title`."""
    lines = rendering.split("\n")
    at = next(i for i, line in enumerate(lines) if title in line)
    times = next(int(m[1]) for line in reversed(lines[:at]) if (m := re.fullmatch(r"\[(?:[A-Z] )?×(\d+)\]", line)))
    head = next(i for i in range(at, len(lines)) if re.fullmatch(r"[{«]at[}»].*:", lines[i]))
    return lines[head + 1 : head + 1 + times]


def test_a_message_stands_once_with_its_count_and_every_place_and_name_below_it() -> None:
    text = "".join(unused(i, first=i == 0) for i in range(20))
    rendering = rendered(text)

    assert rendering.count("unused variable") == 1
    assert "\n[×20]\nwarning: unused variable: `{x}`\n" in rendering
    assert "--> src/main.rs:{at}\n|         let {x} = amount / 100;\n^{#x} help" in rendering
    assert table(rendering, "unused variable") == [f"{7 + 9 * i}:13 {NAMES[i % 12]}_{i}" for i in range(20)]


def test_places_in_several_files_stand_with_their_paths_and_whole_source_lines() -> None:
    text = "".join(unwrap(i, PATHS[i // 5]) for i in range(15))
    rows = table(rendered(text), "used `unwrap()`")

    assert rows[0] == "src/main.rs:11:13 let x = fee.get(0).unwrap();"
    assert rows[1] == ":20:13 let x = total.get(1).unwrap();"
    assert [row.split(":")[0] for row in rows if row[0] != ":"] == list(PATHS)


def test_what_a_message_has_only_the_first_time_is_told_as_such() -> None:
    rendering = rendered("".join(unused(i, first=i == 0) for i in range(9)))

    assert "\n[first] = note: `#[warn(unused_variables)]` on by default\n" in rendering


def test_the_order_of_messages_that_alternate_is_told_in_one_line() -> None:
    text = "".join(mutable(i) + unused(i) + unwrap(i) for i in range(12))
    rendering = rendered(text)

    assert [line for line in rendering.split("\n") if "×" in line[:9]] == ["[A ×12]", "[B ×12]", "[C ×12]"]
    assert "\n[then (A B C)×11]\n" in rendering
    assert table(rendering, "does not need to be mutable")[0] == " ".join(f"{9 + 9 * i}:9" for i in range(12))


def test_other_diagnostics_stay_where_they_stand() -> None:
    other = rust("error[E0308]: mismatched types", PATHS[0], 500, "    let x: u32 = total;", "total", "expected `u32`")
    text = "".join([*(unused(i) for i in range(6)), other, *(unused(i) for i in range(6, 12)), "error: aborting\n"])
    rendering = rendered(text)

    assert rendering.endswith(
        "\nerror[E0308]: mismatched types\n   --> :500:18\n|     let x: u32 = total;\n^5 expected `u32`\n\n"
        "[then A×6]\nerror: aborting\n"
    )


def test_errors_are_told_as_one_only_where_their_words_are_the_same() -> None:
    text = "".join(
        rust(f"error[E0425]: cannot find value `{name}`", PATHS[0], 10 + i, f"    use_it({name});", name, "not found")
        for i, name in enumerate(NAMES)
    )
    rendering = RUNS.encode(Facts(text)) or text

    assert all(f"error[E0425]: cannot find value `{name}`" in rendering.split("\n") for name in NAMES)


@pytest.mark.parametrize("name", MAKERS)
def test_each_compiler_s_diagnostics_are_told_as_one(name: str) -> None:
    text = "".join(MAKERS[name](i) for i in range(24))
    rendering = rendered(text)

    assert "\n[×24]\n" in rendering or rendering.count("×24]") == 1
    assert len(rendering) < len(text) * 0.5
    for line in set(re.findall(r"(?m):(\d+):?\d*(?::|$)", text)):
        assert re.search(rf"\b{line}\b", rendering)


def test_a_notice_of_what_was_left_out_is_never_inside_a_group() -> None:
    notice = "[… lines 30-300: 40 warnings alike · headroom_retrieve('k3f7q2abcdef', lines='30-300')]"
    text = "".join([*(unused(i) for i in range(4)), notice + "\n", *(unused(i) for i in range(80, 84))])

    assert notice in rendered(text).split("\n")


def test_the_underlined_part_of_a_frame_stands_behind_its_source() -> None:
    frames = "".join(
        f"tests/test_cart.py:{40 + i}: in test_total_{i}\n    total = cart.{name}(rate)\n            {'^' * size}\n"
        for i, (name, size) in enumerate((("total", 16), ("refund", 11), ("settle", 17)) * 5)
    )
    told = rendered(f"{frames}E   ValueError: no rate\n").split("\n")

    assert "tests/test_cart.py:40: in test_total_0 | total = cart.total(rate) ^9" in told
    assert any(line.endswith("test_total_1 | total = cart.refund(rate) ^9-19") for line in told)
    assert any("^5: underlined" in line for line in told[:1])


def test_source_that_ends_like_a_mark_is_read_as_the_legend_says() -> None:
    old = "[run codes: frames on one line; …/p: a path above]\na/b.py:3: in f | x = y ^5\n"

    assert RUNS.decode(old) == "a/b.py:3: in f\n    x = y ^5\n"


def test_renderings_of_the_version_before_are_still_read() -> None:
    old = (
        "[run codes: ^9: 9 characters from the column of -->; --> : is in the same file]\n"
        "warning: a\n --> src/a.rs:3:1\n| b\n^1\n\nwarning: a\n --> :4:1\n| c\n^1\n"
    )

    assert RUNS.decode(old).count(" --> src/a.rs:") == 2


@pytest.mark.parametrize(
    "body",
    [
        "[×3]",
        "[×3]\nwarning: a",
        "[×3]\nwarning: a\n--> a.rs:{at}\n{at}:\n1:1 2:1",
        "[×2]\nwarning: a\n--> a.rs:{at}\n^{y}\n{at}:\n1:1 2:1",
        "[×2]\nwarning: a\n--> a.rs:{at}\n{at} {x}:\n1:1 b\n2:1",
        "[then A]",
        "[then A B×]",
        "[A ×2]\nwarning: a\n--> a.rs:{at}\n{at}:\n1:1 2:1\n[then A A]",
    ],
)
def test_groups_that_nobody_wrote_are_refused(body: str) -> None:
    clause = (
        "[A ×9]: 9 diagnostics like this, {x} as in the rows below it, {#x} its length; [then A B]: next of A, of B"
    )
    with pytest.raises(FormatError):
        RUNS.decode(f"[run codes: {clause}]\n{body}")


NOISE = (
    *("", "   Compiling cart v0.1.0", "[×3]", "[A ×2]", "[then A]", "[first] = note: x", "{at}:", "{at} {x}:", "«at»:"),
    *("warning: `cart` (lib) generated 12 warnings", "a.c: In function 'main':", "  --> src/main.rs:3:1", "   |"),
    *("= help: …#x", "[… lines 3-9: 7 lines]", ":@4:^^", "help: try", "a.c:3:1: warning: x", "a.c:4:1: warning: x"),
)
blocks = st.builds(
    lambda name, i: MAKERS[name](i), st.sampled_from(sorted(MAKERS)), st.integers(min_value=0, max_value=1_500)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(blocks, st.sampled_from(NOISE).map(lambda line: line + "\n")), max_size=30), st.booleans())
def test_every_mixture_of_diagnostics_comes_back(pieces: list[str], windows: bool) -> None:
    text = "".join(pieces * 2)
    text = text.replace("\n", "\r\n") if windows else text
    rendering = RUNS.encode(Facts(text))

    if rendering is not None:
        assert RUNS.decode(rendering) == text


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 12), st.sampled_from(sorted(MAKERS)), st.data())
def test_a_damaged_line_among_diagnostics_alike_comes_back(times: int, name: str, data: st.DataObject) -> None:
    lines = "".join(MAKERS[name](i) for i in range(times)).split("\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(st.one_of(st.sampled_from(NOISE), st.sampled_from(lines), st.just(lines[at][1:])))
    text = "\n".join(lines)
    rendering = RUNS.encode(Facts(text))

    if rendering is not None:
        assert RUNS.decode(rendering) == text
