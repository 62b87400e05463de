"""One module per kind of content. `COMPRESSORS` is the registry: adding a kind is one module, its test, one name here.

Each compressor says how well it fits a text; the best `policy.TRIED_COMPRESSORS` encode it, and ties go to the order
of the tuple.
"""

from __future__ import annotations

from headroom.compressors.diff import Diff
from headroom.compressors.listing import Listing
from headroom.compressors.raw import Raw
from headroom.compressors.reading import Reading
from headroom.compressors.records import Records
from headroom.compressors.search import Search
from headroom.types import Compressor

COMPRESSORS: tuple[Compressor, ...] = (Records(), Reading(), Search(), Listing(), Diff(), Raw())

BY_NAME = {compressor.name: compressor for compressor in COMPRESSORS}

NOTICE_MARKS = ("headroom_retrieve(",)
"""What stands in every omission notice."""

MARKS: tuple[str, ...] = NOTICE_MARKS + tuple(mark for compressor in COMPRESSORS for mark in compressor.marks)
