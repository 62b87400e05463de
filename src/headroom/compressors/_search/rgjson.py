"""`rg --json`: one event per line, rebuilt from a heading per file and a line per match.

Each event is composed from its values and compared with the line it came from; a line that differs (a multi-line
match, bytes that are no UTF-8, another version's fields) stays as it is behind a backslash. Left out is only what
follows from the rest: the path, byte offsets of lines that follow on, columns of every occurrence of the searched
text, and the counts of a file's own events. The rule it keeps: no value is computed that the decoder cannot compute.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headroom.errors import FormatError

MARK = "[rg --json by file"
OPENING = '{"type":"begin","data":{"path":{"text":'
ESCAPE = "\\"
NANO = 1_000_000_000
MIN_EVENTS = 3

HEADER = re.compile(re.escape(MARK) + r"; line@offset columns:text(?:; columns unless shown: every (\".*\"))?\]")
_MEMBER = re.compile(
    r"(0|[1-9][0-9]{0,18})(?:@(0|[1-9][0-9]{0,18}))?(?: ([0-9]{1,9}-[0-9]{1,9}(?:,[0-9]{1,9}-[0-9]{1,9})*))?([:-])"
)
_END = re.compile(r"= ([0-9]{1,18}) ns, ([0-9]{1,18}) bytes(?:, ([0-9]{1,18}) printed)?")
_SUMMARY = re.compile(
    r"= all: ([0-9]{1,18}) ns, ([0-9]{1,18}) ns in files, ([0-9]{1,18}) bytes, ([0-9]{1,18}) printed, "
    r"([0-9]{1,18}) lines, ([0-9]{1,18}) matches, ([0-9]{1,18}) files, ([0-9]{1,18}) with matches"
)

Spans = list[tuple[int, int]]
"""Start and end of each match in a line, in bytes of UTF-8."""


@dataclass
class File:
    """What has been told of the file that is open: its path, the next line's number and offset, and counts."""

    path: str
    number: int = -1
    offset: int = -1
    printed: int = 0
    lines: int = 0
    matches: int = 0

    def add(self, event: str, number: int, offset: int, text: str, spans: Spans | None) -> str:
        """Counts a match (or context, if `spans` is None) and returns its event."""
        self.printed += _bytes(event) + 1
        self.number, self.offset = number + 1, offset + _bytes(text) + 1
        if spans is not None:
            self.lines += 1
            self.matches += len(spans)
        return event


def fits(text: str) -> bool:
    """True if `text` is a stream of ripgrep events."""
    return text.startswith(OPENING) and text.count('\n{"type":"') + 1 >= MIN_EVENTS


def encode(lines: list[str]) -> str:
    """The rendering of ripgrep's event lines."""
    events = [_event(line) for line in lines]
    word = _word(events)
    header = f"{MARK}; line@offset columns:text"
    if word:
        header += f"; columns unless shown: every {json.dumps(word, ensure_ascii=False)}"
    return "\n".join((f"{header}]", *_rendered(lines, events, word)))


def decode(rendering: str) -> str:
    """The event lines. Raises FormatError on what `encode` cannot have written."""
    header, newline, body = rendering.partition("\n")
    known = HEADER.fullmatch(header)
    if known is None or not newline:
        raise FormatError("ripgrep events open with their header line")
    try:
        word = json.loads(known[1]) if known[1] else ""
    except ValueError as error:
        raise FormatError(f"the header's searched text is no JSON string: {error}") from error
    return "\n".join(_restored(body.split("\n"), word))


def _event(line: str) -> dict[str, Any]:
    """The event of a line; empty if it is none."""
    try:
        event = json.loads(line) if line.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    data = event.get("data")
    return event if isinstance(data, dict) else {}


def _word(events: list[dict[str, Any]]) -> str:
    """The text that most matches matched; "" if there is no such text."""
    counts: Counter[str] = Counter()
    for event in events:
        matches = event["data"].get("submatches") if event.get("type") == "match" else None
        for match in matches if isinstance(matches, list) else ():
            match match:
                case {"match": {"text": str(text)}} if text and text.isprintable():
                    counts[text] += 1
    return counts.most_common(1)[0][0] if counts else ""


