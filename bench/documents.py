"""The corpora of the shared data folder, as (tool, arguments, text) documents, read where they lie.

A corpus is a function from the shared folder to documents; what is left out or rewritten is said beside it.
"""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from headroom.types import Json


class Document(NamedTuple):
    """One tool output and the call that produced it."""

    tool: str
    args: dict[str, Any]
    text: str
    session: str = ""
    is_error: bool = False


Corpus = Callable[[Path], Iterator[Document]]


def archive(path: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(name, text) of the files in a tar archive, in the order of their names."""
    with tarfile.open(path) as tar:
        members = sorted((m for m in tar if m.isfile() and m.name.endswith(suffixes)), key=lambda m: m.name)
        for member in members:
            file = tar.extractfile(member)
            if file is not None:
                yield member.name, file.read().decode("utf-8", "replace")


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The trajectory records of one gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def trajectory(path: Path) -> Iterator[Document]:
    """All tool outputs of a trajectory set, in order."""
    for r in records(path):
        args = r["args"] if isinstance(r["args"], dict) else {"command": r["args"]}
        yield Document(r["tool"] or "", args, r["output"] or "", r["session"], bool(r["is_error"]))


def claude_code(shared: Path) -> Iterator[Document]:
    yield from trajectory(shared / "data/trajectories/claude-code-go-project.jsonl.gz")


def mini_swe(shared: Path) -> Iterator[Document]:
    yield from trajectory(shared / "data/trajectories/mini-swe-agent-python.jsonl.gz")


def swe_agent(shared: Path) -> Iterator[Document]:
    yield from trajectory(shared / "data/trajectories/swe-agent-demos.jsonl.gz")


def of_tool(name: str) -> Corpus:
    """The Claude Code outputs of one tool."""
    return lambda shared: (d for d in claude_code(shared) if d.tool == name)


def grep_content(shared: Path) -> Iterator[Document]:
    """Grep results that show lines (output_mode "content"), not file lists or counts."""
    return (d for d in of_tool("Grep")(shared) if d.args.get("output_mode") == "content")


NUMBERED = re.compile(r" *([0-9]+)→")


def reads(shared: Path) -> Iterator[Document]:
    """Read results that show a numbered file, as recorded (padded `→` gutter); errors and images are left out."""
    return (d for d in of_tool("Read")(shared) if NUMBERED.match(d.text))


def tab_reads(shared: Path) -> Iterator[Document]:
    """The same reads as current clients send them: see `to_tab`."""
    return (d._replace(text=to_tab(d.text)) for d in reads(shared))


def to_tab(text: str) -> str:
    """A `→` view rewritten to the unpadded tab gutter: `   12→x` becomes `12⇥x`, as long as the numbers go up by one.

    From the first line that does not continue the count (a reminder after the file, a note) everything stays.
    """
    lines = text.split("\n")
    number: int | None = None
    for i, line in enumerate(lines):
        match = NUMBERED.match(line)
        if match is None or (number is not None and int(match[1]) != number + 1):
            break
        number = int(match[1])
        lines[i] = f"{match[1]}\t{line[match.end() :]}"
    return "\n".join(lines)


def without_gutter(text: str) -> str:
    """The file's own lines of a numbered view (`→` or tab), without numbers; other lines stay."""
    return re.sub(r"(?m)^ *[0-9]+[→\t]", "", text)


LIST_SHARE = 0.7
"""A GitHub body is a list if it is an array, or one of its arrays of objects makes this share of its text."""

SAME = 0.8
"""A body is a near-duplicate if it shares this much of its distinct strings (Jaccard) with an earlier one."""


def _github(shared: Path) -> Iterator[tuple[bool, str]]:
    for _, text in archive(shared / "data/json/github-api.tar.gz", (".json",)):
        yield _is_list(json.loads(text)), text


def _is_list(body: Json) -> bool:
    if isinstance(body, list):
        return True
    arrays = [v for v in body.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    return any(len(json.dumps(v)) > LIST_SHARE * len(json.dumps(body)) for v in arrays)


def github(*, lists: bool, distinct: bool) -> Corpus:
    """GitHub API bodies: lists or single objects, all of them or without near-duplicates."""

    def documents(shared: Path) -> Iterator[Document]:
        kept: list[set[str]] = []
        for is_list, text in _github(shared):
            if is_list != lists:
                continue
            strings = set(re.findall(r'"[^"]*"', text))
            if distinct and any(len(strings & k) > SAME * len(strings | k) for k in kept):
                continue
            kept.append(strings)
            yield Document("github_api", {}, text)

    return documents


OUTPUT = re.compile(r"^Output::\n\s*\n((?:[ \t]+.*\n|\s*\n)+)", re.MULTILINE)


def aws(shared: Path) -> Iterator[Document]:
    """The `Output::` blocks of the AWS CLI examples that are JSON, dedented; what is cut short with `...` is not."""
    for _, page in archive(shared / "data/json/aws-cli-examples.tar.gz", (".rst",)):
        for match in OUTPUT.finditer(page):
            lines = match[1].rstrip().split("\n")
            indent = min(len(x) - len(x.lstrip()) for x in lines if x.strip())
            text = "\n".join(x[indent:] for x in lines)
            if text[:1] in "{[" and _parses(text):
                yield Document("Bash", {"command": "aws"}, text)


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def json_archive(name: str) -> Corpus:
    """The JSON files of one archive, up to 2 MB each (a single one is larger)."""
    return lambda shared: (
        Document("api", {}, text) for _, text in archive(shared / "data/json" / name, (".json",)) if _parses(text)
    )


def loghub(shared: Path) -> Iterator[Document]:
    """Sixteen systems, 2,000 lines each; the session is the system."""
    for name, text in archive(shared / "data/logs/loghub.tar.gz", ("_2k.log",)):
        yield Document("Bash", {"command": "cat"}, text, session=name.split("/")[1])


CLI_KINDS = (
    ("ls-laR", "ls -laR"), ("find", "find ."), ("ls-tree", "git ls-tree -rl HEAD"), ("tree", "tree"),
    ("du", "du -a"), ("wc", "wc -l"),
    ("git-log-oneline", "git log --oneline"), ("git-log-stat", "git log --stat"), ("git-log", "git log"),
    ("diff-stat", "git diff --stat"), ("diff-8", "git diff HEAD~8"),
    ("show-", "git show"), ("grep-", "grep -rn"), ("ls-usr-bin", "ls -l /usr/bin"), ("dpkg-l", "dpkg -l"),
    ("df", "df"), ("pip-list", "pip list --format json"),
)  # fmt: skip
"""Part of a file's name to the command that made it, the first that fits."""


def local_cli(shared: Path) -> Iterator[Document]:
    """Outputs of everyday commands; the session is the command."""
    for name, text in archive(shared / "data/logs/local-cli.tar.gz", (".txt", ".diff", ".json")):
        command = next((c for part, c in CLI_KINDS if part in name), name)
        yield Document("Bash", {"command": command}, text, session=command)


def clippy(shared: Path) -> Iterator[Document]:
    """Diagnostics of rustc and clippy, one file per test of the linter."""
    for _, text in archive(shared / "data/logs/clippy-stderr.tar.gz", (".stderr",)):
        yield Document("Bash", {"command": "cargo clippy"}, text)
