"""One module per kind of content. `COMPRESSORS` is the registry: adding a kind is one module, its test, one name here.

Each compressor says how well it fits a text. The first that is sure (`policy.SURE_FIT`) encodes it, else the best
`policy.TRIED_COMPRESSORS` do; ties go to the order of the tuple.
"""

from __future__ import annotations

from headroom import notices
from headroom.compressors import _coats, _repeats
from headroom.compressors.code import Code
from headroom.compressors.diff import Diff
from headroom.compressors.html import Html
from headroom.compressors.listing import Listing
from headroom.compressors.logs import Logs
from headroom.compressors.mixed import Mixed
from headroom.compressors.opaque import Opaque
from headroom.compressors.output import Output
from headroom.compressors.prose import Prose
from headroom.compressors.raw import Raw
from headroom.compressors.reading import Reading
from headroom.compressors.records import Records
from headroom.compressors.runs import Runs
from headroom.compressors.search import Search
from headroom.compressors.table import Table
from headroom.types import Compressor

RAW = Raw()

_KINDS: tuple[Compressor, ...] = (Records(), Reading(), Listing(), Diff(), Search(), Table(), Logs(), Runs())

LAST = Output()
"""Asked where no other kind fits or those that do gain little."""

COMPRESSORS: tuple[Compressor, ...] = (*_KINDS, Mixed(_KINDS), Html(), Opaque(), Code(), Prose(), LAST, RAW)

BY_NAME = {compressor.name: compressor for compressor in COMPRESSORS}

MARKS: tuple[str, ...] = (
    *notices.MARKS, *_repeats.MARKS, *_coats.MARKS, *(mark for c in COMPRESSORS for mark in c.marks),
)  # fmt: skip
"""All ASCII substrings by which a text is known to speak our format already."""


def stands_for(kind: str, rendering: str) -> str:
    """The text a rendering of `kind` stands for: the original as its decoder gives it back, or, where notices stand
    in it, the outline. Raises FormatError on what that kind cannot have written."""
    heads, rendering = _coats.apart(rendering)
    compressor = BY_NAME[kind]
    text = compressor.decode(rendering) if any(mark in rendering for mark in compressor.marks) else rendering
    return _coats.restored(text, heads)
