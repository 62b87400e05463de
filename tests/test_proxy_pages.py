"""The proxy's own pages: figures of what was relayed, closed to others, with no text of any request in them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from headroom import __version__
from headroom.ledger import DAY, NAME, NOTHING
from headroom.proxy.pages import SPANS, filled
from headroom.testing import Call, FakeUpstream, Reply
from tests.proxies import CLIENTS, TOKEN, WAIT, Answer, Running, ask, options, running

PAGES = ("/", "/metrics", "/api/figures", "/api/part?ref=x")
NAMED = [("x-headroom-token", TOKEN)]
OUTPUT = json.dumps([{"id": n, "name": f"a-name-of-the-output-{n}", "state": "open"} for n in range(120)])
SECRETS = (
    "sk-ant-a-key",
    "a-cookie-of-somebody",
    "the prompt itself",
    "a-name-of-the-output",
    "the answer itself",
    TOKEN,
)
HEADERS = [
    ("User-Agent", "claude-cli/2.1.330 (external, cli)"), ("x-api-key", "sk-ant-a-key"), ("cookie", SECRETS[1]),
    ("x-claude-code-session-id", "session-1"), ("x-headroom-project", "site"),
]  # fmt: skip


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A proxy that has relayed a short conversation, whose rows are in the ledger."""
    home, client = tmp_path_factory.mktemp("home"), CLIENTS["anthropic"]
    script = [Reply(text="the answer itself", calls=[Call("read", {"n": 1})]), Reply(text="the answer itself")]
    with FakeUpstream(script) as upstream, running(options(home, upstream.url)) as found:
        body = client.first("the prompt itself")
        answer = ask(found.url, client.path, body, HEADERS)
        body = client.following(body, answer.json, [OUTPUT])
        assert ask(found.url, client.path, body, HEADERS).status == 200
        late = time.monotonic() + WAIT
        while figures(found)["total"]["requests"] < 2:  # rows are written a little later, together
            assert time.monotonic() < late
        yield found


def page(proxy: Running, path: str) -> Answer:
    answer = ask(proxy.url, path, headers=NAMED)
    assert answer.status == 200, answer.body
    return answer


def figures(proxy: Running, span: str = "week") -> Any:
    return page(proxy, f"/api/figures?span={span}").json


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_those_who_know_the_token(proxy: Running, path: str) -> None:
    joined = "&" if "?" in path else "?"

    assert ask(proxy.url, path).status == 403
    assert ask(proxy.url, path, headers=[("x-headroom-token", "another")]).status == 403
    assert ask(proxy.url, f"{path}{joined}token={TOKEN}").status == ask(proxy.url, path, headers=NAMED).status != 403


@pytest.mark.parametrize("path", [*PAGES, "/healthz"])
def test_no_browser_keeps_a_page_or_tells_others_of_it(proxy: Running, path: str) -> None:
    answer = ask(proxy.url, path, headers=NAMED)

    assert answer.header("cache-control") == "no-store"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"


def test_anybody_may_ask_whether_it_is_well(proxy: Running) -> None:
    answer = ask(proxy.url, "/healthz")

    assert (answer.status, answer.json) == (
        200, {"ok": True, "name": "headroom", "version": __version__, "level": "balanced"},
    )  # fmt: skip


# Figures


class Sample(NamedTuple):
    kind: str
    help: str
    value: float


def exposed(text: str) -> dict[str, Sample]:
    """Prometheus' text format: for each name one HELP, one TYPE and one value, in that order."""
    found = {}
    assert text.endswith("\n")
    lines = text.splitlines()
    for told, typed, sample in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        name, value = sample.split(" ")
        assert re.fullmatch(r"headroom_[a-z_]+", name)
        assert told.startswith(f"# HELP {name} ")
        kind = typed.removeprefix(f"# TYPE {name} ")
        assert kind in ("counter", "gauge")
        assert (kind == "counter") == name.endswith("_total")
        found[name] = Sample(kind, told, float(value))
    return found


def test_prometheus_reads_the_metrics(proxy: Running) -> None:
    answer = page(proxy, "/metrics")
    found = exposed(answer.body.decode())
    total = figures(proxy)["total"]

    assert (answer.header("content-type") or "").startswith("text/plain; version=0.0.4")
    assert found["headroom_requests_total"].value == 2
    assert found["headroom_removed_tokens_total"].value == total["removed"] > 0
    assert found["headroom_prompt_tokens_total"].value == total["prompt"] > 0
    assert found["headroom_dollars_total"].value == pytest.approx(total["dollars"])
    assert found["headroom_spared_dollars"].value == pytest.approx(total["spared"])
    assert time.time() - 600 < found["headroom_start_time_seconds"].value <= time.time()


def test_figures_tell_what_was_asked_billed_and_spared(proxy: Running) -> None:
    found = figures(proxy)
    total = found["total"]

    assert (found["span"], found["level"], found["version"]) == ("week", "balanced", __version__)
    assert (total["requests"], total["unpriced"]) == (2, 0)
    assert total["dollars"] > 0
    assert total["spared"] > 0
    assert [(row["name"], row["requests"]) for row in found["agents"]] == [("claude-cli", 2)]
    assert [(row["name"], row["requests"]) for row in found["models"]] == [("claude-opus-5-5", 2)]
    (tool,) = [row for row in found["tools"] if row["tool"] == "read"]
    assert tool == {"tool": "read", "kind": "records", "parts": 1, "before": tool["before"], "after": tool["after"]}
    assert tool["before"] - tool["after"] == total["removed"]
    last, first = found["latest"]
    assert (last["session"], last["project"], last["round"], last["status"]) == ("session-1", "site", 0, 200)
    assert (last["removed_new"], first["removed_new"]) == (total["removed"], 0)
    assert [part["tool"] for part in last["parts"]] == ["read"]


