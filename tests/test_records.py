"""JSON in, tables and lines out, the same JSON back."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headroom.compressors.records import MARK, Records
from headroom.errors import FormatError
from headroom.tokens import counter
from headroom.types import Facts

RECORDS = Records()
SHARED = Path(__file__).parents[2] / "shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the recorded data beside the checkout")


def encoded(text: str) -> str | None:
    facts = Facts(text)
    made = RECORDS.encode(facts)
    if made is not None:
        assert RECORDS.verify(facts, made)
    return made


def saved(text: str) -> float:
    """Share of tokens saved, losslessly."""
    count = counter().count
    made = encoded(text)
    assert made is not None
    return 1 - count(made) / count(text)


LOG = [
    {
        "timestamp": f"2031-04-02T{i // 60:02}:{i % 60:02}:00Z",
        "level": "ERROR" if i == 41 else "INFO",
        "service": ("billing", "search", "mail")[i % 3],
        "message": "Disk quota exceeded" if i == 41 else f"Job finished after {100 + i * 7}ms",
        "job": {"id": f"job-{i:05}", "url": f"https://jobs.example.com/v2/job-{i:05}"},
        "tags": ["nightly"] if i % 4 else [],
    }
    for i in range(60)
]


def test_a_table_names_its_columns_and_says_shared_things_once() -> None:
    made = encoded(json.dumps(LOG, indent=2))
    assert made is not None
    lines = made.split("\n")
    assert lines[0].startswith(MARK)
    assert lines[1] == "[60 rows]"
    assert "level?=INFO" in lines
    assert "message=Job finished after <>ms" in lines
    assert "job.id=job-<>" in lines
    assert "job.url=https://jobs.example.com/v2/<id>" in lines
    assert [line for line in lines if "Disk quota exceeded" in line and "level=ERROR" in line]
    assert made.count("billing") == 20


def test_the_legend_names_only_notation_that_stands_below_it() -> None:
    plain = encoded(json.dumps([{"name": f"n{i}x", "size": i * 37} for i in range(40)]))
    assert plain is not None
    assert "?=" not in plain.split("\n")[0]
    assert "indented" not in plain.split("\n")[0]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: json.dumps(rows),
        lambda rows: json.dumps(rows, indent=4),
        lambda rows: json.dumps({"total": 60, "items": rows, "next": None}, indent=2),
        lambda rows: json.dumps({"data": {"rows": rows, "other": rows[:20]}}),
        lambda rows: json.dumps({row["job"]["id"]: row for row in rows}),
        lambda rows: "\n".join(map(json.dumps, rows)),
        lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
        lambda rows: "Found 60 entries:\n" + json.dumps(rows) + "\n(60 rows)\n",
        lambda rows: json.dumps({"stdout": json.dumps(rows), "exit_code": 0}),
        lambda rows: json.dumps({"stdout": json.dumps(rows, indent=2) + "\n", "stderr": ""}),
        lambda rows: json.dumps([[row["timestamp"], row["level"], row["message"]] for row in rows]),
        lambda rows: json.dumps([row["job"]["url"] for row in rows]),
        lambda rows: json.dumps([{"shard": s, "entries": rows[s::5]} for s in range(5)]),
    ],
)
def test_records_are_found_however_they_are_wrapped(wrap: Any) -> None:
    assert saved(wrap(LOG)) > 0.5


def test_prose_around_json_is_kept_to_the_character() -> None:
    text = "  Response:  \r\n\n" + json.dumps(LOG, indent=2) + "\n\ttrailing\u2028 text "
    made = encoded(text)
    assert made is not None
    back = RECORDS.decode(made)
    assert back.startswith("  Response:  \r\n\n[")
    assert back.endswith("]\n\ttrailing\u2028 text ")


NUMBERS = [
    "1",
    "1.0",
    "1.00",
    "1e5",
    "1E5",
    "1e400",
    "-0",
    "-0.0",
    "0",
    str(10**40),
    "0.1",
    "1e-7",
    "123456789012345678",
]


def test_the_text_of_numbers_is_kept() -> None:
    rows = ",".join(f'{{"name":"reading-{i}","value":{number},"text":"{number}"}}' for i, number in enumerate(NUMBERS))
    made = encoded(f"[{rows}]")
    assert made is not None
    back = RECORDS.decode(made)
    for number in NUMBERS:
        assert f'"value":{number},' in back or f'"value":{number}}}' in back
        assert f'"text":"{number}"' in back


def test_nothing_and_its_relatives_stay_apart() -> None:
    kinds: list[Any] = [None, "", {}, [], "null", "{}", "[]", 0, False, [None], [[]], [{}], {"a": None}, {"": ""}]
    rows: list[dict[str, Any]] = [{"identifier": f"row number {i}", "v": kind} for i, kind in enumerate(kinds)]
    rows.append({"identifier": "row without"})
    assert encoded(json.dumps(rows, indent=2)) is not None


def test_an_unpaired_surrogate_stays_an_escape() -> None:
    rows = [{"name": f"entry-{i}", "broken": "\\ud800" if i == 4 else "whole", "n": i * 77} for i in range(20)]
    made = encoded(json.dumps(rows).replace("\\\\ud800", "\\ud800"))
    assert made is not None
    assert made.isascii()
    assert "\\ud800" in made


def test_rows_keep_their_order_and_repeats() -> None:
    rows = [{"id": i % 3, "event": "tick", "host": "web"} for i in range(30)]
    made = encoded(json.dumps(rows, indent=1))
    assert made is not None
    assert json.loads(RECORDS.decode(made)) == rows


def test_values_of_one_object_may_be_named_instead_of_repeated() -> None:
    repo = "https://api.example.com/repos/octo/engine"
    document = {
        "url": repo,
        **{f"{word}_url": f"{repo}/{word}{{/number}}" for word in ("issues", "pulls", "labels", "commits", "forks")},
        "head": {"sha": "c0ffee" * 6, "author": {"login": "octo", "email": "octo@example.com", "site": "octo.dev"}},
        "base": {"sha": "c0ffee" * 6, "author": {"login": "octo", "email": "octo@example.com", "site": "octo.dev"}},
    }
    made = encoded(json.dumps(document, indent=2))
    assert made is not None
    assert "pulls_url=<url>/pulls{/number}" in made
    assert "base=<head>" in made


def test_long_texts_stand_below_their_row_as_plain_lines() -> None:
    rows = [
        {"id": i, "body": "\n".join(f"step {j}: {(i * j) % 11} of word{i + j} done" for j in range(6))}
        for i in range(9)
    ]
    made = encoded(json.dumps(rows))
    assert made is not None
    assert "\n step 3: 10 of word10 done\n" in made
    assert "\\n" not in made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        "3",
        '"text"',
        '{"a":1,"a":2}',
        '{"a":NaN}',
        '[{"a":Infinity}]',
        '{"a": [1, 2',
        "[" * 100_000,
        "[" * 10_000 + "]" * 10_000,
        '{"a":' * 3_000 + "1" + "}" * 3_000,
        "\x00" * 50,
    ],
)
def test_what_cannot_be_carried_is_left_alone(text: str) -> None:
    facts = Facts(text)
    RECORDS.fit(facts)
    assert RECORDS.encode(facts) is None


def test_a_text_that_hides_our_header_in_an_escape_does_not_confuse_the_decoder() -> None:
    rows = [{"id": i, "note": f"{MARK}: k=v]\n[9 rows]"} for i in range(20)]
    encoded(json.dumps(rows, indent=2).replace("[compact", "\\u005bcompact"))


def test_small_documents_are_minified_without_a_header() -> None:
    assert encoded('{\n  "name": "x",\n  "count": 3\n}') == '{"name":"x","count":3}'


@pytest.mark.parametrize(
    "rendering", ["", "plain text", f"{MARK}", f"{MARK}]", f"{MARK}]\n", f"{MARK}: x]\n[3 rows]\n:a\n1"]
)
def test_decoding_refuses_what_no_encoder_wrote(rendering: str) -> None:
    with pytest.raises(FormatError):
        RECORDS.decode(rendering)


def test_a_rendering_of_another_document_does_not_verify() -> None:
    text = json.dumps(LOG)
    other = encoded(text.replace("job-00007", "job-00008"))
    assert other is not None
    assert RECORDS.verify(Facts(text), other) is False


def workload(name: str) -> Iterator[str]:
    with gzip.open(SHARED / "workloads" / f"{name}.json.gz") as file:
        messages = json.load(file)["anthropic"]
    for message in messages:
        for block in message["content"] if isinstance(message["content"], list) else []:
            if block.get("type") == "tool_result":
                content = block["content"]
                yield from [content] if isinstance(content, str) else [part["text"] for part in content]


WORKLOADS = {
    "peer_fatal_log_100": 0.76,
    "peer_code_search_100": 0.74,
    "peer_sre_incident": 0.72,
    "peer_issue_triage": 0.72,
    "peer_codebase_exploration": 0.76,
    "issues_100": 0.38,
    "json_bench_257": 0.39,
    "package_lock_json": 0.41,
}


@needs_shared
@pytest.mark.parametrize(("name", "least"), WORKLOADS.items())
def test_recorded_workloads_come_back_and_save_what_they_should(name: str, least: float) -> None:
    count = counter().count
    before = after = 0
    for text in workload(name):
        before += count(text)
        after += count(encoded(text) or text)
    assert 1 - after / before >= least


@needs_shared
def test_recorded_api_bodies_come_back() -> None:
    with tarfile.open(SHARED / "data" / "json" / "github-api.tar.gz") as archive:
        members = [member for member in archive if member.isfile()]
        texts = [archive.extractfile(member).read().decode() for member in members[::12]]  # type: ignore[union-attr]
    assert all(encoded(text) is not None for text in texts)


@needs_shared
def test_recorded_command_outputs_come_back() -> None:
    block = re.compile(r"Output::?[ \t]*\r?\n\s*\n((?:    .*\r?\n?|[ \t]*\r?\n)+)")
    found = 0
    with tarfile.open(SHARED / "data" / "json" / "aws-cli-examples.tar.gz") as archive:
        for member in [member for member in archive if member.isfile()][::4]:
            page = archive.extractfile(member).read().decode("utf-8", "replace")  # type: ignore[union-attr]
            for text in block.findall(page):
                found += encoded(text) is not None
                encoded(page)
    assert found > 50
