"""The forms in which runners report that something went well, a line each: a table of patterns.

Most forms are a verdict, a name and perhaps a time: `✓ adds (3ms)`, `adds ... ok`, `[PASS] adds`. Verdicts that other
programs write as well are told from those of tests by `RUNNER`, a line that only a run of tests has.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from headroom import gate

FAILURE = re.compile(
    r"(?i)(?<![a-z])(?:error|fail(?:ed|ures?|s|ing)?|fatal|panic(?:ked)?|exception|traceback|not ok|timed out)\b"
    r"|[✕✗✖✘❌×❯]|\(retry #?x?\d"
)
"""A line with one of these tells of no success, whatever else it says."""

PASSED, SKIPPED, STARTED, GROUPS = "passed tests", "skipped tests", "test starts", "passed groups"
FINISHED, STEPS, COMMANDS = "finished tests", "steps", "compile commands"
UNTOLD = frozenset((FINISHED, STEPS, COMMANDS))
"""Of these the line does not say how they ended: what is of no known form, right below one, may."""

PROGRESS, FILES, CLASSES, HEADINGS = "progress lines", "passed test files", "passed test classes", "group headings"
PACKAGES, VERDICTS, RULES, SUMS = "passed packages", "verdicts", "rules", "sums of groups"
RESULTS = frozenset(
    (
        PASSED,
        SKIPPED,
        STARTED,
        GROUPS,
        FINISHED,
        STEPS,
        PROGRESS,
        FILES,
        CLASSES,
        HEADINGS,
        PACKAGES,
        VERDICTS,
        RULES,
        SUMS,
    )
)
"""What the lines of tests that went well are called: nobody reads them one by one."""

LONGEST = 1_000
"""Longer lines are no report of one test."""


class Line(NamedTuple):
    """What a quiet line reports."""

    kind: str
    """In the plural, as a notice calls several of them."""
    alike: str
    """Key of the lines that say the same of something else."""
    name: str = ""
    """The test, group or class it is about, where other lines name it too."""
    seconds: float | None = None

    @property
    def form(self) -> str:
        """The row of the table it was read by."""
        return self.alike.partition(" ")[0]


PERCENT = r"(?: +\[ {0,2}\d{1,3}%\])"
_TIME = r"(?:<?\d+(?:\.\d+)? ?(?:ms|s|m|seconds|sec))"
_MARK = "[✓✔√✅\U0010105b]"
"""The last one is a symbol of Apple's, in the private use area."""

_WORDS: dict[str, str] = {
    PASSED: """passed Passed Bestanden Erfolgreich Réussi Réussie Réussis Correcta Correctas Superado Superada Superato
        Superati Aprovado Aprovados Geslaagd Пройден Пройдено 成功 已通过 通过 已通過 通過 合格 통과 성공 Powodzenie
        Úspěch Úspěšné Başarılı Geçti""",
    SKIPPED: """skipped Skipped Übersprungen Ignoré Ignorée Ignorés Omitido Omitida Omitidas Ignorado Ignorada Ignorato
        Overgeslagen Пропущен Пропущено スキップ 已跳过 已略過 건너뜀 Pominięto Přeskočeno Atlandı""",
}
"""What .NET calls a test in the languages it speaks."""

