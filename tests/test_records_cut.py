"""JSON that is not whole, or stands in other text: what is whole of it becomes rows, all else stays to the byte."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors._columns.json_text import parse, parse_at
from headroom.compressors.records import MARK, Records
from headroom.fragments import items
from headroom.notices import PartNotices, found, read
from headroom.retrieval import redeem
from headroom.store import MemoryStore
from headroom.types import Facts, Outline
from tests.test_records_laws import DOCUMENTS

RECORDS = Records()
STORE = MemoryStore()

ROWS = [
    {
        "id": 900 + i,
        "name": f"job \\ {i} 😀",
        "state": ("done", "open")[i % 2],
        "at": {"h": i, "q": '"'},
        "n": [i, None],
    }
    for i in range(12)
]
MARKERS = (
    "... [123 lines truncated] ...",
    "\n… 3,412 tokens truncated …\n",
    "[... 1200 characters omitted ...]",
    "\n<output_elided>\n",
    "\n\n(Results truncated)\n",
    "\n",
)
PRINTS: tuple[dict[str, Any], ...] = ({}, {"indent": 2}, {"separators": (",", ":"), "ensure_ascii": False})


def encoded(text: str) -> str | None:
    """The rendering of a text, checked by its own decoder."""
    facts = Facts(text)
    made = RECORDS.encode(facts)
    if made is not None:
        assert RECORDS.verify(facts, made)
    return made


def shown(text: str) -> str:
    """What the rendering of a text decodes to; the text where it has none."""
    made = encoded(text)
    return text if made is None else RECORDS.decode(made)


def tables(text: str) -> list[str]:
    """The lines that open tables in the rendering of a text."""
    made = encoded(text)
    assert made is not None
    return [line.rpartition("=")[2] for line in made.split("\n") if line.endswith((" rows]", " documents]", " rows}"))]


def cuts(text: str, step: int) -> Iterator[int]:
    yield from range(step, len(text), step)


@pytest.mark.parametrize("form", PRINTS)
@pytest.mark.parametrize("value", [ROWS, {"ok": True, "data": {"jobs": ROWS, "next": None}}, [ROWS[:6], ROWS[6:]]])
def test_cut_at_any_place_a_document_decodes_to_what_completes_it(value: Any, form: dict[str, Any]) -> None:
    text = json.dumps(value, **form)
    for at in cuts(text, 3 if "indent" in form else 1):
        assert parse(shown(text[:at]) + text[at:]) == parse(text), at


@pytest.mark.parametrize("form", PRINTS)
@pytest.mark.parametrize("marker", [marker for marker in MARKERS if "\n" in marker.strip(" ") and marker.strip()])
def test_with_its_middle_left_out_anywhere_what_stands_on_both_sides_comes_back(form: Any, marker: str) -> None:
    text = json.dumps({"total": 24, "jobs": ROWS + ROWS}, **form)
    chance = random.Random(7)
    for _ in range(120):
        first, last = sorted(chance.choices(range(1, len(text)), k=2))
        made = shown(text[:first] + marker + text[last:])
        # the gap is where the text around it makes the whole document again
        gaps = [i for i in range(len(made)) if made.startswith(marker, i)]
        assert any(_is(text, made[:i] + text[first:last] + made[i + len(marker) :]) for i in gaps), (first, last)


def _is(text: str, other: str) -> bool:
    try:
        return bool(parse(other) == parse(text))
    except ValueError:
        return False


@given(DOCUMENTS, st.sampled_from(PRINTS), st.data())
@settings(max_examples=150, deadline=None)
def test_any_document_cut_anywhere_decodes_to_what_completes_it(value: Any, form: Any, data: st.DataObject) -> None:
    text = json.dumps(value, **form)
    at = data.draw(st.integers(1, len(text)))
    assert parse(shown(text[:at]) + text[at:]) == parse(text)


@given(DOCUMENTS, DOCUMENTS, st.sampled_from(PRINTS), st.text(alphabet='[]{}",: 1a\n\\', max_size=12), st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_the_gap_a_rendering_is_verified_and_read(
    one: Any, other: Any, form: Any, marker: str, data: st.DataObject
) -> None:
    left, right = json.dumps(one, **form), json.dumps(other, **form)
    text = left[: data.draw(st.integers(0, len(left)))] + marker + right[data.draw(st.integers(0, len(right))) :]
    assert "".join(shown(text).split()) or not text.strip()


def test_the_rows_before_a_cut_are_counted_as_a_part() -> None:
    text = json.dumps({"total": 800, "jobs": ROWS * 2})
    made = encoded(text[: text.rindex('"id": 909') + 24])

    assert made is not None
    lines = made.split("\n")
    assert lines[0].startswith('{"total": 800, "jobs": [[compact JSON, part of an array: counts are of this part')
    assert lines[1] == "[21 rows]"
    assert lines[-1] == '[compact JSON ends], {"id": 909, "name": "job '


@pytest.mark.parametrize("marker", MARKERS[:5])
@pytest.mark.parametrize("form", PRINTS)
def test_whole_rows_on_both_sides_of_a_gap_are_rows(form: Any, marker: str) -> None:
    text = json.dumps({"jobs": ROWS * 3}, **form)
    last = [i for i in range(len(text)) if text.startswith("911", i)]

    assert tables(text[: text.index("job", last[0]) + 2] + marker + text[last[1] + 1 :]) == ["[11 rows]", "[12 rows]"]


def test_where_only_the_end_is_shown_whole_rows_are_rows() -> None:
    for text in (json.dumps({"jobs": ROWS}), json.dumps({"jobs": ROWS}, indent=4)):
        assert tables("[... 600 characters omitted ...]\n" + text[text.index('"state"') :]) == ["[11 rows]"]


def test_members_of_an_object_that_was_cut_are_rows_as_well() -> None:
    text = json.dumps({"packages": {f"node_modules/{row['id']}": row for row in ROWS}}, indent=2)
    made = encoded(text[:-40])

    assert made is not None
    assert "[compact JSON, part of an object: counts are of this part" in made
    assert "{11 rows}" in made.split("\n")


def test_documents_one_a_line_go_on_below_a_gap() -> None:
    lines = [json.dumps(row) for row in ROWS]
    text = "\n".join([*lines[:5], lines[5][:30], "... [1 line truncated] ...", *lines[7:], lines[0][:17]])

    assert tables(text) == ["[5 documents]", "[5 documents]"]


def test_rows_between_comments_and_before_trailing_commas_are_rows() -> None:
    lines = [f"  {json.dumps(row)}," for row in ROWS]
    text = "\n".join(["[", "  // the first", *lines[:6], "  /* the rest */", *lines[6:], "]"])

    assert tables(text) == ["[6 rows]", "[6 rows]"]
    assert "// the first" in shown(text)
    assert shown(text).endswith(",\n]")


def test_source_code_that_looks_like_json_stays_as_it_is() -> None:
    for code in (
        "\n".join(["ROWS = [", *(f"    {json.dumps(row)}," for row in ROWS[:3]), "    None,", "]"]),
        "\n".join('{ "a": f(x), "b": [g(1), "two"] },' for _ in range(40)),
        "\n".join(f"2026-03-0{i % 9}T10:00:00Z INFO done {json.dumps(row)}" for i, row in enumerate(ROWS)),
    ):
        assert encoded(code) is None


@pytest.mark.parametrize(
    "wrap", ["\ufeff{}", "<output>{}</output>", "$ curl x\n{}\n[exit code: 0]", "```json\n{}\n```"]
)
@pytest.mark.parametrize("form", PRINTS)
def test_a_document_is_found_in_what_a_client_puts_around_it(wrap: str, form: Any) -> None:
    text = wrap.replace("{}", json.dumps(ROWS, **form))
    before, after = wrap.split("{}")

    assert tables(text) == ["[12 rows]"]
    assert shown(text).startswith(before + "[")
    assert shown(text).endswith("]" + after)


def heartbeat(i: int) -> dict[str, Any]:
    return {
        "time": f"2026-03-01T10:{i // 60:02}:{i % 60:02}Z",
        "level": "ERROR" if i == 60 else "INFO",
        "message": "Pool is exhausted" if i == 60 else f"Request processed in {20 + i * 7 % 13} ms",
    }


BEATS = [heartbeat(i) for i in range(120)]


def outlined(text: str) -> Outline:
    """The outline of a text, checked: it is restored, encoded without loss, and each notice redeems what it names."""
    facts = Facts(text)
    ref = STORE.put(text)
    outline = RECORDS.outline(facts, PartNotices(ref, "tool"), False)
    assert outline is not None
    assert RECORDS.restored(facts, outline.text)
    assert [read(notice) for notice in found(outline.text)] == list(outline.omissions)
    rendering = RECORDS.encode(Facts(outline.text))
    if rendering is not None:
        assert RECORDS.verify(Facts(outline.text), rendering)
        assert all(notice in rendering for notice in found(outline.text))
    for omission in outline.omissions:
        spec = f"{omission.first}-{omission.last}"
        got = redeem({"ref": ref, "path": omission.path, omission.unit: spec}, STORE)
        rows = [item.value for item in items(got, 0, parse_at)]
        assert len(rows) == omission.last - omission.first + 1
        assert rows[0] in parse(json.dumps(BEATS))
        assert rows[-1] in parse(json.dumps(BEATS))
    return outline


@pytest.mark.parametrize("form", PRINTS)
@pytest.mark.parametrize(
    ("wrap", "roots"),
    [
        (lambda t: f"$ curl -s http://localhost/beats\n{t}\n[exit code: 0]", ["@2[0]", "@2[0]"]),
        (lambda t: f"<output>{t}</output>", ["@1:9[0]", "@1:9[0]"]),
        (lambda t: f"Output: {t}\n", ["@1:9[0]", "@1:9[0]"]),
        (lambda t: f"\ufeff{t}", ["@1:2[0]", "@1:2[0]"]),
    ],
)
def test_rows_of_a_document_in_a_text_are_left_out_by_the_place_where_it_begins(
    form: Any, wrap: Any, roots: list[str]
) -> None:
    outline = outlined(wrap(json.dumps(BEATS, **form)))

    assert [omission.path for omission in outline.omissions] == roots
    assert "Pool is exhausted" in outline.text


def test_two_documents_in_one_text_are_told_apart() -> None:
    text = json.dumps({"beats": BEATS})
    paths = [omission.path for omission in outlined(f"$ a\n{text}\n$ b\n{text}\n").omissions]

    assert paths == ["@2[0].beats", "@2[0].beats", "@4[0].beats", "@4[0].beats"]


@pytest.mark.parametrize("form", PRINTS)
def test_rows_on_both_sides_of_a_gap_are_left_out_and_those_at_its_edges_stay(form: Any) -> None:
    text = json.dumps({"beats": BEATS}, **form)
    places = [i for i in range(len(text)) if text.startswith('"level"', i)]
    outline = outlined(text[: places[40] + 5] + "\n… 812 tokens truncated …\n" + text[places[50] + 5 :])

    assert len({omission.path for omission in outline.omissions}) == 2
    for i in (0, 39, 51, 60, 119):
        assert BEATS[i]["time"] in outline.text
    assert "… 812 tokens truncated …" in outline.text


def test_documents_one_a_line_on_both_sides_of_a_gap_are_left_out_by_rows() -> None:
    lines = [json.dumps(row) for row in BEATS]
    outline = outlined("\n".join([*lines[:50], "... [20 lines truncated] ...", *lines[70:]]))

    assert [(o.unit, o.path, o.first) for o in outline.omissions] == [("rows", "@1", 3), ("rows", "@52", 3)]


def test_line_ends_of_windows_change_no_place() -> None:
    text = "$ type beats.json\n" + json.dumps(BEATS, indent=2) + "\nDone\n"
    outline = outlined(text)
    ref = STORE.put(text.replace("\n", "\r\n"))
    for omission in outline.omissions:
        got = redeem({"ref": ref, "path": omission.path, "rows": f"{omission.first}-{omission.last}"}, STORE)
        assert len(json.loads(f"[{got}]")) == omission.last - omission.first + 1


def test_an_outline_of_a_part_with_a_wrong_notice_or_other_text_is_not_restored() -> None:
    text = "$ a\n" + json.dumps(BEATS)[:-9]
    made = outlined(text).text
    for wrong in (
        made.replace("rows 3-", "rows 4-", 1),
        made.replace("of @2:2", "of @2:3", 1),
        made.replace("$ a", "$ b"),
        made + "]",
        made[:-1],
        made.replace('"level":"ERROR"', '"level":"INFO"'),
    ):
        assert wrong != made
        assert not RECORDS.restored(Facts(text), wrong)


@pytest.mark.parametrize(
    "unit",
    [
        '{"a":',
        '[{"a":1,"b":',
        "[1,\n",
        '{"a\n',
        '"a\n',
        ',"a":[',
        '{"a":1,"a":2},',
        "[",
        '{"a": [1, 2}, ',
        '\\"',
        ',{"',
    ],
)
def test_finding_what_is_whole_takes_time_that_grows_with_the_text(unit: str) -> None:
    for size in (20_000, 200_000):
        text = "[" + unit * (size // len(unit))
        facts = Facts(text)
        assert RECORDS.fit(facts) <= 1
        encoded(text)


def test_a_part_whose_body_is_of_another_kind_is_refused() -> None:
    for rendering in (f"[{MARK}, part of an array]\na=1", f"[{MARK}, part of an object]\n[1,2]"):
        assert not RECORDS.verify(Facts("no json"), rendering)


def test_plain_values_are_elements_only_where_a_list_of_them_began() -> None:
    paths = [f"src/module_{i}/handlers/route_{i * 7}.py" for i in range(30)]
    text = json.dumps({"paths": paths}, indent=2)
    lines = text.split("\n")
    gap = "\n".join([*lines[:14], "... [3 lines truncated] ...", *lines[17:]])

    assert (encoded(gap) or "").count("part of an array") == 2
    assert encoded("\n".join(f'"{path}","{i}",{i},"note {i}"' for i, path in enumerate(paths))) is None


def test_documents_without_anything_between_them_are_documents() -> None:
    text = "".join(json.dumps(row) for row in ROWS)

    assert tables(text) == ["[12 documents]"]
    assert tables(json.dumps(ROWS) * 2) == ["[12 rows]", "[12 rows]"]