def _rendered(lines: list[str], events: list[dict[str, Any]], word: str) -> Iterator[str]:
    file: File | None = None
    for line, event in zip(lines, events, strict=True):
        match event:
            case {"type": "begin", "data": {"path": {"text": str(path)}}} if _heading(path) and line == _begin(path):
                file = File(path, printed=_bytes(line) + 1)
                yield f"{path}:"
                continue
            case {"type": "match" | "context"} if file is not None:
                shown = _shown(line, event["data"], file, word)
                if shown is not None:
                    yield shown
                    continue
            case {"type": "end"} if file is not None:
                shown = _shown_end(line, event["data"], file)
                if shown is not None:
                    file = None
                    yield shown
                    continue
            case {"type": "summary", "data": data}:
                shown = _shown_summary(line, data)
                if shown is not None:
                    yield shown
                    continue
        yield ESCAPE + line if line else line


def _heading(path: str) -> bool:
    return "\n" not in path and path[:1] not in ("", "=", ESCAPE) and not _MEMBER.match(path)


def _shown(line: str, data: dict[str, Any], file: File, word: str) -> str | None:
    """A match or context line as it stands below its heading; None if the decoder could not tell it."""
    match data:
        case {"lines": {"text": str(text)}, "line_number": int(number), "absolute_offset": int(offset)}:
            pass
        case _:
            return None
    if not text.endswith("\n") or "\n" in text[:-1] or number < 0 or offset < 0:
        return None
    text = text[:-1]
    spans: Spans | None = None
    if line.startswith('{"type":"match"'):
        spans = _spans(data.get("submatches"))
        if not spans:
            return None
    if _composed(file.path, number, offset, text, spans) != line:
        return None
    place = "" if (number, offset) == (file.number, file.offset) else f"@{offset}"
    columns = "" if spans is None or spans == _occurrences(text, word) else " " + _columns(spans)
    file.add(line, number, offset, text, spans)
    return f"{number}{place}{columns}{'-' if spans is None else ':'}{text}"


def _spans(matches: Any) -> Spans:
    spans: Spans = []
    for match in matches if isinstance(matches, list) else ():
        match match:
            case {"start": int(start), "end": int(end)} if 0 <= start <= end:
                spans.append((start, end))
            case _:
                return []
    return spans


def _columns(spans: Spans) -> str:
    return ",".join(f"{start}-{end}" for start, end in spans)


def _occurrences(text: str, word: str) -> Spans:
    """Where `word` stands in `text`, in bytes."""
    if not word:
        return []
    raw, wanted = _raw(text), _raw(word)
    spans: Spans = []
    at = raw.find(wanted)
    while at >= 0:
        spans.append((at, at + len(wanted)))
        at = raw.find(wanted, at + len(wanted))
    return spans


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(_raw(text))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _begin(path: str) -> str:
    return f"{OPENING}{_quoted(path)}}}}}}}"


def _composed(path: str, number: int, offset: int, text: str, spans: Spans | None) -> str:
    """The event of a match, or of a context line if `spans` is None."""
    raw = _raw(text)
    found = ",".join(
        f'{{"match":{{"text":{_quoted(raw[start:end].decode("utf-8", "replace"))}}},"start":{start},"end":{end}}}'
        for start, end in spans or ()
    )
    kind = "context" if spans is None else "match"
    return (
        f'{{"type":"{kind}","data":{{"path":{{"text":{_quoted(path)}}},"lines":{{"text":{_quoted(text + chr(10))}}},'
        f'"line_number":{number},"absolute_offset":{offset},"submatches":[{found}]}}}}'
    )


def _human(nanos: int) -> str:
    return f"{nanos / NANO:.6f}s"


def _composed_end(file: File, nanos: int, searched: int, printed: int) -> str:
    """The event that closes a file."""
    return (
        f'{{"type":"end","data":{{"path":{{"text":{_quoted(file.path)}}},"binary_offset":null,"stats":{{"elapsed":'
        f'{{"secs":{nanos // NANO},"nanos":{nanos % NANO},"human":"{_human(nanos)}"}},"searches":1,'
        f'"searches_with_match":1,"bytes_searched":{searched},"bytes_printed":{printed},'
        f'"matched_lines":{file.lines},"matches":{file.matches}}}}}}}'
    )


