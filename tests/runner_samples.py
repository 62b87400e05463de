"""What test runners print, one row of a table each: how a passed test looks, how a failed one does, what stands around.

The forms are those of real runs, from each runner's own documentation and sources. `printed` fills a row with tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from bench.generators import WORDS

_WORDS = tuple(word for word in WORDS if word not in ("signal", "vendor", "trace"))
"""`signal 7` would be the code of a failure, and the others are named by a command."""

GROUP = 7
"""Tests in a group."""


class Runner(NamedTuple):
    """Templates of one runner's lines. Fields: `i` number, `g` `G` group, `name` `snake` `Name` of the test, `ms`,
    `want` `got` of a comparison, `line` of the source, `k` number of the failure; `n` `p` `f` tests in all, passed,
    failed."""

    command: str
    passed: str
    failed: str
    block: str = ""
    """What is said of each failure once all tests ran."""
    head: str = ""
    group: str = ""
    """Above the tests of a group."""
    close: str = ""
    """Below the tests of a group that passed."""
    close_failed: str = ""
    failures: str = ""
    """What opens the part of the failures, where there are any."""
    tail: str = ""
    tail_failed: str = ""


class Printed(NamedTuple):
    """An output, its lines of passed tests and those that tell of the failed ones."""

    text: str
    passed: tuple[str, ...]
    told: tuple[str, ...]


def printed(runner: Runner, seed: int, tests: int, failures: int) -> Printed:
    """The output of a suite of this many tests, of which so many fail."""
    rng = Random(seed)
    bad = set(rng.sample(range(2, tests), failures))
    sums = {"n": tests, "p": tests - failures, "f": failures}
    lines: list[str] = []
    passed: list[str] = []
    told: list[str] = []
    blocks: list[str] = []

    def put(template: str, fields: Mapping[str, object], *kept: list[str]) -> None:
        if template:
            text = template.format(**fields).split("\n")
            for each in kept:
                each += [line for line in text if line.strip(" -")]
            lines.extend(text)

    put(runner.head, sums)
    for start in range(0, tests, GROUP):
        numbers = range(start, min(tests, start + GROUP))
        words = [rng.choice(_WORDS), rng.choice(_WORDS)]
        group: dict[str, object] = {"g": " ".join(words), "G": "".join(map(str.title, words)), **sums, "i": start}
        put(runner.group, group)
        for i in numbers:
            name = f"{rng.choice(_WORDS)} handles {rng.choice(_WORDS)} {rng.choice(_WORDS)} {i}"
            want = rng.randint(100, 99_999)
            fields = group | {
                "i": i + 1, "name": name, "snake": name.replace(" ", "_"), "Name": name.title().replace(" ", ""),
                "ms": rng.randint(1, 40), "want": want, "got": want - rng.randint(1, 90), "line": 20 + 3 * i,
                "k": 1 + sum(j < i for j in bad),
            }  # fmt: skip
            if i in bad:
                put(runner.failed, fields, told)
                if runner.block:
                    block = runner.block.format(**fields).split("\n")
                    blocks += block
                    told += [line for line in block if line.strip()]
            else:
                put(runner.passed, fields, passed)
        put(runner.close_failed or runner.close if bad & set(numbers) else runner.close, group)
    if bad:
        put(runner.failures, sums)
    lines += blocks
    put(runner.tail_failed or runner.tail if bad else runner.tail, sums)
    return Printed("\n".join([*lines, ""]), tuple(passed), tuple(told))


RUNNERS = {
    "xctest": Runner(
        "swift test",
        "Test Case '-[ShopTests.{G}Tests test{Name}]' started.\n"
        "Test Case '-[ShopTests.{G}Tests test{Name}]' passed (0.0{ms} seconds).",
        "Test Case '-[ShopTests.{G}Tests test{Name}]' started.\n"
        "/srv/shop/Tests/{G}Tests.swift:{line}: error: -[ShopTests.{G}Tests test{Name}] : XCTAssertEqual failed: "
        '("{got}")'
        ' is not equal to ("{want}")\n'
        "Test Case '-[ShopTests.{G}Tests test{Name}]' failed (0.0{ms} seconds).",
        head="Building for debugging...\nBuild complete! (2.13s)\n"
        "Test Suite 'All tests' started at 2025-05-01 10:00:00.123.",
        group="Test Suite '{G}Tests' started at 2025-05-01 10:00:00.124.",
        close="Test Suite '{G}Tests' passed at 2025-05-01 10:00:00.130.\n"
        "\t Executed 7 tests, with 0 failures (0 unexpected) in 0.004 (0.005) seconds",
        close_failed="Test Suite '{G}Tests' failed at 2025-05-01 10:00:00.130.\n"
        "\t Executed 7 tests, with 1 failure (0 unexpected) in 0.004 (0.005) seconds",
        tail="Test Suite 'All tests' passed at 2025-05-01 10:00:01.130.\n"
        "\t Executed {n} tests, with 0 failures (0 unexpected) in 1.004 (1.005) seconds",
        tail_failed="Test Suite 'All tests' failed at 2025-05-01 10:00:01.130.\n"
        "\t Executed {n} tests, with {f} failures (0 unexpected) in 1.004 (1.005) seconds",
    ),
    "xctest linux": Runner(
        "swift test",
        "Test Case '{G}Tests.test{Name}' started at 2025-05-01 10:00:00.124\n"
        "Test Case '{G}Tests.test{Name}' passed (0.0{ms} seconds)",
        "Test Case '{G}Tests.test{Name}' started at 2025-05-01 10:00:00.124\n"
        '/srv/shop/Tests/{G}Tests.swift:{line}: error: {G}Tests.test{Name} : XCTAssertEqual failed: ("{got}") is not '
        "equal"
        ' to ("{want}") - \n'
        "Test Case '{G}Tests.test{Name}' failed (0.0{ms} seconds)",
        group="Test Suite '{G}Tests' started at 2025-05-01 10:00:00.124",
        close="Test Suite '{G}Tests' passed at 2025-05-01 10:00:00.130\n"
        "\t Executed 7 tests, with 0 failures (0 unexpected) in 0.004 (0.004) seconds",
        close_failed="Test Suite '{G}Tests' failed at 2025-05-01 10:00:00.130\n"
        "\t Executed 7 tests, with 1 failure (0 unexpected) in 0.004 (0.004) seconds",
        tail="\t Executed {n} tests, with {f} failures (0 unexpected) in 1.004 (1.005) seconds",
    ),
    "swift testing": Runner(
        "swift test",
        '◇ Test "{name}" started.\n✔ Test "{name}" passed after 0.0{ms} seconds.',
        '◇ Test "{name}" started.\n'
        '✘ Test "{name}" recorded an issue at {G}Tests.swift:{line}:9: Expectation failed: (total → {got}) == {want}\n'
        '✘ Test "{name}" failed after 0.0{ms} seconds with 1 issue.',
        head="◇ Test run started.\n↳ Testing Library Version: 102 (arm64e-apple-macos13.0)",
        group="◇ Suite {G}Tests started.",
        close="✔ Suite {G}Tests passed after 0.004 seconds.",
        close_failed="✘ Suite {G}Tests failed after 0.004 seconds with 1 issue.",
        tail="✔ Test run with {n} tests passed after 0.104 seconds.",
        tail_failed="✘ Test run with {n} tests failed after 0.104 seconds with {f} issues.",
    ),
    "playwright": Runner(
        "npx playwright test",
        "  ✓  {i:>3} [chromium] › tests/{g}.spec.ts:{line}:5 › {G} › {name} ({ms}ms)",
        "  ✘  {i:>3} [chromium] › tests/{g}.spec.ts:{line}:5 › {G} › {name} ({ms}ms)",
        "  {k}) [chromium] › tests/{g}.spec.ts:{line}:5 › {G} › {name} ─────────────\n\n"
        "    Error: expect(received).toBe(expected)\n\n    Expected: {want}\n    Received: {got}\n\n"
        "    > {line} |     expect(await page.total()).toBe({want});\n"
        "        at /srv/shop/tests/{g}.spec.ts:{line}:31\n",
        head="\nRunning {n} tests using 4 workers\n",
        failures="\n",
        tail="\n  {p} passed (30.2s)",
        tail_failed="\n  {f} failed\n  {p} passed (30.2s)",
    ),
    "playwright plain": Runner(
        "npx playwright test",
        "  ok {i:>3} [chromium] › tests/{g}.spec.ts:{line}:5 › {G} › {name} ({ms}ms)",
        "  x  {i:>3} [chromium] › tests/{g}.spec.ts:{line}:5 › {G} › {name} ({ms}ms)",
        "  {k}) [chromium] › tests/{g}.spec.ts:{line}:5 › {G} › {name} ─────────────\n\n"
        "    Error: expect(received).toBe(expected)\n\n    Expected: {want}\n    Received: {got}\n",
        head="\nRunning {n} tests using 4 workers\n",
        tail="\n  {f} failed\n  {p} passed (30.2s)",
    ),
    "minitest": Runner(
        "bin/rails test -v",
        "{G}Test#test_{snake} = 0.0{ms} s = .",
        "{G}Test#test_{snake} = 0.0{ms} s = F",
        "  {k}) Failure:\n{G}Test#test_{snake} [test/{G}_test.rb:{line}]:\nExpected: {want}\n  Actual: {got}\n",
        head="Run options: -v --seed 4711\n\n# Running:\n",
        failures="\nFinished in 1.234567s, 97.1 runs/s, 97.1 assertions/s.\n",
        tail="{n} runs, {n} assertions, {f} failures, 0 errors, 0 skips",
    ),
    "rspec": Runner(
        "bundle exec rspec -fd",
        "    {name}",
        "    {name} (FAILED - {k})",
        "  {k}) {G} {g} {name}\n     Failure/Error: expect(order.total).to eq({want})\n\n       expected: {want}\n"
        "            got: {got}\n\n       (compared using ==)\n"
        "     # ./spec/{G}_spec.rb:{line}:in `block (3 levels) in <top (required)>'\n",
        head="\nRandomized with seed 4711",
        group="\n{G}\n  {g}",
        failures="\nFailures:\n",
        tail="\nFinished in 2.31 seconds (files took 0.4 seconds to load)\n{n} examples, {f} failures",
    ),
    "bun": Runner(
        "bun test",
        "(pass) {G} > {name} [0.{ms}ms]",
        "{line} |     expect(total()).toBe({want});\n                        ^\n"
        "error: expect(received).toBe(expected)\n\n"
        "Expected: {want}\nReceived: {got}\n\n      at <anonymous> (/srv/shop/{G}.test.ts:{line}:21)\n"
        "(fail) {G} > {name} [0.{ms}ms]",
        head="bun test v1.1.8 (5102a944)\n",
        group="\n{G}.test.ts:",
        tail="\n {p} pass\n {f} fail\n {n} expect() calls\nRan {n} tests across 12 files. [345.00ms]",
    ),
    "robot": Runner(
        "robot tests",
        "{name:<69} | PASS |\n------------------------------------------------------------------------------",
        "{name:<69} | FAIL |\n{got} != {want}\n"
        "------------------------------------------------------------------------------",
        head="==============================================================================\nShop\n"
        "==============================================================================",
        group="Shop.{G}\n==============================================================================",
        close="Shop.{G:<64} | PASS |\n7 tests, 7 passed, 0 failed\n"
        "==============================================================================",
        close_failed="Shop.{G:<64} | FAIL |\n7 tests, 6 passed, 1 failed\n"
        "==============================================================================",
        tail="Shop                                                                  | PASS |\n"
        "{n} tests, {p} passed, {f} failed\nOutput:  /srv/shop/output.xml",
        tail_failed="Shop                                                                  | FAIL |\n"
        "{n} tests, {p} passed, {f} failed\nOutput:  /srv/shop/output.xml",
    ),
    **{
        f"dotnet {language}": Runner(
            "dotnet test",
            f"  {passed} Acme.Shop.{{G}}Tests.{{Name}} [{{ms}} ms]",
            f"  {failed} Acme.Shop.{{G}}Tests.{{Name}} [{{ms}} ms]\n  {message}\n"
            "   Assert.Equal() Failure: Values differ\nExpected: {want}\nActual:   {got}\n"
            f"  {trace}\n     at Acme.Shop.{{G}}Tests.{{Name}}() in /srv/shop/{{G}}Tests.cs:{of} {{line}}",
            head="Shop.Tests -> /srv/shop/bin/Debug/net8.0/Shop.Tests.dll",
            tail=f"\n{total}: {{n}}\n     {passed}: {{p}}\n     {failed}: {{f}}",
        )
        for language, passed, failed, message, trace, of, total in (
            ("english", "Passed", "Failed", "Error Message:", "Stack Trace:", "line", "Total tests"),
            ("german", "Bestanden", "Fehler", "Fehlermeldung:", "Stapelverfolgung:", "Zeile", "Gesamtzahl Tests"),
            (
                "french",
                "Réussi",
                "Échoué",
                "Message d'erreur :",
                "Arborescence des appels de procédure :",
                "ligne",
                "Nombre total de tests",
            ),
            (
                "spanish",
                "Correctas",
                "Con error",
                "Mensaje de error:",
                "Seguimiento de la pila:",
                "línea",
                "Pruebas totales",
            ),
            ("japanese", "成功", "失敗", "エラー メッセージ:", "スタック トレース:", "行", "テストの合計数"),
            ("chinese", "已通过", "失败", "错误消息:", "堆栈跟踪:", "行号", "测试总数"),
            (
                "russian",
                "Пройден",
                "Не пройден",
                "Сообщение об ошибке:",
                "Трассировка стека:",
                "строка",
                "Всего тестов",
            ),
        )
    },
    "unittest with docstrings": Runner(
        "python -m unittest -v",
        "test_{snake} (tests.test_{G}.{G}Tests.test_{snake})\nOrders are told {name}. ... ok",
        "test_{snake} (tests.test_{G}.{G}Tests.test_{snake})\nOrders are told {name}. ... FAIL",
        "======================================================================\n"
        "FAIL: test_{snake} (tests.test_{G}.{G}Tests.test_{snake})\nOrders are told {name}.\n"
        "----------------------------------------------------------------------\nTraceback (most recent call last):\n"
        '  File "/srv/shop/tests/test_{G}.py", line {line}, in test_{snake}\n'
        "    self.assertEqual(order.total, {want})\n"
        "AssertionError: {got} != {want}\n",
        failures="",
        tail="\n----------------------------------------------------------------------\nRan {n} tests in 2.103s\n\nOK",
        tail_failed="----------------------------------------------------------------------\n"
        "Ran {n} tests in 2.103s\n\n"
        "FAILED (failures={f})",
    ),
    "mocha": Runner(
        "npx mocha",
        "      ✔ {name} ({ms}ms)",
        "      {k}) {name}",
        "  {k}) {G}\n       {g}\n         {name}:\n\n      AssertionError: expected {got} to equal {want}\n"
        "      + expected - actual\n\n      -{got}\n      +{want}\n      \n"
        "      at Context.<anonymous> (test/{G}.spec.js:{line}:29)\n",
        group="\n  {G}\n    {g}",
        failures="\n\n  {p} passing (3s)\n  {f} failing\n",
        tail="\n\n  {n} passing (3s)",
        tail_failed="\n",
    ),
    "node": Runner(
        "node --test",
        "  ✔ {name} ({ms}.12ms)",
        "  ✖ {name} ({ms}.12ms)",
        "test at test/{G}.test.js:{line}:3\n✖ {name} ({ms}.12ms)\n"
        "  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:\n"
        "  \n  {got} !== {want}\n  \n      at TestContext.<anonymous> (file:///srv/shop/test/{G}.test.js:{line}:12)\n",
        group="▶ {G} {g}",
        close="✔ {G} {g} (6.1ms)",
        close_failed="✖ {G} {g} (6.1ms)",
        failures="ℹ tests {n}\nℹ suites 9\nℹ pass {p}\nℹ fail {f}\nℹ duration_ms 52.1\n\n✖ failing tests:\n",
        tail="ℹ tests {n}\nℹ suites 9\nℹ pass {p}\nℹ fail {f}\nℹ duration_ms 52.1",
        tail_failed="\n",
    ),
    "deno": Runner(
        "deno test",
        "  {name} ... ok ({ms}ms)",
        "  {name} ... FAILED ({ms}ms)",
        "{G} {g} ... {name} => ./{G}_test.ts:{line}:6\nerror: AssertionError: Values are not equal.\n\n\n"
        "    [Diff] Actual / Expected\n\n\n-   {got}\n+   {want}\n",
        head="running {n} tests from ./shop_test.ts",
        group="{G} {g} ...",
        close="{G} {g} ... ok (12ms)",
        close_failed="{G} {g} ... FAILED (due to 1 failed step) (12ms)",
        failures="\n ERRORS \n",
        tail="\nok | {p} passed | {f} failed (34ms)",
        tail_failed="\nFAILED | {p} passed | {f} failed (34ms)\n\nerror: Test failed",
    ),
    "junit console": Runner(
        "java -jar junit-platform-console-standalone.jar execute --scan-class-path",
        "│  │  ├─ {snake}() ✔",
        "│  │  ├─ {snake}() ✘ expected: <{want}> but was: <{got}>",
        "  JUnit Jupiter:{G}Test:{snake}()\n    MethodSource [className = 'acme.{G}Test', methodName = '{snake}']\n"
        "    => org.opentest4j.AssertionFailedError: expected: <{want}> but was: <{got}>\n"
        "       acme.{G}Test.{snake}({G}Test.java:{line})\n       [...]",
        head="Thanks for using JUnit!\n\n╷\n├─ JUnit Jupiter ✔",
        group="│  ├─ {G}Test ✔",
        failures="\nFailures ({f}):",
        tail="└─ JUnit Vintage ✔\n\nTest run finished after 64 ms\n[       {n} tests found      ]\n"
        "[       {p} tests successful ]\n"
        "[         {f} tests failed     ]",
    ),
    "gradle": Runner(
        "./gradlew test",
        "{G}Test > {name} PASSED\n",
        "{G}Test > {name} FAILED\n    org.opentest4j.AssertionFailedError: expected: <{want}> but was: <{got}>\n"
        "        at app//acme.{G}Test.{snake}({G}Test.java:{line})\n",
        head="> Task :compileJava UP-TO-DATE\n> Task :test\n",
        tail="\nBUILD SUCCESSFUL in 8s",
        tail_failed="{n} tests completed, {f} failed\n\n> Task :test FAILED\n\n"
        "FAILURE: Build failed with an exception.\n\nBUILD FAILED in 8s",
    ),
    "phpunit testdox": Runner(
        "vendor/bin/phpunit --testdox",
        " ✔ {name}",
        " ✘ {name}\n   │\n   │ Failed asserting that {got} matches expected {want}.\n   │\n"
        "   │ /srv/shop/tests/{G}Test.php:{line}\n   │",
        head="PHPUnit 10.5.2 by Sebastian Bergmann and contributors.\n\nRuntime:       PHP 8.2.14\n\n"
        "Time: 00:00.214, Memory: 32.00 MB",
        group="\n{G} (Acme\\Tests\\{G})",
        tail="\nOK ({n} tests, {n} assertions)",
        tail_failed="\nFAILURES!\nTests: {n}, Assertions: {n}, Failures: {f}.",
    ),
    "exunit": Runner(
        "mix test --trace",
        "  * test {name} [L#{line}]\r  * test {name} (0.{ms}ms) [L#{line}]",
        "  * test {name} [L#{line}]\r  * test {name} (0.{ms}ms) [L#{line}]\n\n  {k}) test {name} (Shop.{G}Test)\n"
        "     test/{G}_test.exs:{line}\n     Assertion with == failed\n     code:  assert total(order) == {want}\n"
        "     left:  {got}\n     right: {want}\n     stacktrace:\n       test/{G}_test.exs:{line}: (test)\n",
        head="Running ExUnit with seed: 4711, max_cases: 1",
        group="\nShop.{G}Test [test/{G}_test.exs]",
        tail="\nFinished in 0.2 seconds (0.00s async, 0.2s sync)\n{n} tests, {f} failures",
    ),
    "nextest": Runner(
        "cargo nextest run",
        "        PASS [   0.0{ms:>02}s] ({i:>3}/{n}) shop {snake}::tests::{snake}",
        "        FAIL [   0.0{ms:>02}s] ({i:>3}/{n}) shop {snake}::tests::{snake}\n  stderr ───\n\n"
        "    thread '{snake}::tests::{snake}' panicked at src/{snake}.rs:{line}:9:\n"
        "    assertion `left == right` failed\n      left: {got}\n     right: {want}\n",
        head="    Finished `test` profile [unoptimized + debuginfo] target(s) in 0.35s\n"
        "    Starting {n} tests across 3 binaries",
        tail="────────────\n     Summary [   1.204s] {n} tests run: {p} passed, {f} failed, 0 skipped",
    ),
    "jest": Runner(
        "npx jest --verbose",
        "    ✓ {name} ({ms} ms)",
        "    ✕ {name} ({ms} ms)",
        "  ● {G} › {g} › {name}\n\n    expect(received).toBe(expected) // Object.is equality\n\n    Expected: {want}\n"
        "    Received: {got}\n\n      at Object.<anonymous> (src/{G}.test.ts:{line}:19)\n",
        group="  {G} {g}",
        head="PASS src/shop.test.ts",
        tail="\nTests:       {f} failed, {p} passed, {n} total",
    ),
}
