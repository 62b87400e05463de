"""What a text without a structure of its own is written in: source, markup, language, or nothing made for reading.

One look at a sample of its lines, shared by the kinds `code`, `html`, `prose` and `opaque`, so that no text is two of
them. The signs are those of lines, not of a grammar, and say nothing rather than guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from headroom import policy
from headroom.types import Facts, ToolCall

Kind = Literal["", "code", "markup", "prose", "lock", "dump", "minified"]

TOP = 0.49
"""The surest of these kinds: below `mixed.MIN_FIT`, so that a text in one of them is not several outputs, and below
every structure that a more particular kind knows."""

WINDOW = 60
"""A text is judged by this many lines from its beginning, its middle and its end."""

WIDTH = 400
"""Characters of a line that are looked at."""

LONG = 500
"""A line above this is a paragraph or was not broken by a person."""

MIN_CHARS = 120
MIN_CODE = 0.34
MIN_CODE_TO_PROSE = 0.45
"""Comments and documentation inside source are language: for each line of it, source has this much code at least."""

MIN_PROSE = 0.55
MIN_MARKUP = 0.45
MIN_MARKUP_IN_PAGE = 0.05
"""Pages hold scripts, styles and paragraphs: where the first line says that it is one, few lines with tags suffice."""

MIN_TAGS = 5
"""Fewer lines with tags are wrappers of a host around something else."""

MIN_LOCK = 0.1
MIN_DUMP = 0.7
MAX_BLANKS = 0.09
"""Share of blanks in minified text; language has twice as many."""

MIN_SIGNS = 0.08
"""Share of signs of a grammar in minified text."""

_CODE = re.compile(
    r"(?: {4}|\t)\s*# |\s*(?:"
    r"(?:def|class|func|fn|function|defmodule|module|struct|enum|interface|trait|impl|namespace|package|type)"
    r" [\w$.(<\[*&:]+(?:\Z|[ (<\[{].*[\w(){}\[\],:;>]\Z|[:;]\Z)"
    r"|import [\w.]+(?: as \w+)?\Z|import ['\"({*\w].*['\";)]\Z|from [\w.]+ import\b"
    r"|(?:use|using|package|require) \S.*;\Z"
    r"|#\s?(?:include|define|ifdef|ifndef|endif|pragma|undef)\b|#!/|#!?\["
    r"|(?:if|elif|else|for|while|switch|match|try|except|catch|finally|with|case|when|do|unless|foreach)\b.*[{:(]\Z"
    r"|(?:return|raise|throw|yield|await|assert|defer|let|const|var|val|pub|public|private|protected|static|async|export"
    r"|final)\b.*[\w(){}\[\],;:\"'=]\Z|(?:pass|break|continue|end|fi|done|then|else|esac|begin)\Z"
    r"|(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WHERE|FROM|RUN|COPY|ENV|WORKDIR|ENTRYPOINT) "
    r"|@[\w.]+(?:\(.*)?\Z|(?:echo|set -\w|export) "
    r"|[\w.$\[\]\"'*&>-]+(?:\s*:\s*[\w.\[\], |<>*&]+)?\s*(?:[-+*/%|&^]|\*\*|<<|>>|\?\?|\|\|)?:?=(?![=~])\s*\S"
    r"|[\w.$:>-]+[!?]?\(.*[)(,;{:\w\"'\]]\Z"
    r"|[\])}]+[\])};,:.]*(?:\s*(?:else|catch|finally|while|=>|from)\b.*)?\Z"
    r"|//|/\*|\*/|\"\"\"|'''|<\?php"
    r")"
)
_CODE_ENDS = (
    ";", "{", "(", "[", " }", "=>", "->", "):", "&&", "||", '",', "',", "),", "],", "=,", *(f"{n}," for n in range(10)),
)  # fmt: skip
_MARKDOWN = re.compile(
    r"\s*(?:#{1,6} \S|[-*+•◦–] \S|\d{1,3}[.)] \S|> |\*\*\S|\[[^\]]+\](?:\(|: )|!\["
    r"|[=~^-]{3,}\Z|\|.*\|\Z|\.\. \w|:\w+[ \w]*: )"
)
_WORD = re.compile(r"(?<![\w./\\=@#-])[^\W\d_]++(?=[\s,.;:!?)\"'’”—*`]|\Z)")
_SCRIPT = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")

# Lines of tools, not of language, however many words they hold.
_RECORD = re.compile(
    r"[0-9a-f]{7,40} |\d{1,7}[:-]|[\w./\\-]*[/\\][\w.-]+\.\w{1,5}[:-]|\S+\.\w+:\d"
    r"|\d[\d.:,/ -]{7}|[-dlbcps][rwxsStT-]{9}|[MADRCU?!]{1,2}\s+\S+\Z|\s*\d+[→\t]|[+-](?:\S|\t|  )"
    r"|\s*\"[^\"]*\": |@@ |diff --git |commit [0-9a-f]{40}|\s*\S+\s+\|\s+\d+ "
)
_TAG = re.compile(r"\s*<(?:/?[A-Za-z][\w:.-]*(?:[\s/>]|\Z)|!--|!\[CDATA|[!?][A-Za-z])")
_CLOSED = re.compile(r"</[A-Za-z][\w:.-]*\s*>|/>")
_PAGE = re.compile(r"\s*<(?:!doctype|html|\?xml|svg|rss|feed|head|body)\b", re.IGNORECASE)
_LOCK = re.compile(
    r"source = \"registry\+|checksum = \"[0-9a-f]{64}\"|integrity:? sha\d+-|^  resolved \"http|/go\.mod h1:"
    r"| h1:[\w+/]{43}=\Z"
    r"|hash(?:es)? ?=? ?\"sha256:|--hash=sha256:|\"sha256:[0-9a-f]{64}\""
    r"|resolution: \{integrity:|^ {4}[\w.-]+ \(\d+\.[\w.-]+\)\Z"
    r"|^\s+checksum: \"?[\w/]{20,}"
)
_DUMP = re.compile(
    r"\s*(?:0x)?[0-9a-fA-F]{4,16}:?\s+(?:[0-9a-fA-F]{2,8}\s+){4}"  # offsets and bytes
    r"|\\?[0-9a-f]{32,128}(?:\s+[ *]?\S+)?\s*\Z"  # a hash, and of what
    r"|(?:SHA\d*|MD5) ?\(.*\) ?= [0-9a-f]{32,128}\Z"
    r"|(?=.{0,58}\d)(?=.{0,58}[a-z])(?=.{0,58}[A-Z])(?![\w+]*(?:/[\w+]{1,12}){4})"  # base64, no path
    r"[A-Za-z0-9+/]{60,}={0,2}\s*\Z"
    r"|-----(?:BEGIN|END) "
)
_JSON = re.compile(r"\s*[\[{]\s*(?:[\"\[{]|-?\d)")
_GRAMMAR = re.compile(r"[{};(),=:\[\]]")

_COMMAND_ARGUMENTS = frozenset({"command", "cmd", "script", ""})
_PRINTS_FILE = re.compile(
    r"(?:^|[\n;&(]|\b(?:xargs|exec|ssh|sudo)\s(?:[^\n;&|]{0,200}?\s)?['\"]?|(?:^|\s)[-/](?:l?c|Command)\s+['\"])\s*"
    r"(?:cat(?!\S)(?!\s*(?:-\s*)?(?:<<|>))|sed\s+(?!(?:-\w+\s+)*(?:-\w*i|--in-place))"
    r"|(?:head|tail|less|more|bat|nl|awk|type|Get-Content)\s)"
    r"|\bgit\s[^\n;&|]{0,200}?\bshow\s[^\n;&|]{0,200}?[\w^~@}]:[\w./]"
)
"""Commands that print a file: not those that write one (`cat > x`, `sed -i`), nor those a pipe feeds."""

_HERE = re.compile(r"<<-?\s*\\?(['\"]?)([A-Za-z_]\w*)\1")
_SHELL = re.compile(r"(?:^|[\s;&|(/])(?:(?:ba|z|da|k)?sh|pwsh|ssh|exec)\s")
"""What runs a here-document: its lines are commands as well."""

_SCRIPT_CHARS = 20_000
_COMMAND_CHARS = 2_000
"""So much of a script, and so much of its commands, is looked at."""


class Texture(NamedTuple):
    """What a text is written in, and how surely, 0 to 1; no kind where nothing can be said."""

    kind: Kind
    share: float

    def fit(self, *kinds: Kind) -> float:
        """How well a compressor for these kinds fits."""
        return TOP * (0.6 + 0.4 * min(self.share, 1.0)) if self.kind and self.kind in kinds else 0.0


_NOTHING = Texture("", 0.0)


def texture(facts: Facts) -> Texture:
    """The texture of a text, from a sample of its lines."""
    return facts.once("texture", lambda: _look(facts.text, facts.lines))


def shows_file(call: ToolCall | None) -> bool:
    """True if the call shows a file, whose text is likely to be edited next and must then be found word for word."""
    if call is None:
        return False
    for name, value in call.args.items():
        if name in policy.PATH_ARGUMENTS and isinstance(value, str):
            return True
        if name in _COMMAND_ARGUMENTS:
            words = value if isinstance(value, list) else [value]
            if any(isinstance(word, str) and _PRINTS_FILE.search(_commands(word)) for word in words):
                return True
    return False


def _commands(script: str) -> str:
    """The commands of a script: without the lines of here-documents, which are what is written or run, unless a shell
    runs them."""
    if "<<" not in script:
        return script[:_COMMAND_CHARS]
    lines = script[:_SCRIPT_CHARS].split("\n")
    last = {line.strip(): at for at, line in enumerate(lines)}
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        kept.append(line)
        at += 1
        for here in _HERE.finditer(line) if not _SHELL.search(line) else ():
            if last.get(here[2], 0) >= at:
                at = next(end for end in range(at, len(lines)) if lines[end].strip() == here[2]) + 1
    return "\n".join(kept)[:_COMMAND_CHARS]


def _look(text: str, lines: Sequence[str]) -> Texture:
    if len(text) < MIN_CHARS:
        return _NOTHING
    full = [line for window in _windows(lines) for line in lines[window] if line and not line.isspace()]
    if not full:
        return _NOTHING
    fences = "```" in text or "~~~" in text
    return (
        _machine([line[:WIDTH] for line in full])
        or _markup(full, _PAGE.match(full[0]) is not None)
        or _minified(full)
        or _written(lines, fences)
        or _NOTHING
    )


def _windows(lines: Sequence[str]) -> list[slice]:
    n = len(lines)
    starts = (0, n // 2, n - WINDOW) if n > 3 * WINDOW else (0,)
    return [slice(start, start + WINDOW if n > 3 * WINDOW else n) for start in starts]


def _machine(lines: Sequence[str]) -> Texture | None:
    """A lock file, or hashes, hex or base64."""
    n = len(lines)
    locks = sum(1 for line in lines if _LOCK.search(line))
    if locks >= 4 and locks >= MIN_LOCK * n:
        return Texture("lock", 0.6 + locks / n)
    dumped = sum(1 for line in lines if _DUMP.match(line))
    return Texture("dump", dumped / n) if dumped >= MIN_DUMP * n else None


def _markup(lines: Sequence[str], page: bool) -> Texture | None:
    tags = sum(1 for line in lines if _TAG.match(line))
    if tags < (MIN_MARKUP_IN_PAGE if page else MIN_MARKUP) * len(lines) or (tags < MIN_TAGS and not page):
        return None
    sample = "\n".join([line[: 4 * WIDTH] for line in lines])
    closed = len(_CLOSED.findall(sample))
    # type parameters and placeholders look like tags, but nothing closes them
    if closed < 3 or (closed < 0.15 * len(lines) and not page):
        return None
    return Texture("markup", 1.0 if page else tags / len(lines))


def _minified(lines: Sequence[str]) -> Texture | None:
    long = [line for line in lines if len(line) > LONG]
    if not long or _JSON.match(long[0]) or sum(map(len, long)) < 0.8 * sum(map(len, lines)):
        return None
    sample = "".join([line[at : at + WIDTH] for line in long[:20] for at in (0, len(line) // 2)])
    if sample.count(" ") > MAX_BLANKS * len(sample) or len(_SCRIPT.findall(sample)) > 0.1 * len(sample):
        return None
    unbroken = not sample.count(" ") and _DUMP.match(sample[:WIDTH])
    signs = len(_GRAMMAR.findall(sample)) / len(sample)
    return Texture("minified", 0.9) if signs >= MIN_SIGNS or unbroken else None


def _written(lines: Sequence[str], fences: bool) -> Texture | None:
    """Source or language, by the share of lines that are one or the other; what is fenced in language counts not."""
    code = prose = n = tags = 0
    for line in _unfenced(lines, fences):
        n += 1
        if _TAG.match(line):
            tags += 1
            continue
        if _RECORD.match(line):
            continue
        if (line.endswith(_CODE_ENDS) or _CODE.match(line)) and not _is_sentence(line):
            code += 1
        elif _MARKDOWN.match(line) or _is_language(line):
            prose += 1
    n -= min(tags, n // 2)  # they stand in source and in Markdown alike
    if n and code >= max(MIN_CODE * n, MIN_CODE_TO_PROSE * prose) and code >= 3:
        return Texture("code", code / n)
    return Texture("prose", prose / n) if n and prose >= MIN_PROSE * n else None


def _unfenced(lines: Sequence[str], fences: bool) -> Iterator[str]:
    """The lines of all windows that are not blank and stand in no fence."""
    for window in _windows(lines):
        fenced = fences and sum(1 for line in lines[: window.start] if line.lstrip()[:3] in ("```", "~~~")) % 2 == 1
        for line in lines[window]:
            if _FENCE.match(line):
                fenced = not fenced
            elif not fenced and line and not line.isspace():
                yield line[:WIDTH].rstrip()


def _is_language(line: str) -> bool:
    """True for a line that is mostly words, or written in a script that does not part them."""
    words = _WORD.findall(line)
    if (len(words) >= 4 or (len(words) > 1 and line[-1] in ".!?")) and sum(map(len, words)) + len(words) >= 0.6 * len(
        line.strip()
    ):
        return True
    return len(_SCRIPT.findall(line)) >= max(6, 0.3 * len(line))


def _is_sentence(line: str) -> bool:
    """True for a line that only ends or begins like source: many words and no other sign of it."""
    body = line.strip()
    if body[:2] in ("//", "/*", "--") or body[:1] in "@}])":
        return False
    words = len(_WORD.findall(body))
    return words >= 6 and len(_GRAMMAR.findall(body)) <= 1 + words // 6
