"""`headroom show`: what was decided about an original, and the original beside what the model reads in its place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

from headroom import api, notices, policy, settings
from headroom.cli import output
from headroom.cli.differences import unified
from headroom.types import Decision, Original

STYLES = {"-": "red", "+": "green", "@": "cyan"}
"""The colour of a line of the diff, by its first character."""


@click.command("show", short_help="Show what was made of an original, and why.")
@click.argument("ref")
@click.option("--json", "as_json", is_flag=True, help="Print the decisions and both texts as one JSON object.")
def command(ref: str, as_json: bool) -> None:
    """Shows every decision about the original behind REF, then the original beside what the model reads.

    The texts are a unified diff: what is sent in the place of the original, as it was decided last. Only conversations
    have decisions; a text that was compressed on its own is decided anew each time.
    """
    store = api.open_store(settings.load())
    original = store.get(ref)
    decisions = store.decisions(original.ref)
    if as_json:
        output.write(json.dumps(record(original, decisions)) + "\n")
        return
    text = "".join(f"{line}\n" for line in (*summary(original, decisions), *differences(original, decisions)))
    output.write(text)


def record(original: Original, decisions: Sequence[Decision]) -> dict[str, Any]:
    """What `--json` prints: the original, and each decision once, the oldest first."""
    told = []
    for decision, times in Counter(decisions).items():
        fields = asdict(decision)
        del fields["refers"]
        told.append(fields | {"meaning": policy.REASONS.get(decision.reason, ""), "places": times})
    return {"ref": original.ref, "original": original.text, "decisions": told}


def summary(original: Original, decisions: Sequence[Decision]) -> Iterator[str]:
    """The original's size, and each decision with its figures, its reason and what was left out."""
    count, size = len(_lines(original.text)), len(original.text.encode("utf-8", "surrogatepass"))
    yield f"{original.ref}: {count:,} line{'s' * (count != 1)}, {size:,} bytes"
    if not decisions:
        yield "No conversation holds a decision about it, so only the original is known."
        yield f"To read it: headroom get {original.ref}"
    for decision, times in Counter(decisions).items():
        yield ""
        yield f"{decision.kind} at level {decision.level}: {_tokens(decision)}{_places(times)}"
        yield f"  {decision.reason}: {policy.REASONS.get(decision.reason, 'of another version of Headroom')}"
        for omission in decision.omissions:
            of = f" of {omission.path}" if omission.path else ""
            yield output.plain(f"  {omission.unit} {notices.spec(omission)}{of}: {omission.what}")


def differences(original: Original, decisions: Sequence[Decision]) -> Iterator[str]:
    """The diff from the original to what was sent last, coloured on a terminal that has colours."""
    if not decisions or decisions[-1].rendering is None:
        return
    paint = _Painter()
    yield ""
    yield paint(f"--- the original, {original.ref}", "bold")
    yield paint(f"+++ what the model reads, {decisions[-1].kind}", "bold")
    for line in unified(_lines(original.text), _lines(decisions[-1].rendering)):
        yield paint(output.plain(line), STYLES.get(line[0], ""))


class _Painter:
    """Colours a line where standard output is a terminal and neither NO_COLOR nor its type says no."""

    def __init__(self) -> None:
        console = Console(force_terminal=output.to_terminal())
        wanted = console.is_terminal and not console.no_color and console.color_system is not None
        self._system = ColorSystem.STANDARD if wanted else None

    def __call__(self, line: str, style: str) -> str:
        return Style.parse(style).render(line, color_system=self._system) if style else line


def _lines(text: str) -> list[str]:
    r"""The lines of a text, which end at `\n` alone; whether the last one has an end makes no difference."""
    return text.removesuffix("\n").split("\n") if text else []


def _tokens(decision: Decision) -> str:
    before, after = decision.tokens_before, decision.tokens_after
    share = f" ({1 - after / before:.1%} fewer)" if before else ""
    loss = "screen-equal" if notices.screen_equal(decision.omissions) else "with omissions"
    return f"{before:,} tokens, now {after:,}{share}, {'lossless' if decision.lossless else loss}"


def _places(times: int) -> str:
    return f"; in {times:,} places" if times > 1 else ""
