"""The facts gate: which losses refuse an outline, which words are harmless, and that what is shown is not lost."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headroom import gate
from tests.work import work

QUIET = [f"2025-03-09 07:{n % 60:02}:00 INFO [worker-{n % 4}] heartbeat ok" for n in range(60)]
NOTICE = "[… lines 21-40: 20 × INFO heartbeat · headroom_retrieve('k3f9a2tq7mbn', lines='21-40')]"


def around(*lines: str) -> str:
    """A log of heartbeats with `lines` in its middle."""
    return "\n".join([*QUIET[:30], *lines, *QUIET[30:]])


def outline(text: str, *gone: str) -> str:
    """`text` without some of its lines, with a notice in the place of the first."""
    lines = text.split("\n")
    at = lines.index(gone[0]) if gone else 20
    kept = [line for line in lines if line not in gone]
    return "\n".join([*kept[:at], NOTICE, *kept[at:]])


def lost(*lines: str) -> list[str]:
    """What the gate misses where `lines` are left out of a log."""
    text = around(*lines)
    return gate.lost(text, outline(text, *lines))


def kinds(missed: Sequence[str]) -> set[str]:
    return {words.partition(":")[0] for words in missed}


# --- what is a failure ------------------------------------------------------------------------------------------

FAILURES = """
ERROR timeout after 123ms
2025-03-09 07:00:01,004 ERROR [checkout] posting failed
2025-03-09T07:00:01Z level=error msg="disk full"
Mar  9 07:00:01 host sshd[81]: error: connection closed
java.lang.IllegalStateException: ledger is closed
Caused by: java.io.IOException: Stream closed
KeyError: 'splice'
panic: runtime error: index out of range
thread 'main' panicked at src/main.rs:12:5:
Segmentation fault (core dumped)
npm ERR! missing script: build
make: *** [all] Error 2
fatal: not a git repository
cp: cannot stat 'ledger.toml': No such file or directory
cat: /etc/shadow: Permission denied
Failed to start ledger.service
connection refused
src/post.c:12:5: error: 'n' undeclared
src/post.ts(3,5): error TS2345: Argument is not assignable
error[E0308]: mismatched types
E   AssertionError: assert 3 == 4
assertion failed: left == right
BUILD FAILED
Killed
[ERROR] COMPILATION ERROR
✕ splices the ledger (3 ms)
✗ splices the ledger
not ok 7 - splices the ledger
curl: (7) Failed to connect to localhost port 80
TimeoutError
tests/test_a.py ..F.. [ 10%]
\x1b[31mFAILED\x1b[0m tests/test_a.py::test_b
Fehler: Datei nicht gefunden
Die Verbindung wurde verweigert
FEHLER beim Lesen
Erreur : fichier introuvable
échec de la compilation
Error: acceso denegado
Excepción no controlada
erro: falha ao abrir o arquivo
errore: file non trovato
Ошибка: файл не найден
2025-03-09 07:00:01 ОШИБКА сбой диска
错误: 连接超时
编译失败
エラー: ファイルが見つかりません
テストに失敗しました 失敗
오류: 파일을 찾을 수 없습니다
빌드 실패
"""


@pytest.mark.parametrize("line", [line for line in FAILURES.split("\n") if line])
def test_a_line_that_tells_of_failure_must_stay(line: str) -> None:
    text = around(line)

    assert lost(line) != []
    assert gate.lost(text, outline(text)) == []


HARMLESS = """
0 errors, 0 warnings
no failures
without errors
failed: 0
errors=0 retries=3
Failures: 0, Errors: 0
"error": null
error_handler.py
src/errors/x.ts
./lib/fail.js
drwxr-xr-x 2 root root 4096 Mar  9 07:00 errors
├── errors
├── failed.py
ran with --fail-fast
set on_error=ignore
src/a.rs:12:    return Err(Error::new("failed to open"))
src/a.py:88:        raise ValueError("no such ledger")
src/a.go:7:\tif err != nil { return fmt.Errorf("cannot open: %w", err) }
    12→    raise ValueError("timeout must be positive")
tests/test_errors.py::test_error_is_told PASSED [ 10%]
  ✓ returns an error when the ledger is closed (3 ms)
test errors::fails_on_closed ... ok
--- PASS: TestErrorIsTold (0.01s)
ok 12 - handles an error
=== RUN   TestFailure
keine Fehler
0 个错误
ошибок: 0
"""


@pytest.mark.parametrize("line", [line for line in HARMLESS.split("\n") if line])
def test_words_alone_are_no_failure(line: str) -> None:
    assert kinds(lost(line)) <= {"total"}


def test_source_text_and_documentation_talk_of_failure_without_telling_of_one() -> None:
    code = [f"    if size > {n}:\n        raise ValueError('size failed the test')" for n in range(40)]
    prose = ["When a request fails, an error is returned and the client should try again after a while."] * 40
    for text in ("\n".join(code), "\n".join(prose)):
        assert gate.lost(text, text[:60] + "\n" + NOTICE) == []


def test_a_failure_amid_source_text_or_a_listing_is_one_all_the_same() -> None:
    for others in (["    return self.read(size)"] * 40, ["drwxr-xr-x 2 root root 4096 Mar  9 07:00 src"] * 40):
        for line in ("ERROR ledger is gone", "ls: cannot open directory 'x': Permission denied", "KeyError: 'x'"):
            text = "\n".join([*others, line, *others])
            assert gate.lost(text, "\n".join([*others, NOTICE, *others])) != []


def test_one_of_many_lines_that_differ_in_numbers_stands_for_all() -> None:
    rows = [f"ERROR timeout after {n}ms, request {n * 7919:08x}" for n in range(1, 500)]

    assert gate.lost("\n".join(rows), "\n".join([rows[0], NOTICE])) == []
    assert kinds(gate.lost("\n".join(rows), NOTICE)) == {"failure line"}


def test_lines_that_fail_at_something_else_do_not_stand_for_each_other() -> None:
    text = around("ERROR timeout in ledger", "ERROR timeout in splice")

    assert gate.lost(text, outline(text, "ERROR timeout in splice")) == ["failure line: ERROR timeout in splice"]


def test_what_a_notice_says_is_not_shown() -> None:
    text = around("ERROR disk full")

    assert gate.lost(text, outline(text, "ERROR disk full").replace("INFO heartbeat", "ERROR disk full")) != []


# --- typed facts ------------------------------------------------------------------------------------------------

TYPED = {
    "Process exited with code 137": "exit code",
    "exit status 2": "exit code",
    "returncode=1": "exit code",
    "OSError: [Errno 28] disk": "exit code",
    "ORA-00942: error, table does not exist": "error code",
    "error[E0308]: mismatched types": "error code",
    "src/a.ts(3,5): error TS2345: no": "error code",
    "Error: connect ECONNREFUSED": "error code",
    "com.acme.LedgerException: closed": "exception",
    '10.0.0.1 - "GET /ledger HTTP/1.1" 503 12': "HTTP status",
    '10.0.0.1 - "GET /ledger HTTP/1.1" 404 12': "HTTP status",
    "request failed with status code 500": "HTTP status",
    "tests/a.py::test_b FAILED [ 3%]": "failing test",
    "FAILED tests/a.py::test_b - KeyError": "failing test",
    "--- FAIL: TestSplice (0.01s)": "failing test",
    "test ledger::splice ... FAILED": "failing test",
    "● Ledger › splices": "failing test",
    "FAIL: test_b (tests.a.Ledger)": "failing test",
    "src/a.c:12:5: error: no such field": "location",
    "=== 3 failed, 214 passed in 2.1s ===": "total",
    "Tests:       3 failed, 5 passed, 8 total": "total",
    "test result: FAILED. 3 passed; 2 failed; 0 ignored": "total",
    "Found 3 errors in 1 file": "total",
    "Tests run: 8, Failures: 1, Errors: 0": "total",
    "=== 214 passed in 2.1s ===": "total",
    "test result: ok. 5 passed; 0 failed": "total",
    "12 warnings generated.": "total",
}


@pytest.mark.parametrize("line", TYPED)
def test_a_typed_fact_is_missed_by_its_type(line: str) -> None:
    text = around(line)

    assert TYPED[line] in kinds(lost(line))
    assert gate.lost(text, outline(text)) == []


TRACE = [
    "Traceback (most recent call last):",
    '  File "/srv/app/post.py", line 88, in post',
    "    ledger.splice(entry)",
    '  File "/srv/app/ledger.py", line 12, in splice',
    "    raise LedgerError(entry)",
    "LedgerError: closed",
]


def test_each_place_of_a_trace_is_a_fact() -> None:
    text = around(*TRACE)

    assert gate.lost(text, outline(text, TRACE[3])) == [f"location: {TRACE[3].strip()}"]


def test_the_message_below_a_line_that_announces_it_is_a_fact() -> None:
    text = around("thread 'main' panicked at src/main.rs:12:5:", "the ledger is closed")

    assert gate.lost(text, outline(text, "the ledger is closed")) == ["failure line: the ledger is closed"]


def test_a_trace_told_twice_may_be_shown_once() -> None:
    text = "\n".join([*TRACE, *QUIET, *TRACE])

    assert gate.lost(text, "\n".join([*TRACE, *QUIET, NOTICE])) == []


def test_frames_of_two_classes_are_two_places_though_the_files_are_called_alike() -> None:
    trace = ["java.lang.StateException: closed", "\tat dev.a.Run.call(Run.java:12)", "\tat dev.b.Run.call(Run.java:12)"]
    text = around(*trace)

    assert gate.lost(text, outline(text, trace[2])) == [f"location: {trace[2].strip()}"]


def test_frames_of_libraries_may_go() -> None:
    frame = '  File "/usr/lib/python3.12/site-packages/web/app.py", line 4, in call'
    text = around(*TRACE[:3], frame, *TRACE[3:])

    assert gate.lost(text, outline(text, frame)) == []


def test_places_in_the_failure_section_of_a_report_are_facts() -> None:
    report = ["=== FAILURES ===", "___ test_b ___", "tests/a.py:12: in call", "=== short test summary info ==="]
    text = around(*report)

    assert kinds(gate.lost(text, outline(text, report[2]))) == {"location"}
    assert lost("tests/a.py:12: in call") == []


def test_of_sums_that_all_went_well_the_last_one_must_stay() -> None:
    sums = [f"test result: ok. {n} passed; 0 failed" for n in (3, 5, 7)]
    text = around(*sums)

    assert gate.lost(text, outline(text, *sums[:2])) == []
    assert gate.lost(text, outline(text, sums[2])) == ["total: test result: ok. 7 passed; 0 failed"]


# --- JSON -------------------------------------------------------------------------------------------------------

ROWS = [{"id": n, "level": "INFO", "message": f"served in {n} ms", "status": 200} for n in range(60)]

WRONG: list[dict[str, object]] = [
    {"level": "ERROR", "message": "splice is closed"},
    {"status": "failed", "name": "splice"},
    {"status": 503},
    {"statusCode": 404, "message": "no ledger"},
    {"error": "splice is closed"},
    {"error": {"code": "X", "message": "splice is closed"}},
    {"last_error": "splice"},
    {"exitCode": 2},
    {"ok": False},
    {"conclusion": "timed_out"},
    {"state": "CrashLoopBackOff"},
    {"message": "Verbindung verweigert"},
    {"log": "all well\nERROR splice is closed\nall well"},
]


@pytest.mark.parametrize("fields", WRONG, ids=str)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_row_that_failed_must_stay_whatever_the_blanks(fields: dict[str, object], indent: int | None) -> None:
    rows: list[object] = [*ROWS[:30], {**ROWS[30], **fields}, *ROWS[31:]]
    notice = "[… rows 2-29: 28 rows alike]"
    text = json.dumps(rows, indent=indent)
    kept = json.dumps([rows[0], notice, *rows[29:]], separators=(",", ":"))
    gone = json.dumps([*rows[:30], notice, *rows[31:]], separators=(",", ":"))

    assert gate.lost(text, kept) == []
    assert gate.lost(text, gone) != []


def test_one_row_stands_for_all_that_failed_alike() -> None:
    rows = [{"id": n, "level": "ERROR", "message": f"timeout after {n} ms"} for n in range(1, 90)]

    assert gate.lost(json.dumps(rows), json.dumps([rows[0], "[… rows 2-89: 88 rows alike]"])) == []


def test_a_row_of_which_a_long_string_is_shortened_is_shown() -> None:
    row = {"level": "ERROR", "message": "the splice of the ledger was closed by " + "x " * 300, "blob": "y" * 900}
    short = {**row, "message": "the splice of the ledger was closed by […] x x", "blob": "yyy[…]yyy"}

    assert gate.lost(json.dumps([*ROWS, row]), json.dumps([ROWS[0], "[… rows 2-60: 59 rows]", short])) == []


@pytest.mark.parametrize("fields", [{"error": None}, {"errors": 0}, {"failed": False}, {"stderr": ""}, {"error": []},
                                    {"path": "src/errors/x.ts"}, {"status": 204}, {"exit": 0}], ids=str)  # fmt: skip
def test_fields_that_deny_a_failure_are_harmless(fields: dict[str, object]) -> None:
    rows = [*ROWS, {**ROWS[0], **fields}]

    assert gate.lost(json.dumps(rows), json.dumps([ROWS[0], "[… rows 2-61: 60 rows]"])) == []


def test_lines_of_json_are_records() -> None:
    rows = [json.dumps(row) for row in ROWS]
    failed = json.dumps({"level": "ERROR", "message": "splice is closed"})

    assert kinds(gate.lost("\n".join([*rows, failed]), "\n".join([*rows, NOTICE]))) == {"failed record"}
    assert gate.lost("\n".join([*rows, failed]), "\n".join([rows[0], NOTICE, failed.replace(": ", ":")])) == []


def test_a_run_that_stopped_half_way_must_show_where() -> None:
    run = [f"tests/test_a.py::test_{n} PASSED" for n in range(40)]
    text = "\n".join([*run, "tests/test_a.py::test_hangs "])

    assert kinds(gate.lost(text, "\n".join([*run[:3], NOTICE]))) == {"end of the run"}
    assert gate.lost(text, "\n".join([*run[:3], NOTICE, "tests/test_a.py::test_hangs "])) == []


def test_no_notice_may_make_a_failed_run_look_well() -> None:
    text = around("ERROR disk full")
    better = outline(text).replace("20 × INFO heartbeat", "all tests passed")

    assert gate.lost(text, better) == ["a notice that reads as success"]


# --- laws -------------------------------------------------------------------------------------------------------

pieces = st.lists(
    st.one_of(st.text(max_size=20), st.sampled_from([*FAILURES.split("\n"), *HARMLESS.split("\n"), *TYPED, *TRACE,
                                                     NOTICE, '{"error": "x"', "}", "[", '"a": {"b": "failed"}'])),
    max_size=15,
)  # fmt: skip


@given(pieces.map("\n".join))
@example("\ud800 error")
@example("İ error")
def test_nothing_is_lost_of_a_text_that_is_shown(text: str) -> None:
    assert gate.lost(text, text) == []


@given(
    st.lists(st.sampled_from([*QUIET, *HARMLESS.split("\n")]), max_size=30),
    st.lists(st.sampled_from([line for line in FAILURES.split("\n") if line and "⋮" not in line]), max_size=5),
    st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=6, max_size=12),
    st.integers(0, 30),
)
def test_whatever_stands_around_a_failure_with_a_form_of_its_own_is_missed(
    others: list[str], failures: list[str], name: str, at: int
) -> None:
    line = f"ERROR q{name} stopped"
    text = "\n".join([*others[:at], line, *others[at:], *failures])
    shown = "\n".join([*others[:at], NOTICE, *others[at:], *failures])

    assert f"failure line: {line}" in gate.lost(text, shown)


@pytest.mark.parametrize(
    "sign", ["0", "ab", "a()", '\\"', "::", " ", "a.", "'a", "= ", '{"', "error ", "[", "\n", "E "]
)
def test_no_long_line_of_one_sign_stalls_the_gate(sign: str) -> None:
    """An expression that goes back over such a line again and again would never come to its end here."""
    for head, tail in (("error ", ""), ("", " error x"), ('{"', "")):
        gate.lost(head + sign * 20_000 + tail, "")


def test_work_grows_nearly_linearly_with_the_text() -> None:
    def text(times: int) -> str:
        log = [f"2025-03-09 07:00:01 ERROR [w{n % 7}] timeout {n}ms at src/a.py:{n % 50}" for n in range(300 * times)]
        return "\n".join([*log, json.dumps(ROWS * times), *TRACE * times])

    small, large = text(1), text(4)
    assert work(lambda: gate.lost(large, large)) <= 5 * work(lambda: gate.lost(small, small)) + 5_000