_TABLE: tuple[tuple[str, str, str], ...] = (
    # name of the form, kind, pattern; groups of a form are named for it
    ("pytest", PASSED, rf"\S+\.\w+::.*\S PASSED(?: \([\d.]+s\))?{PERCENT}?"),
    ("xdist", PASSED, r"\[gw\d+\] \[ {0,2}\d{1,3}%\] PASSED \S.*"),
    ("listed", "passed tests in the summary", r"PASSED \S+\.\w+::\S.*"),
    ("go", PASSED, rf"(?: {{4}})*--- PASS: (?P<go_name>\S+) \({_TIME}\)"),
    ("cargo", PASSED, rf"test \S+(?: - .*)? \.\.\. ok(?: {_TIME}| <{_TIME}>)?"),
    ("nextest", PASSED, r" +PASS \[ *[\d.]+s\] .*\S"),
    ("unittest", PASSED, r"\w+ \([\w.<>]+\)(?: .*)? \.\.\. ok"),
    ("tap", PASSED, r" *ok +\d+(?: -)? (?!.*# ?(?i:skip|todo)\b)(?P<tap_name>\S.*)"),
    ("gradle", PASSED, r"\S.* > \S.* PASSED"),
    ("gtest", PASSED, rf"\[       OK \] (?P<gtest_name>\S+)(?: .*)? \({_TIME}\)"),
    ("ctest", PASSED, r" *\d+/\d+ Test +#\d+: (?P<ctest_name>\S+) \.+ +Passed +[\d.]+ sec"),
    ("meson", PASSED, r" *\d+/\d+ \S.{0,200} {2}OK +[\d.]+ ?s(?:\s.{0,80})?"),
    ("bazel", PASSED, r"//\S+ +(?:\(cached\) )?PASSED in [\d.]+s.*"),
    ("zig", PASSED, r"\d+/\d+ \S.*\.\.\.OK"),
    ("xctest", PASSED, r"Test Case '(?P<xctest_name>[^']+)' passed \([\d.]+ seconds\)\.?"),
    ("xcsuite", GROUPS, r"Test Suite '(?P<xcsuite_name>(?!All tests|Selected tests|[^']*\.xctest)[^']+)' passed at .*"),
    ("swift", PASSED, rf"{_MARK} +Test (?!run )(?P<swift_name>.*?)(?: with \d+ test cases?)? passed after"
     r" [\d.]+ seconds\."),
    ("swiftsuite", GROUPS, rf"{_MARK} +(?P<swiftsuite_name>Suite .*) passed after [\d.]+ seconds\."),
    ("exunit", FINISHED, r"(?: +\* [^\r]* \[L#\d+\]\r)? +\* (?P<exunit_name>\S[^\r]*) \([\d.]+m?s\) \[L#\d+\]"),
    ("dart", FINISHED, r"\d\d:\d\d \+\d+(?: ~\d+)?(?: -\d+)?: (?P<dart_name>(?!Some tests |All tests )\S.*)"
     r"(?<! \[E\])"),
    ("behave", STEPS, r" {4}(?:Given|When|Then|And|But|\*) .*\S +# \S+:\d+(?: [\d.]+s)?"),
    ("tree", PASSED, r"[ │]+[├└]─+ (?P<tree_name>\S.*) (?:✔|\[OK\])"),
    ("vitest", FILES, rf" *[✓✔√] +(?:\|?[\w-]+\|? +)?\S+\.\w+ +\(?\d+ tests?(?: \| \d+ skipped)?\)?(?: +{_TIME})?"),
    ("check", PASSED, rf" *{_MARK} +(?P<check_name>\S.*?)(?: [(\[]?{_TIME}[)\]]?)?"),
    ("jest", FILES, rf"PASS  ?(?!\S+\.(?:Test|Example)[A-Z_])\S+\.\w+(?: \({_TIME}\))?"),
    ("marked", PASSED, r" *(?:\(pass\)|\[ {0,8}(?:OK|PASS(?:ED)?) {0,8}\]|PASS(?:ED)?(?: *:)?) +\S.*| \[x\] \S.*"),
    ("scala", PASSED, r"\[info\] +[-+] \S.*| +\+ \S.* [\d.]+m?s"),
    ("sympy", FILES, r"\S+\.py\[\d+\] [.sfwX]* *\[OK\]"),
    ("junit", PASSED, r"\s*<testcase (?![^<>]*\b(?i:notrun|skipped|disabled|ignored|suppressed|incomplete)\b)[^<>]*"
     r"(?:/>|></testcase>)"),
    ("package", PACKAGES, r"ok  \t\S+\t(?:[\d.]+s|\(cached\)).*"),
    ("bare", "packages without tests", r"\?   \t\S+\t\[no test files\]|\t\S+\t\tcoverage: 0\.0% of statements"),
    ("surefire", CLASSES, r"\[(?:INFO|WARNING)\] Tests run: \d+, Failures: 0, Errors: 0, Skipped: \d+, Time elapsed: .*"
     r" --? in (?P<surefire_name>\S+)"),
    ("running", STARTED, r"\[INFO\] Running (?P<running_name>\S+)"),
    ("run", STARTED, r"=== (?:RUN|PAUSE|CONT) {1,3}(?P<run_name>\S+)"),
    ("gtestgroup", RULES, r"\[-{10}\] \d+ tests? from \S+(?: .*)?"),
    ("gtestrun", STARTED, r"\[ RUN      \] (?P<gtestrun_name>\S+)"),
    ("start", STARTED, r" +Start +\d+: (?P<start_name>\S+)"),
    ("xcrun", STARTED, r"Test (?:Case|Suite) '(?P<xcrun_name>[^']+)' started\b.*"),
    ("swiftrun", STARTED, "[◇\U001007c8] +(?:Test (?!run )|(?=Suite ))(?P<swiftrun_name>.*) started\\."),
    ("subtest", STARTED, r" *# Subtest: (?P<subtest_name>\S.*)"),
    ("skip", SKIPPED, rf"\S+\.\w+::.*\S SKIPPED(?: \(.*\))?{PERCENT}?|(?: {{4}})*--- SKIP: \S+ \({_TIME}\)"
     r"|test \S+(?: - .*)? \.\.\. ignored(?:, .*)?|\w+ \([\w.<>]+\)(?: .*)? \.\.\. skipped .*| *[○↓↩﹣] \S.*"
     r"|\S.* > \S.* SKIPPED| *ok \d+\b.* # ?(?i:skip)\b.*| *\((?:skip|todo)\) \S.*"
     r"| +\* \S.* \((?:excluded|skipped)\) \[L#\d+\]"),
    ("xfail", "tests expected to fail", rf"\S+\.\w+::.*\S XFAIL(?: \(.*\))?{PERCENT}?"),
    ("dots", PROGRESS, rf"(?:[\w./+@-]+\.\w+ )?[.sx]+{PERCENT}|[.S]+ +\d+ / \d+ \( *\d+%\)"),
    # builds and installers
    ("built", "", r" *(?P<built_verb>Compiling|Checking|Downloaded|Downloading|Fresh|Adding|Updating|Locking) [\w.-]+"
     r" v\d[\w.+-]*(?: .*\(.*v\d.*\))?"),
    ("pip", "", r"(?:#\d+ [\d.]+ )? *(?P<pip_verb>Downloading|Using cached|Requirement already satisfied:|Obtaining"
     r"|Preparing metadata|Getting requirements to build|Installing build dependencies)\b.*"),
    ("bar", "progress bars", r" *[━╸╺█▏▎▍▌▋▊▉░]{10,}.*\d.*"),
    ("apt", "", r"(?:#\d+ [\d.]+ )?(?P<apt_verb>Get:|Hit:|Ign:|Unpacking|Selecting|Preparing to unpack"
     r"|Setting up)(?:\d+)? .*"),
    ("npm", "npm requests", r"npm http (?:fetch [A-Z]+ [23]\d\d|cache) .*"),
    ("fetched", "downloads", r"(?:\[INFO\] )?Download(?:ing|ed) from \S+: \S+.*|go: downloading \S+ v\S+"),
    ("task", "tasks with nothing to do", r"> Task :\S+ (?:UP-TO-DATE|NO-SOURCE|FROM-CACHE|SKIPPED)"),
    ("step", "build steps", r"\[ *\d{1,3}%\] (?:Building|Built|Linking|Generating|Automatic) .*"
     r"|\[\d+/\d+\] (?:Building|Linking|Compiling|Generating|Copying) .*|\[[\d,]+ / [\d,]+\] .*"),
    ("kbuild", "build steps", r" {2}(?:\[M\] )?[A-Z]{2,9}(?: \[M\])? +[\w.+-]+/\S+"),
    ("compile", COMMANDS, r"(?:\S*/)?(?:[\w.-]+-)?(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?)(?:-\d+)? .*-c .*"),
    ("tf", "", r"\S+\.\S+: (?P<tf_verb>Refreshing state|Reading|Read complete|Still \w+)\b.*"),
)  # fmt: skip

