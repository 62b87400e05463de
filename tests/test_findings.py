"""What linters and compilers say: that a message is told once, that each place keeps its line and its column."""

from __future__ import annotations

import re

import pytest

from headroom import tokens
from headroom.compressors.search import Search
from headroom.types import Facts

SEARCH = Search()


def rendered(lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    rendering = SEARCH.encode(Facts(text))
    assert rendering is not None
    assert SEARCH.decode(rendering) == text
    return rendering.split("\n")


def finding(place: str, names: tuple[str, ...], messages: tuple[str, ...]) -> list[str]:
    """Forty findings in ten files, each with one of the messages and with names of their own in it."""
    return [
        place.format(path=f"app/{names[i // 4 % len(names)]}_{i // 4}", line=7 * i + 3, column=i % 60 + 1)
        + messages[i % len(messages)].format(name=names[(i + i // 5) % len(names)], other=names[i * 5 % 7 % len(names)])
        for i in range(40)
    ]


NAMES = ("cart", "order", "ledger", "refund", "ticket", "crate")

REPORTS = {
    "ruff": finding(
        "{path}.py:{line}:{column}: ", NAMES,
        ("F401 [*] `{name}` imported but unused", "F841 Local variable `{name}` is assigned to but never used"),
    ),
    "mypy": finding(
        "{path}.py:{line}: ", NAMES,
        ('error: "{name}" has no attribute "{other}"  [attr-defined]',
         "error: Function is missing a return type annotation  [no-untyped-def]"),
    ),
    "tsc": finding(
        "{path}.ts({line},{column}): ", NAMES,
        ("error TS2339: Property '{name}' does not exist on type '{other}'.",
         "error TS2304: Cannot find name '{name}'."),
    ),
    "dotnet": finding(
        "/app/{path}.cs({line},{column}): ", NAMES,
        ("error CS0103: The name '{name}' does not exist in the current context [/app/app.csproj]",
         "warning CS8602: Dereference of a possibly null reference. [/app/app.csproj]"),
    ),
    "eslint": finding(
        "/app/{path}.ts:{line}:{column}: ", NAMES,
        ("'{name}' is assigned a value but never used. [Error/@typescript-eslint/no-unused-vars]",
         "Unexpected console statement. [Warning/no-console]"),
    ),
    "pyright": finding(
        "  /app/{path}.py:{line}:{column} - ", NAMES,
        ('error: "{name}" is not a known attribute of "{other}" (reportOptionalMemberAccess)',
         'error: Import "{name}" could not be resolved (reportMissingImports)'),
    ),
    "gcc": finding(
        "{path}.c:{line}:{column}: ", NAMES,
        ("warning: unused variable ‘{name}’ [-Wunused-variable]",
         "error: ‘struct {name}’ has no member named ‘{other}’"),
    ),
}  # fmt: skip


def test_a_message_stands_whole_once_under_the_name_of_its_rule_and_later_with_its_values() -> None:
    out = rendered(REPORTS["ruff"])

    assert out[0] == "[lines by file under app/; A := text {v}: later A v is that text with value v]"
    assert out[1:5] == [
        "cart_0.py:", "3:1: F401 := F401 [*] `{cart}` imported but unused",
        "10:2: F841 := F841 Local variable `{order}` is assigned to but never used", "17:3: F401 ledger",
    ]  # fmt: skip


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_every_place_can_be_read_and_half_of_the_tokens_go(report: list[str]) -> None:
    out = rendered(report)
    count = tokens.counter().count

    file = ""
    places = []
    for line in out[1:]:
        file = line[:-1] if line.endswith(("py:", "ts:", "cs:", "c:")) else file
        place = re.match(r"([a-z][^:(]*)?[:(]?(\d+(?:[:,]\d+)?)\)?(?:: | - )", line)
        if place:
            places.append((place[1] or file, place[2]))
    told = [
        re.fullmatch(r" *(?:/app/)?app/([^:(]*)[:(](\d+(?:[:,]\d+)?)\)?", re.split(": | - ", line)[0])
        for line in report
    ]
    assert places == [(one[1], one[2]) for one in told if one]
    assert count("\n".join(out)) < 0.62 * count("\n".join(report))


@pytest.mark.parametrize("report", ["mypy", "tsc", "dotnet"])
def test_the_row_of_an_error_says_that_it_is_one(report: str) -> None:
    errors = sum("error" in line for line in REPORTS[report])

    assert sum("error" in line for line in rendered(REPORTS[report])) == errors


def test_two_messages_alike_and_those_of_their_own_stand_as_they_are() -> None:
    own = ["a/x.go:9:2: undefined: cart", "a/x.go:12:2: undefined: ledger", "b/y.go:4:1: missing return"]
    made = [
        f"a/x.go:{i}:{i % 7}: cannot use cart (variable of type string) as int value in assignment"
        for i in range(30, 36)
    ]

    out = rendered([*own, *made])

    assert out[2:4] == ["9:2: undefined: cart", "12:2: undefined: ledger"]
    assert "b/y.go:4:1: missing return" in out
    assert out[-1] == "35:0: cannot_use"


def test_a_value_is_said_again_where_it_is_the_one_before() -> None:
    out = rendered(
        [f"a/x.py:{i}:{i % 9}: F401 `{'os.path' if i < 30 else 'sys.argv'}` imported but unused" for i in range(20, 40)]
    )

    assert sum(line.endswith("F401 os.path") for line in out) == 9
    assert sum(line.endswith("F401 sys.argv") for line in out) == 10


def test_hits_of_a_search_are_source_and_keep_every_byte() -> None:
    lines = [f"app/a{i // 3}.py:{i}:    raise ValueError('no {i}')" for i in range(12)]
    lines += [f"app/b.py:{i}: error: number {i} of a heredoc" for i in range(4)]

    assert ":=" not in "\n".join(rendered(lines))


def test_source_that_is_quoted_below_a_finding_ends_no_file() -> None:
    made = [
        (f"a/x.go:{i}:2: `{'err' if i % 2 else 'n'}` is not checked (errcheck)", f"\tf{i}()", "\t ^") for i in range(9)
    ]
    out = rendered([*(line for three in made for line in three), "b/y.go:3:1: missing return", "\treturn"])

    assert out[1] == "a/x.go:"
    assert sum(line.startswith("a/x.go") for line in out) == 1
    assert out[-2:] == ["b/y.go:3:1: missing return", "\treturn"]


def test_the_headings_of_pyright_and_the_second_line_of_a_message_stay() -> None:
    lines: list[str] = []
    for i, line in enumerate(REPORTS["pyright"]):
        lines += [line[2:].partition(":")[0]] * (i % 4 == 0) + [line] + ['    "str" is not "int"'] * (i % 3 == 0)

    out = rendered([*lines, "40 errors, 0 warnings, 0 informations "])

    assert out.count("/app/app/cart_0.py") == 1
    assert out.count('    "str" is not "int"') == 14
    assert out[-1] == "40 errors, 0 warnings, 0 informations "


def test_lines_between_findings_stay_in_their_place() -> None:
    report = list(REPORTS["tsc"])
    report[9:9] = ["  Type 'undefined' is not assignable to type 'cart'."]

    out = rendered(["> app@1.0.0 build", "> tsc -p .", "", *report, "", "npm ERR! code 2"])

    assert out[1:4] == ["> app@1.0.0 build", "> tsc -p .", ""]
    assert "  Type 'undefined' is not assignable to type 'cart'." in out
    assert out[-1] == "npm ERR! code 2"


def test_a_message_that_looks_like_our_rows_comes_back() -> None:
    report = [*REPORTS["ruff"], "app/z.py:1:1: F401 cart", "app/z.py:2:1: F401", "app/z.py:3:1: A := b {c}",
              "app/z.py:4:1: \\F401 x", "app/z.py(5,1): F401 cart", "app/z.py:6: F841 a"]  # fmt: skip

    rendered(report)
