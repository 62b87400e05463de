"""Stack frames on one line each: place, function and source text, as Python and pytest print them on two or three.

`  path:12 in f | code` stands for `  File "path", line 12, in f` and the source line below it; ` | code ^` says that
all of it is underlined, ` ^5` from its fifth character on, ` ^5-9` up to its ninth. `path:12: in f | code` is pytest's
own form. `…/name` is the last path told that ends so, where that saves more than its clause, and `~/` a folder that the
clause names. What Python says between an exception and the next is told in a few words. A frame that would not come
back exactly stays as it is; a line that would be read as one is written after a backslash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compressors._lines.cost import cost

CLAUSE = "frames on one line"
_TAILED = "; …/p: a path above"
_ROOTED = "; ~/ is "
_MARKED = "; ^5: underlined from character 5"
PATTERN = re.compile(
    rf"{CLAUSE}(?P<tailed>{re.escape(_TAILED)})?(?:{_ROOTED}(?P<root>\S+/))?(?P<marked>{re.escape(_MARKED)})?\Z"
)

SENTENCES = {
    "The above exception was the direct cause of the following exception:": "The above caused…",
    "During handling of the above exception, another exception occurred:": "During handling…",
}
"""What Python says between an exception and the next, and how it is written."""

_WHOLE = {short: sentence for sentence, short in SENTENCES.items()}

_PYTHON = re.compile(r'((?:[ E|+]* )?)File "([^"\n]+)", line ([1-9]\d{0,8}), in (\S+)\Z', re.ASCII)
_PYTEST = re.compile(r"()([^\s:|]+):([1-9]\d{0,8}): in (\S+)\Z", re.ASCII)
_WRITTEN = re.compile(
    r"(?P<lead>(?:[ E|+]* )?)(?P<path>[^\s|:][^|:]*):(?P<line>[1-9]\d{0,8})(?P<form>:?) in (?P<name>\S+)"
    r"(?: \| (?P<code>\S.*?)(?P<under> \^(?:(?P<first>[1-9]\d{0,3})(?:-(?P<last>[1-9]\d{0,3}))?)?)?)?\Z",
    re.ASCII | re.DOTALL,
)
MIN_GAIN = 4
"""A short name for a folder must save this many tokens."""

_ELLIPSIS = "…/"
_HOME = "~/"


def present(lines: Sequence[str]) -> bool:
    """True if two frames or more stand in the lines."""
    found = 0
    for line in lines:
        if (", line " in line and _PYTHON.match(line)) or (": in " in line and _PYTEST.match(line)):
            found += 1
            if found > 1:
                return True
    return False


def encode(lines: Sequence[str]) -> tuple[list[str], str] | None:
    """The lines with frames joined, and the clause that tells it; None where there are fewer than two."""
    if not present(lines):
        return None
    root = _root(lines)
    writer = _Writer(root, True)
    out = writer.write(lines)
    if writer.gain <= cost(_TAILED):
        writer = _Writer(root, False)
        out = writer.write(lines)
    return out, CLAUSE + _TAILED * writer.tailed + (_ROOTED + root if root else "") + _MARKED * writer.marked


class _Writer:
    """Joins frames, and remembers what it made use of."""

    def __init__(self, root: str, tailed: bool) -> None:
        self.tailed = tailed
        self.marked = False
        self.gain = 0
        """Tokens saved by paths that are told by their end."""
        self._root = root
        self._paths: dict[str, str] = {}

    def write(self, lines: Sequence[str]) -> list[str]:
        """The lines with frames joined."""
        out: list[str] = []
        i = 0
        while i < len(lines):
            text, used = self._frame(lines, i) or (lines[i], 1)
            if used == 1 and text == lines[i]:
                text = "\\" + text if text[:1] == "\\" or _is_written(text) else SENTENCES.get(text, text)
            out.append(text)
            i += used
        return out

    def _frame(self, lines: Sequence[str], i: int) -> tuple[str, int] | None:
        """The frame that begins at line i on one line, and how many it was told on; None if there is none that would
        come back."""
        frame = _frame(lines[i])
        if frame is None:
            return None
        lead, path, number, name, form = frame
        if path.startswith(_ELLIPSIS):
            return None
        shown = self._short(path)
        text, used = _with_source(f"{lead}{shown}:{number}{form} in {name}", lines, i, _indent(lead, form))
        written = _WRITTEN.match(text)
        if written is None or _lines(written, path, True) != list(lines[i : i + used]):
            return None
        _remember(path, self._paths)
        self.marked = self.marked or written["first"] is not None
        if shown.startswith(_ELLIPSIS):
            self.gain += cost(path) - cost(shown)
        return text, used

    def _short(self, path: str) -> str:
        for tail in _tails(path) if self.tailed else ():
            if self._paths.get(tail) == path and len(path) > len(tail) + 2:
                return _ELLIPSIS + tail
        return _rooted(path, self._root)


def _with_source(text: str, lines: Sequence[str], i: int, indent: str) -> tuple[str, int]:
    """The frame with the source below line i and what is underlined of it, and how many lines that are."""
    code = lines[i + 1] if i + 1 < len(lines) else ""
    if not (code.startswith(indent) and code[len(indent) : len(indent) + 1].strip() and code[-1:] != "^"):
        return text, 1
    code = code[len(indent) :]
    marks = lines[i + 2] if i + 2 < len(lines) else ""
    if marks.startswith(indent) and (under := _under(marks[len(indent) :], len(code))):
        return f"{text} | {code} {under}", 3
    return (text, 1) if _is_marks(marks) else (f"{text} | {code}", 2)


def _under(marks: str, size: int) -> str:
    """How carets below `size` characters of source text are told; empty for other marks."""
    first = len(marks) - len(marks.lstrip(" ")) + 1
    last = len(marks)
    if not marks or marks.strip(" ").strip("^") or " " in marks[first - 1 :] or last > size:
        return ""
    return "^" if first == 1 and last == size else f"^{first}" if last == size else f"^{first}-{last}"


def decode(lines: Sequence[str], clause: re.Match[str]) -> list[str]:
    """The lines that `encode` was given, with the clause as `PATTERN` reads it."""
    root, marked, tailed = clause["root"] or "", bool(clause["marked"]), bool(clause["tailed"])
    out: list[str] = []
    paths: dict[str, str] = {}
    for line in lines:
        if line[:1] == "\\":
            out.append(line[1:])
            continue
        written = _WRITTEN.match(line) if " in " in line else None
        if written is None:
            out.append(_WHOLE.get(line, line))
            continue
        path = written["path"]
        if tailed and path.startswith(_ELLIPSIS):
            path = paths.get(path[len(_ELLIPSIS) :], path)
        elif root and path.startswith(_HOME):
            path = root + path[len(_HOME) :]
        _remember(path, paths)
        out.extend(_lines(written, path, marked))
    return out


def _frame(line: str) -> tuple[str, str, str, str, str] | None:
    """Lead, path, line number, function, and what follows the number, of a line that opens a frame."""
    if ", line " in line:
        match = _PYTHON.match(line)
        return (match[1], match[2], match[3], match[4], "") if match else None
    if ": in " in line:
        match = _PYTEST.match(line)
        return (match[1], match[2], match[3], match[4], ":") if match else None
    return None


def _lines(written: re.Match[str], path: str, marked: bool) -> list[str]:
    """The original lines of a frame."""
    lead, number, name, form, code = written.group("lead", "line", "name", "form", "code")
    under, first = written.group("under", "first")
    if first and not marked:  # the end of the source text
        code, under = code + under, None
    opening = f"{path}:{number}: in {name}" if form else f'File "{path}", line {number}, in {name}'
    out = [lead + opening]
    if code is not None:
        indent = _indent(lead, form)
        out.append(indent + code)
        if under:
            start, stop = int(first or 1) - 1, int(written["last"] or len(code))
            out.append(indent + " " * start + "^" * (stop - start))
    return out


def _indent(lead: str, form: str) -> str:
    return lead + ("    " if form else "  ")


def _is_marks(line: str) -> bool:
    marks = line.strip(" E|+")
    return bool(marks) and not marks.strip("^~ ")


def is_frame(line: str) -> bool:
    """True for a line that opens a frame, in its own form or in ours, or that stands between exceptions in ours."""
    return line in _WHOLE or (" in " in line and bool(_WRITTEN.match(line) or _PYTHON.match(line)))


def _is_written(line: str) -> bool:
    return line in _WHOLE or (" in " in line and bool(_WRITTEN.match(line)))


def _remember(path: str, paths: dict[str, str]) -> None:
    for tail in _tails(path):
        paths[tail] = path


def _tails(path: str) -> list[str]:
    """The last part of a path, and its last two."""
    parts = path.rsplit("/", 2)
    return [parts[-1], "/".join(parts[-2:])] if len(parts) > 2 else [parts[-1]]


def _root(lines: Sequence[str]) -> str:
    """The folder that is worth a short name because many files lie below it; empty if none is."""
    paths = {frame[1] for frame in map(_frame, lines) if frame}
    folders: Counter[str] = Counter()
    for path in paths:
        parts = path.split("/")
        if parts[0] == "~":
            return ""
        folders.update("/".join(parts[:depth]) + "/" for depth in range(2, len(parts)))
    best, most = "", MIN_GAIN
    for folder, files in folders.items():
        if " " in folder:
            continue
        price = cost(folder) - 1
        if (gain := (files - 1) * price - 5) > most:
            best, most = folder, gain
    return best


def _rooted(path: str, root: str) -> str:
    return _HOME + path[len(root) :] if root and path.startswith(root) else path
