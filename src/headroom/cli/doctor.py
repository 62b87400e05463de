"""`headroom doctor`: finds what keeps Headroom from working, and says what to do about each thing.

A table of checks, each a function from what is so to findings. Nothing is changed, nothing leaves this machine, and a
check that fails itself is a finding.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import click

from headroom import policy, settings
from headroom.cli import output
from headroom.cli._doctor import disk, edits, installation, proxies, requests
from headroom.cli._doctor.clients import Found, clients
from headroom.cli._doctor.finding import Finding, failed, failure
from headroom.cli._doctor.scene import Scene, scene
from headroom.errors import HeadroomError, SettingError

log = logging.getLogger("headroom")


class Check(NamedTuple):
    """One thing that is looked into."""

    name: str
    find: Callable[[Scene], Iterable[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("installation", installation.packages_are_there),
    Check("tokens", installation.tokens_are_counted),
    Check("settings", installation.settings_can_be_read),
    Check("disk", disk.home_has_room),
    Check("store", disk.store_is_sound),
    Check("ledger", disk.ledger_is_sound),
    Check("permissions", disk.others_cannot_read),
    Check("edits", edits.edits_stand),
    Check("run files", edits.run_files_are_of_living_proxies),
    Check("addresses", proxies.settings_lead_to_a_proxy),
    Check("proxies", proxies.proxies_agree),
    Check("requests", requests.requests_get_smaller),
    Check("hooks", requests.hooks_make_smaller),
    Check("both", requests.hooks_beside_a_proxy),
)
"""In the order of the report."""

COLOURS = {"ok": "green", "warning": "yellow", "failure": "red"}


@click.command("doctor", short_help="Find what is wrong, and what to do about it.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def command(as_json: bool) -> None:
    """Looks into everything that can keep Headroom from working, and tries what is set up.

    Requests as real clients send them go to each running proxy, which gives them back instead of sending them on.
    Nothing is changed, and nothing leaves this machine. Exits with 1 if something failed.
    """
    heard = _Heard()
    log.addHandler(heard)
    try:
        found, there = examined(heard.said)
    finally:
        log.removeHandler(heard)
    output.write(json.dumps(record(found, there)) + "\n" if as_json else "\n".join(report(found, there)) + "\n")
    if any(finding.state == "failure" for _, finding in found):
        raise click.exceptions.Exit(1)


def examined(heard: list[str]) -> tuple[list[tuple[str, Finding]], list[Found]]:
    """All findings, each with the name of its check, and the clients that are installed."""
    environ = settings.environment()
    try:
        home = settings.home(environ)
    except SettingError as error:
        return [("settings", failed(error))], []
    try:
        conf = settings.load(environ)
    except SettingError:  # a check of its own tells; the others go by what is not set
        conf = settings.Settings(home=home, level=policy.DEFAULT_LEVEL, store_cap=1 << 30, vocabulary=None)
    try:
        seen = scene(conf, heard)
    except OSError as error:
        told = f"{error.filename or home} cannot be read ({error.strerror or error})."
        return [("disk", failure(told, "Make it readable for you, or set HEADROOM_HOME to another folder."))], []
    return [(check.name, finding) for check in CHECKS for finding in _found(check, seen)], list(clients(seen))


def _found(check: Check, seen: Scene) -> list[Finding]:
    try:
        return list(check.find(seen))
    except HeadroomError as error:
        return [failed(error)]
    except Exception as error:
        log.exception("the check %s failed", check.name)
        told = f"This could not be looked into ({type(error).__name__}: {error})."
        return [failure(told, "Report it with what this prints: headroom doctor --json.")]


def record(found: Sequence[tuple[str, Finding]], there: Sequence[Found]) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "ok": all(finding.state != "failure" for _, finding in found),
        "findings": [{"check": name, **finding._asdict()} for name, finding in found],
        "clients": [client._asdict() for client in there],
    }


def report(found: Sequence[tuple[str, Finding]], there: Sequence[Found]) -> Iterator[str]:
    """The same for a person."""
    for _, finding in found:
        mark = (
            click.style(f"{finding.state:7}", fg=COLOURS[finding.state])
            if output.to_terminal()
            else f"{finding.state:7}"
        )
        yield f"{mark}  {output.plain(finding.told)}"
        if finding.remedy:
            yield f"{'':7}  {output.plain(finding.remedy)}"
    if there:
        yield ""
        yield from (_client(client) for client in there)
    failures, warnings = (sum(finding.state == state for _, finding in found) for state in ("failure", "warning"))
    yield ""
    yield f"{_count(failures, 'failure')}, {_count(warnings, 'warning')}." if failures or warnings else "All is well."


def _client(client: Found) -> str:
    version = client.version or ("version unknown" if client.path else "not on the PATH")
    return f"{client.title:12} {version:16} {', '.join(client.has) or '-':18} {client.path}".rstrip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


class _Heard(logging.Handler):
    """Keeps what the library logs, so that it is told in a finding and not in between."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        self.said.append(record.getMessage() + (f": {cause}" if cause else ""))
