"""Several outputs in one text: prose, then JSON, then a log; a fence in Markdown; what a chain of commands printed.

The text is cut at blank lines, fences and banners into blocks, neighbouring blocks of one kind are joined into a
segment, and each segment is encoded by its own compressor. Everything between stays as it is, in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from headroom.compressors._fits import fit
from headroom.compressors._omit import ByLines
from headroom.errors import FormatError
from headroom.types import Compressor, Facts, PartClass, Unit

HEADER = "[several outputs in one; a line [N lines of KIND] tells what the next N lines are]"
MARK = "[several outputs in one; a line "

MIN_BLOCK = 400
"""Characters below which a block is glue: it goes with its neighbours or stays as it is."""

MIN_FIT = 0.5
"""A block is of a kind only if that kind's compressor is at least this sure: a wrong guess costs a header."""

SURE = 0.85
"""Where one compressor is this sure of the whole text, the text is not mixed."""

MAX_BLOCKS = 400
"""More blocks than this are one kind of text with many blank lines, not many outputs."""

MIN_SIGNS = 0.2
"""Share of a block's lines that must look like a tool's output before any compressor is asked."""

_SIGN = re.compile(
    r"^(?:\s*(?:[\[{]|\"[^\"]*\":|\d+[→\t]|[├└│|+]|Compiling |Downloading |Collecting |test )|\[?\d{4}-\d\d-\d\d"
    r"|\d\d?:\d\d:\d\d|[A-Z][a-z]{2} [ \d]\d \d\d:|[-dl][rwx-]{9}|total \d|diff |@@ |commit [0-9a-f]{7}"
    r"|(?:PASS|FAIL|ERROR|INFO|WARN|E  |ok  |---|===)|[^\s:]+:\d+[:-]|\S*/\S*$|\S+ +\S+  +\S|.*\t.*\t"
    r"|[^,\n]*,[^,\n ]*,[^,\n ]*,)",
    re.MULTILINE,
)
"""Beginnings of lines that tools print and few people write. Only a sieve: the compressors judge what passes."""

_BANNER = re.compile(r"\s*(?:```|~~~|={3,}|-{3,}|\*{3,}|#{1,6} |\$ |\+ \w|>>> |==> )")
_HEADING = re.compile(r"\[(\d+) lines of ([a-z]+)\]")


class Segment(NamedTuple):
    """Some whole lines of a text, and the compressor that encodes them (None: they stay)."""

    text: str
    by: Compressor | None


class Region(NamedTuple):
    """A segment whose lines may be left out: how many lines stand above it, its text, and who describes its units."""

    above: int
    facts: Facts
    by: ByLines


class Mixed(ByLines):
    """Encodes a text segment by segment, each by the best-fitting of `compressors`."""

    name = "mixed"
    version = 1
    content: PartClass = "machine"
    marks: tuple[str, ...] = (MARK,)

    def __init__(self, compressors: Sequence[Compressor]) -> None:
        self.compressors = {compressor.name: compressor for compressor in compressors}

    def fit(self, facts: Facts) -> float:
        """High where segments are of two kinds, middling where of one; 0 where one compressor is sure of the whole."""
        if max((fit(c, facts) for c in self.compressors.values()), default=0.0) >= SURE:
            return 0.0
        kinds = {segment.by.name for segment in self._segments(facts) if segment.by}
        return (0.0, 0.6, 0.85)[min(len(kinds), 2)]

    def encode(self, facts: Facts) -> str | None:
        pieces = self._pieces(facts)
        if not any(kind for kind, _ in pieces):
            return None
        lines = [HEADER]
        for kind, text in pieces:
            if kind:
                lines.append(f"[{text.count(chr(10)) + 1} lines of {kind}]")
            lines.append(text)
        return "\n".join(lines)

    def decode(self, rendering: str) -> str:
        return "\n".join(self.compressors[kind].decode(text) if kind else text for kind, text in self._read(rendering))

    def verify(self, facts: Facts, rendering: str) -> bool:
        """True if the rendering holds exactly the pieces of `facts.text`, and each is verified by its compressor."""
        try:
            read = self._read(rendering)
        except FormatError:
            return False
        segments = self._segments(facts)
        merged = _joined(self._pieces(facts))
        return read == merged and all(
            self.compressors[kind].verify(Facts(segment.text, facts.call), text)
            for segment, (kind, text) in zip(segments, self._pieces(facts), strict=True)
            if kind
        )

    def units(self, facts: Facts) -> Sequence[Unit]:
        """The units of those segments that are machines' output line by line, each like others of its segment alone."""
        return [
            unit._replace(
                first=unit.first + region.above,
                last=unit.last + region.above,
                alike=unit.alike and f"{number} {unit.alike}",
            )
            for number, region in enumerate(self._regions(facts))
            for unit in region.by.units(region.facts)
        ]

    def told(self, facts: Facts, run: Sequence[Unit]) -> str:
        """What the compressor of each segment says of its part of a run."""
        words = []
        for number, region in enumerate(self._regions(facts)):
            own = [
                unit._replace(
                    first=unit.first - region.above,
                    last=unit.last - region.above,
                    alike=unit.alike.removeprefix(f"{number} "),
                )
                for unit in run
                if region.above < unit.first <= region.above + len(region.facts.lines)
            ]
            if own:
                words.append(region.by.told(region.facts, own))
        return ", ".join(words)

    def _regions(self, facts: Facts) -> list[Region]:
        return facts.once("mixed.regions", lambda: list(_regions(facts, self._segments(facts))))

    def _segments(self, facts: Facts) -> list[Segment]:
        return facts.once("mixed.segments", lambda: _segments(facts, list(self.compressors.values())))

    def _pieces(self, facts: Facts) -> list[tuple[str, str]]:
        """For each segment (kind, rendering), or ("", text) where it stays as it is."""
        return facts.once("mixed.pieces", lambda: [self._piece(s, facts) for s in self._segments(facts)])

    def _piece(self, segment: Segment, facts: Facts) -> tuple[str, str]:
        if segment.by is not None:
            rendering = segment.by.encode(Facts(segment.text, facts.call, facts.query))
            # Bytes stand in for tokens here; the pipeline counts the whole.
            if rendering is not None and len(rendering) + len(segment.by.name) + 16 < len(segment.text):
                return segment.by.name, rendering
        return "", segment.text

    def _read(self, rendering: str) -> list[tuple[str, str]]:
        """The pieces of a rendering, verbatim neighbours joined. Raises FormatError."""
        header, *lines = rendering.split("\n")
        if header != HEADER:
            raise FormatError("a rendering of several outputs begins with its header line")
        pieces: list[tuple[str, str]] = []
        at = 0
        while at < len(lines):
            heading = _HEADING.fullmatch(lines[at])
            if heading is None:
                pieces.append(("", lines[at]))
                at += 1
                continue
            count, kind = int(heading[1]), heading[2]
            if kind not in self.compressors or count == 0 or at + count >= len(lines):
                raise FormatError(f"no {count} lines of {kind} follow their heading")
            pieces.append((kind, "\n".join(lines[at + 1 : at + 1 + count])))
            at += 1 + count
        return _joined(pieces)


