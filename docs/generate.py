"""Writes the parts of the documentation that follow from tables in the code: `make docs`.

Whole pages (`docs/CLI.md`, `docs/SETTINGS.md`), blocks between `<!-- generated: NAME -->` and `<!-- end -->` in other
pages, and samples of renderings (fences `text KIND`), which are decoded and written anew. A test fails when a page
differs from what this module would write, so the pages cannot drift.
"""

from __future__ import annotations

import csv
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import get_args

import click

from headroom import cli, policy, settings
from headroom.compressors import BY_NAME, COMPRESSORS
from headroom.errors import FormatError
from headroom.types import Facts, PartClass

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.csv"
SESSIONS = RESULTS.with_name("sessions.csv")

BY_HAND = "<!-- Written by `make docs` from the tables in the code. -->"

COLUMNS: dict[PartClass, str] = {
    "error": "errors under {error} tokens",
    "small": "small outputs",
    "instructions": "instructions",
    "read": "file reads",
    "machine": "machine output",
    "pasted": "pasted text",
}
"""The columns of the level table, in the words of the README."""

SAMPLE = re.compile(r"^(```text (?P<kind>\w+)\n)(?P<text>.*?)\n(```)$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def levels() -> str:
    """The level table."""
    head = ["level", *(COLUMNS[name].format(error=policy.ERROR_TOKENS) for name in get_args(PartClass))]
    rows = []
    for level in policy.LEVELS.values():
        name = f"`{level.name}`" + (" (default)" if level.name == policy.DEFAULT_LEVEL else "")
        actions = [level.action(content) for content in get_args(PartClass)]
        rows.append([name, *("–" if action == "keep" else action for action in actions)])
    return table(head, rows)


def reasons() -> str:
    """Every reason a report can carry."""
    return table(["reason", "meaning"], ([f"`{reason}`", meaning] for reason, meaning in policy.REASONS.items()))


def kinds() -> str:
    """Every compressor with what its module says of itself."""
    rows = []
    for compressor in COMPRESSORS:
        doc = sys.modules[type(compressor).__module__].__doc__ or ""
        first = " ".join(doc.split("\n\n")[0].split())
        what = re.split(r"(?<=[.])\s", first)[0].rstrip(".")
        rows.append(
            [f"`{compressor.name}`", str(compressor.version), COLUMNS[compressor.content].format(error=""), what]
        )
    return table(["kind", "format", "treated as", "what it is for"], rows)


def figures() -> str:
    """What two levels saved on each workload of the last `make bench`, zeros included, beside headroom-ai."""
    if not RESULTS.exists():
        return "No results yet: run `make bench`, then `make docs`.\n"
    with RESULTS.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    lossless = {row["workload"]: f"{row['saved_percent']} %" for row in found if row["level"] == "lossless"}
    rows = [row for row in found if row["level"] == policy.DEFAULT_LEVEL]
    rows.sort(key=lambda row: -float(row["saved_percent"]))
    head = ["workload", "kind", "tokens", "lossless", "balanced", "planted facts", "samples", "headroom-ai saves",
            "its planted facts", "its samples"]  # fmt: skip
    return table(head, ([row["workload"], row["kind"] or "all", f"{int(row['raw_tokens']):,}",
                         lossless[row["workload"]], f"{row['saved_percent']} %", *_shown(row, "{}"),
                         f"{row['peer_saved_percent'] or '–'} %", *_shown(row, "peer_{}")]
                        for row in rows))  # fmt: skip


def sessions() -> str:
    """What recorded sessions would have cost in input dollars, with headroom-ai on the same outputs."""
    with SESSIONS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["session"] == "total"]
    head = ["sessions", "level", "input dollars", "saved", "net", "sessions dearer", "outputs cut", "used lines hidden"]
    return table(head, ([f"{row['sessions']} of {row['corpus']}", row["level"], f"{row['raw_dollars']}",
                         f"{row['saved_percent']} %", f"{row['net_percent']} %", row["dearer"], row["cut"],
                         f"{row['hidden']} of {row['used']}" if row["used"] != "0" else "–"]
                        for row in rows))  # fmt: skip


def _shown(row: dict[str, str], column: str) -> tuple[str, str]:
    """How many of a workload's planted facts and samples are visible."""
    told = [(row[column.format(name)], row[f"{name}_total"]) for name in ("needles", "samples")]
    first, second = (f"{some} of {all_}" if some and all_ != "0" else "–" for some, all_ in told)
    return first, second


