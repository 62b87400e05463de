"""`python -m bench.proxy`: what the proxy adds to a request, and how many it relays, beside headroom-ai's in one run.

Client, proxy and provider are processes of their own on loopback. Added milliseconds are the difference of the medians
of requests through the proxy and straight to the provider; the history is known (each body was sent before). Requests
a second are of 16 connections. Medians of alternating rounds; the machine's noise hits both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench import tables
from bench.generators import generated
from bench.peer import HOME as PEER_HOME
from bench.peer import QUIET
from headroom.types import Json

HERE = Path(__file__).resolve().parent
COLUMNS = ("side", "body_bytes", "added_p50_ms", "requests_per_s", "ready_s", "rss_mb")
SIZES = {"2 KB": 2_000, "230 KB": 230_000, "1 MB": 1_000_000}
CONNECTIONS = 16
READY_SECONDS = 60.0


def body(size: int) -> bytes:
    """A request of about `size` bytes: a conversation of up to 500 messages with the seeded outputs as tool results."""
    text = "".join(made.text for made in generated())
    turns = max(1, min(250, size // 1_000))
    piece = max(200, size // turns - 280)
    text *= 1 + piece * turns // len(text)
    messages: list[Json] = [{"role": "user", "content": "Find out why the service is slow."}]
    for number in range(turns):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": f"step {number}"}}
        content = text[number * piece : (number + 1) * piece]
        result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": content}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    tools = [{"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object"}}]
    whole = {"model": "claude-sonnet-4-5", "max_tokens": 100, "stream": True, "tools": tools, "messages": messages}
    return json.dumps(whole, ensure_ascii=False).encode()


@contextmanager
def process(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed at the end."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    with subprocess.Popen(
        command, env=kept | environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def ready(port: int, path: str) -> float:
    """Seconds until something answers on a port."""
    started = time.perf_counter()
    while time.perf_counter() - started < READY_SECONDS:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return time.perf_counter() - started
        except (URLError, OSError, ConnectionError):
            time.sleep(0.02)
    raise SystemExit(f"nothing answers on port {port}")


def rss(pid: int) -> float:
    """Resident megabytes of a process and all below it."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except (OSError, IndexError):
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE")
        waiting += map(int, children)
    return total / 1e6


def load(url: str, file: Path, count: int, connections: int) -> tuple[float, float]:
    """Median seconds of a request, and requests a second."""
    command = [sys.executable, "-m", "bench.proxy_parts", "client", url, str(file), str(count), str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    served = told["seconds"]
    if len(served) < count:
        print(f"{url}: {count - len(served)} of {count} refused: {done.stderr.splitlines()[0]}", file=sys.stderr)
    return statistics.median(served or [float("nan")]), len(served) / told["wall"]


def measure(sides: dict[str, str], direct: str, folder: Path, rounds: int, counts: dict[str, int]) -> list[tables.Row]:
    """Rows of every side and size."""
    rows: list[tables.Row] = []
    for name, size in SIZES.items():
        file = folder / f"{size}.json"
        file.write_bytes(body(size))
        for base in sides.values():
            load(f"{base}/v1/messages", file, 3, 1)
        added: dict[str, list[float]] = {side: [] for side in sides}
        rates: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(rounds):
            plain, _ = load(f"{direct}/v1/messages", file, counts[name], 1)
            for side, base in sides.items():
                added[side].append(load(f"{base}/v1/messages", file, counts[name], 1)[0] - plain)
                rates[side].append(load(f"{base}/v1/messages", file, counts[name] * 2, CONNECTIONS)[1])
        rows += [
            {
                "side": side, "body_bytes": file.stat().st_size,
                "added_p50_ms": round(1000 * statistics.median(added[side]), 2),
                "requests_per_s": round(statistics.median(rates[side]), 1),
            }
            for side in sides
        ]  # fmt: skip
        print(tables.text(COLUMNS, rows[-len(sides) :]), flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; with --write also writes `proxy.csv`. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.proxy", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--requests", type=int, default=10_000, help="before the memory is read")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    counts = {name: max(10, n // (10 if given.quick else 1)) for name, n in
              {"2 KB": 400, "230 KB": 100, "1 MB": 40}.items()}  # fmt: skip
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(process([sys.executable, "-m", "bench.proxy_parts", "upstream"]))
        assert provider.stdout is not None
        direct = f"http://127.0.0.1:{provider.stdout.readline().strip()}"
        ours = [sys.executable, "-m", "headroom", "proxy", "--port", "18787", "--upstream", f"anthropic={direct}"]
        mine = stack.enter_context(process(ours, HEADROOM_HOME=str(folder / "home")))
        took = {"headroom": ready(18787, "/healthz")}
        sides, pids = {"headroom": "http://127.0.0.1:18787"}, {"headroom": mine.pid}
        peer = PEER_HOME / "bin" / "headroom"
        if peer.exists():
            state = str(folder / "peer")
            command = [str(peer), "proxy", "--port", "18788", "--no-rate-limit"]
            told = QUIET | {
                "HOME": state,
                "HEADROOM_HOME": state,
                "ANTHROPIC_TARGET_API_URL": direct,
                "NO_PROXY": "127.0.0.1",
                "PYTHONPATH": "",  # its package has the name of ours
            }
            theirs = stack.enter_context(process(command, **told))
            took["headroom-ai"] = ready(18788, "/health")
            sides["headroom-ai"], pids["headroom-ai"] = "http://127.0.0.1:18788", theirs.pid
        rows = measure(sides, direct, folder, given.rounds, counts)
        for side, base in sides.items():
            few = given.requests if side == "headroom" else given.requests // 20
            load(f"{base}/v1/messages", folder / "2000.json", few, CONNECTIONS)
            rows.append({"side": side, "ready_s": round(took[side], 2), "rss_mb": round(rss(pids[side]))})
    print(tables.text(COLUMNS, rows))
    if given.write:
        tables.write(HERE / "proxy.csv", COLUMNS, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
