"""What an agent's host writes around a tool's output, told apart from the output itself.

Hosts put exit codes, timing headers, wrappers and reminders into the same string as the text a tool returned. They are
left alone: a compressor sees only the body, and head and tail go back around its rendering. The rule kept here is
`head + body + tail == text`, whatever the text; work is linear in its length, since every pattern is anchored at one
end of what is left. Lines that a *tool* writes about its own result ("Found 12 files") are not host text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

ROUNDS = 8
"""How many layers are peeled off at most; recorded hosts nest three (a reminder, a wrapper, an exec header)."""

WINDOW = 600
"""Characters at the end of a text in which a host's closing line is looked for; the longest seen had 250."""

BLANKS = 64
"""White space tolerated after and between reminders."""

_OPEN, _CLOSE = "<system-reminder>", "</system-reminder>"
_LAST = "> \t\r\n"
"""What a text that ends in a reminder can end in; anything else needs no closer look."""


class Host(NamedTuple):
    """A text in three pieces; `failed` says that the host's own words tell of a failure."""

    head: str
    body: str
    tail: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A head, and the close that must end the text for the head to count. A group `code` is an exit code."""

    head: re.Pattern[str]
    close: str | re.Pattern[str] | None = None
    error: bool = False


@dataclass(frozen=True, slots=True)
class Trailer:
    """A host's last words: told by how their line begins, checked by `pattern` up to the end of the text."""

    begins: str
    pattern: re.Pattern[str]
    newlines: int
    """How many line feeds before it belong to it."""


def _frame(head: str, close: str | None = None, *, closing: str | None = None, error: bool = False) -> Frame:
    return Frame(re.compile(head), re.compile(closing + r"\Z") if closing else close, error)


_LINE = r"[^\n]{0,400}"
_GEMINI_END = (
    r"(?:\nError: \(none\))?(?:\nExit Code: (?P<code>\(none\)|-?\d{1,10}))?(?:\nSignal: [^\n]{1,40})?"
    r"(?:\nBackground PIDs: [^\n]{1,100})?\nProcess Group PGID: [^\n]{1,40}"
)

# Sources: Claude Code 2.x and mini-swe-agent transcripts, Codex 0.169, Gemini CLI and Copilot CLI on the wire.
_FRAMES: dict[str, tuple[Frame, ...]] = {
    "E": (
        # Codex before unified exec; must come before Claude Code's own line.
        _frame(
            rf"Exit code: (?P<code>-?\d{{1,10}})\n(?:Wall time: {_LINE}\n)?(?:Total output lines: \d{{1,12}}\n)?"
            r"Output:(?:\n|\Z)"
        ),
        _frame(
            r"Exit code (?P<code>-?\d{1,10})(?:\n|\Z)(?:\[Request interrupted by user(?: for tool use)?\](?:\n|\Z))?"
        ),
    ),
    "C": (
        _frame(
            rf"Chunk ID: {_LINE}\n(?:Wall time: {_LINE}\n)?(?:Process exited with code (?P<code>-?\d{{1,10}})\n)?"
            rf"(?:Process running with session ID {_LINE}\n)?(?:Original token count: \d{{1,12}}\n)?Output:(?:\n|\Z)"
        ),
        _frame(rf"Command: (?s:.*?)\nDirectory: {_LINE}\nOutput: ", closing=_GEMINI_END),
    ),
    "W": (
        _frame(
            rf"Wall time: {_LINE}\n(?:Process exited with code (?P<code>-?\d{{1,10}})\n)?"
            rf"(?:Process running with session ID {_LINE}\n)?(?:Original token count: \d{{1,12}}\n)?Output:(?:\n|\Z)"
        ),
    ),
    "P": (
        _frame(r"Process exited with code (?P<code>-?\d{1,10})\n(?:Original token count: \d{1,12}\n)?Output:(?:\n|\Z)"),
        _frame(rf"Process running with session ID {_LINE}\n(?:Original token count: \d{{1,12}}\n)?Output:(?:\n|\Z)"),
    ),
    "S": (
        _frame(rf"Script failed\nWall time:? {_LINE}\nOutput:(?:\n|\Z)", error=True),
        _frame(rf"Script (?:completed|terminated|running {_LINE})\nWall time:? {_LINE}\nOutput:(?:\n|\Z)"),
    ),
    "O": (
        _frame(r"Original token count: \d{1,12}\nOutput:(?:\n|\Z)"),
        _frame(rf"Output too large to read at once {_LINE}\nConsider {_LINE}\n\nPreview {_LINE}:\n"),
        _frame(r"Output: ", closing=_GEMINI_END),
    ),
    "T": (_frame(r"Total output lines: \d{1,12}\n\n?"),),
    # What any tool may do: a fence about its whole output, the mark of UTF-8 before it.
    "`": (_frame(r"```[\w+.-]{0,30}\n", closing=r"\n```\s{0,4}"),),
    "\ufeff": (_frame("\ufeff"),),
    "<": (
        _frame(r"<untrusted_context>\n?", closing=r"\n?</untrusted_context>"),
        _frame(r"<tool_use_error>", "</tool_use_error>", error=True),
        _frame(r"<error>", "</error>", error=True),
        _frame(r"<returncode>(?P<code>-?\d{1,10})</returncode>\n<output>\n?", "</output>"),
        _frame(
            r"<returncode>(?P<code>-?\d{1,10})</returncode>\n<warning>\n(?:[^<\n]{1,400}\n){1,12}</warning>\s?"
            r"<output_head>\n?",
            closing=r"\n</output_tail>",
        ),
        _frame(
            r"(?:<(?:retrieval_status|task_id|task_type|status)>[^<\n]{0,200}</[a-z_]{1,20}>\n\n){1,4}"
            r"(?:<exit_code>(?P<code>-?\d{1,10})</exit_code>\n\n)?<output>\n?",
            closing=r"\n?</output>",
        ),
        _frame(
            rf"<persisted-output>\nOutput too large {_LINE}\n\nPreview {_LINE}:\n",
            closing=r"(?:\n\.\.\.)?\n</persisted-output>",
        ),
        _frame(
            r"<stdout>\n?",
            closing=r"\n?</stdout>\n?(?:<stderr>\s*</stderr>\n?)?<(?:exit|return)_?code>(?P<code>-?\d{1,10})"
            r"</(?:exit|return)_?code>\n?",
        ),
        _frame(r"<local-command-stdout>", "</local-command-stdout>"),
        _frame(r"<bash-stdout>", closing=r"</bash-stdout>(?:<bash-stderr></bash-stderr>)?"),
    ),
}

