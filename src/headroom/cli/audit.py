"""`headroom audit`: what each level would have saved and cost in the sessions on this disk.

Nothing is sent, nothing is kept, and nothing is written but the files that were asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from headroom import settings
from headroom.audit import calibrate, findings, html, masks, report, summary
from headroom.audit.rows import LEVELS, Row
from headroom.cli import INTERRUPTED, output, pool
from headroom.cli.stats import SPANS
from headroom.errors import HeadroomError
from headroom.ledger import DAY
from headroom.sessions import READERS, Log, Request, Skipped, logs, logs_at, requests

WORKERS = 4
"""Processes at most: each takes about 100 MB."""

HERE = 1 << 20
"""Bytes of logs up to which they are read in this process: starting others takes longer."""


class Job(NamedTuple):
    """A session to audit, without the answers of these digests: other sessions have them."""

    log: Log
    without: frozenset[int] = frozenset()


class Audited(NamedTuple):
    row: Row
    answers: frozenset[int]
    """Digests of the names of its answers."""


@dataclass
class Findings:
    """What has come in so far."""

    found: list[tuple[Log, Audited]] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False


@click.command("audit", short_help="Show what would have been saved in your own sessions.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--agent", "agents", multiple=True, type=click.Choice([reader.agent for reader in READERS]),
              help="Only sessions of this agent; may be repeated.")  # fmt: skip
@click.option("--since", type=click.Choice(list(SPANS)), default="all", show_default=True, help="How far back.")
@click.option("--level", "levels", multiple=True, type=click.Choice(LEVELS), help="Only this level; may be repeated.")
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Also write a page to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option(
    "--calibrate",
    "calibrates",
    is_flag=True,
    help="Also let levels leave something out only where these sessions prove it harmless.",
)
@click.option(
    "--bound",
    type=click.FloatRange(0, 1, min_open=True),
    default=calibrate.BOUND,
    show_default=True,
    help="With --calibrate: the share of used lines that may be hidden.",
)
def command(
    paths: tuple[Path, ...], agents: tuple[str, ...], since: str, levels: tuple[str, ...], page: Path | None,
    as_json: bool, calibrates: bool, bound: float,
) -> None:  # fmt: skip
    """Replays the sessions that your agents have logged, and shows what each level would have saved and cost.

    PATHS are logs or folders of them; without any, those of all known agents are found. No key is needed, nothing is
    sent, and no log is changed. --calibrate writes thresholds.toml into Headroom's home folder, which all of
    Headroom then obeys; delete it to undo that.
    """
    home = settings.load().home if calibrates else None
    start = time.time() - SPANS[since] * DAY if since != "all" else 0.0
    found = _audited(list(_wanted(paths, agents, start)))
    rows = [audited.row for _, audited in found.found if audited.row.started >= start or not audited.row.started]
    shown = [level for level in LEVELS if level in levels] or list(LEVELS)
    document = summary.document(rows, failed=found.failed, levels=shown)
    if home is not None and not found.interrupted:
        document["calibration"] = _calibrated(home, rows, bound)
    if page is not None:
        _write(page, html.page(document))
    if as_json:
        output.write(json.dumps(document) + "\n")
    else:
        output.write("".join(output.plain(line) + "\n" for line in report.lines(document)))
    if found.interrupted:
        click.echo("headroom: interrupted; only the sessions that were read are counted", err=True)
        sys.exit(INTERRUPTED)
    if found.failed and not rows:
        raise HeadroomError(f"no session could be audited, first {found.failed[0][0]}: {found.failed[0][1]}")


def _calibrated(home: Path, rows: Sequence[Row], bound: float) -> dict[str, Any]:
    """Writes the thresholds that these sessions prove; what a report tells of them."""
    if not rows:
        raise HeadroomError("there is no session to calibrate by; no thresholds were written")
    made = calibrate.calibrated(rows, bound)
    today = datetime.now(UTC).date()
    path = calibrate.write(home, calibrate.text(made, sessions=len(rows), bound=bound, day=today))
    return calibrate.record(made, path=path, sessions=len(rows), bound=bound, day=today)


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise HeadroomError(f"{page} cannot be written ({error.strerror}); name another --html") from None
    output.note(f"Wrote {page}")


def _wanted(paths: Sequence[Path], agents: Sequence[str], start: float) -> Iterator[Log]:
    """The logs to read, without files that were last written before `start`."""
    found = logs_at(paths) if paths else logs(Path.home(), settings.environment(), agents)
    for log in found:
        if (not agents or log.agent in agents) and (not start or _written(log) >= start):
            yield log


def _written(log: Log) -> float:
    try:
        return log.path.stat().st_mtime
    except OSError:
        return time.time()  # reading it will tell what is wrong


def _audited(wanted: Sequence[Log]) -> Findings:
    """Audits the logs, the largest first; those that repeat answers of an earlier session, again without these."""
    found = Findings()
    with _progress() as progress:
        try:
            _run([Job(log) for log in sorted(wanted, key=lambda log: -log.size)], found, progress, "sessions")
            again, found.found = _repeating(found.found)
            _run(again, found, progress, "copies")
        except KeyboardInterrupt:
            found.interrupted = True
    found.failed.sort()
    return found


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _run(jobs: Sequence[Job], found: Findings, progress: Progress, what: str) -> None:
    size = sum(job.log.size for job in jobs)
    task = progress.add_task(f"0 of {len(jobs):,} {what}", total=size or 1)
    workers = min(WORKERS, len(jobs), os.cpu_count() or 1) if size > HERE else 0
    for done, (job, outcome) in enumerate(pool.results(audit, jobs, workers), 1):
        if isinstance(outcome, pool.Failure):
            found.failed.append((str(job.log.path), masks.hidden(outcome.why)))
        elif outcome.row.requests:
            found.found.append((job.log, outcome))
        progress.update(task, advance=job.log.size, description=f"{done:,} of {len(jobs):,} {what}")


def audit(job: Job) -> Audited:
    """One session, with no line of it that holds a secret."""
    skipped, answers = Skipped(), set[int]()

    def own() -> Iterator[Request]:
        for request in requests(job.log, skipped):
            digest = _digest(f"{job.log.agent} {request.name}") if request.name else 0
            if digest in job.without:
                skipped["copied from another session"] += 1
            else:
                answers.add(digest)
                yield request

    row = masks.masked(findings.row(job.log, own(), skipped))
    return Audited(row, frozenset(answers - {0}))


def _digest(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _repeating(found: Sequence[tuple[Log, Audited]]) -> tuple[list[Job], list[tuple[Log, Audited]]]:
    """Clients that resume or fork a session may copy its records: what to audit again, without the answers that an
    earlier session has, and what can stay."""
    seen: set[int] = set()
    again: list[Job] = []
    stay: list[tuple[Log, Audited]] = []
    for log, audited in sorted(found, key=_age):
        copies = audited.answers & seen
        seen |= audited.answers
        if copies:
            again.append(Job(log, copies))
        else:
            stay.append((log, audited))
    return again, stay


def _age(one: tuple[Log, Audited]) -> tuple[Any, ...]:
    log, audited = one
    return audited.row.started, log.size, str(log.path), log.name