def _shown_end(line: str, data: dict[str, Any], file: File) -> str | None:
    match data:
        case {"stats": {"elapsed": {"secs": int(secs), "nanos": int(nanos)},
                        "bytes_searched": int(searched), "bytes_printed": int(printed)}}:  # fmt: skip
            nanos += secs * NANO
            if _composed_end(file, nanos, searched, printed) == line:
                return f"= {nanos} ns, {searched} bytes" + ("" if printed == file.printed else f", {printed} printed")
    return None


def _composed_summary(total: int, nanos: int, *stats: int) -> str:
    """The last event. `stats`: bytes searched, bytes printed, matched lines, matches, searches, searches with match."""
    searched, printed, lines, matches, searches, hits = stats
    return (
        f'{{"data":{{"elapsed_total":{{"human":"{_human(total)}","nanos":{total % NANO},"secs":{total // NANO}}},'
        f'"stats":{{"bytes_printed":{printed},"bytes_searched":{searched},"elapsed":{{"human":"{_human(nanos)}",'
        f'"nanos":{nanos % NANO},"secs":{nanos // NANO}}},"matched_lines":{lines},"matches":{matches},'
        f'"searches":{searches},"searches_with_match":{hits}}}}},"type":"summary"}}'
    )


def _shown_summary(line: str, data: dict[str, Any]) -> str | None:
    match data:
        case {"elapsed_total": {"secs": int(secs), "nanos": int(nanos)},
              "stats": {"elapsed": {"secs": int(secs2), "nanos": int(nanos2)}, "bytes_searched": int(searched),
                        "bytes_printed": int(printed), "matched_lines": int(matched), "matches": int(matches),
                        "searches": int(searches), "searches_with_match": int(hits)}}:  # fmt: skip
            values = (secs * NANO + nanos, secs2 * NANO + nanos2, searched, printed, matched, matches, searches, hits)
            if _composed_summary(*values) == line:
                return (
                    "= all: {} ns, {} ns in files, {} bytes, {} printed, "
                    "{} lines, {} matches, {} files, {} with matches"
                ).format(*values)
    return None


def _restored(lines: list[str], word: str) -> Iterator[str]:
    file: File | None = None
    for line in lines:
        member = _MEMBER.match(line) if file is not None else None
        if not line or line.startswith(ESCAPE):
            yield line[1:]
        elif member is not None and file is not None:
            yield _restored_line(line, member, file, word)
        elif file is not None and (end := _END.fullmatch(line)):
            printed = int(end[3]) if end[3] else file.printed
            yield _composed_end(file, int(end[1]), int(end[2]), printed)
            file = None
        elif summary := _SUMMARY.fullmatch(line):
            yield _composed_summary(*map(int, summary.groups()))
        elif line.endswith(":") and _heading(line[:-1]):
            event = _begin(line[:-1])
            file = File(line[:-1], printed=_bytes(event) + 1)
            yield event
        else:
            raise FormatError(f"no line of a ripgrep view: {line[:40]!r}")


def _restored_line(line: str, member: re.Match[str], file: File, word: str) -> str:
    """The event of one match or context line. Raises FormatError where columns or offset are missing."""
    text = line[member.end() :]
    number = int(member[1])
    if member[2] is None and number != file.number:
        raise FormatError(f"line {number} of a ripgrep view must show its offset")
    offset = file.offset if member[2] is None else int(member[2])
    spans: Spans | None = None
    if member[4] == ":":
        spans = _occurrences(text, word)
        if member[3] is not None:
            spans = [(int(start), int(end)) for start, end in (span.split("-") for span in member[3].split(","))]
        if not spans:
            raise FormatError(f"line {number} of a ripgrep view must show its columns")
    return file.add(_composed(file.path, number, offset, text, spans), number, offset, text, spans)