def _regions(facts: Facts, segments: Sequence[Segment]) -> Iterator[Region]:
    """The segments that are a machine's output (what was read is left whole) and whose units are lines."""
    above = 0
    for segment in segments:
        by: object = segment.by
        machine = segment.by is not None and segment.by.content == "machine"
        if machine and isinstance(by, ByLines) and type(by).outline is ByLines.outline:
            yield Region(above, Facts(segment.text, facts.call, facts.query), by)
        above += segment.text.count("\n") + 1


def _joined(pieces: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pieces with verbatim neighbours made one."""
    joined: list[tuple[str, str]] = []
    for kind, text in pieces:
        if not kind and joined and not joined[-1][0]:
            joined[-1] = ("", joined[-1][1] + "\n" + text)
        else:
            joined.append((kind, text))
    return joined


def _segments(facts: Facts, compressors: Sequence[Compressor]) -> list[Segment]:
    blocks = _blocks(facts.lines)
    if not 2 <= len(blocks) <= MAX_BLOCKS:
        return [Segment(facts.text, None)]
    kinds = _glued([_kind(block, facts, compressors) for block in blocks])
    by_name = {c.name: c for c in compressors}
    segments = []
    for name, group in groupby(zip(kinds, blocks, strict=True), key=lambda pair: pair[0]):
        text = "\n".join(block for _, block in group)
        segments.append(Segment(text, by_name.get(name)))
    return segments


def _blocks(lines: Sequence[str]) -> list[str]:
    """Lines cut before each banner and around each run of blank lines; joined by newlines they are the text."""
    blocks: list[list[str]] = []
    blank = None
    for line in lines:
        if (not line.strip()) != blank or _BANNER.match(line):
            blocks.append([])
        blocks[-1].append(line)
        blank = not line.strip()
    return ["\n".join(block) for block in blocks]


def _kind(block: str, facts: Facts, compressors: Sequence[Compressor]) -> str:
    """The name of the compressor that is surest of a block; "?" for glue, "" where none is sure."""
    if len(block) < MIN_BLOCK:
        return "?"
    if len(_SIGN.findall(block)) < MIN_SIGNS * block.count("\n"):
        return ""
    alone = Facts(block, facts.call)
    best, name = MIN_FIT, ""
    for compressor in compressors:
        if (sure := compressor.fit(alone)) >= best:
            best, name = sure, compressor.name
        if best >= SURE:
            break
    return name


def _glued(kinds: Sequence[str]) -> list[str]:
    """Glue between two blocks of one kind becomes of that kind, other glue stays as it is."""
    known = [(i, kind) for i, kind in enumerate(kinds) if kind != "?"]
    glued = ["" if kind == "?" else kind for kind in kinds]
    for (left, kind), (right, other) in pairwise(known):
        if kind == other:
            glued[left + 1 : right] = [kind] * (right - left - 1)
    return glued