_KINDS = {form: kind for form, kind, _ in _TABLE}
_LINE = re.compile("|".join(f"(?P<{form}>(?:{pattern})\\Z)" for form, _, pattern in _TABLE))
_NAMED = frozenset(name[: -len("_name")] for name in _LINE.groupindex if name.endswith("_name"))
_VERDICTS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_DOTNET = re.compile(r"(?: {2,}\S+ \S.* \[[<\d][^\]]*\]|\S+ \w+\.\S.* \(\d[\d. mshin]*\))\Z")
_VERBS = ("built", "pip", "apt", "tf")
_ENDED = re.compile(
    rf"(?: +\.\.+ {{0,20}}(?:ok|\[OK\]|(?P<ignored>ignored))| +\| (?:PASS|(?P<skipped>SKIP)) \|| +: OK)"
    rf"(?: [(\[]?{_TIME}[)\]]?)?\Z| = [\d.]+ s = (?:\.|(?P<s>S))\Z"
)
"""The verdict behind the name: `adds ... ok`, `adds | PASS |`, `Cart::adds : OK`, `Cart#test_adds = 0.01 s = .`. It is
looked for at the end of a line."""

_SAID = re.compile(r"(?:\.\.+ ?|: ?)\[? {0,8}(?:OK|ok|PASS(?:ED)?|passed) {0,8}\]?\Z")
"""So do other programs end a line, also while tests run: `Applying shop.0001... OK`."""

_ENDED_CHARS = 60
_LAST = frozenset("kKSDd|)]sm.")
_ENDS = ("ok", "OK", "PASS", "passed", " s = ", "SKIP", "ignored")
"""One of these stands in every such end."""

