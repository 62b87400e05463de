"""How pytest prints a suite that fails, in four styles: progress, each failure with its chain of causes, the sums."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

from bench.generators import WORDS
from bench.suite_plan import Case, Known, Suite, by_file, camel, counts, failing

RULE = "_ " * 40
CAUSED = "The above exception was the direct cause of the following exception:"
SITE = "/srv/shop/.venv/lib/python3.12/site-packages/"
STDLIB = "/usr/lib/python3.12/"


class Part(NamedTuple):
    """One exception of a chain: the entry that pytest shows first, the frames between, and the entry that raised."""

    opening: tuple[str, int, str] | None
    frames: tuple[tuple[str, int, str, str], ...]
    raised: tuple[str, int, str]
    statement: str
    error: str


CHAIN = (
    Part(
        ("urllib3/connection.py", 198, "_new_conn"),
        (("urllib3/util/connection.py", 85, "create_connection", "raise err"),),
        ("urllib3/util/connection.py", 73, "create_connection"),
        "sock.connect(sa)",
        "ConnectionRefusedError: [Errno 111] Connection refused",
    ),
    Part(
        ("urllib3/connectionpool.py", 787, "urlopen"),
        (
            ("urllib3/connectionpool.py", 493, "_make_request", "conn.request("),
            ("urllib3/connection.py", 445, "request", "self.endheaders()"),
            (f"{STDLIB}http/client.py", 1331, "endheaders", "self._send_output(message_body)"),
            (f"{STDLIB}http/client.py", 1091, "_send_output", "self.send(msg)"),
            (f"{STDLIB}http/client.py", 1035, "send", "self.connect()"),
            ("urllib3/connection.py", 276, "connect", "self.sock = self._new_conn()"),
        ),
        ("urllib3/connection.py", 213, "_new_conn"),
        "raise NewConnectionError(",
        "urllib3.exceptions.NewConnectionError: HTTPConnection(host='gateway', port=8080): Connection refused",
    ),
    Part(
        ("requests/adapters.py", 667, "send"),
        (
            ("urllib3/connectionpool.py", 871, "urlopen", "return self.urlopen(method, url, body, headers, retries)"),
            ("urllib3/connectionpool.py", 871, "urlopen", "return self.urlopen(method, url, body, headers, retries)"),
            ("urllib3/connectionpool.py", 841, "urlopen", "retries = retries.increment(method, url, error=new_e)"),
        ),
        ("urllib3/util/retry.py", 519, "increment"),
        "raise MaxRetryError(_pool, url, reason) from reason",
        "urllib3.exceptions.MaxRetryError: HTTPConnectionPool(host='gateway', port=8080): Max retries exceeded",
    ),
    Part(
        None,
        (
            ("shop/client.py", 41, "post", "return self._send('POST', path, json)"),
            ("tenacity/__init__.py", 336, "wrapped_f", "return copy(f, *args, **kw)"),
            ("tenacity/__init__.py", 475, "__call__", "do = self.iter(retry_state=retry_state)"),
            ("tenacity/__init__.py", 376, "iter", "result = action(retry_state)"),
            ("tenacity/__init__.py", 418, "exc_check", "raise retry_exc.reraise()"),
            ("tenacity/__init__.py", 185, "reraise", "raise self.last_attempt.result()"),
            (f"{STDLIB}concurrent/futures/_base.py", 449, "result", "return self.__get_result()"),
            (f"{STDLIB}concurrent/futures/_base.py", 401, "__get_result", "raise self._exception"),
            ("tenacity/__init__.py", 478, "__call__", "result = fn(*args, **kwargs)"),
            ("shop/client.py", 66, "_send", "response = self.session.post(self.url + path, json=json)"),
            ("requests/sessions.py", 637, "post", "return self.request('POST', url, data=data, json=json)"),
            ("requests/sessions.py", 589, "request", "resp = self.send(prep, **send_kwargs)"),
            ("requests/sessions.py", 703, "send", "r = adapter.send(request, **kwargs)"),
        ),
        ("requests/adapters.py", 700, "send"),
        "raise ConnectionError(e, request=request)",
        "requests.exceptions.ConnectionError: order ORDER: gateway:8080 refused the connection",
    ),
)
"""A refused connection, as requests and urllib3 tell it."""


def _entry(rng: Random, entry: tuple[str, int, str], statement: str, error: str) -> list[str]:
    """A function of a library as pytest shows it: arguments, source up to the statement, error, place."""
    path, line, name = entry
    fixed = Random(name)  # the source is the same whoever calls it
    source = [f"    def {name}(self, *args, **kwargs):", '        """']
    for word in fixed.sample(WORDS, 24):
        source.append(
            f"        :param {word}: the {fixed.choice(WORDS)} of the {fixed.choice(WORDS)}, or what was given to"
        )
        source.append(f"            the {fixed.choice(WORDS)} before.")
    source.append('        """')
    source += [f"        {word} = self.{word} or {fixed.choice(WORDS)}({n})" for n, word in enumerate(WORDS[7:16])]
    kind = path.rsplit("/", 1)[1].removesuffix(".py").title()
    module = path.removesuffix(".py").replace("/", ".")
    return [
        f"self = <{module}.{kind} object at 0x7f{rng.getrandbits(40):010x}>",
        "",
        *source,
        f">           {statement}",
        *([f"E           {error}"] if error else []),
        "",
        f"{SITE}{path}:{line}: {error.split(':')[0].split('.')[-1]}",
    ]


