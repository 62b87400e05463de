"""Line ranges and query matches of a stored text."""

from __future__ import annotations

import cProfile
import json
import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headroom import ranges
from headroom.errors import RangeError

SHOWN = re.compile(r"^([0-9]+):(.*)$", re.DOTALL)


def log(count: int, **special: str) -> str:
    """A log of `count` lines, all alike but those named `line_7="…"`."""
    rows = [f"2026-01-0{n % 9} INFO worker-{n % 4} heartbeat in {n * 7 % 50} ms" for n in range(1, count + 1)]
    for name, text in special.items():
        rows[int(name.removeprefix("line_")) - 1] = text
    return "".join(row + "\n" for row in rows)


def numbered(answer: str) -> dict[int, str]:
    """The lines of an answer by their number."""
    found = [SHOWN.match(line) for line in answer.split("\n")]
    return {int(match[1]): match[2] for match in found if match}


# --- bounds -----------------------------------------------------------------------------------------------------


@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_bounds_lie_within_what_there_is(first: int, length: int, count: int) -> None:
    within = range(1, count + 1)
    for spec, wanted in (
        (f"{first}-{first + length}", within[first - 1 : first + length]),
        (f"{first}-", within[first - 1 :]),
        (f"-{first}", within[-first:]),
    ):
        if wanted:
            assert ranges.bounds(spec, count) == (wanted[0], wanted[-1])
        else:
            with pytest.raises(RangeError, match=f"lie outside the text, which has {count} line"):
                ranges.bounds(spec, count)


def test_other_units_are_called_by_their_name() -> None:
    for spec, says in (
        ("9", 'rows "9" lie outside $.items, which has 5 rows; ask within 1-5'),
        ("0", '"0" asks for row 0; rows are counted from 1'),
        ("x", '"x" is no range of rows; write it as 41-252, 41, 41- (to the end) or -20 (the last twenty)'),
    ):
        with pytest.raises(RangeError, match=re.escape(says)):
            ranges.bounds(spec, 5, "row", "$.items")


# --- parse ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("41-252", (41, 252)),
        ("41", (41, 41)),
        ("41-", (41, None)),
        ("-20", (None, 20)),
        (" 1 - 3 ", (1, 3)),
        ("007", (7, 7)),
        ("5-5", (5, 5)),
    ],
)
def test_a_range_is_read_as_written(spec: str, expected: tuple[int | None, int | None]) -> None:
    assert ranges.parse(spec) == expected


@pytest.mark.parametrize(
    "spec", ["", "-", "a-b", "1-2-3", "1,2", "0", "0-4", "-0", "9-3", "1.5", "--2", "１-２", "9" * 5000, "4 5", "\0"]
)
def test_what_is_no_range_is_refused_with_the_value_and_a_next_step(spec: str) -> None:
    with pytest.raises(RangeError) as caught:
        ranges.parse(spec)
    message = str(caught.value)
    assert len(message) < 160
    assert "\n" not in message
    assert re.search(r"write|counted from 1", message)


def test_a_range_that_runs_backwards_is_answered_with_the_right_way_round() -> None:
    with pytest.raises(RangeError, match="write 3-9"):
        ranges.parse("9-3")


@given(st.text(max_size=12))
def test_any_string_is_a_range_or_a_range_error(spec: str) -> None:
    try:
        first, last = ranges.parse(spec)
    except RangeError:
        return
    assert first is not None or last is not None
    assert first is None or last is None or 1 <= first <= last


# --- lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("1", "one\n"),
        ("2-3", "two\nthree"),
        ("2-", "two\nthree"),
        ("-1", "three"),
        ("-2", "two\nthree"),
        ("-99", "one\ntwo\nthree"),
        ("3-99", "three"),
    ],
)
def test_a_range_gives_its_lines_with_their_ends(spec: str, expected: str) -> None:
    assert ranges.lines("one\ntwo\nthree", spec) == expected


def test_a_final_line_end_starts_no_line() -> None:
    assert ranges.lines("one\ntwo\n", "-1") == "two\n"
    with pytest.raises(RangeError, match=r"has 2 lines; ask within 1-2"):
        ranges.lines("one\ntwo\n", "3")


def test_only_a_newline_ends_a_line() -> None:
    text = "a\rb\u2028c\x0bd\x0c\x85e\r\nf"
    assert ranges.lines(text, "1") == "a\rb\u2028c\x0bd\x0c\x85e\r\n"
    assert ranges.lines(text, "2") == "f"


@pytest.mark.parametrize(("text", "count"), [("x", "1 line;"), ("x\n" * 1200, "1,200 lines;"), ("", "is empty")])
def test_a_range_outside_the_text_names_how_many_lines_there_are(text: str, count: str) -> None:
    with pytest.raises(RangeError, match=re.escape(count)):
        ranges.lines(text, "1201-1300")


