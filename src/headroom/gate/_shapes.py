"""How lines look: which are shaped like a message of failure, and which only talk about failure.

The same word is news in the output of a build and nothing at all in source text, a search hit, documentation or the
result of a passing test. A line of those counts only if its shape is one that programs give to failures alone.
"""

from __future__ import annotations

import re

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\n]*\x07")

_LOUD = (
    r"(?:ERRORS?|ERR|FATAL|CRITICAL|CRIT|SEVERE|PANIC|FAIL(?:ED|URES?|S)?|EMERG(?:ENCY)?|ALERT|ABORT(?:ED)?|FEHLER"
    r"|ERREUR|ERRORE|ERRO|ОШИБКА|EXCEPTION)"
)
_NAMED = (
    r"(?:[Ff]atal|[Ee]rror|[Pp]anic|[Ff]ailure|[Ee]xception|[Ff]ehler|[Ee]rreur|[Ee]rrore|[Ee]rro|[Éé]chec|[Оо]шибка"
    r"|错误|錯誤|エラー|오류|[Ff]atal [Ee]rror|[Ii]nternal compiler error|[Ss]yntax ?[Ee]rror|[Uu]ncaught \w+)"
)
TYPE = r"(?:[A-Za-z_$][\w$]*(?:\.|::))*[A-Z]\w*(?:Error|Exception|Failure|Panic|Fault)"
"""The name of an exception type, with its modules."""

FILE_TYPES = (
    r"(?:py|pyi|pyx|js|jsx|ts|tsx|mjs|cjs|go|rs|c|cc|cpp|cxx|h|hh|hpp|java|kt|kts|scala|groovy|rb|php|cs|fs|swift|m|mm"
    r"|sh|bash|zsh|pl|pm|lua|ex|exs|erl|hs|ml|mli|clj|dart|r|R|jl|vue|svelte|css|scss|less|html|xml|yml|yaml|toml|md|rst"
    r"|sql|tf|proto|zig|nim|f90|s|S|asm|cmake|gradle|bzl|vb|d|pas|adb|v|sv|vhd)"
)
"""Ends of the names of source files: `host.com:443` is no place in one."""

CLOCK = re.compile(
    r"[\s\W]{0,4}(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{2,4}|\d\d:\d\d:\d\d|\d{6} \d{6}\b"
    r"|[A-Z][a-z]{2}\s{1,2}\d{1,2} \d\d:\d\d|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} |\d{10}(?:\.\d+)?\b"
    r"|time=|ts=|level=)|\s*[\[<(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL)\b"
)
"""The beginning of a line of a log: a time, or a level."""

SHAPED = re.compile(
    rf"[^\w\s#*`]{{0,4}}\s{{0,2}}[^\w\s#*`]{{0,4}}{_LOUD}(?:\[[^\]]{{1,30}}\])?(?=[\s:\]|!)>]|\Z)(?!\s*[=(,])"
    rf"|[^\w\s]{{0,4}}\s{{0,2}}(?:[\w./+-]{{1,40}}: ){{0,2}}{_NAMED}(?:\[\w+\]|\s[A-Z]{{1,4}}\d+)?\s{{0,2}}[:：]"
    rf"|(?:E\s+|Caused by: |[\w./-]{{1,40}}: |Exception in thread \S+ |Uncaught |Unhandled )?{TYPE}(?::\s|\s*\Z)"
    r"|\s*(?:Traceback \(most recent|thread '[^']*' panicked|goroutine \d+ \[|--- FAIL|not ok\b|npm ERR!|=+ FAILURES"
    r"|[✕✗✖✘❌⨯×]\s|● .+ ›|Segmentation fault|FAILED |Killed\Z|Aborted\b|BUILD FAILED|Build FAILED|error\[E\d+\])"
    r"|E {2,}\S|.*\berror (?:TS|CS|C|LNK|MSB|NU)\d+:|.*\(\d+,\d+\): (?:fatal )?error\b|.*::\S+ (?:FAILED|ERROR)\b"
    r"|\S+:\d+(?::\d+)?:\s{1,2}(?:fatal )?error\b|test \S+ \.\.\. FAILED|.*panicked at |\s*<(?:failure|error)[ >]"
    r"|[Aa]ssertion (?:failed|`)|\s*# +(?:Failed|Error)\b"
    r"|(?:Failed to|Cannot|Could not|Unable to|Permission denied|No such file)\b"
    rf"|(?=\W{{0,3}}\d)[^A-Za-z]{{6,40}}.{{0,60}}?(?<![\w/.$-]){_LOUD}(?![\w/.(=-])"
)
"""What only a message of failure looks like, at the start of a line; the last one is a level after a time."""

