"""Outlines of JSON: which rows may go, which must stay, and that every notice stands for exactly what it names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom.compressors.records import Records
from headroom.notices import CUT, GONE, PartNotices, found, read
from headroom.types import Facts, Outline

RECORDS = Records()
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-north-1")


def heartbeat(i: int, **more: Any) -> dict[str, Any]:
    """A log record that says what all others say."""
    return {
        "time": f"2025-03-01T10:{i // 60:02}:{i % 60:02}Z",
        "level": "INFO",
        "region": REGIONS[i % 4],
        "message": f"Request processed in {20 + i * 7 % 13} ms",
        "trace": f"{i * 2654435761 % 2**32:08x}",
        **more,
    }


def ticket(i: int, body: str) -> dict[str, Any]:
    """A row with a title of its own."""
    adjectives = ("slow", "broken", "missing", "odd", "late", "wrong", "empty", "double")
    nouns = ("login", "invoice", "search", "upload", "export", "menu", "report", "avatar")
    return {"number": 100 + i, "title": f"{adjectives[i % 8]} {nouns[i // 8 % 8]} page", "state": "open", "body": body}


def outlined(value: Any, query: str | None = None, *, deep: bool = False, indent: int | None = None) -> Outline | None:
    """The outline of a JSON value, checked: its notices complete it, and its encoding decodes to it."""
    facts = Facts(json.dumps(value, indent=indent, ensure_ascii=False), query=query)
    outline = RECORDS.outline(facts, PartNotices("k3f7q2", "tool"), deep)
    if outline is not None:
        assert RECORDS.restored(facts, outline.text)
        assert [read(notice) for notice in found(outline.text)] == list(outline.omissions)
        told = Facts(outline.text)
        rendering = RECORDS.encode(told)
        if rendering is not None:
            assert RECORDS.verify(told, rendering)
            assert json.loads(RECORDS.decode(rendering)) == json.loads(outline.text)
    return outline


def shown(value: Any, query: str | None = None) -> Any:
    """The outline of `value` as JSON."""
    outline = outlined(value, query)
    assert outline is not None
    return json.loads(outline.text)


def rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)]


LOG = [heartbeat(i) for i in range(120)]


def test_records_that_say_the_same_become_one_notice() -> None:
    made = shown(LOG)

    assert len(made) == 4
    assert made[2] == "[… rows 3-119: 117 INFO rows · headroom_retrieve('k3f7q2', rows='3-119')]"


def test_a_notice_inside_a_document_names_its_path() -> None:
    outline = outlined({"took": 3, "data": [{"hits": LOG}]})

    assert outline is not None
    assert [(o.unit, o.path, o.first, o.last) for o in outline.omissions] == [("rows", "$.data[0].hits", 3, 119)]


def test_nothing_goes_behind_a_key_that_a_path_cannot_say() -> None:
    assert outlined({"a key": LOG}) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"level": "FATAL", "message": "Connection pool exhausted", "error_code": "PG-5523"},
        heartbeat(60, level="ERROR"),
        heartbeat(60, region="mars-1"),
        heartbeat(60, message="Request processed in 4000 ms"),
        heartbeat(60, message="Certificate expires tomorrow"),
        heartbeat(60, retries=1),
    ],
)
def test_a_row_unlike_the_others_stays_whole(odd: dict[str, Any]) -> None:
    made = shown([*LOG[:60], odd, *LOG[61:]])

    assert odd in made
    assert len(rows(made)) <= 5


def test_each_way_of_failing_is_shown_and_its_repetitions_are_counted() -> None:
    failing = [heartbeat(i, level="ERROR", message=f"Cannot reach host {i}", region="us-east-1") for i in range(40)]
    made = shown([*LOG[:40], *failing, *LOG[40:80]])

    assert failing[0] in made
    assert failing[1] in made
    assert failing[20] not in made
    assert any("ERROR" in row for row in made if isinstance(row, str))


def test_what_the_query_names_stays() -> None:
    made = shown(LOG, f"what happened in {LOG[70]['trace']}?")

    assert LOG[70] in made


def test_rows_whose_status_the_query_names_stay() -> None:
    users = [{"id": i, "status": ("active", "idle")[i % 25 == 9], "note": "was seen at work", "n": i * 31 % 17,
              "seen": f"2026-03-{i % 28 + 1:02}T{i % 24:02}:15:00Z"} for i in range(150)]  # fmt: skip
    made = shown(users, "list the idle users")

    assert len(made) < 40
    assert all(user in made for user in users if user["status"] == "idle")


def test_rows_with_a_text_of_their_own_are_never_left_out() -> None:
    tickets = [ticket(i, "see the title") for i in range(64)]

    assert outlined(tickets) is None


def test_rows_of_numbers_and_names_alone_are_data_and_stay() -> None:
    places = [{"city": f"city {i % 5}", "year": 1990 + i % 30, "share": i * 17 % 101 / 7} for i in range(150)]

    assert outlined(places) is None


def test_few_rows_are_shown_whole() -> None:
    assert outlined(LOG[:7]) is None


def test_long_texts_beside_titles_are_cut_to_their_start_and_telling_lines() -> None:
    bodies = [f"Opening words of text {i} here\n" + "filler line\n" * 20 + "thanks" for i in range(30)]
    bodies[4] += "\nSet LEDGER_SPLICE=17 to work around"
    bodies[5] += "\nthe build failed on windows"
    bodies[6] += "\nseen on host bld-qx7741 only"
    made = rows(shown([ticket(i, body) for i, body in enumerate(bodies)], "which one mentions bld-qx7741?"))

    assert made[0]["body"] == f"Opening words of text 0 here{CUT}"
    assert made[4]["body"] == f"Opening words of text 4 here{CUT}\nSet LEDGER_SPLICE=17 to work around"
    assert made[5]["body"].endswith("\nthe build failed on windows")
    assert made[6]["body"].endswith("\nseen on host bld-qx7741 only")
    assert [row["title"] for row in made] == [ticket(i, "")["title"] for i in range(30)]


def test_texts_of_rows_without_a_title_are_the_answer_and_stay() -> None:
    comments = [{"id": i, "body": "\n".join(f"word{i * j % 97} and {j}" for j in range(40))} for i in range(20)]

    assert outlined(comments) is None


def test_hash_sums_are_left_out_and_ids_stay() -> None:
    digest = "sha512-bV0Tgo9K4hfPCekaMAn81RppFKv2ySDQeMoSZuvTASywNTnVJCArCZE2FWqpvIatKu7VMRLWlR1EazvVhDyhQ{:02}=="
    packages = {
        f"node_modules/{word}": {"version": f"1.{i}.0", "commit": f"{i:040x}", "integrity": digest.format(i)}
        for i, word in enumerate(["bl", "p-map", "is-wsl", "ajv", "chalk", "debug", "glob", "mocha", "ovsx", "tslib"])
    }
    made = shown({"packages": packages})["packages"]

    assert made.popitem() == (
        "[… cells 1-10 of $.packages: integrity left out"
        " · headroom_retrieve('k3f7q2', path='$.packages', rows='1-10')]",
        None,
    )
    assert made == {key: {"version": value["version"], "commit": value["commit"]} for key, value in packages.items()}


def test_a_hash_sum_beside_other_values_of_its_name_is_told_by_a_sign() -> None:
    files = [{"file": f"part-{word}", "sum": f"{3**161 + i:064x}"} for i, word in enumerate("abcdefghijkl")]
    made = rows(shown([*files[:5], {"file": "part-five", "sum": "not made yet"}, *files[5:]]))

    assert made[5] == {"file": "part-five", "sum": "not made yet"}
    assert made[4]["sum"] == made[6]["sum"] == GONE


def test_the_address_of_an_archive_is_left_out_only_beside_its_hash_sum() -> None:
    urls = [f"https://registry.npm.example/{word}/-/{word}-1.{i}.0.tgz" for i, word in enumerate("abcdefghijkl")]
    sums = [f"sha256-{3**161 + i:064x}" for i in range(len(urls))]
    named = [{"name": url[29], "resolved": url} for url in urls]

    assert outlined(named) is None
    made = shown([{**row, "sum": sum_} for row, sum_ in zip(named, sums, strict=True)])
    assert made[:-1] == [{"name": row["name"]} for row in named]
    assert "resolved, sum left out" in made[-1]


def test_a_string_may_be_missing_only_where_a_notice_says_so() -> None:
    files = [{"file": f"part-{word}", "sum": f"{3**161 + i:064x}"} for i, word in enumerate("abcdefghijkl")]
    outline = outlined(files)

    assert outline is not None
    assert RECORDS.restored(Facts(json.dumps(files)), outline.text)
    for wrong in (
        outline.text.replace('"file":"part-c"', '"other":"part-c"'),
        outline.text.replace('"file":"part-c"', ""),
        outline.text.replace("sum left out", "sums left out"),
    ):
        assert wrong != outline.text
        assert not RECORDS.restored(Facts(json.dumps(files)), wrong)


def test_a_long_id_that_a_next_call_may_need_stays() -> None:
    files = [{"file": f"part-{word}", "node_id": f"{3**161 + i:064x}"} for i, word in enumerate("abcdefghijkl")]

    assert outlined(files) is None


def test_a_column_that_the_query_names_stays() -> None:
    files = [{"file": f"part-{word}", "sum": f"{3**161 + i:064x}"} for i, word in enumerate("abcdefghijkl")]

    assert outlined(files) is not None
    assert outlined(files, "compare the sum of each file") is None


@pytest.mark.parametrize("sign", [CUT, "[… rows 1-2: 2 rows]"])
def test_a_document_that_already_holds_our_signs_is_left_alone(sign: str) -> None:
    assert outlined([*LOG, heartbeat(3, message=sign)]) is None


def test_repeated_documents_one_a_line_are_left_out_by_lines() -> None:
    lines = [json.dumps(row) for row in LOG]
    lines[50] = json.dumps(heartbeat(50, level="ERROR"))
    facts = Facts("$ tail app.log\n" + "\n".join(lines) + "\n")
    outline = RECORDS.outline(facts, PartNotices("k3f7q2", "tool"), False)

    assert outline is not None
    assert lines[50] in outline.text
    assert all(omission.unit == "lines" for omission in outline.omissions)
    assert len(outline.text.split("\n")) < 12
    assert RECORDS.restored(facts, outline.text)
    rendering = RECORDS.encode(Facts(outline.text))
    assert rendering is not None
    assert RECORDS.verify(Facts(outline.text), rendering)
    assert all(notice in rendering.split("\n") for notice in found(outline.text))


def test_the_heading_of_a_table_counts_rows_and_not_notices() -> None:
    more = [heartbeat(i, level="WARN", message="Disk is filling up quickly", free=i * i % 89) for i in range(20)]
    outline = outlined({"entries": [*more[:2], *LOG, *more[2:4]], "more": 1}, "free")
    assert outline is not None
    lines = (RECORDS.encode(Facts(outline.text)) or "").split("\n")

    assert "entries=[9 of 124 rows]" in lines or any(" of 124 rows]" in line for line in lines)
    assert all(notice in lines for notice in found(outline.text))


def test_an_outline_with_a_wrong_notice_or_changed_row_is_not_restored() -> None:
    facts = Facts(json.dumps(LOG))
    outline = RECORDS.outline(facts, PartNotices("k3f7q2", "tool"), False)
    assert outline is not None

    assert not RECORDS.restored(facts, outline.text.replace("rows 3-119", "rows 3-118"))
    assert not RECORDS.restored(facts, outline.text.replace("us-east-1", "us-east-2", 1))
    assert not RECORDS.restored(facts, outline.text.replace("rows 3-119:", "rows 3-119 of $.x:"))
    assert not RECORDS.restored(facts, "[]")
    assert not RECORDS.restored(facts, "no JSON")


def test_a_cut_text_must_show_pieces_of_the_original_in_order() -> None:
    facts = Facts(json.dumps({"a": "one two three"}))

    assert RECORDS.restored(facts, json.dumps({"a": f"one{CUT}three"}))
    assert not RECORDS.restored(facts, json.dumps({"a": f"one{CUT}four"}))
    assert not RECORDS.restored(facts, json.dumps({"a": f"two{CUT}"}))
    assert not RECORDS.restored(facts, json.dumps({"a": f"one two{CUT}two three"}))


words = st.sampled_from(["INFO", "WARN", "ERROR", "active", "done", "Health check passed again", "", "x" * 70])
texts = st.one_of(words, st.text(max_size=12), st.integers(0, 30).map("run number {} was good".format),
                  st.integers(0, 9).map(lambda n: f"Start of text {n}\n" + "more words\n" * 12))  # fmt: skip
cells = st.one_of(texts, st.integers(-9, 99), st.floats(allow_nan=False), st.booleans(), st.none(),
                  st.lists(texts, max_size=3), st.dictionaries(st.sampled_from("ab"), texts, max_size=2))  # fmt: skip
records = st.dictionaries(st.sampled_from(["level", "message", "title", "n", "body", "ok", "a key"]), cells, max_size=6)
repeated = st.tuples(records, st.integers(1, 30)).map(lambda pair: [{**pair[0], "id": i} for i in range(pair[1])])
lists = st.lists(st.one_of(repeated, cells.map(lambda cell: [cell])), max_size=5).map(
    lambda runs: [row for run in runs for row in run]
)


@given(lists, st.sampled_from([None, "done", "which title was active"]), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_outline_is_completed_by_its_notices_and_each_hides_exactly_its_rows(
    value: list[Any], query: str | None, deep: bool
) -> None:
    outline = outlined(value, query, deep=deep)
    if outline is None:
        return
    made = json.loads(outline.text)
    hidden = sum(o.last - o.first + 1 for o in outline.omissions if o.unit == "rows" and not o.path)
    notices = [row for row in made if isinstance(row, str) and read(row)]
    assert len(made) - len(notices) + hidden == len(value)
    assert (CUT in outline.text) == any(o.unit == "cells" for o in outline.omissions)


@given(lists)
@settings(max_examples=30, deadline=None)
def test_an_outline_is_the_same_however_the_document_was_printed(value: list[Any]) -> None:
    assert outlined({"items": value}, indent=2) == outlined({"items": value})


told = st.sampled_from(
    ["[… rows 3-9: 7 rows]", "[… cells 1-9 of $.a: body cut]", "… rows 1: x", "[… lines 2: y]", "[… no]"]
)
odd_cells = st.one_of(told, st.integers(0, 9), st.lists(st.dictionaries(st.just("a"), told, min_size=1), max_size=2))
odd_rows = st.lists(
    st.one_of(told, st.dictionaries(st.sampled_from("ab"), odd_cells, min_size=1)), min_size=4, max_size=14
)
odd_values = st.dictionaries(st.sampled_from("ab"), odd_cells, min_size=1)
odd_maps = st.dictionaries(st.one_of(told, st.text(max_size=3)), st.one_of(st.none(), odd_values))


@given(st.one_of(odd_rows, odd_maps, odd_rows.map(lambda value: {"items": value, "n": 1})))
@settings(max_examples=150, deadline=None)
def test_text_that_reads_as_a_notice_is_encoded_without_loss_wherever_it_stands(value: Any) -> None:
    facts = Facts(json.dumps(value, ensure_ascii=False, indent=4))
    rendering = RECORDS.encode(facts)
    if rendering is not None:
        assert RECORDS.verify(facts, rendering)
        assert json.loads(RECORDS.decode(rendering)) == value


def event(i: int, **more: Any) -> dict[str, Any]:
    """A record of OpenTelemetry, whose attributes are a list of names with values, numbers as strings."""
    latency = more.pop("latency", str(20 + i * 7 % 13))
    return {
        "severityText": "INFO",
        "body": {"stringValue": f"order {i * 37 % 1000} accepted"},
        "attributes": [
            {"key": "service", "value": {"stringValue": "orders"}},
            {"key": "latency_ms", "value": {"intValue": latency}},
        ],
        **more,
    }


def is_shown(made: list[Any], row: dict[str, Any]) -> bool:
    """True if the outline of `made` with `row` in its middle shows it; it must leave out others."""
    made[len(made) // 2] = row
    outline = shown(made)
    assert len(outline) < len(made)
    return row in outline


def test_a_value_in_a_list_of_names_with_values_is_compared_with_its_like() -> None:
    made = [event(i) for i in range(120)]

    assert is_shown(made[:], event(60, latency="90321"))
    assert not is_shown(made[:], event(60, latency="21"))


@pytest.mark.parametrize("number", ["3", 6, 5, ""])
def test_a_number_that_is_a_string_is_compared_and_its_type_too(number: object) -> None:
    made = [{"PRIORITY": "6", "MESSAGE": f"the nightly job number {i} has run"} for i in range(120)]

    assert is_shown(made, {**made[60], "PRIORITY": number})


def test_numbers_of_a_nested_value_are_compared() -> None:
    made = [heartbeat(i, steps=[{"step": 1, "ms": 20 + i % 9}, {"step": 2, "ms": 30 + i % 7}]) for i in range(120)]

    assert is_shown(made, heartbeat(60, steps=[{"step": 1, "ms": 21}, {"step": 2, "ms": 0}]))


@pytest.mark.parametrize(
    ("row", "odd"),
    [
        ({"level": 30, "msg": "request completed"}, {"level": 50}),
        ({"eventName": "GetObject", "user": "deployer"}, {"eventName": "DeleteBucket"}),
        ({"verb": "get", "userAgent": "kubectl"}, {"verb": "delete"}),
    ],
)
def test_a_level_and_an_operation_are_known_however_they_are_named(row: dict[str, Any], odd: dict[str, Any]) -> None:
    made = [{**row, "at": f"10:{i // 60:02}:{i % 60:02}"} for i in range(120)]

    assert is_shown(made, {**made[60], **odd})


def test_things_of_a_sort_are_no_events() -> None:
    things = [{"instanceId": f"i-{i * 2654435761 % 2**32:08x}", "instanceType": "t3.large"} for i in range(120)]

    assert outlined([{**thing, "instanceType": f"t3.{i % 2}"} for i, thing in enumerate(things)]) is None
