"""By what the output of a run is known: lines that only test runners, compilers, linters and installers print."""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.types import Facts

SAMPLE_LINES = 160
"""A text is judged by this many lines from its beginning, its middle and its end."""

MIN_SHARE = 0.2
"""Share of its lines that a text without a headline of a runner must have in common with run output."""

MIN_IN_PROSE = 0.4
"""The same for a text with Markdown headings or fences: a report that quotes a run is no run."""

MIN_LINES = 3

SESSION = re.compile(
    r"=+ (?:test session starts|FAILURES|ERRORS|short test summary info|warnings summary) =+\Z"
    r"|={8,} \w[^=]* ={8,}\Z"
    r"|=+ (?:.*, )?\d+ (?:passed|failed|errors?|skipped|deselected).*=+\Z|collected \d+ items?\b"
    r"|Ran \d+ tests? in [\d.]+s|FAILED \((?:failures|errors)=|(?:ok|FAIL)  ?\t\S+\t"
    r"|(?:=== (?:RUN|PAUSE|CONT|NAME)  |(?:    )?--- (?:PASS|FAIL|SKIP): )\S"
    r"|running \d+ tests?\Z|test result: (?:ok|FAILED)\.|Traceback \(most recent call last\):\Z"
    r"|Test (?:Suites|Files):? +\d|Tests: +\d|  \d+ (?:passing|failing)\b"
    r"|\[INFO\] (?:Scanning for projects|BUILD |-{20})|Tests run: \d+, Failures: \d+|BUILD (?:SUCCESSFUL|FAILED) in"
    r"|> Task :\S|TAP version \d|Test project /|1\.\.\d+\Z|    Finished (?:`|\w+ \[)|added \d+ packages"
    r"|Successfully (?:installed|built) |#\d+ \[\S+ +\d+/\d+\] |Step \d+/\d+ : [A-Z]"
    r"|\[={10}\] (?:Running )?\d+ tests? from "
    r"|make(?:\[\d+\])?: (?:Entering|Leaving|\*\*\*|Nothing)|Found \d+ errors?\b|Success: no issues"
    r"|✖ \d+ problems? \(|error: could not compile|error: aborting due to|(?:error|warning): build failed"
    r"|npm (?:ERR!|error) |##\[(?:group|error)\]|Resolved \d+ packages? in|\d+ errors? generated\."
    r"|Test Suite '[^']+' (?:started|passed|failed) at |\t Executed \d+ tests?, with |[✔✘] +Test run with \d+ tests?"
    r"|running \d+ tests? from \S|Running \d+ tests? using \d+ workers?|  \d+ passed \("
    r"|Ran \d+ tests? across \d+ files?"
    r"|\d+ (?:runs|tests|examples?), \d+ (?:assertions|failures?|passed)\b|Finished in [\d.]+ ?s"
    r"|(?:ok|FAILED) \| \d+ passed"
    r"|OK \(\d+ tests?, \d+ |Tests: \d+, Assertions: \d|PHPUnit \d+\.|Test run finished after "
    r"|\[ +\d+ tests (?:found|failed)"
    r"|\[(?:info|error)\] (?:welcome to sbt|Total number of tests|Tests: succeeded|(?:Passed|Failed): Total )"
    r"|Executed \d+ out of \d+ tests?|\d+ passed; \d+ skipped; \d+ failed|Test Successful in|\d+ failures?! in [\d.]+s"
    r"| +\d+ tests? (?:passed|failed)\Z|\d+ scenarios? passed, \d+ failed|Ok: +\d+\s*\Z|Plan: \d+ to add"
    r"|\d\d:\d\d \+\d+(?: ~\d+)?(?: -\d+)?: (?:Some tests failed|All tests passed)"
    r"|\s*<testsuites?(?: [^<>]*)?>"
    r"|Running ExUnit with seed|Run options: .*--seed|Randomized with seed \d|ℹ (?:tests|pass) \d|bun test v\d",
    re.ASCII,
)
"""One such line opens, parts or closes the output of one runner or another."""