CLAIMED: dict[str, str] = {
    "check": "lines marked ✓", "tree": "lines marked ✓", "tap": "lines marked ok", "ended": "lines marked ok",
    "said": "lines marked ok", "marked": "lines marked as passed", "scala": "lines marked as passed",
}  # fmt: skip
"""Forms that other programs use as well: what their lines are called unless tests were run."""

RUNNER = re.compile(
    r"\s*(?:Tests:? +\d+ \w+[,\s(]|Test (?:Files|Suites):? +\d|\d+ (?:pass(?:ing|ed)(?:,| \(|\Z)|pass\Z)|PASS  "
    r"?\S+\.\w|RUN  v\d|[#ℹ] (?:tests|pass) +\d"
    r"|TAP version|\d+\.\.\d+\Z|[Rr]unning \d+ tests?\b|Ran \d+ tests?\b|[✔✘✓✗◇] +Test run |Test Case '|\[={10}\] "
    r"|Test run finished|\[ +\d+ tests (?:found|successful)|OK \(\d+ tests?, |Tests: \d+, Assertions: |bun test v\d"
    r"|\d+ (?:tests?|runs|examples?), \d+ (?:failures?|assertions|passed)|(?:ok|FAILED) \| \d+ passed|PHPUnit \d"
    r"|test result: |Tests run: \d|DONE \d+ tests|# (?:TOTAL|PASS): |Ok:\s+\d|Suite result: |All tests successful\."
    r"|\[(?:info|error)\] (?:(?:Passed|Failed): Total|Tests: succeeded) |\d+% tests passed|Test Successful"
    r"|Totals: \d+ passed|Executed \d+ out of \d+ tests?|\d+ passed; \d+ skipped|All \d+ tests passed"
    r"|\d+ tests? (?:passed|failed)\Z|\d+ failures?! in [\d.]+s\. \d+ tests? run)"
)
"""A line that only a run of tests has."""

COLOUR = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")
_TOOK = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|seconds|sec)\b\W*(?:\[(?:L#\d+| {0,2}\d{1,3}%)\])?\Z")
_TOOK_XML = re.compile(r"\btime=\"(\d+(?:\.\d+)?)()\"")
_UNIT = {"ms": 0.001, "m": 60.0}
_NAME = re.compile(r"\S*[\d./:_-]\S*")
"""A word that stands for a thing: it holds a sign or a digit."""


def read(text: str) -> Line | None:
    """What a line without colours reports; None for one that says nothing of success, or anything of failure."""
    if len(text) > LONGEST:
        return None
    match = _LINE.match(text)
    if match is not None:
        form = match.lastgroup or ""  # the outermost closes last
        kind, name = _KINDS[form], (match[f"{form}_name"] or "") if form in _NAMED else ""
        if form in _VERBS:
            verb = match[f"{form}_verb"].rstrip(":")
            kind, form = f"{verb} lines", f"{form} {verb}"
    elif (word := text.lstrip(" ").partition(" ")[0]) in _VERDICTS and _DOTNET.match(text):
        form, kind, name = "dotnet", _VERDICTS[word], ""
    else:
        tail = text[-_ENDED_CHARS:]
        if tail[-1:] not in _LAST or not any(map(tail.__contains__, _ENDS)):
            return None
        end, form = _ENDED.search(tail), "ended"
        if end is None:
            end, form = _SAID.search(tail), "said"
        if end is None or not (name := text[: len(text) - len(tail) + end.start()].strip()):
            return None
        kind = SKIPPED if form == "ended" and (end["skipped"] or end["ignored"] or end["s"]) else PASSED
    if form != "surefire" and tells_of_failure(text):
        return None
    took = None if form in ("dots", "tap") else (_TOOK_XML if form == "junit" else _TOOK).search(text)
    seconds = float(took[1]) * _UNIT.get(took[2], 1.0) if took else None
    return Line(kind, f"{form}{'' if seconds is None else ' timed'}", name, seconds)


def tells_of_failure(text: str) -> bool:
    """True for a line that names a failure or, as far as the facts gate sees, the code of one, if only in a name."""
    return bool(FAILURE.search(text)) or gate.states_code(text)


def claimed(line: Line, text: str) -> Line:
    """A line of a form in `CLAIMED` where no tests were run: it is like those that tell a time too, or else those of
    the same words, names left out."""
    words = "timed" if line.seconds is not None else " ".join(_NAME.sub("0", text).split())
    kind = CLAIMED[line.form] if line.kind == PASSED else "lines marked as skipped"
    return line._replace(kind=kind, alike=f"{line.form} {words}")
