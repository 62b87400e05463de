"""Seeded generators of run output: what cargo, npm, pip, pytest, go test and rustc print, with known failures."""

from __future__ import annotations

import random
from typing import NamedTuple

WORDS = (
    "serde", "tokio", "hyper", "regex", "syn", "quote", "libc", "bytes", "futures", "tracing", "clap", "itoa", "ryu",
    "memchr", "rand", "http", "tower", "axum", "chrono", "uuid", "semver", "anyhow", "indexmap", "hashbrown", "ring",
    "rustls", "webpki", "base64", "url", "idna", "mio", "socket", "slab", "pin", "project", "lite", "once", "cell",
)  # fmt: skip
PARTS = ("core", "macros", "util", "derive", "sys", "impl", "internal", "types", "parser", "codec", "stream", "io")


class Run(NamedTuple):
    """One output and the names of the tests that fail in it."""

    text: str
    failed: tuple[str, ...]


def _crates(chance: random.Random, n: int) -> list[tuple[str, str]]:
    names = [*WORDS, *(f"{a}-{b}" for a in WORDS for b in PARTS)]
    picked = chance.sample(names, n)
    return [(name, f"{chance.randrange(4)}.{chance.randrange(30)}.{chance.randrange(200)}") for name in picked]


def cargo_build(seed: int, n: int = 160) -> str:
    """`cargo build` of a fresh checkout: downloads, then compiles, in another order."""
    chance = random.Random(seed)
    crates = _crates(chance, n)
    lines = ["    Updating crates.io index", f"     Locking {n} packages to latest compatible versions"]
    lines += [f"  Downloaded {name} v{version}" for name, version in crates]
    lines.append(f"  Downloaded {n} crates (14.2 MB) in 3.41s (largest was `ring` at 4.7 MB)")
    chance.shuffle(crates)
    lines += [f"   Compiling {name} v{version}" for name, version in crates]
    lines += [
        "   Compiling orders v0.3.1 (/home/dev/orders)",
        "warning: unused variable: `retries`",
        "  --> src/client.rs:88:9",
        "   |",
        "88 |     let retries = config.retries;",
        "   |         ^^^^^^^ help: if this is intentional, prefix it with an underscore: `_retries`",
        "   |",
        "   = note: `#[warn(unused_variables)]` on by default",
        "",
        "warning: `orders` (lib) generated 1 warning (run `cargo fix --lib -p orders` to apply 1 suggestion)",
        "    Finished `dev` profile [unoptimized + debuginfo] target(s) in 41.07s",
        "",
    ]
    return "\n".join(lines)


