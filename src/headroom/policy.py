"""What each level may do, and every tuning constant, in one place. A constant is named for what it gates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from headroom.errors import UnknownLevelError
from headroom.types import Action, PartClass, ToolCall

MIN_TOKENS = 60
"""Parts below this stay raw: a header costs 8 to 40 tokens, and nothing of this size was worth one."""

MIN_GAIN_TOKENS = 6
"""A rendering must save at least this many tokens: below it the noise between tokenizers is larger."""

MIN_GAIN_SHARE = 0.03
"""... and at least this share of the part: a 1 % gain does not pay for a text in a form the model must decode."""

SURE_GAIN_TOKENS = 50
"""... or this many tokens, whatever the share: twice what a header and a line of legend cost."""

ERROR_TOKENS = 400
"""A failed tool's output below this is left word for word: errors are short, and the next step hangs on them."""

PASTED_TOKENS = 400
"""A user's own text is an instruction below this, and may hold pasted output above."""

OUTLINE_TOKENS = 1_000
"""Nothing is left out of a part that is below this once encoded: one more turn, should the agent need what is missing,
costs about 2,100 tokens (replayed sessions of Claude Code)."""

OUTLINE_GAIN_TOKENS = 300
"""Leaving out must save at least this many tokens beyond the encoding..."""

OUTLINE_GAIN_SHARE = 0.15
"""... and at least this share of it."""

MAX_CHARS = 32_000_000
"""Parts above this stay raw: the largest request body any provider takes is 32 MB."""

TRIED_COMPRESSORS = 2
"""How many of the best-fitting compressors encode a part: the second is insurance against a misjudged fit."""

SURE_FIT = 0.9
"""A compressor that is this sure is the only one asked: looking through the others' eyes costs more than it finds."""

LAST_FIT = 0.02
"""How well a compressor fits that is asked only where no other one is."""

LITTLE_GAIN = 0.85
"""Where the compressors that fit leave more than this share of the characters, the last one is asked as well."""

INSTRUCTION_TOOLS = frozenset({"Skill", "skill", "TodoWrite", "TodoRead", "ExitPlanMode", "EnterPlanMode"})
"""Tools whose result tells the agent what to do; their text is never changed below `aggressive`."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "encoded": "a lossless encoding saves tokens",
        "repeats": "lines that stand earlier in the request are told by reference",
        "outlined": "what repeats was left out, with a way back",
        "unseen": "screen-equal: what a terminal would not show is left out, with a way back",
        "facts-lost": "leaving anything out would have hidden a fact: only encoded",
        "asked-again": "the agent asked for this again after something was left out: shown whole",
        "level": "the level does not allow changing this kind of part",
        "small": "the part is too small to gain",
        "no-gain": "the best encoding saves too little",
        "no-fit": "no compressor knows this kind of text",
        "contains-format": "the text already speaks our format",
        "secret": "the text comes from a secret file or holds a key",
        "retrieved": "the text is an original that was fetched back",
        "binary": "the text holds NUL bytes",
        "not-unicode": "the text holds unpaired surrogates, which no request can carry",
        "too-large": "the text is longer than any provider accepts",
        "unverified": "the encoding did not decode to the original",
        "compressor-failed": "a compressor raised an error, which was logged",
        "store-failed": "the store could not be read or written",
        "sent-raw": "the part was already sent as it is",
    }
)
"""Every reason a decision can carry, and its meaning for a person."""


@dataclass(frozen=True, slots=True)
class Level:
    """One row of the level table."""

    name: str
    allows: Mapping[PartClass, Action]
    deep: bool = False
    """True if an outline may also drop what is like nothing else but says nothing new."""

    def action(self, content: PartClass) -> Action:
        """What this level may do with a part of class `content`."""
        return self.allows[content]


def _level(name: str, error: Action, small: Action, instructions: Action, read: Action, machine: Action,
           pasted: Action, deep: bool = False) -> Level:  # fmt: skip
    return Level(name, MappingProxyType({
        "error": error, "small": small, "instructions": instructions, "read": read, "machine": machine,
        "pasted": pasted,
    }), deep)  # fmt: skip


LEVELS: Mapping[str, Level] = MappingProxyType({
    level.name: level
    for level in (
        #                    error     small   instructions  read       machine    pasted
        _level("meter",      "keep",   "keep", "keep",       "keep",    "keep",    "keep"),
        _level("lossless",   "keep",   "keep", "keep",       "encode",  "encode",  "encode"),
        _level("balanced",   "keep",   "keep", "keep",       "encode",  "outline", "encode"),
        _level("aggressive", "encode", "keep", "encode",     "outline", "outline", "outline", deep=True),
    )
})  # fmt: skip

DEFAULT_LEVEL = "balanced"


def level(name: str) -> Level:
    """The level called `name`. Raises UnknownLevelError."""
    try:
        return LEVELS[name]
    except (KeyError, TypeError):
        known = ", ".join(LEVELS)
        raise UnknownLevelError(f"unknown level {name!r}; use one of: {known}") from None


class Rule(NamedTuple):
    """Another level for the parts of some calls. Patterns are globs of `*`, `?` (both stop at a slash) and `**`."""

    level: str
    """A name of `LEVELS`."""
    tool: str | None = None
    """Pattern of the tool's name; None fits every part, also one of no tool."""
    path: str | None = None
    """Pattern of a path among the call's arguments (`PATH_ARGUMENTS`). One that does not begin with a slash may begin
    in any folder. Slashes of Windows are read as `/`, in both. None fits every part."""

    def fits(self, call: ToolCall | None) -> bool:
        """True if the rule holds for what `call` returned. A part of no call is of the tool "" and has no path."""
        if self.tool is not None and not _glob(self.tool).fullmatch(call.name if call else ""):
            return False
        return self.path is None or any(_glob(self.path, True).fullmatch(path) for path in _paths(call))


