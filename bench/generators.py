"""Tool outputs made from a seed: the shapes agents meet every day, with planted facts whose visibility can be checked.

Deterministic: the same seed gives the same bytes on every machine and Python version (only `random.Random` methods
whose sequence is documented as stable are used). Values vary as real ones do: skewed levels, odd rows, missing
fields, text with quotes and commas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

SEED = 20_24

WORDS = re.findall(
    r"\w+",
    "account archive batch billing branch bucket cache cart channel client cluster commit config cursor daemon device "
    "digest driver event export filter gateway header index invoice journal kernel ledger locale market metric mirror "
    "module mutex notice object order packet parser payload permit pixel policy portal proxy queue quota record "
    "region render replica report router schema search secret segment server session shard signal socket source "
    "stream tenant thread ticket token trace upload vector vendor volume worker",
)
SERVICES = ("api-gateway", "auth", "billing", "catalog", "checkout", "inventory", "notifier", "search", "user-service")
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-south-1")
DONE = ("Request served", "Cache refreshed", "Job finished")
PEOPLE = ("amara", "bogdan", "chidi", "dagny", "elif", "farouk", "greta", "hana", "ilse", "jonas", "kavya", "luca")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A generated tool output: the call that would have produced it, and what must stay findable."""

    name: str
    category: str
    tool: str
    text: str
    args: dict[str, Any] = field(default_factory=dict)
    query: str = "Go on."
    needles: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()


def generated(seed: int = SEED) -> list[Made]:
    """One output of every generator; each draws from its own stream, so that adding one changes no other."""
    return [make(Random(f"{seed} {make.__name__}")) for make in GENERATORS]


def words(rng: Random, low: int, high: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high)))


def hexes(rng: Random, digits: int) -> str:
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


def clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def incident_log(rng: Random) -> Made:
    """A log search: 120 structured entries, one of them the cause of an outage."""
    rows: list[dict[str, Any]] = []
    at = 3 * 3600
    for n in range(120):
        at += rng.randint(2, 90)
        rows.append({
            "timestamp": f"2025-03-09T{clock(at)}Z",
            "level": rng.choices(("INFO", "DEBUG", "WARN"), (88, 8, 4))[0],
            "service": rng.choice(SERVICES),
            "message": f"{rng.choice(DONE)} in {rng.randint(3, 900)}ms",
            "request_id": f"req-{n:06}",
            "status_code": rng.choices((200, 201, 204, 404), (80, 8, 8, 4))[0],
            "metadata": {"region": rng.choice(REGIONS), "build": "4.18.2"},
        })  # fmt: skip
    rows[71] |= {
        "level": "FATAL", "service": "ledger-writer", "status_code": 500, "error_code": "LW-7731",
        "message": "Write-ahead log full: 2318 postings lost; raise wal_segments to 64 in deploy/ledger.toml",
    }  # fmt: skip
    return Made(
        name="seeded_incident_log", category="json-log", tool="search_logs", args={"query": "level:*", "limit": 120},
        query="What took the ledger down last night?", text=json.dumps(rows, indent=2),
        needles=("LW-7731", "ledger-writer", "2318 postings", "deploy/ledger.toml"),
        samples=tuple(f"req-{n:06}" for n in range(4, 120, 11)),
    )  # fmt: skip


def code_search(rng: Random) -> Made:
    """Search hits of a code host: repository objects with derived URLs, scores and nested matches."""
    items = []
    for n in range(60):
        owner, repo = rng.choice(PEOPLE), f"{rng.choice(WORDS)}-{rng.choice(WORDS)}"
        path = f"src/{rng.choice(WORDS)}/{rng.choice(WORDS)}_{n}.py"
        base = f"https://api.example.dev/repos/{owner}/{repo}"
        items.append({
            "name": path.rsplit("/", 1)[1], "path": path, "sha": hexes(rng, 40), "url": f"{base}/contents/{path}",
            "html_url": f"https://example.dev/{owner}/{repo}/blob/main/{path}",
            "repository": {"id": rng.randint(10**6, 10**9), "full_name": f"{owner}/{repo}", "private": False,
                           "url": base, "issues_url": f"{base}/issues{{/number}}", "fork": rng.random() < 0.1},
            "score": round(rng.random() * 40, 2),
            "text_matches": [{"fragment": f"def {rng.choice(WORDS)}(request):\n    return {words(rng, 2, 5)!r}",
                              "indices": [rng.randint(0, 9), rng.randint(10, 40)]}],
        })  # fmt: skip
    body = {"total_count": 1841, "incomplete_results": False, "items": items}
    shas = [str(item["sha"]) for item in items]
    return Made(
        name="seeded_code_search", category="json-api", tool="search_code", args={"q": "def handle(request)"},
        text=json.dumps(body), samples=tuple(shas[::5]),
    )  # fmt: skip


