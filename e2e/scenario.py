"""What the fake model says: one script for all clients.

It has the client print large outputs and, on the way, reads back what was left out of them: alone, beside the client's
own call, before and after it, twice in a row, and again after the client was started anew.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headroom.testing import Call, Received, Reply

TOOL = "headroom_retrieve"

PROMPT = "Find out what broke. Look at the logs, the orders, the tests and the parts."
PROMPT_AGAIN = "And which order was refused?"

FINAL = "Checked everything: the connection pool ran dry (PG-5523)."
FINAL_AGAIN = "It is the order with the expired card."

NOTICE = re.compile(TOOL + r"\('(\w+)', (lines|rows)=")
"""The way back in the first notice of a reduced output."""

ASKED = "100-110"
"""The lines or rows that the model asks for: in the middle of everything that is left out."""


@dataclass(frozen=True)
class Source:
    """An output in the order in which the client prints them."""

    command: str
    piece: str
    """What only the lines asked for show."""


SOURCES = (
    Source("cat service.log", "payments heartbeat seq=0100"),
    Source("cat orders.json", "7100"),
    Source("ls -la parts", "part-0100"),
    Source("cat tests.txt", "test_case_100"),
)
LATER = ("cat worker.log", "tail -n 150 service.log")
"""Printed by two calls at once."""


@dataclass(frozen=True)
class Step:
    """One answer of the model."""

    text: str = ""
    thinking: str = ""
    commands: tuple[str, ...] = ()
    reads: int | None = None
    """The source whose lines are asked back."""
    query: str = ""
    """Asked for instead of lines."""
    ours_first: bool = True
    """False for our call after the client's."""


STEPS = (
    Step("I look at the log.", "Where to begin?", commands=(SOURCES[0].command,)),
    Step("There is more to it.", "What stood around it?", reads=0),
    Step("Now the orders.", commands=(SOURCES[1].command,)),
    Step("The parts, and some orders.", "Both at once.", commands=(SOURCES[2].command,), reads=1),
    Step("The tests, and some parts.", commands=(SOURCES[3].command,), reads=2, ours_first=False),
    Step(thinking="Which passed?", reads=3),
    Step("The log again.", reads=0, query="PG-5523"),
    Step("Two more.", "In parallel.", commands=LATER),
    Step("The orders once more.", commands=(SOURCES[1].command,)),
    Step("One last look.", reads=0),
    Step(FINAL, "That is all."),
)
STEPS_AGAIN = (
    Step("I look it up.", "I know where.", reads=1, query="REFUSED"),
    Step(FINAL_AGAIN),
)
"""After the client was started anew with the same conversation."""


@dataclass
class Script:
    """The fake model in one run.

    Args:
        shell: the client's call that runs a command.
        tool: the name by which the client offers its shell; requests without it are no part of the conversation, such
            as those that ask for a title.
    """

    shell: Callable[[str], Call]
    tool: str
    steps: tuple[Step, ...] = STEPS
    retrieval: str = TOOL
    """The name by which the model calls our tool: clients that know it put their own words before it."""
    problems: list[str] = field(default_factory=list)
    taken: int = 0
    """Steps that were answered with."""
    aside: int = 0
    """Requests outside of the conversation."""
    hidden: set[int] = field(default_factory=set)
    """Numbers of the requests that only the proxy can have made."""
    _refs: list[str] = field(default_factory=list)
    _wanted: list[str] = field(default_factory=list)
    _follows: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, received: Received) -> Reply:
        with self._lock:
            body = received.json
            goes_on = self.taken and body.get("previous_response_id") and "tools" not in body
            if not goes_on and not _offers(body, self.tool):
                self.aside += 1
                return Reply("A title")
            return self._answer(received.number, json.dumps(body, ensure_ascii=False))

    def _answer(self, number: int, text: str) -> Reply:
        self._read(number, text)
        if self.taken >= len(self.steps):
            self.problems.append(f"request {number} came after the last step")
            return Reply("Done.")
        step = self.steps[self.taken]
        self.taken += 1
        own = [self.shell(command) for command in step.commands]
        self._follows = step.reads is not None and not own
        if step.reads is None:
            return Reply(step.text, step.thinking, own)
        ours = [self._retrieval(step)]
        return Reply(step.text, step.thinking, [*ours, *own] if step.ours_first else [*own, *ours])

    def _read(self, number: int, text: str) -> None:
        """Notes the refs of a request, and whether what was asked for has come."""
        if self._follows:
            self.hidden.add(number)
        for ref, _ in NOTICE.findall(text):
            if ref not in self._refs:
                self._refs.append(ref)
        self.problems += [f"request {number} does not show {piece!r}" for piece in self._wanted if piece not in text]
        self._wanted = []

    def _retrieval(self, step: Step) -> Call:
        assert step.reads is not None
        if step.reads >= len(self._refs):
            self.problems.append(f"step {self.taken}: {SOURCES[step.reads].command!r} was not reduced")
            return Call(self.retrieval, {"ref": "none", "lines": ASKED})
        ref = self._refs[step.reads]
        if step.query:
            self._wanted = [step.query]
            return Call(self.retrieval, {"ref": ref, "query": step.query})
        self._wanted = [SOURCES[step.reads].piece]
        kind = "rows" if SOURCES[step.reads].command.endswith(".json") else "lines"
        return Call(self.retrieval, {"ref": ref, kind: ASKED})


def retrievals(steps: tuple[Step, ...]) -> int:
    """How many of our calls a script has."""
    return sum(step.reads is not None for step in steps)


def _offers(body: Any, tool: str) -> bool:
    """True if a request lets the model choose `tool`."""
    items = body.get("input")
    first = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
    return f'"name": "{tool}"' in json.dumps([body.get("tools"), first.get("tools")])