class Threshold(NamedTuple):
    """The deepest level at which something may be left out of texts of a kind and size, as calibration found it. It
    takes from a level, and never adds to one."""

    kind: str
    """Name of a compressor, or `*` for all."""
    level: str
    """A name of `LEVELS`; with one that leaves nothing out, nothing is."""
    from_tokens: int = 0
    """o200k tokens of the text, this many and more..."""
    below_tokens: int | None = None
    """... and fewer than this many; None is no limit."""

    def fits(self, kind: str, tokens: float) -> bool:
        """True if the threshold is for texts of `kind` and so many tokens."""
        within = self.from_tokens <= tokens and (self.below_tokens is None or tokens < self.below_tokens)
        return within and self.kind in ("*", kind)


def capped(thresholds: Sequence[Threshold], kind: str, tokens: float, level: Level) -> Level:
    """The gentler one of `level` and that of the first threshold that fits; `level` where none does."""
    found = next((LEVELS[threshold.level] for threshold in thresholds if threshold.fits(kind, tokens)), level)
    return min(found, level, key=lambda each: list(LEVELS).index(each.name))


def cuts(levels: Iterable[Level], thresholds: Sequence[Threshold]) -> bool:
    """True if one of `levels` may leave something out of a text of any kind and size."""
    if not any("outline" in level.allows.values() for level in levels):
        return False
    for threshold in thresholds:
        if "outline" in LEVELS[threshold.level].allows.values():
            return True
        if (threshold.kind, threshold.from_tokens, threshold.below_tokens) == ("*", 0, None):
            return False
    return True


PATH_ARGUMENTS = (
    "file_path", "filePath", "absolute_path", "notebook_path", "target_file", "relative_path", "filename", "file",
    "path",
)  # fmt: skip
"""How tools call the file they work on: Claude Code, opencode and Copilot, Gemini CLI, Cursor, Serena."""

PATH_CHARS = 4_096
"""What is longer is no path: no system opens it, and matching it could take long."""


def ruled(rules: Sequence[Rule], call: ToolCall | None, otherwise: Level) -> Level:
    """The level of the first rule that fits `call`; `otherwise` where none does, or where it switches all off."""
    if otherwise.name == "meter":
        return otherwise
    return next((LEVELS[rule.level] for rule in rules if rule.fits(call)), otherwise)


def path_of(call: ToolCall | None) -> str:
    """The file that a call works on, as it names it; empty if it names none."""
    return next(iter(_named(call)), "")


def _paths(call: ToolCall | None) -> list[str]:
    """The paths a call names, with slashes whatever the system."""
    return [path.replace("\\", "/") for path in _named(call) if len(path) <= PATH_CHARS]


def _named(call: ToolCall | None) -> list[str]:
    """The paths a call names, as it names them."""
    found = [call.args.get(name) for name in PATH_ARGUMENTS] if call else []
    return [path for path in found if isinstance(path, str)]


_SIGN = re.compile(r"(\*\*/|\*\*|\*|\?)")
_SIGNS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@lru_cache(maxsize=256)
def _glob(pattern: str, floats: bool = False) -> re.Pattern[str]:
    """A glob as an expression for a whole name; one that `floats` is for paths, and may begin in any folder."""
    pattern = pattern.replace("\\", "/") if floats else pattern
    start = "(?:.*/)?" if floats and not pattern.startswith("/") else ""
    return re.compile(start + "".join(_SIGNS.get(piece) or re.escape(piece) for piece in _SIGN.split(pattern)), re.S)


def pays(before: int, after: int) -> bool:
    """True if going from `before` to `after` tokens is worth changing the text."""
    gain = before - after
    return gain >= MIN_GAIN_TOKENS and (gain >= MIN_GAIN_SHARE * before or gain >= SURE_GAIN_TOKENS)


def outline_pays(before: int, after: int) -> bool:
    """True if an outline of `after` tokens is worth what it leaves out, against an encoding of `before` tokens."""
    gain = before - after
    return gain >= OUTLINE_GAIN_TOKENS and gain >= OUTLINE_GAIN_SHARE * before