def test_the_last_lines_of_an_empty_text_are_outside_it() -> None:
    with pytest.raises(RangeError, match="is empty"):
        ranges.lines("", "-5")


@given(st.text(alphabet=st.sampled_from("ab\n\r\u2028é\ud800"), min_size=1), st.data())
def test_neighbouring_ranges_join_to_the_text(text: str, data: st.DataObject) -> None:
    count = text.count("\n") + (not text.endswith("\n"))
    cut = data.draw(st.integers(1, count))
    rest = ranges.lines(text, f"{cut + 1}-") if cut < count else ""
    assert ranges.lines(text, f"1-{cut}") + rest == text
    assert ranges.lines(text, f"-{count - cut}") == rest if cut < count else True
    assert "".join(ranges.lines(text, str(n)) for n in range(1, count + 1)) == text


# --- matching ---------------------------------------------------------------------------------------------------


def test_the_matching_line_is_shown_with_its_neighbours_numbers_and_the_length_of_the_text() -> None:
    text = log(1200, line_44="2026-01-01 ERROR pool exhausted")
    answer = ranges.matching(text, "pool exhausted")
    assert answer.startswith("[lines 42-46 of 1200]\n42:")
    assert numbered(answer)[44] == "2026-01-01 ERROR pool exhausted"
    assert list(numbered(answer)) == [42, 43, 44, 45, 46]


def test_matches_side_by_side_are_one_range_and_distant_ones_stand_in_the_order_of_the_text() -> None:
    text = log(300, line_10="disk full", line_13="disk full on sdb", line_200="disk full again, disk full")
    answer = ranges.matching(text, "disk full", context=1)
    assert [line for line in answer.split("\n") if line.startswith("[")] == [
        "[lines 9-14 of 300]",
        "[lines 199-201 of 300]",
    ]


def test_the_first_and_the_last_line_have_fewer_neighbours() -> None:
    assert list(numbered(ranges.matching("needle\nb\nc\nd\n", "needle"))) == [1, 2, 3]
    assert list(numbered(ranges.matching("a\nb\nc\nneedle", "needle"))) == [2, 3, 4]


def test_a_single_line_is_named_in_the_singular() -> None:
    assert ranges.matching("needle", "needle") == "[line 1 of 1]\n1:needle\n"


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("maxConnections", "max_connections = 100"),
        ("max_connections", "int maxConnections = 100;"),
        ("connections", "int maxConnections = 100;"),
        ("CONNECTIONS", "set max_connections"),
        ("HTTPServer", "class HTTPServer(Base):"),
        ("server", "class HTTPServer(Base):"),
        ("PG-5523", '"code": "PG-5523"'),
        ("src/app/main.py", "error in src/app/main.py:41"),
        ("transaction", "1847 transactions lost"),
        ("transactions", "the transaction was lost"),
        ("v2", "GET /v2/users"),
        ("写入失败", "磁盘写入失败了"),
        ("größe", "die Größe stimmt nicht"),
        ("=>", "a => b"),
        ("|    ^^^^", " |    ^^^^ here"),
        ('"refused"', "connection refused"),
        ("what is the retry limit", "retry limit: 5"),
    ],
)
def test_a_query_finds_identifiers_their_parts_compounds_and_other_scripts(query: str, line: str) -> None:
    answer = ranges.matching(log(100, line_50=line), query)
    assert numbered(answer).get(50) == line
    assert answer.count("[line") == 1


@pytest.mark.parametrize(("query", "line"), [("max", "climax reached"), ("port", "the report"), ("55", "PG-5523")])
def test_a_word_is_not_found_inside_another(query: str, line: str) -> None:
    assert "matches" in ranges.matching(f"{line}\nother\n", query)
    assert numbered(ranges.matching(f"{line}\nother\n", query)) == {}


def test_the_line_with_the_rare_word_goes_before_those_with_the_common_one() -> None:
    text = log(400, line_321="2026-01-01 FATAL worker-9 out of memory")
    answer = ranges.matching(text, "INFO heartbeat FATAL", ranges=1)
    assert 321 in numbered(answer)


def test_the_whole_phrase_goes_before_its_scattered_words() -> None:
    lines = ["refused by host", "connection lost", "connection refused", "refused", "the connection"]
    text = "\n".join(f"{line}\n-\n-\n-\n-\n-" for line in lines)
    answer = ranges.matching(text, "connection refused", ranges=1, context=0)
    assert numbered(answer) == {13: "connection refused"}


