"""Output of runs: what is known for one, what a reader finds in a rendering, and what real runs save."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headroom import tokens
from headroom.compressors.runs import Runs
from headroom.errors import FormatError
from headroom.types import Facts, ToolCall
from tests import run_logs
from tests.run_logs import Run
from tests.samples import Sample, samples

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
CLIPPY = SHARED / "data" / "logs" / "clippy-stderr.tar.gz"
TRAJECTORIES = SHARED / "data" / "trajectories"
PYTEST_WORKLOAD = SHARED / "workloads" / "pytest_fail_1186.json.gz"

RUNS = Runs()
CORPUS = [sample for sample in samples() if sample.kind == "runs"]
every_sample = pytest.mark.parametrize("sample", CORPUS, ids=lambda s: s.name)
every_test_run = pytest.mark.parametrize("make", [run_logs.pytest_verbose, run_logs.go_test], ids=lambda f: f.__name__)


def rendered(text: str) -> str:
    rendering = RUNS.encode(Facts(text))
    assert rendering is not None
    assert RUNS.decode(rendering) == text
    assert rendering.startswith(RUNS.marks[0])
    return rendering


def sizes(text: str) -> tuple[int, int]:
    """Tokens before and after; the same where nothing is gained."""
    count = tokens.counter().count
    rendering = RUNS.encode(Facts(text))
    before = count(text)
    if rendering is None or before < 60:
        return before, before
    assert RUNS.decode(rendering) == text
    return before, min(before, count(rendering))


def saved(texts: list[str]) -> float:
    before, after = map(sum, zip(*map(sizes, texts), strict=True))
    return 1 - after / before


@every_sample
def test_a_sample_is_known_from_its_text_alone(sample: Sample) -> None:
    assert RUNS.fit(Facts(sample.text)) >= 0.7


@pytest.mark.parametrize(
    ("make", "least"),
    [(run_logs.cargo_build, 0.4), (run_logs.npm_install, 0.4), (run_logs.pip_install, 0.4)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_log_of_an_installation_saves_two_fifths(make: Callable[[int], str], least: float) -> None:
    assert saved([make(seed) for seed in (1, 2)]) >= least


@every_test_run
def test_a_verbose_test_run_is_known_and_saves_two_fifths(make: Callable[[int], Run]) -> None:
    assert RUNS.fit(Facts(make(1).text)) >= 0.8
    assert saved([make(seed).text for seed in (1, 2)]) >= 0.42


@every_test_run
def test_each_failure_and_the_sums_stand_word_for_word_in_their_order(make: Callable[[int], Run]) -> None:
    run = make(5)
    told = rendered(run.text).split("\n")

    news = [line for line in run.text.split("\n") if re.search(r"\bFAIL(?:ED)?\b|\d (?:passed|failed)", line)]
    positions = [told.index(line) for line in news]

    assert len(news) > len(run.failed)
    assert len(set(positions)) == len(set(news))
    for name in run.failed:
        assert any(name in line for line in told if "FAIL" in line)


@every_test_run
def test_the_names_of_passing_tests_can_still_be_searched_for(make: Callable[[int], Run]) -> None:
    run = make(6)
    rendering = rendered(run.text)

    passed = re.findall(r"(\w+)(?: PASSED| \(0\.\d+s\))", run.text)

    assert len(passed) > 40
    assert all(name in rendering for name in passed)


def test_a_traceback_that_repeats_is_told_once_and_every_failure_keeps_its_headline() -> None:
    run = run_logs.pytest_verbose(7, failing=6)
    rendering = rendered(run.text)

    assert rendering.count("refused by 10.0.0.7:5432") == 1
    assert len(re.findall(r"\[= lines \d+-\d+ above\]", rendering)) == 5
    assert len(re.findall(r"^_+ .* _+$", rendering, re.MULTILINE)) == 6


def test_a_diagnostic_keeps_its_message_place_source_and_length() -> None:
    text = next(s.text for s in CORPUS if s.name == "clippy.txt")
    rendering = rendered(text)
    lines = rendering.split("\n")

    assert [line for line in lines if re.match(r"(?:error|warning)", line)] == [
        line for line in text.split("\n") if re.match(r"(?:error|warning)", line)
    ]
    at = lines.index("   --> src/client.rs:104:9")
    assert lines[at + 1] == "|     let retries = config.retries;"
    assert lines[at + 2].startswith("^7 help: if this is intentional")


def test_a_frame_is_one_line_with_its_place_function_and_source() -> None:
    frames = "".join(
        f'  File "/srv/app/src/orders/{name}.py", line {n}, in load\n    return self.{name}(order, {n})\n'
        for n, name in enumerate(("view", "model", "query", "row", "view", "query"), 40)
    )
    rendering = rendered(f"Traceback (most recent call last):\n{frames}ValueError: no such order: 40\n")

    assert "~/view.py:40 in load | return self.view(order, 40)" in rendering
    assert "…/query.py:45 in load | return self.query(order, 45)" in rendering
    assert "\nValueError: no such order: 40\n" in rendering


def test_a_folder_of_many_frames_has_a_short_name_also_beside_modules_of_the_interpreter_itself() -> None:
    frames = "".join(
        f'  File "/srv/app/src/orders/{name}.py", line {n}, in load\n    return self.{name}(order, {n})\n'
        for n, name in enumerate(("view", "model", "query", "row", "cell", "price"), 40)
    )
    frozen = '  File "<frozen importlib._bootstrap>", line 994, in _gcd_import\n'
    rendering = rendered(f"Traceback (most recent call last):\n{frames}{frozen}ValueError: no such order: 40\n")

    assert "~/ is /srv/app/src/orders/" in rendering
    assert "  <frozen importlib._bootstrap>:994 in _gcd_import" in rendering.split("\n")


def test_percentages_follow_from_the_count_whatever_the_width() -> None:
    for width in (80, 132):
        lines = ["collected 40 items", ""]
        for i in range(40):
            text = f"tests/test_orders.py::test_total_of_{i} PASSED"
            lines.append(text + f" [{(i + 1) * 100 // 40:3d}%]".rjust(width - len(text) - 1))
        rendering = rendered("\n".join([*lines, "", "======= 40 passed in 0.12s ======="]))
        assert "[ 50%]" not in rendering


def test_source_text_between_failures_stays_as_it_is() -> None:
    source = [
        "    def test_total(self):",
        "        order = Order(lines=[Line(1, 100)])",
        ">       assert order.total == 1",
    ]
    failures = [
        [
            f"______ test_total_{i} ______",
            "",
            *source,
            f"E       assert {i} == 1",
            "",
            f"tests/a.py:{i}: AssertionError",
        ]
        for i in range(8)
    ]
    rendering = rendered("\n".join(["=== FAILURES ===", *(line for failure in failures for line in failure)]))

    assert "\n".join(source) in rendering


NOT_RUNS = {
    "source": (ROOT / "src" / "headroom" / "types.py").read_text(),
    "tests": (ROOT / "tests" / "test_compressor_contract.py").read_text(),
    "numbered": "\n".join(f"{i:6d}→    assert result.errors == {i}" for i in range(60)),
    "grep": "\n".join(f"src/app/file_{i}.py:{i * 3}:    raise OrderError('failed to load {i}')" for i in range(40)),
    "diff": "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1,40 +1,40 @@\n"
    + "\n".join(f"-FAILED {i}\n+PASSED {i}" for i in range(40)),
    "json": json.dumps([{"test": f"t{i}", "outcome": "passed", "ms": i} for i in range(40)], indent=1),
    "jsonl": "\n".join(json.dumps({"test": f"t{i}", "outcome": "failed"}) for i in range(40)),
    "csv": "\n".join(f"test_{i},passed,{i}" for i in range(40)),
    "prose": "The tests passed on the first try.\nNobody expected that, since two had failed before.\n" * 20,
    "report": "## Result\n\nAll done.\n\n```\n=== RUN   TestA\n--- PASS: TestA (0.00s)\n```\n\n"
    + "## Next\n\n"
    + "We should look at the retries of the client.\n" * 20,
    "listing": "\n".join(f"-rw-r--r-- 1 root root {i * 37} Nov 22 10:37 test_{i}.py" for i in range(40)),
    "paths": "\n".join(f"src/error/file_{i}.rs" for i in range(40)),
}


@pytest.mark.parametrize("text", NOT_RUNS.values(), ids=NOT_RUNS.keys())
def test_other_text_is_no_run(text: str) -> None:
    assert RUNS.fit(Facts(text)) == 0.0


def test_the_command_helps_where_the_text_says_little() -> None:
    text = "\n".join(f"orders/{name}: ok, {n} rows" for n, name in enumerate(run_logs.WORDS))
    call = ToolCall(name="Bash", args={"command": "cd /srv/app && make check 2>&1 | tail -40"})

    assert RUNS.fit(Facts(text)) == 0.0
    assert RUNS.fit(Facts(text, call)) > 0.2


@pytest.mark.parametrize("text", ["", "\n", "ok\n", "one line of no kind", "a\nb\nc\n", "x\r\ny\r\nz\r\n"])
def test_where_nothing_is_gained_nothing_is_written(text: str) -> None:
    assert RUNS.encode(Facts(text)) is None


def test_a_text_that_holds_our_header_is_left_alone() -> None:
    rendering = rendered(run_logs.go_test(1).text)

    assert RUNS.encode(Facts(rendering)) is None


NOTATION = [
    *("error: a", "error[E0308]: mismatched types", "warning: b", "  --> src/a.rs:12:5", "  --> :13:5"),
    *("  --> src/b.rs:9:1", "   |", "   | ", "12 |     let x = 1;", "13 |     let y = 2;", "9  | fn a() {}"),
    *("LL |     a();", "LL -     b", "LL +     c", "   |     ^^^^^^", "   |     ^^^ help: d", "   | ^", "= note: f"),
    *("   = note: e", "   = help: see https://x.io/i#a", "   = note: `-D clippy::a-b` implied by `-D warnings`"),
    *("   = help: to override `-D warnings` add `#[allow(clippy::a_b)]`", "= help: …#a", "   = help: …#a"),
    *("; allow overrides", "   = note: g; allow overrides", "help: try", "note: here", "...", "  ::: src/c.rs:1:1"),
    *(":", ":-", "|", "| x", "^4 x", "+ x", "- x", "~ x", "\\", "\\x", "\\\\", "12| x"),
    *('  File "/a/b/c.py", line 12, in f', '  File "/a/b/d.py", line 9, in <module>', "    return g(x)"),
    *("    ^^^^^^^^^^^", "    ~~^^~", "a/b/c.py:12: in f", "  /a/b/c.py:12 in f", "  /a/b/c.py:12 in f | return g(x)"),
    *("The above caused…", "During handling of the above exception, another exception occurred:", "During handling…"),
    *(
        "  …/c.py:12 in f",
        "  ~/c.py:1 in f",
        'File "…/c.py", line 7, in f',
        "  /a/b/c.py:12 in f | x ^",
        'E       File "/a/b/c.py", line 3, in h',
    ),
    *("E         x", "collected 4 items", "a.py::t PASSED", "a.py::t PASSED" + "[ 25%]".rjust(65)),
    *("a.py::u FAILED" + "[ 50%]".rjust(65), "a.py .." + "[ 50%]".rjust(72), "..", "=== RUN   TestA"),
    *("--- PASS: TestA (0.00s)", "=== PAUSE TestA", "=== PASS  TestA (0.00s)", "=== RUN, PAUSE TestA"),
    *("_ " * 40, "_ _ ×40", "_ _ ×20", "- " * 30, "Compiling a v1.2.3", "Compiling a v~", "a-1.2.3", "a==1.2.3"),
    *("a@1.2.3", "a-~", "@b/c@1.0.0", "=== RUN   TestLong/one", "=== RUN   TestLong/two", "=== RUN   TestLong/three"),
    *("{a b}", "«a b»", "x{a b}y", "[line above ×3]", "[= lines 1-4 above]", "[2 lines above ×2]", "@p", "@", " q"),
    *("A := b {c}", "A d", "\x1f1", "\x1f"),
    *(
        "[A ×2]",
        "[×3]",
        "[then A]",
        "[then (A B)×2]",
        "--> a.rs:{at}",
        "{at}:",
        "{at} {x}:",
        "1:2 3:4",
        "1:2 b",
        "^{#x}",
    ),
    *("a.c:3:1: warning: x", "    3 | int x;", "      | ^", ":@0:^", "a/b/c.py:12: in f | x ^5-9", "          ^^^"),
]
hostile_lines = st.lists(st.one_of(st.sampled_from(NOTATION), st.text(max_size=12)), max_size=40)
repeated_lines = st.lists(st.sampled_from(NOTATION), min_size=3, max_size=9).flatmap(
    lambda block: st.integers(2, 6).map(lambda times: block * times)
)


@settings(max_examples=300)
@given(
    st.one_of(hostile_lines, repeated_lines, st.tuples(repeated_lines, hostile_lines).map(lambda two: two[0] + two[1]))
)
@example(["   |", "  --> a:1:1"])
def test_every_text_comes_back(lines: list[str]) -> None:
    text = "\n".join(line.replace("\n", " ") for line in lines)
    rendering = RUNS.encode(Facts(text))

    if rendering is not None:
        assert RUNS.decode(rendering) == text


legends = st.sampled_from(
    [
        "×N: N times in all", "= lines: those lines of the original again",
        "^9: 9 characters from the column of -->; --> : is in the same file", "frames on one line; …/p: a path above",
        "frames on one line; …/p: a path above; ~/ is /a/", "=== PASS x: === RUN x, then --- PASS: x",
        '"[n%]" of 4 tests counted, width 80', "_ _ ×40: 40 times _ and a blank", "{a b}: a line for each",
        "name v~, name-~, name==~, name@~: at the version told above", "@p: indented lines below start with p",
        "A := text {v}: later A v is that line with value v", "no clause of ours", "",
        "[A ×9]: 9 diagnostics like this, {x} as in the rows below it, {#x} its length; [then A B]: next of A, of B",
        "frames on one line; …/p: a path above; code ^5: underlined from its character 5",
        "frames on one line", "frames on one line; ~/ is /a/; ^5: underlined from character 5",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(legends, max_size=3), hostile_lines)
def test_what_is_no_rendering_decodes_or_raises_a_format_error(clauses: list[str], lines: list[str]) -> None:
    with contextlib.suppress(FormatError):
        assert isinstance(RUNS.decode("\n".join([f"[run codes: {' | '.join(clauses)}]", *lines])), str)


@pytest.mark.parametrize("garbage", ["", "x", "[run codes: ", "[run codes: nothing we know]\nx", "[log codes: x]\ny"])
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(FormatError):
        RUNS.decode(garbage)


def clippy() -> list[str]:
    with tarfile.open(CLIPPY) as archive:
        members = sorted((m for m in archive if m.name.endswith(".stderr")), key=lambda m: m.name)
        files = [archive.extractfile(m) for m in members[::5]]
        return [file.read().decode() for file in files if file is not None]


@pytest.mark.skipif(not CLIPPY.exists(), reason="needs ../shared/data/logs/clippy-stderr.tar.gz")
def test_real_diagnostics_save_a_fifth_and_keep_every_headline() -> None:
    texts = clippy()
    headline = re.compile(r"^(?:error|warning)\b.*", re.MULTILINE)

    assert saved(texts) >= 0.2
    assert saved(["\n".join(texts[i : i + 10]) for i in range(0, len(texts), 10)]) >= 0.25
    for text in texts[::4]:
        rendering = RUNS.encode(Facts(text))
        if rendering is not None:
            told = set(rendering.split("\n"))
            assert told.issuperset(headline.findall(text))


@pytest.mark.skipif(not PYTEST_WORKLOAD.exists(), reason="needs ../shared/workloads/pytest_fail_1186.json.gz")
def test_a_real_failing_run_becomes_less_than_half_and_names_every_failure() -> None:
    with gzip.open(PYTEST_WORKLOAD, "rt") as file:
        text = max(strings(json.load(file)), key=len)
    told = set(rendered(text).split("\n"))

    assert saved([text]) >= 0.52
    assert told.issuperset(line for line in text.split("\n") if line.startswith("FAILED ") or " FAILED [" in line)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def outputs(file: str, wanted: Callable[[str], object]) -> list[str]:
    """Every ninth output of a trajectory file, if it is wanted."""
    with gzip.open(TRAJECTORIES / file, "rt") as lines:
        texts = [json.loads(line)["output"] or "" for line in islice(lines, 0, None, 9)]
    return [text for text in texts if wanted(text)]


GO_LINE = re.compile(r"^(?:ok  \t|--- (?:PASS|FAIL)|=== RUN|FAIL\t)", re.MULTILINE)
REAL: dict[str, tuple[str, Callable[[str], object], float]] = {
    "go test": ("claude-code-go-project.jsonl.gz", GO_LINE.search, 0.31),
    "pytest": ("mini-swe-agent-python.jsonl.gz", re.compile("test session starts").search, 0.147),
    "tracebacks": (
        "mini-swe-agent-python.jsonl.gz",
        lambda text: "Traceback (most recent call last)" in text and "test session starts" not in text,
        0.197,
    ),
}


@pytest.mark.skipif(not TRAJECTORIES.exists(), reason="needs ../shared/data/trajectories")
@pytest.mark.parametrize("name", REAL)
def test_real_runs_save_more_than_the_prototypes_did(name: str) -> None:
    file, wanted, least = REAL[name]
    texts = outputs(file, wanted)

    assert len(texts) > 50
    assert saved(texts) > least


def test_a_line_of_nothing_but_colour_codes_is_no_line() -> None:
    lines = [f"PASS packages/app/test_{i}.ts" for i in range(30)]
    text = "\n".join([*lines, "\x1b[0m", "\x1b[1m\x1b[31m", "", "Tests: 30 passed, 30 total"])
    assert Runs().fit(Facts(text)) > 0
