"""What test runners print about every test and what follows from the rest.

Pytest ends its lines with the share of tests done, set against the right margin: where no failure is told it is left
out, and counted again to come back. Its dashed rules are told by their length. Go prints a line when a test starts
and one when it ends: `=== PASS  TestAdd (0.01s)` is both, where nothing stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PERCENT = re.compile(r'"\[n%\]" of (\d{1,6}) tests counted, width (\d{1,4})\Z', re.ASCII)
PAIRS = "=== PASS x: === RUN x, then --- PASS: x"
RULES = "_ _ ×40: 40 times _ and a blank"

_COLLECTED = re.compile(r"(?:collecting \.\.\. )?collected ([1-9]\d{0,5}) items?", re.ASCII)
_DONE = re.compile(r"(.*?)( +\[ {0,2}\d{1,3}%\])\Z", re.ASCII | re.DOTALL)
_RESULT = re.compile(r".*\S (?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS|SUBPASS|SUBFAIL)(?: \(.*\))?\Z", re.DOTALL)
_DOTS = re.compile(r"(?:[^\s:]+ )?([.FEsxXpPR]{1,200})\Z", re.ASCII)
_QUIET = re.compile(r".*\S (?:PASSED|SKIPPED|XFAIL|XPASS|SUBPASS)(?: \(.*\))?\Z", re.DOTALL)
_RUN = re.compile(r"=== RUN   (\S+)\Z")
_PAUSE = re.compile(r"=== PAUSE (\S+)\Z")
_END = re.compile(r"--- (PASS|SKIP): (\S+) (\([\d.]+s\))\Z", re.ASCII)
_ENDED = re.compile(r"=== (PASS|SKIP)  (\S+) (\([\d.]+s\))\Z", re.ASCII)
_RULE = re.compile(r"([_-]) (?:\1 ){19,199}\Z")
_WRITTEN_RULE = re.compile(r"([_-]) \1 ×([2-9]\d|1\d\d|200)\Z", re.ASCII)
_RUN_PAUSE = re.compile(r"=== RUN, PAUSE (\S+)\Z")


def count(lines: Sequence[str]) -> tuple[list[str], str] | None:
    """The lines without pytest's percentages, and the clause with what they are computed from."""
    total, width = _frame(lines)
    if not total:
        return None
    clause = f'"[n%]" of {total} tests counted, width {width}'
    out: list[str] = []
    done = 0
    for line in lines:
        body = _body(line)
        done += _results(body) if body else 0
        if body and _is_quiet(body) and line == body + _percent(done, total, width, len(body)):
            out.append(body)
        else:
            out.append("\\" + line if line[:1] == "\\" or _is_quiet(line) else line)
    return out, clause


def counted(lines: Sequence[str], total: int, width: int) -> list[str]:
    """The lines that `count` was given."""
    out: list[str] = []
    done = 0
    for line in lines:
        if line[:1] == "\\":
            text = line[1:]
            body = _body(text)
            done += _results(body) if body else 0
        elif _is_quiet(line):
            done += _results(line)
            text = line + _percent(done, total, width, len(line))
        else:
            text = line
            body = _body(text)
            done += _results(body) if body else 0
        out.append(text)
    return out


def pair(lines: Sequence[str]) -> list[str] | None:
    """The lines with start and end of a test on one, or None where there are no such lines."""
    out: list[str] = []
    i, n, found = 0, len(lines), False
    while i < n:
        line = lines[i]
        started = _RUN.match(line) if line[:4] == "=== " else None
        following = lines[i + 1] if started and i + 1 < n else ""
        end, pause = _END.match(following), _PAUSE.match(following)
        if started and end and end[2] == started[1]:
            out.append(f"=== {end[1]}  {end[2]} {end[3]}")
        elif started and pause and pause[1] == started[1]:
            out.append(f"=== RUN, PAUSE {started[1]}")
        else:
            out.append("\\" + line if line[:1] == "\\" or _is_paired(line) else line)
            i += 1
            continue
        found = True
        i += 2
    return out if found else None


def unpair(lines: Sequence[str]) -> list[str]:
    """The lines that `pair` was given."""
    out: list[str] = []
    for line in lines:
        if line[:1] == "\\":
            out.append(line[1:])
            continue
        ended = _ENDED.match(line) if line[:4] == "=== " else None
        paused = _RUN_PAUSE.match(line) if line[:9] == "=== RUN, " else None
        if ended:
            out += (f"=== RUN   {ended[2]}", f"--- {ended[1]}: {ended[2]} {ended[3]}")
        elif paused:
            out += (f"=== RUN   {paused[1]}", f"=== PAUSE {paused[1]}")
        else:
            out.append(line)
    return out


def rule(lines: Sequence[str]) -> list[str] | None:
    """The lines with dashed rules told by their length, or None where there are none."""
    found = False
    out: list[str] = []
    for line in lines:
        match = _RULE.match(line) if line[2:4] == line[:2] else None
        if match:
            found = True
            out.append(f"{line[0]} {line[0]} ×{len(line) // 2}")
        else:
            out.append("\\" + line if line[:1] == "\\" or _WRITTEN_RULE.match(line) else line)
    return out if found else None


def ruled(lines: Sequence[str]) -> list[str]:
    """The lines that `rule` was given."""
    out: list[str] = []
    for line in lines:
        if line[:1] == "\\":
            out.append(line[1:])
            continue
        match = _WRITTEN_RULE.match(line)
        out.append(f"{match[1]} " * int(match[2]) if match else line)
    return out


def _is_paired(line: str) -> bool:
    return line[:4] == "=== " and bool(_ENDED.match(line) or _RUN_PAUSE.match(line))


def _frame(lines: Sequence[str]) -> tuple[int, int]:
    """Number of tests collected and width of the terminal, as the first percentages show them; 0 if none do."""
    total = 0
    for line in lines:
        if not total:
            collected = _COLLECTED.match(line)
            total = int(collected[1]) if collected else 0
        elif line[-2:] == "%]":
            match = _DONE.match(line)
            if match and _results(match[1]) and len(match[2]) > len(" [100%]"):
                return total, len(line) + 1
    return (total, 80) if total else (0, 0)


def _results(body: str) -> int:
    """How many tests a line reports on."""
    if (body[-1:].isupper() or body[-1:] == ")") and _RESULT.match(body):
        return 1
    dots = _DOTS.match(body)
    return len(dots[1]) if dots else 0


def _is_quiet(body: str) -> bool:
    """True for a line that tells of no failure."""
    if body[-1:].isupper() or body[-1:] == ")":
        return bool(_QUIET.match(body))
    dots = _DOTS.match(body)
    return dots is not None and "F" not in dots[1] and "E" not in dots[1]


def _body(line: str) -> str:
    """What stands before the percentage of a line that ends in one; empty for other lines."""
    match = _DONE.match(line) if line[-2:] == "%]" else None
    return match[1] if match else ""


def _percent(done: int, total: int, width: int, used: int) -> str:
    """Pytest's note of progress as it stands behind `used` characters."""
    return f" [{done * 100 // total:3d}%]".rjust(width - used - 1)