def test_signs_of_a_query_tell_its_word_from_the_same_word_elsewhere() -> None:
    text = log(
        400,
        **{f"line_{n}": f"request 111 of client {n}" for n in range(10, 300, 5)},
        line_350=f"failed (111: refused) while {' '.join(map(str, range(40)))}",
    )
    assert 350 in numbered(ranges.matching(text, "(111", ranges=1))


def test_lines_that_together_answer_go_before_one_that_repeats_a_word() -> None:
    text = log(60, line_20="service: billing", line_21="code: E42", line_50="service: search", line_40="code: E1")
    answer = ranges.matching(text, "billing code", ranges=1, context=1)
    assert {20, 21} <= numbered(answer).keys()


def test_where_every_line_matches_the_answer_is_still_an_excerpt_and_says_so() -> None:
    answer = ranges.matching(log(5000), "heartbeat")
    assert 0 < len(numbered(answer)) < 130
    assert "weaker matches not shown" in answer.splitlines()[-1]


def test_of_a_long_line_only_the_matching_piece_is_shown_with_its_place() -> None:
    rows = [{"id": n, "state": "ok", "host": f"node-{n}"} for n in range(2000)]
    rows[1234]["state"] = "quarantined"
    text = json.dumps(rows)
    answer = ranges.matching(text, "quarantined")
    found = re.match(r"\[line 1 of 1, characters (\d+)-(\d+) of (\d+)\]\n1:(.*)\n", answer)
    assert found is not None
    first, last, length = (int(number) for number in found.groups()[:3])
    assert length == len(text)
    assert text[first - 1 : last] == found[4]
    assert '"id": 1234, "state": "quarantined"' in found[4]
    assert len(answer) < 2000


def test_a_long_line_does_not_swallow_the_lines_around_it() -> None:
    text = "before\n" + "needle " + "x" * 5000 + "\nafter needle\nmore\n"
    answer = ranges.matching(text, "needle")
    assert [line for line in answer.splitlines() if line.startswith("[")] == [
        "[line 2 of 4, characters 1-800 of 5007]",
        "[lines 3-4 of 4]",
    ]
    assert numbered(answer)[3] == "after needle"


def test_without_a_match_the_answer_says_so_with_the_words_and_what_to_do() -> None:
    answer = ranges.matching(log(70), 'zebra ]\n"quux"')
    assert answer == '[no line of 70 matches "zebra quux"; ask with other words, or by lines within 1-70]\n'


@pytest.mark.parametrize("query", ["", "   ", "\n", '""'])
def test_a_query_without_words_is_told_to_have_some(query: str) -> None:
    assert "query is empty" in ranges.matching("a\nb\n", query)


def test_an_empty_text_is_told_to_be_empty() -> None:
    assert ranges.matching("", "word") == "[the text is empty]\n"


@pytest.mark.parametrize(("count", "context"), [(0, 2), (3, -1)])
def test_no_ranges_or_a_negative_context_is_a_value_error(count: int, context: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        ranges.matching("a", "a", ranges=count, context=context)


TEXTS = st.lists(st.sampled_from(["error in main", "ok", "", "Error\u2028x", "İstanbul error", "e" * 1500 + " error"]))


@given(TEXTS, st.sampled_from(["error", "main error", "ok", "İ"]), st.integers(1, 4), st.integers(0, 3))
def test_every_line_shown_is_a_line_of_the_text_under_its_own_number(
    rows: list[str], query: str, count: int, context: int
) -> None:
    text = "\n".join(rows)
    answer = ranges.matching(text, query, ranges=count, context=context)
    assert answer == ranges.matching(text, query, ranges=count, context=context)
    assert answer.count("[line") <= count
    for number, shown in numbered(answer).items():
        assert shown in rows[number - 1]
        assert len(shown) <= ranges.LONG_LINE or shown == rows[number - 1] or "characters" in answer


@given(st.text(), st.text(max_size=30))
def test_any_text_and_query_give_an_answer(text: str, query: str) -> None:
    answer = ranges.matching(text, query)
    assert answer.startswith("[")
    assert answer.endswith("\n")


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F), min_size=2, max_size=12))
def test_a_word_is_found_whatever_its_case(word: str) -> None:
    assume(unicodedata.is_normalized("NFC", word) and len(word.lower()) == len(word.upper()) == len(word))
    assume(word.lower().upper().lower() == word.lower())
    answer = ranges.matching(log(40, line_20=f"x {word.lower()} y"), word.upper())
    assert 20 in numbered(answer)


def test_work_grows_with_the_text_and_not_with_its_square() -> None:
    def calls(text: str) -> int:
        profile = cProfile.Profile()
        profile.runcall(ranges.matching, text, "INFO heartbeat worker")
        return sum(entry.callcount for entry in profile.getstats())

    small = calls(log(500))
    assert small > 500
    assert calls(log(5000)) < 11 * small