def _long_chain(rng: Random, order: int, own: list[str]) -> list[str]:
    """A chain of exceptions in pytest's long form; `own` is the entry of the test."""
    lines: list[str] = []
    for part in CHAIN:
        opening = own if part.opening is None else ["", *_entry(rng, part.opening, "return self._connect(conn)", "")]
        lines += [*opening, RULE, *_short(part.frames), RULE, ""]
        lines += [*_entry(rng, part.raised, part.statement, part.error.replace("ORDER", str(order))), ""]
        lines += [] if part.opening is None else [CAUSED]
    return lines[:-1]


def _short_chain(order: int, own: list[str]) -> list[str]:
    """The same with `--tb=short`."""
    lines: list[str] = []
    for part in CHAIN:
        first = own if part.opening is None else _short([(*part.opening, "return self._connect(conn)")])
        error = part.error.replace("ORDER", str(order))
        lines += [*first, *_short(part.frames), *_short([(*part.raised, part.statement)]), f"E   {error}"]
        lines += [] if part.opening is None else ["", CAUSED]
    return lines


def _short(frames: Iterable[tuple[str, int, str, str]]) -> list[str]:
    """Frames of a place and a statement each, with the carets that Python 3.11 and later put below."""
    lines: list[str] = []
    for path, number, name, code in frames:
        where = path if path.startswith(("/", "shop/")) else SITE + path
        lines += [f"{where}:{number}: in {name}", f"    {code}"]
        if " = " in code or code.startswith("return "):
            start = code.index(" = ") + 3 if " = " in code else 7
            lines.append(f"    {' ' * start}{'^' * (len(code) - start)}")
    return lines


def _fault(rng: Random, case: Case) -> tuple[str, list[str]]:
    """The message of a failure and the lines that follow it."""
    if case.fault == "cause":
        return CHAIN[-1].error.replace("ORDER", str(case.want)), []
    if case.fault == "raise":
        return f"ValueError: {case.reason}", []
    if case.fault == "diff":
        rows = [f"  {rng.choice(WORDS)}: {rng.randint(1, 999)}" for _ in range(6)]
        return (f"AssertionError: assert 'total: {case.got}' == 'total: {case.want}'",
                ["", *rows[:3], f"- total: {case.want}", f"+ total: {case.got}", *rows[3:]])  # fmt: skip
    return f"assert {case.got} == {case.want}", [f" +  where {case.got} = <Order {case.line}>.total"]


def _name(case: Case) -> str:
    parameter = case.parameter.encode("unicode_escape").decode()
    return f"test_{case.name.replace(' ', '_')}" + (f"[{parameter}]" if case.parameter else "")


