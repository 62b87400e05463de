"""What a listing shows over and over: what tools write for themselves, and files that only a number tells apart.

`node_modules`, caches and object folders hold what nobody looks up by name in a listing of something else; a listing
of such a folder itself, or a question that names it, is another matter. A folder that people also use for their own
work (`build`, `target`, `dist`) is only taken for a tool's where names in it show it. Names of source files stay.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from headroom.compressors._listing import long, names, paths, rows, tree
from headroom.compressors._omit import FAILURE
from headroom.types import Unit

TOOLS = frozenset({
    "node_modules", "bower_components", "__pycache__", "site-packages", "dist-packages", ".git", ".hg", ".svn", ".venv",
    "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".cache", ".npm", ".yarn",
    ".pnpm-store", ".next", ".nuxt", ".parcel-cache", ".turbo", ".gradle", ".m2", ".terraform", ".idea", ".fingerprint",
    ".ipynb_checkpoints", ".eggs", "DerivedData", "Pods",
})  # fmt: skip
"""Folders that only tools write to."""

SHARED = frozenset(
    {"target", "dist", "build", "out", "obj", "bin", "coverage", "_build", "htmlcov", "release", "debug"}
)
"""Folders that tools and people write to."""

_MADE = re.compile(
    r"[-._/][0-9a-f]{7,64}(?:[-._/]|\Z)"
    r"|\.(?:o|d|a|so|lo|la|obj|lib|dll|exe|pdb|ilk|rlib|rmeta|rcgu|class|jar|py[co]|map|timestamp|tsbuildinfo|gcda|gcno)\Z"
)
"""Paths of what a compiler or bundler writes: with a hash, or an extension that no person writes."""

MIN_SHARED, MADE_SHARE = 12, 0.5
"""A shared folder is a tool's if it holds this many, of which this share is made."""

MIN_FAMILY = 12
"""Files of one folder that differ in a number only and are fewer are all shown."""

_SOURCE = frozenset({
    "py", "pyi", "js", "jsx", "ts", "tsx", "mjs", "cjs", "go", "rs", "c", "h", "cc", "cpp", "hpp", "cxx", "cs",
    "java", "kt", "kts", "scala", "rb", "php", "swift", "m", "mm", "lua", "pl", "pm", "sh", "bash", "sql", "ex",
    "exs", "erl", "hs", "ml", "clj", "el", "vue", "svelte", "html", "css", "scss", "md", "rst", "txt", "toml", "yaml",
    "yml", "ini", "cfg", "tf", "proto", "graphql", "ipynb", "r", "jl", "dart",
})  # fmt: skip
"""Extensions of what people write: there a number is a name."""

_HASH = re.compile(r"(?<![0-9A-Za-z])(?=[a-f]{0,63}[0-9])[0-9a-f]{8,64}(?![0-9A-Za-z])")
_NUMBER = re.compile(r"[0-9]+")
_STATUS = re.compile(r"[ MTADRCU?!]{2} |[AMDTRC][0-9]{0,3}\t|\t?(?:[a-z ]+: +)?")
_EXTENSION = re.compile(r"[^.].*\.([A-Za-z][A-Za-z0-9]{0,9})\Z")


class Entry(NamedTuple):
    """A line of a listing: what it names, or the folder whose beginning or total it is."""

    path: str
    row: bool = True
    """False for headings, totals, `.` and `..`."""
    size: int | None = None
    """In bytes, if the line says it to the byte."""
    lead: str = ""
    """What stands before the path and is not a number: git's status."""


class Noise(NamedTuple):
    """Why a line may go."""

    key: str
    kind: str
    extension: str
    size: int | None
    name: str


def units(form: str, lines: Sequence[str], query: str) -> tuple[list[Unit], Mapping[int, Noise]]:
    """The units of a listing, and for each line that may go what is to be told of it."""
    entries = _READERS[form](list(lines)) if form in _READERS else []
    if not entries:
        return [], {}
    inside = _tool_folders(entries, query.lower())
    families = _families(entries, inside)
    last = {noise.key: at for at, noise in families.items()}
    noisy = {**inside, **families}
    made = []
    for at, entry in enumerate(entries):
        if entry is None:
            continue
        noise = noisy.get(at)
        if noise is None:
            if entry.row:
                made.append(Unit(at + 1, at + 1, lines[at], "files"))
            continue
        keep = "last of its kind" if last.get(noise.key) == at else "failure" if FAILURE.search(lines[at]) else ""
        values = (float(noise.size),) if at in families and noise.size is not None else ()
        made.append(Unit(at + 1, at + 1, lines[at], "files", noise.key, keep, values))
    return made, noisy


def told(run: Sequence[Noise]) -> str:
    """A run of lines that are left out: how many files of which kind, and what they take."""
    groups: dict[str, list[Noise]] = defaultdict(list)
    for noise in run:
        groups[noise.kind].append(noise)
    most = sorted(groups.items(), key=lambda group: -len(group[1]))
    said = [_told(kind, group) for kind, group in most[:3]]
    others = sum(len(group) for _, group in most[3:])
    return ", ".join([*said, *([f"{others:,} others"] if others else [])])


def _told(kind: str, group: Sequence[Noise]) -> str:
    files = [noise for noise in group if noise.name]
    if not files:
        return f"{len(group):,} lines of {kind}"
    sizes = [noise.size for noise in files]
    size = f", {sum(s for s in sizes if s is not None):,} bytes" if None not in sizes else ""
    if not kind:
        ordered = sorted((noise.name for noise in files), key=lambda name: (len(name), name))
        return f"{len(files):,} files from {ordered[0]} to {ordered[-1]}{size}"
    kinds = Counter(noise.extension for noise in files)
    most = ", ".join(f"{n:,} {name}" for name, n in kinds.most_common(3) if name)
    return f"{len(files):,} entries in {kind}" + (f" ({most})" if most else "") + size


