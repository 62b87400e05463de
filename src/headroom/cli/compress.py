"""`headroom compress`: one tool output in, its rendering out. It never fails on the content of its input."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import click

from headroom import api, policy, settings
from headroom.cli import explain, output
from headroom.errors import UsageError
from headroom.notices import screen_equal
from headroom.types import WayBack

STDIN = "-"

NOTHING = api.Report(
    leaf=(), tool="", kind="raw", level="", ref=None, lossless=True, omissions=(), reason="small", tokens_before=0,
    tokens_after=0,
)  # fmt: skip
"""What there is to say of an empty text, which has no part."""


@click.command("compress", short_help="Make one tool output smaller.")
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--tool", metavar="NAME", help="Name of the tool whose output this is, such as Read or Grep.")
@click.option("--args", metavar="JSON", help="Arguments of that tool's call, as a JSON object.")
@click.option("--query", metavar="TEXT", help="What the agent is after.")
@click.option("--level", metavar="LEVEL", help=f"One of: {', '.join(policy.LEVELS)}.")
@click.option("--model", metavar="NAME", help="The model that will read it: chooses how tokens are counted.")
@click.option(
    "--way",
    type=click.Choice(get_args(WayBack)),
    default="shell",
    help="How the reader can fetch what is left out: shell (headroom get), tool, mcp or none; none leaves nothing out.",
)
@click.option("--explain", "why", is_flag=True, help="Print what is shown and left out, and why, not the rendering.")
@click.option("--json", "as_json", is_flag=True, help="Print the rendering and its figures as one JSON object.")
def command(
    file: str | None,
    tool: str | None,
    args: str | None,
    query: str | None,
    level: str | None,
    model: str | None,
    way: WayBack,
    why: bool,
    as_json: bool,
) -> None:
    """Makes one tool output smaller, from FILE or standard input, and prints it.

    What cannot be made smaller is printed as it is, to the byte. `headroom get REF` fetches
    the original back. Where lines or rows are left out, a notice in their place gives the command that fetches them.
    """
    conf = settings.load(overrides={"level": level})
    call = _arguments(args)
    text = _read(file)
    if call is None and file not in (None, STDIN):
        call = {"file_path": file}  # a secret file is known by its name
    heard = explain.Listener()
    started = time.perf_counter()
    with output.warnings_shown():
        result = api.compress(
            text, level=conf.level, model=model, query=query, tool=tool, args=call, way_back=way,
            rules=None if level is None else (), thresholds=None if level is None else (), explain=heard,
        )  # fmt: skip
    milliseconds = (time.perf_counter() - started) * 1000
    told = _explained(heard, result, way)
    if as_json:
        units = {"units": explain.record(told.units)} if why else {}
        output.write(json.dumps(record(result, milliseconds) | units) + "\n")
    elif why:
        output.write(f"{figures(result, milliseconds)}\n{told.verdict}\n")
        if told.units:
            output.write(f"\n{explain.table(told.units)}\n{explain.totals(told.units)}\n")
    else:
        output.write_text(result.messages)
        output.note(figures(result, milliseconds))


def record(result: api.Result, milliseconds: float) -> dict[str, Any]:
    """What `--json` prints. Surrogates in the rendering stand for bytes that are not UTF-8 (0x80 is U+DC80)."""
    part = next(iter(result.parts), NOTHING)
    return {
        "rendering": result.messages,
        "tokens_before": part.tokens_before,
        "tokens_after": part.tokens_after,
        "kind": part.kind,
        "lossless": part.lossless,
        "ref": part.ref,
        "omissions": [asdict(omission) for omission in part.omissions],
        "reason": part.reason,
        "ms": round(milliseconds, 1),
    }


def figures(result: api.Result, milliseconds: float) -> str:
    """The same as one line for a person."""
    part = next(iter(result.parts), NOTHING)
    about = "about " if result.estimate else ""
    spent = f"{milliseconds:,.0f} ms"
    if part.ref is None:
        kept = f"left as it is, since {policy.REASONS[part.reason]}"
        return f"{part.kind}: {about}{part.tokens_before:,} tokens, {kept} ({spent})"
    saved = 1 - part.tokens_after / part.tokens_before
    tokens = f"{about}{part.tokens_before:,} tokens, now {part.tokens_after:,} ({saved:.0%} fewer)"
    omitted = "screen-equal" if screen_equal(part.omissions) else f"{len(part.omissions)} omissions"
    loss = "lossless" if part.lossless else omitted
    return f"{part.kind}: {tokens}, {loss}, {spent}; the original: headroom get {part.ref}"


def _explained(heard: explain.Listener, result: api.Result, way: str) -> explain.Explanation:
    part = next(iter(result.parts), NOTHING)
    return explain.explained(
        heard, reason=part.reason, kind=part.kind, level=part.level, way=way, tokens=part.tokens_after
    )


def _read(file: str | None) -> str:
    """The input as text. Bytes that are not UTF-8 become surrogates, which `output.write` turns back."""
    if file is None and sys.stdin.isatty():
        raise UsageError("there is no input; name a file, or pipe a tool's output into headroom compress")
    try:
        data = sys.stdin.buffer.read() if file in (None, STDIN) else Path(file or "").read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"cannot read {file!r} ({why}); name a file that can be read, or - for standard input"
        ) from error
    return data.decode("utf-8", "surrogateescape")


def _arguments(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        shown = text if len(text) <= 60 else text[:59] + "…"
        example = '{"pattern": "def main"}'
        raise UsageError(f"--args is {shown!r}, which is no JSON object; write it like '{example}'")
    return value
