"""Server and system logs: which texts are logs, what a reader finds in a rendering, and what real logs save."""

from __future__ import annotations

import random
import re
import tarfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom import tokens
from headroom.compressors.logs import Logs
from headroom.types import Facts

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
LOGHUB = SHARED / "data" / "logs" / "loghub.tar.gz"
LOCAL_CLI = SHARED / "data" / "logs" / "local-cli.tar.gz"

LOGS = Logs()
START = datetime(2026, 3, 4, 9, 15, 2)
ADDRESSES = ("10.0.3.17", "203.0.113.9", "198.51.100.23")
AGENTS = (
    "curl/8.4.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0 Safari/537",
)
TRACE = [
    "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available",
    "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)",
    "\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)",
    "\tat com.acme.orders.OrderRepository.find(OrderRepository.java:58)",
    "\tat com.acme.orders.OrderService.load(OrderService.java:112)",
    "\tat java.base/java.lang.Thread.run(Thread.java:840)",
    "Caused by: java.net.SocketTimeoutException: Read timed out",
    "\t... 23 more",
]


def syslog(t: datetime, n: int) -> str:
    return (
        f"{t:%b %d %H:%M:%S} web-3 sshd[{4000 + n}]: Accepted publickey for deploy from {ADDRESSES[n % 3]} port {n * 7}"
    )


def nginx(t: datetime, n: int) -> str:
    return (
        f'{ADDRESSES[n % 3]} - - [{t:%d/%b/%Y:%H:%M:%S} +0000] "GET /api/v1/orders/{n * 31} HTTP/1.1" '
        f'{(200, 404)[n % 7 == 0]} {n * 13 % 9000} "-" "{AGENTS[n % 2]}"'
    )


def logfmt(t: datetime, n: int) -> str:
    return f'time="{t:%Y-%m-%dT%H:%M:%S}.{n % 1000:03d}Z" level=info msg="request served" path=/u/{n} status=200 ms={n}'


def python(t: datetime, n: int) -> str:
    return f"{t:%Y-%m-%d %H:%M:%S},{n % 1000:03d} INFO worker[{n % 4}] picked up job {n * 17} from queue mail"


def spring(t: datetime, n: int) -> str:
    line = f"{t:%Y-%m-%dT%H:%M:%S}.{n % 1000:03d}Z  INFO 1 --- [exec-{n % 9}] c.a.o.OrderService : Loaded order {n * 3}"
    return line if n % 30 else "\n".join([line.replace("Loaded", "Losing"), *TRACE])


def klog(t: datetime, n: int) -> str:
    return (
        f'I{t:%m%d %H:%M:%S}.{n:06d}       1 controller.go:{112 + n % 3}] "Reconciling" pod="default/web-{n % 5}" n={n}'
    )


def compose(t: datetime, n: int) -> str:
    return (
        f"db-1  | {t:%Y-%m-%d %H:%M:%S}.{n % 1000:03d} UTC [{n % 9}] LOG:  checkpoint: wrote {n} buffers ({n % 7}.2%)"
    )


def coloured(t: datetime, n: int) -> str:
    return f"\x1b[90m{t:%H:%M:%S}\x1b[0m \x1b[32mINF\x1b[0m block height={n * 11} peers={n % 8}\r"


def german(t: datetime, n: int) -> str:
    return f"{t:%d.%m.%Y %H:%M:%S} [Hinweis] Verbindung {n} von {ADDRESSES[n % 3]} angenommen"


def chinese(t: datetime, n: int) -> str:
    return f"{t:%Y-%m-%d %H:%M:%S} 信息 订单{n * 37}已支付，金额{n}.50元"


def bars(t: datetime, n: int) -> str:
    return f"{t:%Y%m%d-%H:%M:%S}:{n % 1000:03d}|Step_LSC|30002312|onStandStepChanged {n * 3}"


FORMATS = (syslog, nginx, logfmt, python, spring, klog, compose, coloured, german, chinese, bars)
every_format = pytest.mark.parametrize("entry", FORMATS, ids=lambda f: f.__name__)


def log(entry: Callable[[datetime, int], str], n: int = 200) -> str:
    chance = random.Random(5)
    times: list[datetime] = [START]
    for _ in range(n):
        times.append(times[-1] + timedelta(seconds=chance.randrange(4)))
    return "\n".join(entry(t, i * i % 997) for i, t in enumerate(times)) + "\n"


def rendered(text: str) -> str:
    rendering = LOGS.encode(Facts(text))
    assert rendering is not None
    assert LOGS.decode(rendering) == text
    assert LOGS.verify(Facts(text), rendering)
    assert rendering.startswith(LOGS.marks[0])
    return rendering


def sizes(text: str) -> tuple[int, int]:
    """Tokens before and after."""
    count = tokens.counter().count
    rendering = LOGS.encode(Facts(text))
    if rendering is None:
        return count(text), count(text)
    assert LOGS.decode(rendering) == text
    return count(text), min(count(text), count(rendering))


def saved(texts: list[str]) -> float:
    before, after = map(sum, zip(*map(sizes, texts), strict=True))
    return 1 - after / before


@every_format
def test_a_log_of_any_format_is_known_for_one_and_becomes_less_than_half(entry: Callable[[datetime, int], str]) -> None:
    text = log(entry)

    assert LOGS.fit(Facts(text)) >= 0.5
    assert LOGS.fit(Facts("\n".join(text.split("\n")[:40]))) >= 0.5
    assert saved([text]) > 0.5


@every_format
def test_forty_lines_of_a_log_save_a_quarter(entry: Callable[[datetime, int], str]) -> None:
    assert saved([log(entry, 40)]) > 0.25