def _tool_folders(entries: Sequence[Entry | None], query: str) -> dict[int, Noise]:
    """The lines below folders that tools fill, unless all of the listing is below it or the question names it."""
    shown = [entry.path for entry in entries if entry and "/" in entry.path]
    root = paths.common(min(shown), max(shown)) if len(shown) > 1 else ""
    rooted = len(root) if all(entry.path.startswith(root) for entry in entries if entry and entry.row) else 0
    places: dict[int, str] = {}
    below: dict[str, list[int]] = defaultdict(list)
    for at, entry in enumerate(entries):
        folder = _tool_folder(entry, rooted, query) if entry else ""
        if folder:
            places[at] = folder
            below[folder].append(at)
    made: dict[int, Noise] = {}
    for folder, found in below.items():
        of = [one for at in found if (one := entries[at])]
        if folder.rpartition("/")[2] in SHARED and not _is_made(folder, [one.path for one in of if one.row]):
            continue
        for at, one in zip(found, of, strict=True):
            match = _EXTENSION.fullmatch(one.path.rpartition("/")[2])
            extension = f".{match[1]}" if match and one.row else ""
            name = one.path if one.row else ""
            made[at] = Noise(f"{folder}\n{one.lead}", folder, extension, one.size, name)
    return made


def _tool_folder(entry: Entry, rooted: int, query: str) -> str:
    """The outermost folder of a tool that an entry stands in."""
    path = entry.path.rstrip("/")
    at = rooted
    while (end := path.find("/", at)) >= 0:
        name = path[at:end]
        if (name in TOOLS or name in SHARED) and name.lower() not in query:
            return path[:end]
        at = end + 1
    return ""


def _is_made(folder: str, inside: Sequence[str]) -> bool:
    made = sum(1 for path in inside if _MADE.search(path, len(folder)))
    return len(inside) >= MIN_SHARED and made >= MADE_SHARE * len(inside)


def _families(entries: Sequence[Entry | None], inside: Mapping[int, Noise]) -> dict[int, Noise]:
    """The lines of files that are many in their folder and differ in a number or a hash only."""
    found: dict[str, list[int]] = defaultdict(list)
    for at, entry in enumerate(entries):
        if entry is None or not entry.row or at in inside:
            continue
        folder, _, name = entry.path.rstrip("/").rpartition("/")
        shape = _HASH.sub("#", name)
        extension = name.rpartition(".")[2].lower()
        if shape == name and extension not in _SOURCE:
            shape = _NUMBER.sub("#", name)
        if shape != name:
            found[f"{folder}/{shape}\n{entry.lead}"].append(at)
    made: dict[int, Noise] = {}
    for key, places in found.items():
        if len(places) >= MIN_FAMILY:
            for at in places:
                entry = entries[at]
                if entry:
                    made[at] = Noise(key, "", "", entry.size, entry.path.rstrip("/").rpartition("/")[2])
    return made


def _long(lines: list[str]) -> list[Entry | None]:
    found = long.find(lines)
    if found is None:
        return []
    folder = ""
    made: list[Entry | None] = []
    for at, (line, entry) in enumerate(zip(lines, found.entries, strict=True)):
        if entry is None:
            if line[-1:] == ":":
                folder = f"{line[:-1]}/"
            ahead = (
                next((further[:-1] for further in lines[at : at + 2] if further[-1:] == ":"), "") if not line else ""
            )
            place = f"{ahead}/" if ahead else folder
            made.append(Entry(place, row=False) if place else None)
            continue
        name = entry.name.partition(" -> ")[0]
        size = int(entry.size) if entry.size.isdecimal() and entry.mode[0] == "-" else None
        size = 0 if entry.mode[0] != "-" else size
        row = name not in (".", "..")
        made.append(Entry(folder + name if row else folder, row, size))
    return made


def _names(lines: list[str]) -> list[Entry | None]:
    folder = ""
    made: list[Entry | None] = []
    for at, line in enumerate(lines):
        if line[-1:] == ":":
            folder = f"{line[:-1]}/"
            made.append(Entry(folder, row=False))
        elif not line:
            ahead = lines[at + 1][:-1] if at + 1 < len(lines) and lines[at + 1][-1:] == ":" else ""
            made.append(Entry(f"{ahead}/", row=False) if ahead else None)
        else:
            made.append(Entry(folder + line))
    return made


def _paths(lines: list[str]) -> list[Entry | None]:
    found = paths.find(lines)
    if found is None or found.separator != "/":
        return []
    made: list[Entry | None] = []
    for line, is_path in zip(lines, found.flags, strict=True):
        lead = _STATUS.match(line)
        start = lead.end() if lead else 0
        made.append(Entry(line[start:], lead=line[:start]) if is_path else None)
    return made


def _rows(lines: list[str]) -> list[Entry | None]:
    found = rows.find(lines)
    if found is None or found.separator != "/":
        return []
    return [Entry(row[1]) if row else None for row in found.rows]


def _tree(lines: list[str]) -> list[Entry | None]:
    found = tree.find(lines)
    if found is None:
        return []
    made: list[Entry | None] = [None] * len(lines)
    above: list[str] = []
    for at, (depth, name) in enumerate(zip(found.depths, found.names, strict=True), found.start):
        del above[depth:]
        above.append(name.rstrip("/"))
        made[at] = Entry("/".join(above))
    return made


_READERS = {
    long.__name__: _long,
    names.__name__: _names,
    paths.__name__: _paths,
    rows.__name__: _rows,
    tree.__name__: _tree,
}
