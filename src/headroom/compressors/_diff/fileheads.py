"""The lines that name a file in a diff, as one line: git's, `diff -ru`'s and Subversion's.

A short header says everything the long one says, once. It never stands for anything but the lines it was made from:
what `restored` does not give back line for line is left as it was.
"""

from __future__ import annotations

import re
from typing import NamedTuple

GIT = "diff --git "
PLAIN = ("Index: ", "diff -")
HUNK = "@@ "
COMBINED_HUNK = "@@@"
ORDINARY = "100644"
"""The mode of a file that is not executable: a short header names only other modes."""

ARROW = " => "
MAX_ARROWS = 3
"""A short header holds one between two paths and one between two modes; more would cost the match its speed."""

MAX_LENGTH = 1_000

_EXTENDED = (
    "old mode ", "new mode ", "deleted file mode ", "new file mode ", "similarity index ", "dissimilarity index ",
    "rename from ", "rename to ", "copy from ", "copy to ", "index ",
)  # fmt: skip
_BINARY = "Binary files "
_MOVES = {"renamed": "rename", "copied": "copy"}
_RULE = "=" * 67

_PATH = r'(?:"[^"]*"|[^\s"-](?:.*?\S)??)'
_HASH = "[0-9a-f]{7,64}"
_SHORT = re.compile(
    rf"diff (?P<path>{_PATH})(?: => (?P<to>{_PATH}))?"
    r"(?: (?P<move>renamed|copied) (?P<alike>[0-9]{1,3}%))?(?: rewritten (?P<unlike>[0-9]{1,3}%))?"
    rf"(?: (?P<life>new|deleted) file(?: (?P<given>[0-9]{{6}}))?(?: (?P<blob>{_HASH}))?)?"
    r"(?: mode (?P<old>[0-9]{6}) => (?P<new>[0-9]{6}))?"
    rf"(?: (?P<index>{_HASH}\.\.{_HASH})(?: (?P<mode>[0-9]{{6}}))?)?(?P<binary> binary)?"
)
_COMBINED = re.compile(rf"(diff --(?:cc|combined) (.+)) ({_HASH}(?:,{_HASH})+\.\.{_HASH})")
_PLAIN = re.compile(r"(Index: (\S+)|diff -(?:\S+ )+(\S+) (\S+))\t([^\t]+)\t([^\t]+)")
_INDEX = re.compile(rf"index ({_HASH})\.\.({_HASH})(?: ([0-9]{{6}}))?")


class Prefixes(NamedTuple):
    """What stands before the two paths of a diff: `a/` and `b/` unless git was told otherwise."""

    old: str
    new: str


USUAL = Prefixes("a/", "b/")


def prefixes(lines: list[str]) -> Prefixes:
    """The prefixes of the first file that has the same path on both sides; the usual ones if there is none."""
    for at, line in enumerate(lines):
        if not line.startswith(GIT) or len(line) > MAX_LENGTH:
            continue
        if line.startswith(f"{GIT}a/"):
            return USUAL
        names = next((lines[i : i + 2] for i in range(at + 1, min(at + 9, len(lines))) if lines[i][:4] == "--- "), [])
        if len(names) == 2 and "/dev/null" not in (names[0][4:], names[1][4:]) and names[1].startswith("+++ "):
            return _differing(names[0][4:].rstrip("\t").lstrip('"'), names[1][4:].rstrip("\t").lstrip('"'))
    return USUAL


def _differing(old: str, new: str) -> Prefixes:
    """What stands before the longest common end of two paths that starts after a slash."""
    same = 0
    while same < min(len(old), len(new)) and old[-1 - same] == new[-1 - same]:
        same += 1
    if same == len(old) == len(new):
        return Prefixes("", "")
    path = old[len(old) - same :].partition("/")[2]
    found = Prefixes(old[: len(old) - len(path)], new[: len(new) - len(path)])
    return USUAL if not path or " " in found.old + found.new else found


def shortened(lines: list[str], at: int, marks: Prefixes) -> tuple[str, int] | None:
    """The short header of the file whose header starts at `lines[at]`, and the index of the line after it."""
    line = lines[at]
    if len(line) > MAX_LENGTH:
        return None
    if line.startswith(GIT):
        made = _git(lines, at, marks)
    elif line.startswith(("diff --cc ", "diff --combined ")):
        made = _combined(lines, at)
    else:
        made = _plain(lines, at) if line.startswith(PLAIN) else None
    if made is None:
        return None
    short, stop = made
    following = lines[stop] if stop < len(lines) else ""
    return made if restored(short, following, marks) == lines[at:stop] else None


def restored(line: str, following: str, marks: Prefixes) -> list[str] | None:
    """The long header of the short one `line`, `following` being the line below; None if `line` is none."""
    if len(line) > MAX_LENGTH or not line.startswith(("diff ", "Index: ")):
        return None
    short = _SHORT.fullmatch(line) if line.count(ARROW) <= MAX_ARROWS else None
    if short is not None:
        return _long(short, following.startswith(HUNK), marks)
    combined = _COMBINED.fullmatch(line)
    if combined is not None:
        names = [f"--- {_named(marks.old, combined[2])}", f"+++ {_named(marks.new, combined[2])}"]
        return [combined[1], f"index {combined[3]}", *(names if following.startswith(COMBINED_HUNK) else ())]
    plain = _PLAIN.fullmatch(line)
    if plain is None or not following.startswith(HUNK):
        return None
    rule = [_RULE] if plain[2] else []
    return [plain[1], *rule, f"--- {plain[2] or plain[3]}\t{plain[5]}", f"+++ {plain[2] or plain[4]}\t{plain[6]}"]