UNIX = re.compile(r"[a-z/.][\w./+-]{1,40}: (?!\s)")
"""`rsync: ` and the like before a message."""

PASSED = re.compile(
    r"\s*(?:[✓✔√]|\[?\s{0,2}(?:ok|OK|PASS|PASSED)\s{0,2}\]?(?=\s|\Z)(?!\s*\()|--- (?:PASS|SKIP)"
    r"|=== (?:RUN|PAUSE|CONT|NAME)|\(pass\) |Test (?:Case|Suite) '[^']+' (?:started|passed)\b|◇ (?:Test|Suite) \S"
    r"|\S{1,200}#\S.{0,400} = [\d.]+ s = \.\Z|[│ ]*[├└]─ .* ✔\Z)"
    r"|.*(?:\s(?:PASSED|XFAIL|XPASS|SKIPPED|PASS \|)(?: \([^)]*\))?(?:\s*\[\s*\d+%\])?"
    r"|\.\.\. (?:ok|ignored|skipped.*|PASSED)(?: \([\d.]+ ?m?s\))?)\s*\Z"
)
"""A line that tells of one passed test: whatever its name says, it failed in nothing."""

_KEYWORDS = (
    r"(?:def|class|return|if|elif|else|for|while|assert|import|from|with|try|except|raise|throw|throws|catch|async|await"
    r"|func|fn|let|const|var|pub|use|public|private|protected|static|void|export|type|struct|enum|interface|impl|match"
    r"|case|switch|new|yield|lambda|match|defer|go|this|self|expect|assert\w*)"
)
CODE = re.compile(
    rf"\s*(?:[+-]\s*)?(?:{_KEYWORDS}\b(?:.*(?:[;{{,(:]\s*\Z| = |==|=>|\(\)|->)|\s+[\w.]+\(|\s*[({{\[])"
    r"|(?:from\s+\S+\s+)?import\s+[\w.*, ()]+\Z|(?:return|raise|throw|yield)\s+\w+[\w.]*\Z|[}\])]+[;,)]*\s*\Z"
    r"|//|/\*|\*[ /]|#(?![#!])|<!--|\"\"\"|@\w|<[/\w][^>]*>|\"[^\"]*\",?\s*\Z)"
    r"|.*(?:[;{]\s*\Z|\w\([^)]*\)\s*[;:,]?\s*\Z|\w\(\s*\Z| (?::=|=>|==|!=|\+=|&&|\|\||=) |\)\s*->|\bself\."
    r"|\w\(.*\)\s*[:,]\s*\Z|\w\(.*\) (?:\(.*\)|\*?\w+)\s*\Z)"
)
"""Source text."""

HIT = re.compile(rf"(?:[\w.@+~ \\/-]+\.{FILE_TYPES})[:-]\d+[:-](?!\d+: (?:fatal )?error|\s?(?:fatal )?error\b)")
"""A search hit in a source file, unless it is a compiler's diagnostic."""

LISTED = re.compile(
    r"[bcdlps-][rwxsStT-]{9}[.+@]?\s|[│├└|`\s]*[├└|`]── |\s*[!-9;-~]+\s*\Z|[0-9.]+[KMGT]?\t\S+\Z|[ MADRCU?]{2} \S+\Z"
    r"|[0-9a-f]{7,40} \S|[-+]{3} [ab]/|\s*\S+ +\| +\d+ [-+]+\Z"
)
"""A line of a listing of files, or one of a version history."""

BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)]|#{1,6}|>)\s|\s*\*\*\w")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
GUTTER = re.compile(r"\A(?:\s*\d+(?:→|\t)|\d+[:-](?=\s|\S*\())")
"""The numbers that a file view or a search puts before the lines of a file."""

PROSE_WORDS = 9


def is_prose(line: str) -> bool:
    """True for a sentence or an item of a list: many words, few signs, no time before them."""
    if CLOCK.match(line):
        return False
    words = len(_LETTERS.findall(line))
    return words >= PROSE_WORDS or (words > 0 and BULLET.match(line) is not None)


def tells_of_others(line: str) -> bool:
    """True if words of failure in `line` are most likely a subject, not news: source, prose, markup."""
    return CODE.match(line) is not None or is_prose(line)
