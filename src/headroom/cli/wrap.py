"""`headroom wrap`: runs an agent, or any command, with a proxy before its provider for as long as it runs.

Only the environment and the arguments of that one process say where the proxy is; no file is touched. The command has
the terminal, its signals and its exit code, as if it had been run alone.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

import click

from headroom import agents, policy, running, settings, supervisor
from headroom.agents import Agent, Point
from headroom.cli import journal, output, persisting
from headroom.configs import Place
from headroom.errors import UsageError
from headroom.proxy import routes
from headroom.settings import Settings
from headroom.supervisor import Supervisor, Wanted

PASSED_ON = ("SIGTERM", "SIGHUP")
"""Signals that reach this process alone. Ctrl-C comes to the command from the terminal as well as to us."""

WEB_PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")
EXCEPTIONS = ("no_proxy", "NO_PROXY")
LOCAL = "127.0.0.1,localhost"


VALUES = {"--level": True, "--port": True, "--persist": False, "--explain": False}
"""Options of ours, and whether a value follows."""


class _NotRunError(UsageError):
    """The command cannot be run; the exit code is the one that shells have for it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class _Command(click.Command):
    """Tells `wrap -- COMMAND` from `wrap AGENT`, and `wrap AGENT --explain` from an option of the agent's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = _ours_first(args)
        rest = super().parse_args(ctx, list(given))
        words: tuple[str, ...] = ctx.params["words"]
        ctx.params["bare"] = given[: len(given) - len(words)][-1:] == ["--"]
        return rest


def _ours_first(args: Sequence[str]) -> list[str]:
    """The words with those options of ours that follow the agent's name put before it."""
    name = _options(args, 0)
    if args[name : name + 1] in ([], ["--"]):
        return list(args)
    end = _options(args, name + 1)
    return [*args[:name], *args[name + 1 : end], args[name], *args[end:]]


def _options(args: Sequence[str], at: int) -> int:
    """The end of the options of ours that begin at `at`."""
    while at < len(args) and (option := args[at].partition("=")[0]) in VALUES:
        at += 2 if VALUES[option] and "=" not in args[at] else 1
    return at


@click.command(
    "wrap", cls=_Command, context_settings={"allow_interspersed_args": False},
    short_help="Run an agent with a proxy, and nothing else changed.",
)  # fmt: skip
@click.option("--level", metavar="LEVEL", help=f"One of: {', '.join(policy.LEVELS)}.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the proxy.  [default: 8787, or a free one]")
@click.option("--persist", is_flag=True, help="Write it to the agent's settings, for runs without wrap.")
@click.option("--explain", is_flag=True, help="Say what a proxy changes for the agent, and run nothing.")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="AGENT [ARGS]... | -- COMMAND...")
def command(
    level: str | None, port: int | None, persist: bool, explain: bool, words: tuple[str, ...], bare: bool
) -> int:
    """Runs AGENT, or any COMMAND, whose requests then go through a proxy that makes them smaller.

    The proxy starts with the first wrap and ends with the last; no file of the agent is touched. Options before
    AGENT, or right after it, are those below; all others, and all after --, are the agent's own.
    """
    agent = agents.ANY if bare else agents.find(words[0])
    conf = settings.load(overrides={"level": level})
    usual = Point(f"http://{supervisor.HOST}:{port or supervisor.PORT}")
    if explain or persist:
        (persisting.explain if explain else persisting.persist)(agent, usual, _ours(conf.home))
        return 0
    place = journal.place(conf)
    if not agent.env(usual, place) and not agent.args(usual, place):
        why = " ".join(agent.notices(place) or agent.explains)
        raise UsageError(f"{agent.title} cannot be wrapped: {why}")
    program = _found(words[0] if bare else agent.program or agent.name, place.environ)
    args = words[2:] if not bare and words[1:2] == ("--",) else words[1:]
    for notice in agent.notices(place):
        output.note(notice)
    with Supervisor(_wanted(agent, place, conf, level, port), _tell) as proxy:
        point = Point(proxy.url)
        return _run([program, *agent.args(point, place), *args], _environment(agent.env(point, place), place.environ))


def _found(name: str, environ: Mapping[str, str]) -> str:
    """The file of a program."""
    program = shutil.which(name, path=environ.get("PATH"))
    if program is None:
        raise _NotRunError(f"{name} is not there to be run; install it, or put its folder into PATH", 127)
    return program


def _tell(sentence: str) -> None:
    click.echo(f"headroom: {sentence}", err=True)


def _wanted(agent: Agent, place: Place, conf: Settings, level: str | None, port: int | None) -> Wanted:
    """The proxy for an agent: what it was pointed at before becomes the upstream."""
    found = {**_around(place.environ, conf.home), **agent.upstreams(place, _ours(conf.home, port))}
    upstreams = tuple(f"{name}={url}" for name, url in sorted(found.items()))
    words = [word for upstream in upstreams for word in ("--upstream", upstream)]
    if level is not None:
        conf = supervisor.at_one_level(conf)
        words += ["--level", level]
    own = {"HEADROOM_HOME": str(conf.home)}
    if conf.vocabulary is not None:
        own["HEADROOM_VOCABULARY"] = str(conf.vocabulary)
    name = supervisor.fingerprint(conf, routes.parse_upstreams(upstreams), place.environ)
    return Wanted(home=conf.home, fingerprint=name, words=words, environ={**place.environ, **own}, port=port)


def _ours(home: Path, port: int | None = None) -> list[str]:
    """URLs that are no upstream: those of the proxies that run, and the usual one if nothing is there."""
    url = f"http://{supervisor.HOST}:{port or supervisor.PORT}"
    gone = [url] if supervisor.is_free(port or supervisor.PORT) else []
    return [*(proxy.url for proxy in running.running(home)), *gone]


def _around(environ: Mapping[str, str], home: Path) -> Mapping[str, str]:
    """The upstreams of the proxy that this very process is pointed at, in a wrap within a wrap."""
    named = {value.removesuffix("/v1") for value in environ.values()}
    return next((proxy.upstreams for proxy in running.running(home) if proxy.url in named), {})


def _environment(pointed: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The command's environment. A web proxy of the user's is not asked for what is on this machine."""
    found = {**environ, **pointed}
    if any(environ.get(name) for name in WEB_PROXIES):
        for name in EXCEPTIONS:
            found[name] = ",".join(filter(None, (environ.get(name), LOCAL)))
    return found


def _run(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs a command in the foreground; its exit code, 128 and the number for one that a signal ended. Signals are for
    the command, and end nothing here; what this process ignores, the command ignores as well."""
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def passed(number: int, frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    handlers = {"SIGINT": lambda number, frame: None, **dict.fromkeys(PASSED_ON, passed)}
    numbers = {name: getattr(signal, name) for name in handlers if hasattr(signal, name)}
    before = {number: signal.getsignal(number) for number in numbers.values()}
    try:
        for name, number in numbers.items():
            if before[number] not in (signal.SIG_IGN, None):  # None: not Python's to give back
                signal.signal(number, handlers[name])
        process = subprocess.Popen(command, env=dict(environ))
        for number in early:
            process.send_signal(number)
        code = process.wait()
    except OSError as error:
        raise _NotRunError(f"{command[0]} cannot be run: {error.strerror or error}", 126) from None
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
    return code if code >= 0 else 128 - code