def test_a_lone_failure_among_heartbeats_stands_word_for_word() -> None:
    lines = log(lambda t, n: f"{t:%H:%M:%S} INFO heartbeat ok node=n{n % 5} load=0.{n:02d}").split("\n")
    failure = "FATAL payment-gateway PG-5523: connection pool exhausted; 1847 transactions failed"
    lines[140] = f"{lines[140][:8]} {failure}"

    assert failure in rendered("\n".join(lines))


def test_failures_are_found_by_their_word_however_many_there_are() -> None:
    text = log(lambda t, n: f"{t:%H:%M:%S} {'ERROR' if n % 3 else 'INFO'} shard {n} replied after {n * 2} ms")

    rendering = rendered(text)

    assert sum("ERROR" in line for line in rendering.split("\n")) == text.count("ERROR")


def test_the_order_of_lines_is_kept() -> None:
    text = log(lambda t, n: f"{t:%Y-%m-%d %H:%M:%S} INFO {'opened' if n % 2 else 'closed'} connection {n} of pool main")

    wanted = re.findall("opened|closed", text)
    names = {"opened": "opened", "closed": "closed"}
    found = [names[word] for word in re.findall(r"^ ?(opened|closed)", rendered(text), re.MULTILINE)]

    assert found == wanted


def test_a_stack_trace_stays_with_its_line_and_is_told_once() -> None:
    rendering = rendered(log(spring))

    assert rendering.count(TRACE[1]) == 1
    assert re.search(r"\[= lines \d+-\d+ above\]", rendering)
    assert rendering.index("Losing") < rendering.index(TRACE[0])


NOT_LOGS = {
    "source": (ROOT / "src" / "headroom" / "types.py").read_text(),
    "grep": "\n".join(f"src/app/file_{i}.py:{i * 3}:    logger.info('at 09:15:{i:02d}')" for i in range(40)),
    "grep of a log": "\n".join(f"var/app.log:{i}:2026-03-04 09:15:{i:02d} INFO started" for i in range(40)),
    "csv": "time,level,host,ms\n" + "\n".join(f"2026-03-04T09:15:{i:02d}Z,INFO,web-{i},{i}" for i in range(40)),
    "tsv": "\n".join(f"2026-03-04T09:15:{i:02d}Z\tINFO\tweb-{i}\t{i}" for i in range(40)),
    "jsonl": "\n".join(f'{{"time": "2026-03-04T09:15:{i:02d}Z", "level": "INFO", "n": {i}}}' for i in range(40)),
    "ls": "\n".join(f"-rw-r--r-- 1 root root {i * 9} Nov 22 10:{i + 10} file-{i}.txt" for i in range(40)),
    "diff": "\n".join(f"@@ -{i},4 +{i},4 @@ 10:00:{i + 10}\n+ added\n- removed" for i in range(40)),
    "blame": "\n".join(f"abcdef{i:02d} (Ann 2020-01-01 10:00:{i:02d} +0000 {i}) x = {i}" for i in range(10, 50)),
    "prose": "The meeting starts at noon.\nWe talk about the error of our ways.\n" * 20,
    "paths": "\n".join(f"/var/log/app/2026-01-{i:02d}-f0a1b2c3.log" for i in range(1, 29)),
    "nothing": "",
}


@pytest.mark.parametrize("kind", NOT_LOGS)
def test_other_kinds_of_text_are_no_logs_whatever_times_they_hold(kind: str) -> None:
    assert LOGS.fit(Facts(NOT_LOGS[kind])) == 0


@given(st.lists(st.sampled_from([*TRACE, *(f(START, n) for f in FORMATS for n in (1, 22, 333)), "@", "", " x", "\\"])))
def test_any_mixture_of_logs_comes_back(lines: list[str]) -> None:
    text = "\n".join(lines)
    rendering = LOGS.encode(Facts(text))
    if rendering is not None:
        assert LOGS.decode(rendering) == text


def texts_of(archive: Path, wanted: str) -> Iterator[tuple[str, str]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if re.search(wanted, member.name) else None
            if content is not None:
                yield Path(member.name).name, content.read().decode("utf-8", "replace")


@pytest.mark.skipif(not LOGHUB.exists(), reason="needs ../shared/data/logs/loghub.tar.gz")
def test_sixteen_real_systems_save_sixty_percent_and_none_less_than_thirty() -> None:
    systems = dict(texts_of(LOGHUB, r"_2k\.log$"))

    assert len(systems) == 16
    assert all(LOGS.fit(Facts(text)) > 0.5 for text in systems.values())
    tokens_of = [sizes(text) for text in systems.values()]
    assert min(1 - after / before for before, after in tokens_of) >= 0.3
    assert 1 - sum(after for _, after in tokens_of) / sum(before for before, _ in tokens_of) >= 0.6


@pytest.mark.skipif(not LOGHUB.exists(), reason="needs ../shared/data/logs/loghub.tar.gz")
@pytest.mark.parametrize(("size", "least"), [(300, 0.58), (100, 0.53), (40, 0.46)])
def test_short_pieces_of_real_logs_save_nearly_as_much(size: int, least: float) -> None:
    texts = [text.split("\n") for _, text in texts_of(LOGHUB, r"_2k\.log$")]

    assert saved(["\n".join(lines[at : at + size]) for lines in texts for at in (0, 1_400)[: 300 // size]]) >= least


@pytest.mark.skipif(not LOCAL_CLI.exists(), reason="needs ../shared/data/logs/local-cli.tar.gz")
def test_no_listing_diff_or_search_result_is_taken_for_a_log() -> None:
    assert [name for name, text in texts_of(LOCAL_CLI, r"\.(txt|diff)$") if LOGS.fit(Facts(text))] == []
