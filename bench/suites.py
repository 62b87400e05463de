"""Outputs of failing test suites made from a seed, in the form of each runner, with what failed known as data.

The forms are those of real runs (pytest 9, jest 29, vitest 2, go 1.22, cargo 1.80, surefire 3) and vary as these do:
messages, nesting, parameters, names that are not ASCII, captured logs, causes that many tests share. The same seed
gives the same text everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.generators import WORDS
from bench.suite_plan import Case, Known, Suite, by_file, camel, counts, failing, plan
from bench.suite_python import pytest
from bench.suite_scripts import jest, vitest


def suite(tool: str, seed: int, tests: int = 400, failures: int = 8) -> Suite:
    """The output of `tool` for a suite of this many tests, of which so many fail."""
    rng = Random(f"{tool} {seed}")
    return TOOLS[tool](rng, plan(rng, tests, failures))


# Go


def _go(rng: Random, cases: list[Case]) -> Suite:
    _, passed, skipped = counts(cases)
    lines, known, sums = [], [], []
    for file in by_file(cases):
        package = f"github.com/acme/shop/{file[0].file.replace('_', '/')}"
        tests: dict[str, list[Case]] = {}
        for case in file:
            tests.setdefault(f"Test{camel(case.group)}", []).append(case)
        for test, subtests in tests.items():
            ends = []
            lines.append(f"=== RUN   {test}")
            for case in subtests:
                name = f"{test}/{case.name.replace(' ', '_')}"
                lines.append(f"=== RUN   {name}")
                word = {"": "PASS", "skip": "SKIP"}.get(case.fault, "FAIL")
                if word == "FAIL":
                    block, message = _go_fault(rng, case)
                    place = f"{case.file}_test.go:{case.line}"
                    lines += [f"    {place}: {block[0]}", *(f"        {line}" for line in block[1:])]
                    known.append(Known(name, place, message))
                ends.append(f"    --- {word}: {name} (0.0{rng.randint(0, 3)}s)")
            lines += [f"--- {'FAIL' if failing(subtests) else 'PASS'}: {test} (0.0{rng.randint(0, 9)}s)", *ends]
        sums.append(f"FAIL\t{package}\t0.{rng.randint(100, 999)}s" if failing(file) else f"ok  \t{package}\t(cached)")
        lines += ["FAIL", sums[-1]] if failing(file) else ["PASS", sums[-1]]
    return Suite("\n".join([*lines, "FAIL", ""]), tuple(known), passed, skipped, tuple(s for s in sums if s[:1] == "F"))


def _go_fault(rng: Random, case: Case) -> tuple[list[str], str]:
    """What a test logs before it fails, as testify prints it or as `t.Errorf` does, and its message."""
    if case.fault == "cause":
        message = f"dial tcp 10.0.0.7:5432: connect: connection refused (order {case.want})"
        trace = [f"/srv/shop/internal/{word}/{word}.go:{41 + 7 * i}" for i, word in enumerate(WORDS[:14])]
        return ["", "Error Trace:\t" + trace[0], *(f"            \t{line}" for line in trace[1:]),
                "Error:      \tReceived unexpected error:", f"            \t{message}",
                f"Test:       \tTest{camel(case.group)}/{case.name.replace(' ', '_')}"], message  # fmt: skip
    message = f"parse: {case.reason}" if case.fault == "raise" else f"Total() = {case.got}, want {case.want}"
    return [
        message,
        *(f"{rng.choice(WORDS)}: {rng.randint(1, 99)}" for _ in range(3 * (case.fault == "diff"))),
    ], message


# Rust

BACKTRACE = (
    ("rust_begin_unwind", "std/src/panicking.rs:665:5"), ("core::panicking::panic_fmt", "core/src/panicking.rs:74:14"),
    ("core::result::unwrap_failed", "core/src/result.rs:1679:5"),
    ("shop::gateway::Client::refund", "./src/gateway.rs:88:22"),
    ("shop::session::Session::send", "./src/session.rs:41:9"),
    ("shop::retry::attempt::{{closure}}", "./src/retry.rs:77:13"),
    ("core::ops::function::FnOnce::call_once", "core/src/ops/function.rs:250:5"),
    ("core::ops::function::FnOnce::call_once", "core/src/ops/function.rs:250:5"),
)  # fmt: skip


def _cargo(rng: Random, cases: list[Case]) -> Suite:
    failed, passed, skipped = counts(cases)
    lines = ["   Compiling shop v0.4.2 (/srv/shop)",
             f"    Finished `test` profile [unoptimized + debuginfo] target(s) in {rng.randint(300, 4_000) / 100}s",
             "     Running unittests src/lib.rs (target/debug/deps/shop-3f9a1c2b7d4e5f60)", "",
             f"running {len(cases)} tests"]  # fmt: skip
    known, blocks, names = [], ["", "failures:", ""], []
    for case in cases:
        name = f"{case.file}::tests::{case.group.replace(' ', '_')}::{case.name.replace(' ', '_')}"
        lines.append(f"test {name} ... {({'': 'ok', 'skip': 'ignored'}).get(case.fault, 'FAILED')}")
        if case.fault in ("", "skip"):
            continue
        place = f"src/{case.file}.rs:{case.line}:9"
        message = f"called `Result::unwrap()` on an `Err` value: Refused {{ order: {case.want} }}"
        rest = []
        if case.fault == "raise":
            message = case.reason
        elif case.fault != "cause":
            message, rest = "assertion `left == right` failed: total", [f"  left: {case.got}", f" right: {case.want}"]
        blocks += [f"---- {name} stdout ----", "", f"thread '{name}' panicked at {place}:", message, *rest]
        if case.fault == "cause":
            blocks += ["stack backtrace:", *(line for i, (function, where) in enumerate(BACKTRACE)
                                             for line in (f"{i:4}: {function}", f"             at {where}")),
                       "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
                       ]  # fmt: skip
        blocks.append("")
        names.append(name)
        known.append(Known(name, place, rest[0] if rest else message))
    end = (f"test result: FAILED. {passed} passed; {failed} failed; {skipped} ignored; 0 measured; 0 filtered out; "
           f"finished in {rng.randint(10, 900) / 100}s")  # fmt: skip
    lines += [*blocks, "", "failures:", *(f"    {name}" for name in sorted(names)), "", end, "",
              "error: test failed, to rerun pass `--lib`", ""]  # fmt: skip
    return Suite("\n".join(lines), tuple(known), passed, skipped, (end,))


# Java

JAVA_FRAMES = """
com.acme.shop.gateway.HttpGateway.refund(HttpGateway.java:88)
com.acme.shop.gateway.Session.send(Session.java:41)
java.base/java.lang.reflect.Method.invoke(Method.java:580)
org.junit.platform.commons.util.ReflectionUtils.invokeMethod(ReflectionUtils.java:728)
org.junit.jupiter.engine.execution.MethodInvocation.proceed(MethodInvocation.java:60)
org.junit.jupiter.engine.execution.InvocationInterceptorChain$Validating.proceed(InvocationInterceptorChain.java:131)
org.junit.jupiter.engine.extension.TimeoutExtension.intercept(TimeoutExtension.java:156)
org.junit.jupiter.engine.extension.TimeoutExtension.interceptTestableMethod(TimeoutExtension.java:147)
org.junit.jupiter.engine.extension.TimeoutExtension.interceptTestMethod(TimeoutExtension.java:86)
org.junit.jupiter.engine.execution.InvocationInterceptorChain.chainAndInvoke(InvocationInterceptorChain.java:45)
org.junit.jupiter.engine.execution.InvocationInterceptorChain.invoke(InvocationInterceptorChain.java:37)
org.junit.jupiter.engine.descriptor.TestMethodTestDescriptor.invokeTestMethod(TestMethodTestDescriptor.java:214)
org.junit.jupiter.engine.descriptor.TestMethodTestDescriptor.execute(TestMethodTestDescriptor.java:139)
org.junit.jupiter.engine.descriptor.TestMethodTestDescriptor.execute(TestMethodTestDescriptor.java:69)
org.junit.platform.engine.support.hierarchical.NodeTestTask.lambda$executeRecursively$6(NodeTestTask.java:151)
org.junit.platform.engine.support.hierarchical.ThrowableCollector.execute(ThrowableCollector.java:73)
org.junit.platform.engine.support.hierarchical.NodeTestTask.lambda$executeRecursively$8(NodeTestTask.java:141)
org.junit.platform.engine.support.hierarchical.Node.around(Node.java:137)
org.junit.platform.engine.support.hierarchical.NodeTestTask.executeRecursively(NodeTestTask.java:138)
org.junit.platform.engine.support.hierarchical.NodeTestTask.execute(NodeTestTask.java:95)
java.base/java.util.ArrayList.forEach(ArrayList.java:1596)
org.junit.platform.engine.support.hierarchical.SameThread.invokeAll(SameThread.java:41)
org.junit.platform.engine.support.hierarchical.HierarchicalTestExecutor.execute(HierarchicalTestExecutor.java:35)
org.junit.platform.engine.support.hierarchical.HierarchicalTestEngine.execute(HierarchicalTestEngine.java:57)
org.junit.platform.launcher.core.EngineExecutionOrchestrator.execute(EngineExecutionOrchestrator.java:107)
org.junit.platform.launcher.core.DefaultLauncher.execute(DefaultLauncher.java:114)
org.apache.maven.surefire.junitplatform.LazyLauncher.execute(LazyLauncher.java:56)
org.apache.maven.surefire.junitplatform.JUnitPlatformProvider.execute(JUnitPlatformProvider.java:184)
org.apache.maven.surefire.junitplatform.JUnitPlatformProvider.invokeAllTests(JUnitPlatformProvider.java:148)
org.apache.maven.surefire.booter.ForkedBooter.runSuitesInProcess(ForkedBooter.java:385)
org.apache.maven.surefire.booter.ForkedBooter.execute(ForkedBooter.java:162)
org.apache.maven.surefire.booter.ForkedBooter.run(ForkedBooter.java:507)
org.apache.maven.surefire.booter.ForkedBooter.main(ForkedBooter.java:495)
""".split()  # noqa: SIM905


def _maven(rng: Random, cases: list[Case]) -> Suite:
    failed, passed, skipped = counts(cases)
    lines = ["[INFO] Scanning for projects...", "[INFO] ",
             "[INFO] ---------------------< com.acme:shop >----------------------",
             "[INFO] Building shop 2.3.0", "[INFO] --- surefire:3.2.5:test (default-test) @ shop ---", "[INFO] ",
             "[INFO]  T E S T S", "[INFO] -------------------------------------------------------"]  # fmt: skip
    known: list[Known] = []
    results: list[str] = []
    for file in by_file(cases):
        name = f"com.acme.shop.{file[0].file.split('_')[0]}.{camel(file[0].file.replace('_', ' '))}Test"
        short, bad = name.rsplit(".", 1)[1], failing(file)
        ignored = sum(case.fault == "skip" for case in file)
        lines.append(f"[INFO] Running {name}")
        sums = (f"Tests run: {len(file)}, Failures: {len(bad)}, Errors: 0, Skipped: {ignored}, "
                f"Time elapsed: {rng.randint(10, 900) / 1000} s")  # fmt: skip
        level = "ERROR" if bad else "WARNING" if ignored else "INFO"
        lines.append(f"[{level}] {sums}{' <<< FAILURE!' if bad else ''} -- in {name}")
        for case in bad:
            method = f"{case.group.split()[0]}{camel(case.name)}"
            message = {
                "cause": f"java.net.ConnectException: Connection refused: order {case.want}",
                "raise": f"java.lang.IllegalStateException: {case.reason}",
            }.get(
                case.fault,
                f"org.opentest4j.AssertionFailedError: total ==> expected: <{case.want}> but was: <{case.got}>",
            )
            own = f"{name}.{method}({short}.java:{case.line})"
            frames = [f"\tat {frame}" for frame in JAVA_FRAMES]
            lines += [f"[ERROR] {name}.{method} -- Time elapsed: 0.0{rng.randint(1, 9)} s <<< FAILURE!", message,
                      *(frames[:2] if case.fault == "cause" else ()), f"\tat {own}", *frames[2:], ""]  # fmt: skip
            known.append(Known(f"{name}.{method}", f"{short}.java:{case.line}", message))
            results.append(f"[ERROR]   {short}.{method}:{case.line} {message.split(': ', 1)[1]}")
    end = f"[ERROR] Tests run: {len(cases)}, Failures: {failed}, Errors: 0, Skipped: {skipped}"
    lines += ["[INFO] ", "[INFO] Results:", "[INFO] ", "[ERROR] Failures: ", *results, "[INFO] ", end, "[INFO] ",
              "[INFO] BUILD FAILURE", f"[INFO] Total time:  {rng.randint(50, 900) / 10} s", ""]  # fmt: skip
    return Suite("\n".join(lines), tuple(known), passed, skipped, (end,))


TOOLS: dict[str, Callable[[Random, list[Case]], Suite]] = {
    "pytest": pytest(""),
    "pytest -v": pytest("-v"),
    "pytest -q": pytest("-q"),
    "pytest --tb=short": pytest("--tb=short"),
    "jest": jest,
    "vitest": vitest,
    "go test -v": _go,
    "cargo test": _cargo,
    "maven": _maven,
}
"""Each runner's name and what puts its form on the tests of a plan."""
