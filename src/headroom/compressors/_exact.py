"""The base of compressors whose decoder returns the original byte for byte."""

from __future__ import annotations

from headroom.compressors._omit import ByLines
from headroom.errors import FormatError
from headroom.types import Facts


class ByteExact(ByLines):
    """`verify` for formats that restore the text itself."""

    def decode(self, rendering: str) -> str:
        raise NotImplementedError

    def verify(self, facts: Facts, rendering: str) -> bool:
        try:
            return self.decode(rendering) == facts.text
        except FormatError:
            return False
