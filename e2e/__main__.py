"""Installs the clients, runs each, and prints a table: `python -m e2e [NAME...]`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from e2e import apart, hooked, installing, persisted, served
from e2e.clients import CLIENTS
from e2e.run import Outcome, run

CASES = (
    *((client.name, client.package, partial(run, client)) for client in CLIENTS),
    *((case.name, case.package, partial(apart.run, case)) for case in (*hooked.CASES, *persisted.CASES, *served.CASES)),
)
"""Name, package, and what runs it in a folder, given the folder of the installed commands."""

HEAD = (
    f"{'client':28}{'turns':>6}{'retrieved':>10}{'violations':>11}"
    f"{'tokens':>9}{'after':>8}{'bytes':>11}{'after':>11}{'seconds':>8}"
)


def main() -> int:
    """Runs the clients that are named, or all; 1 if one of them fails."""
    parser = argparse.ArgumentParser(prog="make e2e", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="clients to run, by the start of their names")
    parser.add_argument("--at", type=Path, default=Path(sys.prefix) / "e2e", help="where the clients are installed")
    parser.add_argument("--keep", action="store_true", help="keep the runs' files, also if all went well")
    asked = parser.parse_args()
    chosen = [case for case in CASES if not asked.names or case[0].startswith(tuple(asked.names))]
    missing = installing.install({package for _, package, _ in chosen}, asked.at)
    # Outside of any repository, whose instructions the clients would read.
    runs = Path(tempfile.mkdtemp(prefix="headroom-e2e-"))
    failed = 0
    print(HEAD, flush=True)
    for name, package, start in chosen:
        if package in missing:
            print(f"{name:28}skipped: {missing[package]}", flush=True)
            continue
        outcome = start(runs / name, installing.programs(asked.at, package))
        print(_row(outcome), flush=True)
        for line in (*outcome.notes, *outcome.faults):
            print(f"    {line[:1000]}", flush=True)
        failed += bool(outcome.faults)
    if failed or asked.keep:
        print(f"{failed} failed; what each client asked, printed and kept is in {runs}")
    else:
        shutil.rmtree(runs, ignore_errors=True)
    return 1 if failed else 0


def _row(o: Outcome) -> str:
    sizes = f"{o.sent:11,}{o.upstream:11,}" if o.sent else f"{'-':>11}{'-':>11}"
    return f"{o.client:28}{o.turns:6}{o.retrievals:10}{o.violations:11}{o.before:9,}{o.after:8,}{sizes}{o.seconds:8.1f}"


if __name__ == "__main__":
    sys.exit(main())
