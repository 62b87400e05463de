"""What commands write: exact bytes on standard output, whatever the locale, and notes for people on standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from headroom.errors import HeadroomError

_PICTURES = {code: 0x2400 + code for code in range(32) if code != ord("\t")} | {127: 0x2421}
"""Control characters and their pictures in Unicode's block of that name."""


def write(text: str) -> None:
    r"""Writes `text` to standard output as UTF-8, with no line end translated and none added.

    Bytes that were read as surrogates (`surrogateescape`) come out as they went in.
    """
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def write_text(text: str) -> None:
    """Like `write`; a person at a terminal also gets the final line end that the text may lack."""
    write(text if text.endswith("\n") or not text or not to_terminal() else text + "\n")


def plain(line: str) -> str:
    """`line` for a person to read: control characters, which could move the cursor or recolour the screen, as their
    pictures (`␛`), and what is no character as `?`."""
    return line.translate(_PICTURES).encode("utf-8", "replace").decode("utf-8")


def to_terminal() -> bool:
    """True if standard output is a terminal."""
    return sys.stdout.isatty()


def note(message: str) -> None:
    """A line for a person: to standard error, and only if that is a terminal."""
    if sys.stderr.isatty():
        click.echo(message, err=True)


@contextmanager
def warnings_shown() -> Iterator[None]:
    """While it lasts, what the library logs (a part that stayed as it was because something failed) is told on
    standard error: a failure that is foreseen as one sentence, a bug with its traceback."""
    log = logging.getLogger("headroom")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Sentence("headroom: %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _Sentence(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        cause = record.exc_info[1] if record.exc_info else None
        if isinstance(cause, HeadroomError):
            return f"headroom: {record.getMessage()} ({cause})"
        return super().format(record)
