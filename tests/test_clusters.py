"""Kinds of lines found in a text: which lines belong together, and which never do."""

from __future__ import annotations

from headroom.compressors._lines import clusters
from headroom.compressors._lines.clusters import Cluster


def kinds(lines: list[str]) -> list[Cluster]:
    return clusters.clusters(lines, lambda line: line.startswith("#"))


def rows(lines: list[str]) -> set[tuple[int, ...]]:
    return {tuple(cluster.rows) for cluster in kinds(lines)}


def test_lines_that_differ_in_words_with_digits_are_of_one_kind() -> None:
    lines = ["opened port 80 on n1", "closed by peer", "opened port 443 on n2", "opened port 8080 on n1"]

    assert rows(lines) == {(0, 2, 3)}


def test_lines_of_different_words_or_different_spacing_are_of_different_kinds() -> None:
    assert rows(["opened port 80", "closed port 80", "opened  port 80"]) == set()


def test_the_blank_that_a_heading_leaves_is_not_part_of_a_line() -> None:
    assert rows([" opened port 80", "opened port 81"]) == {(0, 1)}


def test_lines_that_another_step_wrote_belong_to_no_kind() -> None:
    assert rows(["# note 1", "# note 2"]) == set()


def test_many_lines_that_differ_in_one_plain_word_are_one_kind_with_that_word_as_a_value() -> None:
    users = ["ann", "bob", "cid", "dee", "eve", "fay"]
    lines = [f"session opened for user {user} by the daemon with uid={i}" for i, user in enumerate(users)]

    [cluster] = kinds(lines)

    assert cluster.rows == list(range(6))
    assert [words[0] for words in cluster.words] == users


def test_two_frequent_kinds_that_differ_in_one_word_stay_two() -> None:
    lines = [f"session {'opened' if i % 2 else 'closed'} for uid={i} on this host today" for i in range(80)]

    assert sorted(len(cluster.rows) for cluster in kinds(lines)) == [40, 40]


def test_lines_that_tell_of_a_failure_are_not_joined_over_their_words() -> None:
    causes = ["disk", "memory", "network", "quota", "license", "power"]
    lines = [f"2026-03-04 fatal: the {cause} gave out after {i} hours of running" for i, cause in enumerate(causes)]

    assert rows(lines) == set()


def test_the_failure_word_is_found_in_any_case_and_language() -> None:
    assert clusters.alarm("worker 3 raised ValueError") == "Error"
    assert clusters.alarm("узел 4: Ошибка чтения") == "Ошибк"
    assert clusters.alarm("all is well") == ""


def test_that_there_were_no_failures_is_no_failure() -> None:
    assert clusters.alarm("rps=10 errors=0 in 3s") == ""
    assert clusters.alarm('{"error": 0, "errors":0.0}') == ""
    assert clusters.alarm("errors=0 and then an error") == "error"
    assert clusters.alarm("error=04 errors=0") == "error"


def test_rows_whose_long_values_are_mostly_the_same_get_a_kind_of_their_own() -> None:
    usual, rare = "tenant-113d3a99c3da401fbd62cc2caa5b96d2", "tenant-f7b8d1f1d4d44643b07fa10ca7d021fb"
    lines = [f"GET /v2/servers {i} by {rare if i % 10 == 3 else usual} in region-7c4a8d09ca3762af" for i in range(100)]

    sizes = sorted(len(cluster.rows) for cluster in kinds(lines))

    assert sizes == [10, 90]


def test_a_document_in_one_line_is_no_event() -> None:
    assert rows(["x 1 " * 2_000, "x 2 " * 2_000]) == set()
