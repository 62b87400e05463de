"""How jest and vitest print a suite that fails: a tree of checks, then each failure with its source and its stack."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from bench.suite_plan import Case, Known, Suite, by_file, counts, failing

STACK = (
    "Gateway.refund (src/gateway/client.ts:88:11)",
    "Session.send (src/gateway/session.ts:41:20)",
    "Retry.run (node_modules/@acme/retry/dist/index.js:120:17)",
    "Retry.attempt (node_modules/@acme/retry/dist/index.js:77:9)",
    "Promise.then.completed (node_modules/jest-circus/build/utils.js:298:28)",
    "new Promise (<anonymous>)",
    "callAsyncCircusFn (node_modules/jest-circus/build/utils.js:231:10)",
    "_callCircusTest (node_modules/jest-circus/build/run.js:316:40)",
    "processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "_runTest (node_modules/jest-circus/build/run.js:252:3)",
)


class Fault(NamedTuple):
    """What a failure says, what follows its message, and the statement that failed."""

    message: str
    more: list[str]
    statement: str


def _thrown(case: Case) -> Fault | None:
    """The fault of a test in which something was thrown; both runners print it alike."""
    if case.fault == "cause":
        message = f"TypeError: Cannot read properties of undefined (reading 'order{case.want}')"
        return Fault(message, [], "await gateway.refund(order);")
    return Fault(f"RangeError: {case.reason}", [], "parse(order);") if case.fault == "raise" else None


def _object_diff(case: Case, expected: str, received: str) -> list[str]:
    return [
        "", expected, received, "", "  Object {", f'    "id": {case.line},', f'-   "total": {case.want},',
        f'+   "total": {case.got},', '    "lines": [],', "  }",
    ]  # fmt: skip


def _jest_fault(case: Case) -> Fault:
    if case.fault == "diff":
        more = _object_diff(case, "- Expected  - 1", "+ Received  + 1")
        return Fault(
            "expect(received).toEqual(expected) // deep equality", more, f"expect(order).toEqual(o{case.want});"
        )
    more = ["", f"Expected: {case.want}", f"Received: {case.got}"]
    equal = Fault("expect(received).toBe(expected) // Object.is equality", more, f"expect(total).toBe({case.want});")
    return _thrown(case) or equal


def _vitest_fault(case: Case) -> Fault:
    values = ["", "- Expected", "+ Received", "", f"- {case.want}", f"+ {case.got}"]
    if case.fault == "diff":
        values = _object_diff(case, "- Expected", "+ Received")
    message = f"AssertionError: expected {case.got} to be {case.want} // Object.is equality"
    return _thrown(case) or Fault(message, values, f"expect(total).toBe({case.want});")


def _source(case: Case, statement: str, gap: str, arrow: str) -> list[str]:
    """Source text around the statement that failed."""
    width, blank = len(str(case.line + 2)), " " * len(arrow)
    lines = []
    for i, text in enumerate((f"  const order = make('{case.name.split()[0]}');", "", f"  {statement}", "});", "")):
        lines.append(f"{arrow if i == 2 else blank}{case.line - 2 + i:>{width}}{gap}| {text}".rstrip())
    return [*lines[:3], f"{blank}{' ' * width}{gap}|   ^", *lines[3:]]


def jest(rng: Random, cases: list[Case]) -> Suite:
    """`jest --verbose`; beyond 20 files the failures are told again at the end."""
    failed, passed, skipped = counts(cases)
    lines: list[str] = []
    known: list[Known] = []
    blocks: list[str] = []
    files = by_file(cases)
    bad = 0
    for file in files:
        path = f"src/{file[0].file.split('_')[0]}/__tests__/{file[0].file}.test.ts"
        bad += bool(failing(file))
        lines.append(f"{'FAIL' if failing(file) else 'PASS'} {path}")
        groups: dict[str, list[Case]] = {}
        for case in file:
            groups.setdefault(case.group, []).append(case)
        for group, members in groups.items():
            lines.append(f"  {group}")
            for case in members:
                mark = {"": "✓", "skip": "○ skipped"}.get(case.fault, "✕")
                time = f" ({rng.randint(1, 40)} ms)" if rng.random() < 0.7 and case.fault != "skip" else ""
                lines.append(f"    {mark} {case.name}{time}")
        lines.append("")
        for case in failing(file):
            message, more, statement = _jest_fault(case)
            place = f"{path}:{case.line}:11"
            name = f"{case.group} › {case.name}"
            stack = [f"      at {frame}" for frame in STACK] if case.fault == "cause" else []
            own = [f"    {line}".rstrip() for line in (message, *more)]
            source = [f"    {line}" for line in _source(case, statement, " ", "> ")]
            stack[1:1] = [f"      at Object.<anonymous> ({place})"]
            block = [f"  ● {name}", "", *own, "", *source, "", *stack, ""]
            lines += block
            blocks += [f"FAIL {path}", *block]
            known.append(Known(name, place, more[-1] if case.fault == "equal" else message))
    sums = (f"Test Suites: {bad} failed, {len(files) - bad} passed, {len(files)} total",
            f"Tests:       {failed} failed, {skipped} skipped, {passed} passed, {len(cases)} total")  # fmt: skip
    if len(files) > 20:
        lines += ["Summary of all failing tests", *blocks]
    lines += [*sums, "Snapshots:   0 total", f"Time:        {rng.randint(30, 900) / 10} s", "Ran all test suites.", ""]
    return Suite("\n".join(lines), tuple(known), passed, skipped, sums)


def vitest(rng: Random, cases: list[Case]) -> Suite:
    """`vitest run --reporter=verbose`."""
    failed, passed, skipped = counts(cases)
    files = by_file(cases)
    lines = ["", " RUN  v2.1.8 /srv/shop", ""]
    known: list[Known] = []
    blocks = ["", f" Failed Tests {failed} ".center(60, "⎯"), ""]
    for file in files:
        path = f"src/{file[0].file.replace('_', '/')}.test.ts"
        for case in file:
            mark = {"": "✓", "skip": "↓"}.get(case.fault, "×")
            time = f" {rng.randint(1, 40)}ms" if case.fault or rng.random() < 0.6 else ""
            lines.append(f" {mark} {path} > {case.group} > {case.name}{time if case.fault != 'skip' else ''}")
            if case.fault in ("", "skip"):
                continue
            message, more, statement = _vitest_fault(case)
            lines.append(f"   → {message}")
            place = f"{path}:{case.line}:11"
            stack = [f" ❯ {frame.split(' (')[0]} {frame.split('(')[-1][:-1]}" for frame in STACK[:4]]
            blocks += [f" FAIL  {path} > {case.group} > {case.name}", message, *more, "",
                       *(stack if case.fault == "cause" else ()), f" ❯ {place}",
                       *(f"    {line}" for line in _source(case, statement, "", " ")), "",
                       f"{'⎯' * 50}[{len(known) + 1}/{failed}]⎯", ""]  # fmt: skip
            known.append(Known(f"{case.group} > {case.name}", place, message))
    bad = sum(bool(failing(file)) for file in files)
    sums = (f" Test Files  {bad} failed | {len(files) - bad} passed ({len(files)})",
            f"      Tests  {failed} failed | {passed} passed | {skipped} skipped ({len(cases)})")  # fmt: skip
    lines += [*blocks, *sums, "   Start at  10:12:01", f"   Duration  {rng.randint(20, 900) / 10}s", ""]
    return Suite("\n".join(lines), tuple(known), passed, skipped, sums)