RULES = """\
[[rules]]            # documentation is read word for word
path = "docs/**/*.md"
level = "meter"

[[rules]]            # outputs of one server may be cut more
tool = "mcp__tickets__*"
level = "aggressive"

[[rules]]            # nothing is ever left out of what Bash prints
tool = "Bash"
level = "lossless"
"""
"""The example of the settings page."""


def settings_page() -> str:
    rows = []
    paths = ", ".join(f"`{name}`" for name in policy.PATH_ARGUMENTS)
    for setting in settings.SETTINGS:
        default = setting.default
        shown = "the platform's data directory" if callable(default) else f"`{default}`" if default else "–"
        names = [f"`{name}`" if name else "–" for name in (setting.env, setting.flag, setting.key)]
        rows.append([f"`{setting.name}`", *names, shown, setting.help])
    head = ["setting", "environment", "flag", f"key in `{settings.CONFIG}`", "default", "what it does"]
    return f"""# Settings, levels and reasons

{BY_HAND}

## Settings

The nearest source wins: a flag, then the environment, then `{settings.CONFIG}` in the home folder, then the default.

{table(head, rows)}
## Rules

A rule in `{settings.CONFIG}` gives the outputs of some calls another level, whatever the level in force is.
The first that fits a call counts; what was decided before stays as it is. Only `--level` goes before all rules.
`tool` is matched with the tool's name, `path` with the argument of the call that names a file
({paths}).
Both are optional, and globs: `*` and `?` stop at a slash, `**` does not. A `path` that does not begin with a slash may
begin in any folder; backslashes of Windows are read as slashes.

```toml
{RULES}```

## Levels

What a level may do with a part of a request. *encode*: write it in fewer tokens without loss, proved by decoding it.
*outline*: also leave out what repeats, where the original can be fetched back; at `aggressive` also what matters
least.

{levels()}
## Reasons

Every report says why a part became what it is.

{reasons()}"""


def command_line_page() -> str:
    group = cli.main
    context = click.Context(group, info_name="headroom", **group.context_settings)
    parts = [f"# Command line\n\n{BY_HAND}\n"]
    parts.append(section("headroom", group, context))
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(f"the command line lists {name!r} but has no such command")
        parts.append(section(f"headroom {name}", command, click.Context(command, parent=context, info_name=name)))
    return "\n".join(parts)


def section(title: str, command: click.Command, context: click.Context) -> str:
    """One command: usage, what it does, its options."""
    usage = " ".join([title, *command.collect_usage_pieces(context)])
    text = inspect.cleandoc(click.unstyle(command.help or ""))
    options = [param for param in command.get_params(context) if isinstance(param, click.Option)]
    rows = [record for option in options if (record := option.get_help_record(context))]
    listed = table(["option", "what it does"], ([f"`{names}`", what] for names, what in rows))
    return f"## `{title}`\n\n```text\n{usage}\n```\n\n{text}\n\n{listed}"


BLOCKS: dict[str, Callable[[], str]] = {
    "levels": levels, "reasons": reasons, "kinds": kinds, "figures": figures, "sessions": sessions,
}  # fmt: skip
PAGES: dict[str, Callable[[], str]] = {"docs/CLI.md": command_line_page, "docs/SETTINGS.md": settings_page}


def with_blocks(text: str) -> str:
    """`text` with every generated block and every sample of a rendering renewed."""
    text = BLOCK.sub(lambda block: block[1] + BLOCKS[block["name"]]() + block[3], text)
    return SAMPLE.sub(lambda sample: f"{sample[1]}{_rewritten(sample['kind'], sample['text'])}\n{sample[4]}", text)


def _rewritten(kind: str, sample: str) -> str:
    """The sample as its encoder writes it today, where its decoder still reads it; else as it stands, which a test
    reports."""
    compressor = BY_NAME[kind]
    try:
        return compressor.encode(Facts(compressor.decode(sample))) or sample
    except FormatError:
        return sample


def pages() -> dict[str, str]:
    """Every page that is generated, or holds a generated block or a sample, by its path: what it should be."""
    wanted = {name: page() for name, page in PAGES.items()}
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]):
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        if name not in PAGES and (BLOCK.search(text) or SAMPLE.search(text)):
            wanted[name] = with_blocks(text)
    return wanted


def main() -> None:
    for name, text in pages().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