LINE = re.compile(
    # installers and builds
    r"\s{0,8}(?:Compiling|Checking|Download(?:ed|ing)|Updating|Locking|Adding|Fresh|Running|Installing|Unpacking"
    r"|Building|Preparing|Fetch(?:ed|ing)|Collecting|Using cached|Requirement already satisfied:|Setting up"
    r"|Selecting|Removing|Copying|Linking|Generating|Processing|Extracting|Verifying|Pull(?:ing| complete)) [\w`@./~-]+"
    r"|npm (?:warn|WARN|notice|info|http|verbose|sill) |\[ *\d{1,3}%\] | [+-] [\w@.-]+==\S+\Z"
    r"|#\d+ (?:[\d.]+ |DONE |CACHED|sha256:|\[|exporting)|\[(?:INFO|WARNING|ERROR)\] |(?:Get|Hit|Ign):\d+ http"
    r"|go: (?:downloading|finding|extracting) |(?:GET|POST) \d{3} http|(?:remote|Progress|Packages|Done|Resolving): "
    r"|(?:/usr/bin/)?(?:gcc|g\+\+|cc|c\+\+|clang\+?\+?|ld|ar|rustc|javac) -|make(?:\[\d+\])?: |Step \d"
    r"| {2}(?:\[M\] )?[A-Z]{2,9}(?: \[M\])? +[\w.+-]+/\S+\Z|\[[\d,]+ / [\d,]+\] "
    r"|\S+\.\S+: (?:Refreshing state|Reading|Read complete|Still \w+|Creation complete|Modifications complete)\b"
    # diagnostics
    r"|(?:error|warning|note|help)(?:\[\w+\])?: |\s{1,8}(?:-->|:::) \S+:\d+:\d+\Z|\s{1,8}= (?:note|help): "
    r"|(?:LL|\d+|\.\.\.|\s)\s{0,7}\| ?|\S+:\d+:(?:\d+:)? (?:fatal |internal )?(?:error|warning|note)\b"
    r"|\S+\(\d+,\d+\): (?:error|warning) [A-Z]+\d+|\s+\d+:\d+ +(?:error|warning|✖|⚠) "
    r"|\d+ (?:errors?|warnings?|issues?)\b"
    # tests
    r"|=== |\s*--- (?:PASS|FAIL|SKIP)|(?:ok|FAIL|\?)\s*\t|test \S+(?: - .*)? \.\.\. \S+|\w+ \([\w.]+\) \.\.\. \S+"
    r"|\S+\.\w+(?:::\S.*)? (?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)\b|\S+\.py [.FEsxXpP]+ "
    r"|(?:PASSED|FAILED|SKIPPED|ERROR) (?:\[\d+\] )?\S+|[.FEsxXpP]{8,}(?: +\[|\Z)"
    r"|\s*(?:✓|✔|√|✕|✗|✘|×|○|●|✎) |\s*(?:PASS|FAIL)  ?\S+\.\w+|(?:not )?ok \d+ |E   |>   |_{3,} .* _{3,}\Z"
    r"|\s*(?:Start +\d+: |\d+/\d+ Test +#\d+: )\S|\[(?: (?:RUN|FAILED|PASSED|SKIPPED) +| +OK |-{10})\] \S"
    r"|\s{2,}[^\W\d_][\w ]{1,15} [\w.]+\.\w.* \[<? ?[\d.,]+ ?m?s\]\Z|\s+(?:PASS|FAIL|SLOW|LEAK) \[[ >\d.]+s\] "
    r"|\S.* > \S.* (?:PASSED|FAILED|SKIPPED)\Z|\((?:pass|fail|skip|todo)\) \S|Test Case '|[◇✔✘↳] +(?:Test|Suite) \S"
    r"|.{1,200} \.\.\. (?:ok|FAILED|ignored)(?: \([\d.]+m?s\))?\Z|\S{1,200}#.{1,400} = [\d.]+ s = [.FES]\Z"
    r"|.{1,200}\| (?:PASS|FAIL|SKIP) \|\Z|[│ ]*[├└]─+ \S.{0,200} (?:✔\Z|✘ )| +\* .{1,200} \([\d.]+m?s\) \[L#\d+\]\Z"
    r"|//\S+ +(?:\(cached\) )?[A-Z]{4,}(?: STATUS)?(?: in |\Z)|\d+/\d+ \S.{0,200}\.\.\.(?:OK|SKIP)\Z"
    r"|\s*\[(?:OK|FAIL)\] | *\d+/\d+ \S.{0,200} {2}[A-Z]{2,} +[\d.]+ ?s|\d\d:\d\d \+\d+(?: ~\d+)?(?: -\d+)?: "
    r"| {4}(?:Given|When|Then|And|But|\*) .* # \S+:\d+"
    r"|\s*</?testcase[ >]"
    r"|(?:Testing|Creating test|Destroying test|Cloning test) "
    r"|\[info\] +[-+] \S| +\+ \S.* [\d.]+m?s\Z|==> X "
    # stack frames, commands and prefixes
    r"|\s*File \"[^\"]+\", line \d+, in |\S+:\d+: in \S|\S+\.py:\d+: [A-Z]\w+|\s+at \S.*[:)]\d*\)?\Z"
    r"|(?:\[[\w:.-]+\] )?\$ \S|\[\w[\w:.-]*\] ",
)
"""Lines that runs print by the dozen."""