@pytest.mark.parametrize(("span", "steps"), [("day", {24, 25}), ("week", {7, 8}), ("month", {30, 31})])
def test_every_step_of_the_chart_is_there_and_they_add_up(proxy: Running, span: str, steps: set[int]) -> None:
    found = figures(proxy, span)

    assert len(found["series"]) in steps
    assert sum(step["requests"] for step in found["series"]) == found["total"]["requests"] == 2
    assert found["series"][-1]["requests"] == 2 or found["series"][-2]["requests"] == 2  # an hour may just have begun


def test_an_unknown_span_is_a_week(proxy: Running) -> None:
    assert figures(proxy, "century")["span"] == "week"


@pytest.mark.parametrize("span", SPANS)
def test_a_step_without_requests_is_nothing_under_its_name(span: str) -> None:
    days, step = SPANS[span]
    now = time.time()
    some = NOTHING._replace(name=time.strftime("%Y-%m-%d", time.localtime(now)), requests=3)
    steps = filled([some] if step == "day" else [], step, now - days * DAY, now)
    names = [total.name for total in steps]

    assert names == sorted(set(names))
    assert [total for total in steps if total.requests] == ([some] if step == "day" else [])


def test_a_part_is_shown_before_and_after(proxy: Running) -> None:
    (told,) = figures(proxy)["latest"][0]["parts"]
    part = page(proxy, f"/api/part?ref={told['ref']}").json

    assert (part["ref"], part["before"], part["cut"], part["decided"]) == (told["ref"], OUTPUT, False, True)
    assert 0 < len(part["after"]) < 0.7 * len(OUTPUT)
    assert "[120 rows]" in part["after"]


@pytest.mark.parametrize("ref", ["", "x", "abcdefghjkmn", "%00", "%ed%a0%80", "../../etc/passwd", "x" * 5_000])
def test_a_part_that_is_not_there_is_told(proxy: Running, ref: str) -> None:
    answer = ask(proxy.url, f"/api/part?ref={ref}", headers=NAMED)

    assert answer.status == 404
    assert set(answer.json) == {"error"}


@pytest.mark.parametrize("path", ["/metrics", "/api/figures?span=month", "/healthz", "/"])
def test_no_page_of_figures_holds_a_credential_or_a_text(proxy: Running, path: str) -> None:
    text = page(proxy, path).body.decode()

    assert [secret for secret in SECRETS if secret in text] == []


def test_a_damaged_ledger_is_told_and_requests_go_on(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database at all, not even nearly" * 200)
    client = CLIENTS["openai-chat"]
    with FakeUpstream([Reply("hello")]) as upstream, running(options(tmp_path, upstream.url)) as found:
        assert ask(found.url, client.path, client.first("hi"), HEADERS).status == 200
        answer = ask(found.url, "/api/figures", headers=NAMED)

    assert answer.status == 503
    assert "move the file away" in answer.json["error"]


# The dashboard


class Page(HTMLParser):
    """The tags of a page with their attributes, and what its script and style say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inner: dict[str, str] = {}
        self._in = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in = tag

    def handle_data(self, data: str) -> None:
        if self._in in ("script", "style"):
            self.inner[self._in] = self.inner.get(self._in, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""


def test_the_dashboard_may_run_its_own_script_and_nothing_else(proxy: Running) -> None:
    answer = page(proxy, "/")
    found = Page(answer.body.decode())
    directives = dict(d.strip().split(" ", 1) for d in (answer.header("content-security-policy") or "").split(";"))

    assert directives["default-src"] == "'none'"
    assert directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == directives["base-uri"] == directives["form-action"] == "'none'"
    for name in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(found.inner[name].encode()).digest()).decode()
        assert directives[f"{name}-src"] == f"'sha256-{digest}'"
    assert [
        attributes for _, attributes in found.tags if any(n.startswith("on") or n == "style" for n in attributes)
    ] == []


def test_the_dashboard_refers_to_nothing_outside(proxy: Running) -> None:
    text = page(proxy, "/").body.decode()
    found = Page(text)

    links = [value for _, attributes in found.tags for name, value in attributes.items() if name in ("src", "href")]
    assert links == ["data:,"]
    assert set(re.findall(r"(?:https?:)?//[\w.-]+", text)) == {"http://www.w3.org"}  # the name of SVG's namespace
    assert not re.search(r"@import|url\(|innerHTML|insertAdjacentHTML|document\.write|eval\(", text)


def test_the_dashboard_asks_for_pages_that_are_there(proxy: Running) -> None:
    script = Page(page(proxy, "/").body.decode()).inner["script"]

    assert set(re.findall(r'"(/api/\w+)', script)) == {"/api/figures", "/api/part"}
    ids = {attributes["id"] for _, attributes in Page(page(proxy, "/").body.decode()).tags if "id" in attributes}
    assert set(re.findall(r'\bat\("([\w-]+)"\)', script)) <= ids