def nested_api_list(rng: Random) -> Made:
    """Issues of a tracker: nested users, label lists, nulls, long bodies with quotes and newlines."""
    issues = []
    for n in range(45):
        user = rng.choice(PEOPLE)
        labels = rng.sample(("bug", "docs", "perf", "security", "ui"), rng.randint(0, 3))
        issues.append({
            "number": 4000 + 3 * n, "title": f"{words(rng, 3, 7).capitalize()} \"{rng.choice(WORDS)}\"",
            "state": rng.choice(("open", "open", "closed")),
            "user": {"login": user, "id": 100 + PEOPLE.index(user), "url": f"https://api.example.dev/users/{user}"},
            "labels": [{"id": 70 + len(label), "name": label, "color": hexes(rng, 6)} for label in labels],
            "assignee": None if rng.random() < 0.6 else {"login": rng.choice(PEOPLE)},
            "created_at": f"2025-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T{clock(rng.randint(0, 86399))}Z",
            "comments": rng.randint(0, 40), "milestone": None,
            "body": "\n".join(words(rng, 6, 14) + "." for _ in range(rng.randint(1, 5))),
        })  # fmt: skip
    issues[17]["body"] = "Repro: set LEDGER_SPLICE=3, then\n\tposting 'a, \"b\"' is written twice (as in 4009)."
    return Made(
        name="seeded_nested_api_list", category="json-api", tool="list_issues", args={"state": "all"},
        text=json.dumps(issues, indent=2), needles=("LEDGER_SPLICE=3", "written twice (as in 4009)"),
        samples=tuple(str(issue["title"]) for issue in issues[2::6]),
    )  # fmt: skip