_OTHER = re.compile(
    r"\s*[\[{](?!\"(?:level|time|ts|timestamp|@timestamp|msg)\":)\"|\s*\d+(?:→|\t)|diff --git |@@ -\d"
    r"|[-dlbcps][rwxsStT-]{9}[.+@]?\s|\+\+\+ |--- a/"
    r"|index [0-9a-f]{7,}\.\.",
    re.ASCII,
)
_CODE = re.compile(
    r"(?:def|class|import|from|package|func|fn|pub|use|const|let|var|#include|export|function|static|public|private|impl"
    r"|struct|interface|type|return|if|for|while|@\w+|//|/\*|\"\"\"|#!)\b|.*[;{]\s*\Z"
)
_COLOUR = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
_MARKDOWN = re.compile(r"#{2,5} \S|```|\*\*\S")
_GREP = re.compile(r"[^\s:]*[./][^\s:]*:\d+[:-]")
_DIAGNOSTIC = re.compile(
    r"\S+?:\d+:(?:\d+:)? *(?:(?:fatal |internal )?(?:error|warning|note)\b|[A-Z]{1,4}\d{2,4}\b)|\S+:\d+: in "
)

_OPENING = re.compile(
    r"=+ test session starts =+\Z|[.FEsxX]{20,}\s+\[ {0,2}\d{1,3}%\]\Z|=== RUN   \S|\s+RUN  v\d|(?:PASS|FAIL) +\S+\.\w+"
    r"|\[INFO\] Scanning for projects|running \d+ tests?\Z|\s+Compiling \S+ v\d|Thanks for using JUnit|╷\Z"
)
_CLOSING = re.compile(
    r"(?:=+ )?(?:\d+ \w+, )*\d+ (?:passed|failed|errors?)\b.* in [\d.]+s|FAIL\Z|PASS\Z|(?:ok|FAIL)  ?\t\S"
    r"|Ran all test suites|\s+Duration +[\d.]+ ?m?s|\[(?:INFO|ERROR)\] |test result: "
    r"|error: (?:\d+ targets? failed|test failed)|\[ +\d+ tests failed +\]\Z"
)
SURE = 0.97
"""What one runner opened and closed is its output, whatever the tests printed in between."""