_TRAILERS = (
    Trailer("Shell cwd was reset to ", re.compile(r"Shell cwd was reset to [^\n]+\n?"), 1),
    Trailer("<shellId: ", re.compile(r"<shellId: [^\n>]{1,100}>\n?"), 1),
    Trailer("[Showing results with ", re.compile(r"\[Showing results with [^\n\]]+\]\n?"), 2),
    Trailer(
        "(Results are truncated",
        re.compile(r"\(Results are truncated\. Consider using a more specific path or pattern\.\)\n?"),
        1,
    ),
    Trailer(
        "REMINDER: You MUST include the sources",
        re.compile(r"REMINDER: You MUST include the sources above in your response to the user[^\n]*\n?"),
        3,
    ),
    Trailer(
        "agentId: ", re.compile(r"agentId: [^\n]{1,200}\n?(?:<usage>(?:[a-z_]{1,30}: \d{1,15}\n?)*</usage>)?\n?"), 1
    ),
)

_BEGINNINGS = tuple(trailer.begins for trailer in _TRAILERS)


def split(text: str) -> Host:
    """Splits host text off both ends; `head + body + tail == text` always holds."""
    lo, hi, failed = 0, len(text), False
    for _ in range(ROUNDS):
        hi = _reminders(text, lo, hi)
        before = (lo, hi)
        hi = _trailer(text, lo, hi)
        if lo < hi and text[lo] in _FRAMES:
            lo, hi, bad = _framed(text, lo, hi)
            failed = failed or bad
        if (lo, hi) == before:
            break
    if lo == 0 and hi == len(text):
        return Host("", text, "", failed)
    return Host(text[:lo], text[lo:hi], text[hi:], failed)


def is_reminder(text: str) -> bool:
    """True if the whole text is one or more host reminders."""
    return bool(text) and _reminders(text, 0, len(text)) == 0


def _reminders(text: str, lo: int, hi: int) -> int:
    """Where the reminders that end `text[lo:hi]` begin, the blank line before them included; `hi` if none do."""
    start = end = hi
    if hi == lo or text[hi - 1] not in _LAST:
        return hi
    while True:
        window = text[max(lo, end - BLANKS) : end]
        end -= len(window) - len(window.rstrip())
        if not text.endswith(_CLOSE, lo, end):
            break
        opened = text.rfind(_OPEN, lo, end)
        if opened < 0:
            break
        start = end = opened
    if start == hi:
        return hi
    if start - lo <= BLANKS and not text[lo:start].strip():
        return lo
    for blank in ("\n\n", "\n"):
        if text.endswith(blank, lo, start):
            return start - len(blank)
    return start


def _trailer(text: str, lo: int, hi: int) -> int:
    """Where the host's closing line begins, `hi` if there is none."""
    end = hi - 1 if text.endswith("\n", lo, hi) else hi
    near = max(lo, end - WINDOW)
    at = text.rfind("agentId: " if text.endswith("</usage>", lo, end) else "\n", near, end)
    if at < 0:
        if near > lo:
            return hi
        at = lo
    elif text[at] == "\n":
        at += 1
    if not text.startswith(_BEGINNINGS, at, hi) or (at > lo and text[at - 1] != "\n"):
        return hi
    for trailer in _TRAILERS:
        if text.startswith(trailer.begins, at, hi) and trailer.pattern.fullmatch(text, at, hi):
            for _ in range(trailer.newlines):
                if at > lo and text[at - 1] == "\n":
                    at -= 1
            return at
    return hi


def _framed(text: str, lo: int, hi: int) -> tuple[int, int, bool]:
    """The bounds left inside the first frame that fits, and whether it tells of a failure."""
    for frame in _FRAMES[text[lo]]:
        head = frame.head.match(text, lo, hi)
        if head is None:
            continue
        end, code = hi, head.groupdict().get("code")
        if isinstance(frame.close, str):
            if not text.endswith(frame.close, head.end(), hi):
                continue
            end = hi - len(frame.close)
        elif frame.close is not None:
            close = frame.close.search(text, max(head.end(), hi - WINDOW), hi)
            if close is None:
                continue
            end = close.start()
            code = code or close.groupdict().get("code")
        return head.end(), end, frame.error or code not in (None, "0", "(none)")
    return lo, hi, False