def rg_output(rng: Random) -> Made:
    """`rg -n`: hits in files of one tree, some files with many."""
    lines, samples = [], []
    for _ in range(38):
        path = f"crates/{rng.choice(WORDS)}/src/{rng.choice(WORDS)}_{rng.choice(WORDS)}.rs"
        number = 0
        for _ in range(rng.choice((1, 2, 3, 5, 12))):
            number += rng.randint(1, 90)
            lines.append(f"{path}:{number}:        let {rng.choice(WORDS)} = {rng.choice(WORDS)}().unwrap();")
        samples.append(lines[-1])
    lines.insert(len(lines) // 2, "crates/ledger/src/splice.rs:377:    // NOTE(7731): unwrap loses the posting")
    return Made(
        name="seeded_rg", category="search", tool="Bash", args={"command": "rg -n 'unwrap\\(\\)' crates"},
        text="\n".join(lines) + "\n", needles=("NOTE(7731): unwrap loses the posting", "crates/ledger/src/splice.rs"),
        samples=tuple(samples[::4]),
    )  # fmt: skip


def rg_json(rng: Random) -> Made:
    """`rg --json`: begin, match and end records, one JSON object a line."""
    records: list[dict[str, Any]] = []
    offset = 0
    for _ in range(20):
        path = {"text": f"pkg/{rng.choice(WORDS)}/{rng.choice(WORDS)}.go"}
        records.append({"type": "begin", "data": {"path": path}})
        number = 0
        for _ in range(rng.randint(1, 6)):
            number += rng.randint(1, 60)
            text = f"\tif err := {rng.choice(WORDS)}({rng.choice(WORDS)}); err != nil {{\n"
            offset += len(text) * 7
            match = {"match": {"text": "err"}, "start": 4, "end": 7}
            records.append({"type": "match", "data": {
                "path": path, "lines": {"text": text}, "line_number": number, "absolute_offset": offset,
                "submatches": [match]}})  # fmt: skip
        records.append({"type": "end", "data": {"path": path, "binary_offset": None, "stats": {
            "elapsed": {"secs": 0, "nanos": rng.randint(10**4, 10**6), "human": "0.000s"}, "searches": 1,
            "bytes_searched": rng.randint(900, 40000), "matches": number}}})  # fmt: skip
    matches = [r["data"] for r in records if r["type"] == "match"]
    return Made(
        name="seeded_rg_json", category="search", tool="Bash", args={"command": "rg --json err pkg"},
        text="\n".join(json.dumps(r, separators=(",", ":")) for r in records) + "\n",
        samples=tuple(m["lines"]["text"].strip() for m in matches[::9]),
    )  # fmt: skip


def source(rng: Random, lines: int) -> list[str]:
    """Python-looking source: functions with bodies of varied depth, blank lines, comments."""
    out: list[str] = []
    while len(out) < lines:
        name, arg = f"{rng.choice(WORDS)}_{rng.choice(WORDS)}", rng.choice(WORDS)
        out += [f"def {name}({arg}: str, limit: int = {rng.randint(1, 99)}) -> list[str]:",
                f'    """{words(rng, 4, 9).capitalize()}."""', "    found: list[str] = []"]  # fmt: skip
        for _ in range(rng.randint(1, 4)):
            out += [f"    for {rng.choice(WORDS)} in {arg}.split({rng.choice(WORDS)!r}):",
                    f"        if len({arg}) > limit:  # {words(rng, 2, 5)}",
                    f"            found.append({rng.choice(WORDS)!r})"]  # fmt: skip
        out += ["    return found", "", ""]
    return out[:lines]


def _reading(rng: Random, name: str, gutter: Callable[[int], str], first: int) -> Made:
    code = source(rng, 260)
    code[137] = "    raise LedgerError(f'posting {n} already spliced')  # see 7731"
    text = "\n".join(f"{gutter(first + i)}{line}" for i, line in enumerate(code))
    samples = [line.strip() for line in code[5::24] if line.strip()]
    return Made(
        name=name, category="read", tool="Read", args={"file_path": "/repo/ledger/splice.py"}, text=text,
        needles=("raise LedgerError(f'posting {n} already spliced')",), samples=tuple(samples),
    )  # fmt: skip


def read_arrow(rng: Random) -> Made:
    """A file view with the padded `→` gutter."""
    return _reading(rng, "seeded_read_arrow", lambda n: f"{n:>6}→", 1)


def read_tab(rng: Random) -> Made:
    """A file view with the unpadded tab gutter, from the middle of a file."""
    return _reading(rng, "seeded_read_tab", lambda n: f"{n}\t", 1181)


def csv_table(rng: Random) -> Made:
    """A CSV export with quoted cells and repeating columns."""
    rows = ["id,customer,plan,region,started,amount,note"]
    for n in range(240):
        amount = rng.randint(100, 99999) / 100
        note = f'"{words(rng, 1, 3)}, ""{rng.choice(WORDS)}"""' if rng.random() < 0.2 else rng.choice(WORDS)
        rows.append(
            f"{9000 + n},{rng.choice(PEOPLE)},{rng.choice(('free', 'team', 'team', 'enterprise'))},"
            f"{rng.choice(REGIONS)},2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02},{amount:.2f},{note}"
        )
    return Made(
        name="seeded_csv", category="csv", tool="Bash", args={"command": "cat export/plans.csv"},
        text="\n".join(rows) + "\n", samples=tuple(rows[9::27]),
    )  # fmt: skip


def server_log(rng: Random) -> Made:
    """A plain-text server log with one stack trace among heartbeat lines."""
    lines, at = [], 7 * 3600
    for _ in range(420):
        at += rng.randint(0, 9)
        stamp = f"2025-03-09 {clock(at)},{rng.randint(0, 999):03}"
        kind = rng.choices(("get", "cache", "beat"), (60, 25, 15))[0]
        text = {
            "get": f"GET /api/v2/{rng.choice(WORDS)}/{rng.randint(1, 9999)} 200 {rng.randint(2, 800)}ms",
            "cache": f"cache hit ratio {rng.random():.3f} shard={rng.randint(0, 15)}",
            "beat": f"heartbeat worker-{rng.randint(1, 8)} ok",
        }[kind]
        lines.append(f"{stamp} INFO  [{rng.choice(SERVICES)}] {text}")
    lines[301:301] = [
        f"2025-03-09 {clock(at)},004 ERROR [checkout] posting failed: LedgerError: splice 7731 is closed",
        '  File "/srv/checkout/post.py", line 88, in post', "    ledger.splice(entry)",
    ]  # fmt: skip
    return Made(
        name="seeded_server_log", category="log", tool="Bash", args={"command": "tail -n 420 /var/log/checkout.log"},
        text="\n".join(lines) + "\n", needles=("LedgerError: splice 7731 is closed", "/srv/checkout/post.py"),
        samples=tuple(line.split(",", 1)[1] for line in lines[7::53]),
    )  # fmt: skip


def listing(rng: Random) -> Made:
    """`ls -laR` of a small tree."""
    out: list[str] = []
    names = []
    for folder in [".", *(f"./{rng.choice(WORDS)}/{rng.choice(WORDS)}" for _ in range(14))]:
        files = sorted({f"{rng.choice(WORDS)}_{rng.choice(WORDS)}.{rng.choice(('py', 'py', 'toml', 'md'))}"
                        for _ in range(rng.randint(3, 24))})  # fmt: skip
        out += ([""] if out else []) + [f"{folder}:", f"total {4 * len(files)}"]
        out += ["drwxr-xr-x 2 root root  4096 Mar  9 07:00 .", "drwxr-xr-x 9 root root  4096 Mar  9 07:00 .."]
        out += [f"-rw-r--r-- 1 root root {rng.randint(60, 99999):>5} Mar  9 07:0{rng.randint(0, 9)} {f}" for f in files]
        names.append(files[-1])
    return Made(
        name="seeded_ls", category="listing", tool="Bash", args={"command": "ls -laR"}, text="\n".join(out) + "\n",
        samples=tuple(names),
    )  # fmt: skip


def pytest_run(rng: Random) -> Made:
    """`pytest -v` with two failures among passing tests."""
    tests = [f"tests/test_{rng.choice(WORDS)}.py::test_{rng.choice(WORDS)}_{rng.choice(WORDS)}" for _ in range(150)]
    lines = [
        "============================= test session starts =============================",
        "collected 150 items",
        "",
    ]
    for n, test in enumerate(tests):
        lines.append(f"{test} {'FAILED' if n in (40, 99) else 'PASSED'} [{(n + 1) * 100 // 150:>3}%]")
    lines += ["", f"{' FAILURES ':=^79}"]
    for n in (40, 99):
        lines += [f"_____ {tests[n].split('::')[1]} _____", "", f"    assert {rng.choice(WORDS)}(3) == {n}",
                  f"E   assert {n - 1} == {n}", "", f"{tests[n].split('::')[0]}:{n + 12}: AssertionError"]  # fmt: skip
    lines += [f"FAILED {tests[40]}", f"FAILED {tests[99]}", "======= 2 failed, 148 passed in 3.21s ======="]
    return Made(
        name="seeded_pytest", category="run", tool="Bash", args={"command": "pytest -v"},
        text="\n".join(lines) + "\n", needles=(tests[40], tests[99], "2 failed, 148 passed"),
        samples=tuple(tests[3::30]),
    )  # fmt: skip


def jsonl_events(rng: Random) -> Made:
    """Events as JSON lines after a line of prose; a few rows have another shape."""
    rows = []
    for n in range(160):
        row = {"seq": n, "user": rng.choice(PEOPLE), "event": rng.choice(("view", "view", "view", "buy")),
               "path": f"/{rng.choice(WORDS)}/{rng.choice(WORDS)}", "ms": rng.randint(1, 400)}  # fmt: skip
        rows.append(row | ({"amount": rng.randint(100, 9999) / 100} if row["event"] == "buy" else {}))
    rows[93]["error"] = "cart 7731 has no owner"
    return Made(
        name="seeded_jsonl", category="jsonl", tool="Bash", args={"command": "./events --last 160"},
        text="Showing 160 events:\n" + "".join(json.dumps(row) + "\n" for row in rows),
        needles=("cart 7731 has no owner",), samples=tuple(str(row["path"]) for row in rows[5::19]),
    )  # fmt: skip


def prose(rng: Random) -> Made:
    """A page of documentation: nothing to gain, and nothing may be lost."""
    parts = []
    for _ in range(22):
        parts.append(f"## {words(rng, 2, 4).capitalize()}")
        parts += [words(rng, 20, 50).capitalize() + "." for _ in range(rng.randint(1, 3))]
    parts[30] = "The splice limit is 7731 postings per ledger."
    return Made(
        name="seeded_prose", category="prose", tool="WebFetch", args={"url": "https://docs.example.dev/ledger"},
        text="\n\n".join(parts) + "\n", needles=("The splice limit is 7731 postings per ledger.",),
        samples=tuple(part[:60] for part in parts[4::9]),
    )  # fmt: skip


GENERATORS: tuple[Callable[[Random], Made], ...] = (
    incident_log, code_search, nested_api_list, rg_output, rg_json, read_arrow, read_tab, csv_table, server_log,
    listing, pytest_run, jsonl_events, prose,
)  # fmt: skip
"""Every generator; the order is the order of `generated`."""