def is_short(line: str) -> bool:
    """True if a decoder may take `line` for a short header."""
    return restored(line, HUNK, USUAL) is not None


def _git(lines: list[str], at: int, marks: Prefixes) -> tuple[str, int] | None:
    stop = at + 1
    told: dict[str, str] = {}
    while stop < len(lines):
        word = next((word for word in _EXTENDED if lines[stop].startswith(word)), None)
        if word is None or word in told:
            break
        told[word] = lines[stop][len(word) :]
        stop += 1
    names = lines[at][len(GIT) :]
    path = _bare(names[: (len(names) - 1 + len(marks.old) - len(marks.new)) // 2], marks.old)
    parts = ["diff", path]
    for done, verb in _MOVES.items():
        if f"{verb} to " in told:
            alike = told.get("similarity index ", "")
            parts[1:] = [told.get(f"{verb} from ", ""), "=>", told[f"{verb} to "], done, alike]
    if "dissimilarity index " in told:
        parts += ["rewritten", told["dissimilarity index "]]
    parts += _fate(told)
    if stop < len(lines) and lines[stop].startswith(_BINARY):
        parts.append("binary")
        return " ".join(parts), stop + 1
    return " ".join(parts), _after_names(lines, stop, HUNK)


def _fate(told: dict[str, str]) -> list[str]:
    """What became of a file: new, deleted, another mode; and the hashes of its contents."""
    parts: list[str] = []
    index = _INDEX.fullmatch(f"index {told.get('index ', '')}")
    for life, side in (("new", 2), ("deleted", 1)):
        mode = told.get(f"{life} file mode ")
        if mode is not None:
            parts += [life, "file", *([mode] if mode != ORDINARY else ()), *([index[side]] if index else ())]
            return parts
    if "old mode " in told:
        parts += ["mode", told["old mode "], "=>", told.get("new mode ", "")]
    if index:
        parts.append(f"{index[1]}..{index[2]}")
        parts += [index[3]] if index[3] and index[3] != ORDINARY else []
    return parts


def _after_names(lines: list[str], at: int, hunk: str) -> int:
    """The index after the lines `---` and `+++`, where they stand at `at` above a hunk."""
    named = at + 2 < len(lines) and lines[at][:4] == "--- " and lines[at + 1][:4] == "+++ "
    return at + 2 if named and lines[at + 2].startswith(hunk) else at


def _combined(lines: list[str], at: int) -> tuple[str, int] | None:
    if at + 1 == len(lines) or not lines[at + 1].startswith("index "):
        return None
    return f"{lines[at]} {lines[at + 1][len('index ') :]}", _after_names(lines, at + 2, COMBINED_HUNK)


def _plain(lines: list[str], at: int) -> tuple[str, int] | None:
    names = at + (2 if lines[at].startswith("Index: ") else 1)
    stop = _after_names(lines, names, HUNK)
    if stop == names:
        return None
    old, new = (line.partition("\t")[2] for line in lines[names:stop])
    return f"{lines[at]}\t{old}\t{new}", stop


def _long(short: re.Match[str], hunks: bool, marks: Prefixes) -> list[str]:
    """git's own lines of a short header; `hunks` if a hunk follows it."""
    path, to = short["path"], short["to"] or short["path"]
    old, new = _named(marks.old, path), _named(marks.new, to)
    out = [f"{GIT}{old} {new}"]
    if short["old"]:
        out += [f"old mode {short['old']}", f"new mode {short['new']}"]
    if short["life"]:
        out.append(f"{short['life']} file mode {short['given'] or ORDINARY}")
    if short["unlike"]:
        out.append(f"dissimilarity index {short['unlike']}")
    if short["move"]:
        verb = _MOVES[short["move"]]
        out += [f"similarity index {short['alike']}", f"{verb} from {path}", f"{verb} to {to}"]
    if short["blob"]:
        zeros = "0" * len(short["blob"])
        ends = (zeros, short["blob"]) if short["life"] == "new" else (short["blob"], zeros)
        out.append("index " + "..".join(ends))
    elif short["index"]:
        mode = "" if short["old"] else f" {short['mode'] or ORDINARY}"
        out.append(f"index {short['index']}{mode}")
    old = "/dev/null" if short["life"] == "new" else old
    new = "/dev/null" if short["life"] == "deleted" else new
    if short["binary"]:
        out.append(f"{_BINARY}{old} and {new} differ")
    elif hunks:
        out += [f"{sign} {name}{_tab(name)}" for sign, name in (("---", old), ("+++", new))]
    return out


def _tab(name: str) -> str:
    """git ends a name that holds a blank with a tab, so that patch finds its end."""
    return "\t" if " " in name and name[0] != '"' else ""


def _named(prefix: str, path: str) -> str:
    return f'"{prefix}{path[1:]}' if path.startswith('"') else prefix + path


def _bare(name: str, prefix: str) -> str:
    return f'"{name[1 + len(prefix) :]}' if name.startswith('"') else name[len(prefix) :]
