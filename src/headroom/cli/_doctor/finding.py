"""What a check says: one sentence on what is so, one on what to do about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from headroom.errors import HeadroomError

State = Literal["ok", "warning", "failure"]


class Finding(NamedTuple):
    """One line of the report."""

    state: State
    told: str
    """What is so, with the value."""
    remedy: str = ""
    """What to do; empty where there is nothing to do."""


def ok(told: str, remedy: str = "") -> Finding:
    return Finding("ok", told, remedy)


def warning(told: str, remedy: str) -> Finding:
    return Finding("warning", told, remedy)


def failure(told: str, remedy: str) -> Finding:
    return Finding("failure", told, remedy)


def failed(error: HeadroomError) -> Finding:
    """An error as a finding. Its message says what happened, then, after a semicolon, what to do."""
    told, _, remedy = str(error).rpartition("; ")
    return failure(
        _sentence(told or remedy), _sentence(remedy) if told else "Correct it and run headroom doctor again."
    )


def _sentence(text: str) -> str:
    """A clause as a sentence. A path or the name of a variable at its start keeps its letters."""
    first = text.partition(" ")[0]
    start = text[:1].upper() + text[1:] if first.isalpha() else text
    return start if start.endswith((".", "?", "!")) else f"{start}."
