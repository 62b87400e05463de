"""Tables: what a rendering shows, that it restores the text whatever the cells are, and what it saves."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import tokens
from headroom.compressors import BY_NAME
from headroom.compressors._coats import plain
from headroom.compressors.table import Table
from headroom.errors import FormatError
from headroom.types import Facts
from tests.samples import SHARED, samples

WORKLOAD = SHARED / "workloads" / "csv_licenses_331.json.gz"
VEGA = SHARED / "data" / "json" / "vega.tar.gz"
TABLE = Table()
TEXTS = {sample.name: plain(sample.text) for sample in samples() if sample.kind == "table"}

CELLS = st.one_of(
    st.from_regex(r"[a-z]{1,6}|[0-9]{1,4}", fullmatch=True),
    st.sampled_from(
        [
            "", "a b", "a,b", 'say "x"', "~", "-", "=x", "\\x", "[end of table]", "null", "true", "007", "1.50", "<>",
            "<a>", "{x", "[y]", "é", "日本", "a|b", "a\\|b", "k=v", ":", "x:", "line\nend", "\t", " lead", "trail ",
            "---", "\u2028",
        ]
    ),
)  # fmt: skip
ROWS = st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=4, max_size=14))
NAMES = ["name", "size", "the kind", "id", "note"]


def rendered(text: str) -> str:
    facts = Facts(text)
    assert TABLE.fit(facts) > 0.4
    rendering = TABLE.encode(facts)
    assert rendering is not None
    assert TABLE.decode(rendering) == text
    return rendering


def restored(text: str) -> None:
    """A text comes back byte for byte, or is not encoded at all."""
    rendering = TABLE.encode(Facts(text))
    if rendering is not None:
        assert TABLE.decode(rendering) == text


def test_a_csv_file_says_once_what_all_rows_share() -> None:
    lines = rendered(TEXTS["lots.csv"]).split("\n")

    assert lines[:5] == [
        "[compact table: csv; at 5,7; k?=v unless the row says else; rows may end with own k=v; <> is the cell]",
        "lot=LOT-2026-<>",
        "state?=pressed",
        "page=https://orchard.example/lots/<>",
        ":lot fruit farm kilos page",
    ]
    assert lines[21] == r'0017 "Pear, late" "Old Wall" 469 0017 note="said \"soft\""'


def test_quotes_of_a_csv_file_come_back() -> None:
    rendering = rendered(TEXTS["lots-quoted.csv"])

    assert rendering.startswith("[compact table: csv, quoted; at 5,7; ")


def test_diagnostics_that_all_open_alike_are_a_run_before_they_are_a_table() -> None:
    source = "   |\nLL |     0u8 as u16;\n   |     ^^^^^^^^^^\n   |\n   = note: silently lossy if the types change\n"
    fix = "help: use `u16::from` instead\n   |\nLL -     0u8 as u16;\nLL +     u16::from(0u8);\n   |\n"
    text = "\n".join(f"error: infallible casts\n  --> src/cast.rs:{n}:5\n{source}{fix}" for n in range(3, 40))

    assert TABLE.fit(Facts(text)) < BY_NAME["runs"].fit(Facts(text))


def test_a_markdown_table_keeps_the_text_around_it() -> None:
    rendering = rendered(TEXTS["varieties.md"])

    assert rendering.startswith(
        "# Varieties\n\nWhat stands in the orchard, by variety.\n\n[compact table: markdown padded "
    )
    assert rendering.endswith("\n[end of table]\n\nAll weights are from the 2025 season.\n")


def test_every_table_of_a_page_is_rendered() -> None:
    table = "| option | type | what it does |\n|---|---|---|\n" + "".join(
        f"| `--flag-{i}` | string | sets the flag number {i} of the tool |\n" for i in range(8)
    )

    assert rendered(f"# One\n\n{table}\n# Two\n\n{table}\nEnd.\n").count("[compact table: markdown") == 2


def test_pods_that_differ_from_the_rest_say_so() -> None:
    rendering = rendered(TEXTS["kubectl-pods.txt"])

    assert "\nSTATUS?=Running\n" in rendering
    assert TEXTS["kubectl-pods.txt"].count("17 (30s ago)") == rendering.count('RESTARTS="17 (30s ago)"') > 0


def test_a_row_that_is_drawn_otherwise_stays_as_it_was() -> None:
    lines = TEXTS["kubectl-pods.txt"].split("\n")
    lines[5] = lines[5].replace("   ", "  ", 1)

    assert "\n\\" + lines[5] + "\n" in rendered("\n".join(lines))


def test_a_list_in_yaml_becomes_a_table_with_the_lines_around_it() -> None:
    rendering = rendered(TEXTS["presses.yaml"])

    assert rendering.startswith("presses:\n[compact table: yaml 0; ")
    assert "\nlimits.cpu=500m\n" in rendering
    assert rendering.endswith("\n[end of table]\nupdated: 2026-11-20\n")


def test_records_parted_by_blank_lines_name_their_keys_once() -> None:
    rendering = rendered(TEXTS["packages.txt"])

    assert rendering.count("Installed-Size") == 1
    assert "\nscale-driver doc 6902 all 3.18.0\n" in rendering


@pytest.mark.parametrize("name", sorted(TEXTS))
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_table_cut_off_by_head_or_tail_comes_back(name: str, keep: float) -> None:
    lines = TEXTS[name].splitlines(keepends=True)
    size = int(len(lines) * keep)

    restored("".join(lines[:size]))
    restored("".join(lines[-size:]))
    restored(TEXTS[name][: int(len(TEXTS[name]) * keep)])


@pytest.mark.parametrize(
    "text",
    [
        "import os, sys\nimport re, io\n\ndef main(a, b):\n    return f(a, b)\n\n\nmain(1, 2)\n" * 5,
        "src/a.py:12:import os, sys\nsrc/a.py:14:x = f(a, b)\nsrc/b.py:3:y, z = 1, 2\n" * 5,
        "2025-06-24 14:36:25,123 INFO started\n2025-06-24 14:36:26,456 INFO done\n" * 5,
        '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n' * 10,
        "<table><tr><td>a</td><td>b</td></tr></table>\n" * 10,
        "It was late, and the orchard was dark.\nHe came back, wet and cold.\nNobody spoke, or moved.\n" * 4,
        "total 12\n-rw-r--r-- 1 root root 12 Nov 22 11:07 a.py\n-rw-r--r-- 1 root root 99 Nov 22 11:07 b.py\n" * 5,
        "const a = [\n  1, 2, 3,\n  4, 5, 6,\n];\n" * 10,
    ],
    ids=["code", "grep", "log", "jsonl", "html", "prose", "ls", "array"],
)
def test_what_is_no_table_does_not_fit(text: str) -> None:
    assert TABLE.fit(Facts(text)) == 0


@given(
    ROWS,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(",;\t|"),
    st.booleans(),
)
def test_any_csv_comes_back(rows: list[list[str]], quoting: int, sign: str, windows: bool) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=sign, quoting=quoting, lineterminator="\r\n" if windows else "\n")  # type: ignore[arg-type]
    writer.writerow(NAMES[: len(rows[0])])
    writer.writerows(rows)

    restored(file.getvalue())


@given(ROWS, st.sampled_from(["markdown", "padded", "mysql", "psql"]), st.integers(0, 40))
def test_any_drawn_table_comes_back(rows: list[list[str]], kind: str, dropped: int) -> None:
    cells = [NAMES[: len(rows[0])], *rows]
    widths = [max(len(row[i]) for row in cells) if kind != "markdown" else 3 for i in range(len(cells[0]))]
    drawn = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    dashes = ["-" * (width + 2) for width in widths]
    if kind == "psql":
        lines = [f" {drawn[0]} ", "+".join(dashes), *(f" {row}".rstrip(" ") for row in drawn[1:]), "(9 rows)"]
    else:
        joined = "+".join(dashes) if kind == "mysql" else "|".join(dashes)
        edge = "+" if kind == "mysql" else "|"
        boxed = [f"| {row} |" for row in drawn]
        rule = f"{edge}{joined}{edge}"
        lines = [rule, boxed[0], rule, *boxed[1:], rule] if kind == "mysql" else [boxed[0], rule, *boxed[1:]]
    text = "\n".join(["Some words first.", *lines, "", "And after.", ""])

    restored(text)
    restored(text[dropped:-dropped])


@given(ROWS, st.lists(st.booleans(), min_size=5, max_size=5), st.integers(1, 3), st.integers(0, 30))
def test_any_aligned_table_comes_back(rows: list[list[str]], sides: list[bool], gap: int, dropped: int) -> None:
    cells = [[name.upper() for name in NAMES[: len(rows[0])]], *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = [
        (" " * gap).join(c.rjust(w) if side else c.ljust(w) for c, w, side in zip(row, widths, sides, strict=False))
        for row in cells
    ]
    for drawn in (lines, [line.rstrip(" ") for line in lines]):
        text = "\n".join([*drawn, ""])
        restored(text)
        restored(text[:-dropped])


KEYS = st.sampled_from(["name", "spec", "a.b", "x y", "k8s.io/id", "note"])
LINES = st.one_of(
    st.tuples(st.integers(0, 3), KEYS, CELLS).map(lambda t: f"{'  ' * t[0]}{t[1]}: {t[2]}".rstrip(" ")),
    st.tuples(st.integers(0, 3), CELLS).map(lambda t: f"{'  ' * t[0]}- {t[1]}"),
    CELLS,
)


@given(
    st.lists(st.lists(LINES, max_size=5), min_size=3, max_size=6), st.sampled_from(["- ", "", "    - "]), st.booleans()
)
def test_any_blocks_come_back(blocks: list[list[str]], dash: str, parted: bool) -> None:
    inside = " " * len(dash)
    texts = [
        "\n".join([f"{dash}name: block {i} of some", f"{inside}size: {i}", *(f"{inside}{line}" for line in block)])
        for i, block in enumerate(blocks)
    ]
    restored(("\n\n" if parted else "\n").join(["items:", *texts, ""]))


@pytest.mark.parametrize(
    "rendering",
    [
        "", "x", "[compact table: csv]", "[compact table: csv]\n:a b", "[compact table: zip]\n:a b\n1 2",
        "[compact table: csv; at 9]\na=1\n:b c\n1 2", "[compact table: csv, quoted n/n]\n:a b\n1 2",
        "[compact table: aligned 4l]\n:a b\n1 2", "[compact table: markdown padded lll/lll A3]\n:a b\n1 2",
        "[compact table: csv]\n:a b\n{x} 2", "[compact table: yaml]\n:a b\n1 2",
        "[compact table: markdown plain]\n:a b\n1 2",
    ],
)  # fmt: skip
def test_what_is_no_rendering_is_a_format_error(rendering: str) -> None:
    with pytest.raises(FormatError):
        TABLE.decode(rendering)


def test_the_licence_list_of_the_workloads_shrinks() -> None:
    if not WORKLOAD.exists():
        pytest.skip("../shared/workloads/csv_licenses_331.json.gz is not here")
    messages = json.loads(gzip.decompress(WORKLOAD.read_bytes()))["openai"]
    text = next(message["content"] for message in messages if message["role"] == "tool")
    count = tokens.counter().count

    assert 1 - count(rendered(text)) / count(text) >= 0.12


def test_real_csv_files_come_back_and_never_grow() -> None:
    if not VEGA.exists():
        pytest.skip("../shared/data/json/vega.tar.gz is not here")
    count = tokens.counter().count
    before = after = 0
    with tarfile.open(VEGA) as archive:
        for member in archive.getmembers():
            if member.name.endswith((".csv", ".tsv")):
                file = archive.extractfile(member)
                assert file is not None
                text = file.read(20_000).decode("utf-8", "ignore")
                text = text[: text.rfind("\n") + 1]
                rendering = TABLE.encode(Facts(text))
                assert rendering is None or TABLE.decode(rendering) == text
                size = count(text)
                shown = size if rendering is None else count(rendering)
                assert shown <= size
                before, after = before + size, after + shown

    assert 1 - after / before >= 0.1