def _block(rng: Random, case: Case, short: bool) -> tuple[list[str], Known]:
    """One failure under its headline, and what is known of it."""
    path, name = f"tests/test_{case.file}.py", _name(case)
    group, plain = f"Test{camel(case.group)}", name.split("[")[0]
    message, more = _fault(rng, case)
    cause = case.fault == "cause"
    statement = {"cause": f"client.post('/orders/{case.want}', json=order)", "raise": "order.parse()"}.get(
        case.fault, f"assert order.total == {case.want}"
    )
    lines = [f" {group}.{name} ".center(80, "_")]
    if short:
        own = [f"{path}:{case.line}: in {plain}", f"    {statement}"]
        lines += _short_chain(case.want, own) if cause else [*own, *(f"E   {line}" for line in (message, *more))]
    else:
        own = ["", f"self = <test_{case.file}.{group} object at 0x7f{rng.getrandbits(40):010x}>",
               f"client = <shop.client.Client object at 0x7f{rng.getrandbits(40):010x}>", "",
               f"    def {plain}(self, client):",
               f"        order = Order({rng.choice(WORDS)}={rng.randint(1, 99)}, to='{rng.choice(WORDS)}')",
               f">       {statement}"]  # fmt: skip
        if cause:
            lines += _long_chain(rng, case.want, [*own, "", f"{path}:{case.line}: "])
        else:
            lines += [
                *own,
                *(f"E       {line}" for line in (message, *more)),
                "",
                f"{path}:{case.line}: {'ValueError' if case.fault == 'raise' else 'AssertionError'}",
            ]
    return [*lines, *_logs(rng, case)], Known(f"{group}.{name}", f"{path}:{case.line}:", message)


def _logs(rng: Random, case: Case) -> list[str]:
    if rng.random() < 0.4:
        return []
    lines = ["------------------------------ Captured log call -------------------------------"]
    for attempt in range(1, rng.randint(5, 14)):
        lines += [f"INFO     shop.client:client.py:41 POST /orders/{case.want} attempt {attempt}",
                  f"DEBUG    shop.pool:pool.py:88 {rng.randint(1, 9)} of 10 connections in use"]  # fmt: skip
    return [*lines, f"WARNING  shop.client:client.py:60 gave up on order {case.want}"]


def pytest(style: str) -> Callable[[Random, list[Case]], Suite]:
    """What prints a plan as pytest does with this option (`-v`, `-q`, `--tb=short`, or none)."""

    def make(rng: Random, cases: list[Case]) -> Suite:
        failed, passed, skipped = counts(cases)
        seconds = rng.randint(200, 9_000) / 100
        told = f"{failed} failed, {passed} passed, {skipped} skipped in {seconds}s"
        end = told if style == "-q" else f" {told} ".center(80, "=")
        lines = [] if style == "-q" else [
            " test session starts ".center(80, "="), "platform linux -- Python 3.12.4, pytest-9.2.0, pluggy-1.7.0",
            "rootdir: /srv/shop", f"{'collecting ... ' if style == '-v' else ''}collected {len(cases)} items", "",
        ]  # fmt: skip
        lines += _progress(cases, style)
        lines += ["" for _ in range(style != "-q")] + [" FAILURES ".center(80, "=")]
        known, summary = [], []
        for case in failing(cases):
            block, fact = _block(rng, case, style == "--tb=short")
            lines += block
            known.append(fact)
            text = f"FAILED tests/test_{case.file}.py::{fact.name.replace('.', '::', 1)} - {fact.message}"
            summary.append(text if len(text) <= 80 else f"{text[:77]}...")
        lines += [" short test summary info ".center(80, "="), *summary, end, ""]
        return Suite("\n".join(lines), tuple(known), passed, skipped, (end,))

    return make


def _progress(cases: Sequence[Case], style: str) -> list[str]:
    """What pytest prints while the tests run: a line a test, a file, or a row of dots."""
    marks = {"": ".", "skip": "s"}
    lines, done, total = [], 0, len(cases)
    if style == "-v":
        outcomes = {"": "PASSED", "skip": "SKIPPED (needs a network)"}
        for done, case in enumerate(cases, 1):
            text = f"tests/test_{case.file}.py::Test{camel(case.group)}::{_name(case)} "
            text += outcomes.get(case.fault, "FAILED")
            lines.append(text + f" [{done * 100 // total:3d}%]".rjust(max(7, 79 - len(text))))
        return lines
    rows = [cases[i : i + 72] for i in range(0, total, 72)] if style == "-q" else by_file(cases)
    for row in rows:
        done += len(row)
        text = "" if style == "-q" else f"tests/test_{row[0].file}.py "
        text += "".join(marks.get(case.fault, "F") for case in row)
        lines.append(text + f"[{done * 100 // total:3d}%]".rjust(79 - len(text)))
    return lines