def npm_install(seed: int, n: int = 60) -> str:
    """`npm install --loglevel http`: deprecations, then one request a package, then the sums."""
    chance = random.Random(seed)
    packages = _crates(chance, n)
    reasons = (
        "this library is no longer supported",
        "Please upgrade to version 7 or higher. Older versions may use Math.random() in certain circumstances.",
        "Glob versions prior to v9 are no longer supported",
        "Rimraf versions prior to v4 are no longer supported",
    )
    lines = [f"npm warn deprecated {name}@{version}: {chance.choice(reasons)}" for name, version in packages[: n // 4]]
    lines += [
        f"npm http fetch GET 200 https://registry.npmjs.org/{name} {chance.randrange(9, 900)}ms (cache "
        f"{'miss' if chance.random() < 0.8 else 'revalidated'})"
        for name, _ in packages
    ]
    lines += [
        "",
        f"added {n + 1143} packages, and audited {n + 1144} packages in 31s",
        "",
        "184 packages are looking for funding",
        "  run `npm fund` for details",
        "",
        "4 vulnerabilities (1 moderate, 3 high)",
        "",
    ]
    return "\n".join(lines)


def pip_install(seed: int, n: int = 50) -> str:
    """`pip install -r requirements.txt`."""
    chance = random.Random(seed)
    packages = _crates(chance, n)
    lines = []
    for i, (name, version) in enumerate(packages, 1):
        lines += [
            f"Collecting {name}=={version} (from -r requirements.txt (line {i}))",
            f"  Downloading {name}-{version}-py3-none-any.whl.metadata ({chance.randrange(1, 9)}.{i % 10} kB)",
        ]
    for name, version in packages:
        size = chance.randrange(12, 900)
        lines.append(f"Downloading {name}-{version}-py3-none-any.whl ({size} kB)")
    lines.append("Installing collected packages: " + ", ".join(name for name, _ in packages))
    lines.append("Successfully installed " + " ".join(f"{name}-{version}" for name, version in packages))
    return "\n".join([*lines, ""])


def pytest_verbose(seed: int, n: int = 120, failing: int = 5) -> Run:
    """`pytest -v` with failures, as it prints into a pipe (80 columns)."""
    chance = random.Random(seed)
    names = [
        f"tests/test_{WORDS[i // 12 % len(WORDS)]}.py::Test{PARTS[i // 4 % len(PARTS)].title()}"
        f"::test_{chance.choice(WORDS)}_{chance.choice(('keeps', 'rejects', 'parses', 'returns'))}_{PARTS[i % 12]}_{i}"
        for i in range(n)
    ]
    failed = set(chance.sample(range(n), failing))
    lines = [
        "============================= test session starts ==============================",
        "platform linux -- Python 3.12.4, pytest-8.3.2, pluggy-1.5.0 -- /srv/app/.venv/bin/python",
        "cachedir: .pytest_cache",
        "rootdir: /srv/app",
        f"collecting ... collected {n} items",
        "",
    ]
    for i, name in enumerate(names):
        text = f"{name} {'FAILED' if i in failed else 'PASSED'}"
        lines.append(text + f" [{(i + 1) * 100 // n:3d}%]".rjust(80 - len(text) - 1))
    lines += ["", "=" * 35 + " FAILURES " + "=" * 35]
    for i in sorted(failed):
        short = names[i].split("::", 1)[1].replace("::", ".")
        lines += [
            f" {short} ".center(80, "_"),
            "",
            "    def test(self, client):",
            f"        order = client.get('/orders/{i}')",
            ">       assert order.status == 200",
            f"E       AssertionError: assert {400 + i} == 200",
            f"E        +  where {400 + i} = <Order {i}>.status",
            "",
            f"{names[i].split('::')[0]}:{40 + i}: AssertionError",
            "----------------------------- Captured stderr call -----------------------------",
            "Traceback (most recent call last):",
            '  File "/srv/app/src/orders/client.py", line 88, in get',
            "    return self._send('GET', path)",
            '  File "/srv/app/src/orders/client.py", line 61, in _send',
            "    raise TransportError(response.status)",
            "orders.errors.TransportError: connection refused by 10.0.0.7:5432",
        ]
    lines.append("=========================== short test summary info ============================")
    lines += [f"FAILED {names[i]} - AssertionError: assert {400 + i} == 200" for i in sorted(failed)]
    lines += [f"=================== {failing} failed, {n - failing} passed in 4.21s ====================", ""]
    return Run("\n".join(lines), tuple(names[i] for i in sorted(failed)))


def go_test(seed: int, n: int = 60, failing: int = 3) -> Run:
    """`go test -v ./...` with a few failures and many packages."""
    chance = random.Random(seed)
    failed = set(chance.sample(range(n), failing))
    lines, names = [], []
    for i in range(n):
        name = f"Test{WORDS[i % len(WORDS)].title()}{PARTS[i % len(PARTS)].title()}"
        took = f"(0.{chance.randrange(3):02d}s)"
        lines.append(f"=== RUN   {name}{i}")
        if i in failed:
            names.append(f"{name}{i}")
            lines.append(f"    orders_test.go:{i + 30}: got status {400 + i}, want 200")
        lines.append(f"--- {'FAIL' if i in failed else 'PASS'}: {name}{i} {took}")
    lines += ["FAIL", "FAIL\tgithub.com/acme/orders/internal/api\t0.812s"]
    lines += [f"ok  \tgithub.com/acme/orders/internal/{word}\t0.{chance.randrange(9, 999):03d}s" for word in WORDS[:12]]
    lines += [f"ok  \tgithub.com/acme/orders/internal/{word}\t(cached)" for word in WORDS[12:24]]
    lines += [f"?   \tgithub.com/acme/orders/cmd/{word}\t[no test files]" for word in WORDS[24:30]]
    return Run("\n".join([*lines, "FAIL", ""]), tuple(names))