COMMAND = re.compile(
    r"(?:^|[\s;&|/(])(?:pytest|py\.test|tox|nox|unittest|jest|vitest|mocha|cargo|rustc|clippy|npm|npx|pnpm|yarn|bun|pip3?"
    r"|uv|poetry|tsc|eslint|ruff|mypy|pyright|flake8|pylint|mvn|mvnw|gradle|gradlew|make|cmake|ninja|docker|podman"
    r"|go (?:test|build|vet|run|mod|install|get)|gotestsum|golangci-lint|mise|apt|apt-get|dnf|yum|brew|bundle|gem"
    r"|composer|phpunit|rspec|rake|dotnet|swift|xcodebuild|bazel|tsx|manage\.py|runtests\.py|gcc|g\+\+|clang|deno|robot"
    r"|node --test|mix|rails|ctest|meson|junit\S*|prove|flutter|dart)"
    r"(?=$|[\s;&|)])"
)
"""A command line that runs a tool of these kinds."""

_TESTER = re.compile(
    r"(?:^|[\s;&|/(])(?:pytest|py\.test|tox|nox|unittest|jest|vitest|mocha|playwright "
    r"test|gotestsum|phpunit|rspec|ctest|robot"
    r"|(?:node|deno|bun|cargo|go|mix|swift|dotnet|npm|pnpm|yarn|rails|composer|zig|flutter|dart) (?:--|run )?test"
    r"|(?:cargo nextest|npx ava|prove|runtests\.py|manage\.py test|gradlew? test|mvnw? test|sbt test|xcodebuild test))"
    r"(?=$|[\s;&|):])"
)
"""One that runs tests."""


def fit(facts: Facts) -> float:
    """How surely a text is the output of a run, 0 to 1."""
    lines = _sample(facts.lines)
    if len(lines) < MIN_LINES:
        return 0.0
    n = len(lines)
    if sum(1 for line in lines if _OTHER.match(line)) > 0.2 * n:
        return 0.0
    session = sum(1 for line in lines if SESSION.match(line))
    others = [line for line in lines if not (LINE.match(line) or SESSION.match(line))]
    alike = n - len(others)
    flat = [line for line in others if line[0] not in " \t"]
    if sum(1 for line in flat if _CODE.match(line)) > 0.3 * len(flat) + 1 + alike:
        return 0.0
    if sum(1 for line in others if _GREP.match(line) and not _DIAGNOSTIC.match(line)) > 0.4 * n:
        return 0.0
    share = alike / n
    if share < MIN_IN_PROSE and sum(1 for line in flat if _MARKDOWN.match(line)) > 1:
        return 0.0
    called = _is_called(facts)
    if _OPENING.match(lines[0]) and _CLOSING.match(lines[-1]):
        return SURE
    if session and (share >= 0.03 or session > 1):
        return min(0.97, 0.72 + 0.2 * share + 0.05 * called)
    if share >= MIN_SHARE and alike >= MIN_LINES:
        return min(0.9, 0.4 + 0.45 * share + 0.1 * called)
    return 0.35 if called else 0.0


def _is_called(facts: Facts, tools: re.Pattern[str] = COMMAND) -> bool:
    """True if the call's command runs a tool whose output this is."""
    if facts.call is None:
        return False
    commands = [value for value in facts.call.args.values() if isinstance(value, str)]
    return any(tools.search(command[:4_000]) for command in commands)


def runs_tests(facts: Facts) -> bool:
    """True if the call's command runs tests and nothing else."""
    return _is_called(facts, _TESTER)


def _sample(lines: Sequence[str]) -> list[str]:
    n = len(lines)
    if n > 3 * SAMPLE_LINES:
        middle = n // 2
        lines = (
            *lines[:SAMPLE_LINES],
            *lines[middle : middle + SAMPLE_LINES],
            *lines[n - SAMPLE_LINES :],
        )
    plain = (_COLOUR.sub("", line[:400]) if "\x1b" in line else line[:400] for line in lines)
    return [line for line in plain if line and not line.isspace()]
