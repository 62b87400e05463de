"""Failures with names of their own, put into tool outputs, and whether they can still be read there.

A name is made of two words that stand nowhere else, so that looking for them needs no understanding of the text. The
forms are those in which programs report failures, in ten languages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

NAMES = (
    "amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "ledge", "marsh",
    "niche", "orbit", "prism", "quill", "ridge", "slate", "thorn", "umbra", "vault", "wharf", "yield", "zephyr",
)  # fmt: skip
"""Words of harmless lines."""

FORMS = (
    "ERROR {a} {b}: no space left on device", "FATAL: {a} {b} stopped", "error: {a} {b} could not be linked",
    "CRITICAL {a} lost {b}", "Error: {a} has no {b}", "panic: {a} {b} is nil", "fatal: {a} {b} not found",
    "E   AssertionError: {a} is not {b}", "FAILED tests/test_{a}.py::test_{b} - AssertionError",
    "tests/test_{a}.py::test_{b} FAILED", "--- FAIL: Test{a}{b} (0.01s)", "test {a}::{b} ... FAILED",
    "npm ERR! {a} {b}", "src/{a}.ts(12,5): error TS2345: {b} is not assignable", "not ok 7 - {a} {b}",
    "  ✕ {a} {b} (3 ms)", "✗ {a} {b}", "src/{a}.c:12:5: error: {b} undeclared", "{a}: {b}: Permission denied",
    "{a}: cannot open {b}", "Segmentation fault in {a} {b}", "[ERROR] {a} {b} did not compile",
    "make: *** [{a}] Error 2 in {b}", "Caused by: java.io.IOException: {a} {b}",
    "cp: cannot stat '{a}/{b}': No such file",
    "Failed to start {a} {b}", "ValueError: {a} {b}", "2025-03-09 07:00:01,004 ERROR [{a}] {b} failed",
    "2025-03-09T07:00:01Z level=error msg=\"{a} {b} timed out\"",
    "Mar  9 07:00:01 host {a}[81]: {b} connection refused",
    "FEHLER: {a} {b} fehlgeschlagen", "Fehler: {a} {b} nicht gefunden", "Erreur : {a} {b} introuvable",
    "erreur: échec de {a} {b}", "Error: {a} {b} denegado", "erro: {a} {b} falhou", "errore: {a} {b} non trovato",
    "Ошибка: {a} {b} не найден", "2025-03-09 07:00:01 ОШИБКА {a} {b}", "错误: {a} {b} 失败",
    "エラー: {a} {b} 失敗しました",
    "오류: {a} {b} 실패", "2025-03-09 07:00:01 [错误] {a} {b}",
    "Traceback (most recent call last):\n  File \"/srv/{a}.py\", line 12, in run\n    run()\nKeyError: '{b}'",
    "Exception in thread \"main\" java.lang.IllegalStateException: {a}\n\tat dev.example.{b}.run(Run.java:12)",
    "thread 'main' panicked at src/{a}.rs:12:5:\n{b} is none",
)  # fmt: skip
"""Lines that report a failure, with places for its name."""

LEVELS = ("ERROR", "FATAL", "error", "critical")
_PARTS = ("ba", "do", "fi", "gu", "ke", "lo", "mi", "nu", "po", "ra", "si", "tu", "ve", "wo", "xa", "zi")


class Text(NamedTuple):
    """A text with failures in it."""

    text: str
    names: tuple[tuple[str, str], ...]
    """The two words of each."""
    places: tuple[int, ...]
    """The lines, or rows, that report them, counted from 0."""
    rows: tuple[Any, ...] = ()
    """The rows of a JSON text; empty for lines."""
    path: str = ""
    """Where the rows stand."""
    written: Callable[[Sequence[object]], str] = str
    """Writes the text with other rows."""


def unread(made: Text, shown: str) -> list[str]:
    """The names that cannot be read in `shown`."""
    return [f"{a} {b}" for a, b in made.names if a not in shown or b not in shown]


def _name(rng: Random) -> tuple[str, str]:
    a, b = ("".join(rng.choice(_PARTS) for _ in range(5)) for _ in range(2))
    return f"q{a}", f"j{b}"


def in_lines(rng: Random, lines: list[str]) -> Text:
    """One to three failures at random places of a text; one of them perhaps many times."""
    lines = list(lines)
    end = "\r" if lines and lines[0].endswith("\r") else ""
    names = [_name(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    for a, b in names:
        report = [line + end for line in rng.choice(FORMS).format(a=a, b=b).split("\n")]
        for _ in range(rng.choice((1, 1, 1, 1, 2, 40))):
            at = rng.randrange(len(lines) + 1)
            lines[at:at] = report
    places = tuple(i for i, line in enumerate(lines) if any(a in line or b in line for a, b in names))
    return Text("\n".join(lines), tuple(names), places)


def in_rows(rng: Random, text: str) -> Text | None:
    """Failures in one to three rows of a JSON list (or of the list in an object); None for any other text."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    key = (
        next((k for k, v in body.items() if isinstance(v, list) and len(v) > 9), None) if isinstance(body, dict) else ""
    )
    rows = body if key == "" else body.get(key) if key is not None else None
    if not isinstance(rows, list) or len(rows) < 10 or not all(isinstance(row, dict) for row in rows):
        return None
    if key and not re.fullmatch(r"[A-Za-z_]\w*", key):
        return None
    rows = [dict(row) for row in rows]
    names = [_name(rng) for _ in range(rng.choice((1, 1, 2, 3)))]
    places = rng.sample(range(len(rows)), len(names))
    for place, (a, b) in zip(places, names, strict=True):
        rows[place] |= _failed(rng, a, b)
    indent = rng.choice((None, 2))

    def written(parts: Sequence[object], indent: int | None = None) -> str:
        whole = list(parts) if key == "" else {**body, key: list(parts)}
        return json.dumps(whole, indent=indent, ensure_ascii=False, separators=None if indent else (",", ":"))

    return Text(written(rows, indent), tuple(names), tuple(places), tuple(rows), f"$.{key}" if key else "", written)


def _failed(rng: Random, a: str, b: str) -> dict[str, object]:
    """Fields that report a failure."""
    forms: tuple[dict[str, object], ...] = (
        {"level": rng.choice(LEVELS), "message": f"{a} {b} stopped"},
        {"status": "failed", "name": f"{a} {b}"},
        {"error": f"{a} {b} is missing"},
        {"error": {"code": "E1", "message": f"{a} {b}"}},
        {"status": 503, "message": f"{a} {b} is not there"},
        {"exit_code": 2, "stderr": f"{a}: cannot open {b}\n"},
        {"ok": False, "reason": f"{a} {b}"},
        {"log": f"all went well\n2025-03-09 ERROR {a} {b}\nall went well"},
        {"conclusion": "timed_out", "title": f"{a} {b}"},
        {"message": f"Fehler: {a} {b} nicht gefunden"},
    )  # fmt: skip
    return rng.choice(forms)
