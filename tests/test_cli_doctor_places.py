"""`headroom doctor` on where settings lead, on proxies, and on what commands left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom import __version__, agents, running
from headroom.cli import main
from headroom.cli._doctor.pointers import VARIABLES
from headroom.configs import Change, Journal
from tests.doctor_runs import Proxy, a_place, a_proxy, a_server, examined, free_port, persisted, proxy_file


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with a project in it, and no client."""
    return a_place(tmp_path, monkeypatch)


@pytest.fixture
def home() -> Path:
    """Headroom's own folder."""
    return Path(os.environ["HEADROOM_HOME"])


@pytest.fixture(scope="module")
def balanced() -> Iterator[Proxy]:
    with a_proxy() as found:
        yield found


@pytest.fixture(scope="module")
def meter() -> Iterator[Proxy]:
    with a_proxy("meter") as found:
        yield found


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_variable_that_leads_to_a_dead_port_fails_with_both_remedies(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://localhost:{(port := free_port())}/v1"
    monkeypatch.setenv(variable, url)
    line = examined().only("addresses", "failure")

    assert f"{variable} in the environment leads {VARIABLES[variable]} to {url}, where nothing listens" in line
    assert f"headroom proxy --port {port}" in line
    assert f"unset {variable}" in line


def test_a_persisted_set_up_without_its_proxy_fails_with_file_key_and_both_remedies(home: Path, place: Path) -> None:
    port = free_port()
    file = persisted(home, place, f"http://127.0.0.1:{port}")
    line = examined().only("addresses", "failure")

    assert f"env.ANTHROPIC_BASE_URL in {file} leads Claude Code to http://127.0.0.1:{port}, where nothing" in line
    assert f"headroom proxy --port {port}" in line
    assert "headroom unwrap claude" in line


BY_FILE = ("claude", "codex", "gemini", "opencode", "aider", "goose", "qwen")


@pytest.mark.parametrize("name", BY_FILE)
def test_whatever_wrap_persists_is_found_without_its_proxy(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")  # opencode has no provider without one
    made = CliRunner().invoke(main, ["wrap", "--persist", "--port", str(port), name])
    lines = examined().lines("addresses")
    CliRunner().invoke(main, ["unwrap", name])

    assert made.exit_code == 0, made.output
    assert lines != []
    for line in lines:
        assert str(place) in line
        assert f"leads {agents.find(name).title} to http://127.0.0.1:{port}" in line
        assert f"headroom unwrap {name}" in line
    assert examined().code == 0


def test_the_remedy_sends_requests_on_to_where_the_user_had_them(place: Path) -> None:
    config = place / ".codex/config.toml"
    config.parent.mkdir()
    config.write_text('openai_base_url = "https://gateway.example/v1"\n', encoding="utf-8")
    port = free_port()
    CliRunner().invoke(main, ["wrap", "--persist", "--port", str(port), "codex"])
    line = examined().only("addresses", "failure")

    assert f"headroom proxy --port {port} --upstream openai=https://gateway.example; or" in line


def test_the_variables_of_all_agents_are_looked_at() -> None:
    known = {base.variable for agent in (*agents.AGENTS, agents.ANY) for base in agent.bases}

    assert known - VARIABLES.keys() == set()


def test_a_persisted_set_up_that_leads_to_another_program_fails(home: Path, place: Path) -> None:
    with a_server(b"hello") as url:
        file = persisted(home, place, url)
        line = examined().only("addresses", "failure")

    assert f"{file} leads Claude Code to {url}, where another program answers, not Headroom." in line


def test_a_set_up_that_leads_to_a_running_proxy_is_well(balanced: Proxy, home: Path, place: Path) -> None:
    persisted(home, place, balanced.announced(home))

    assert f"where Headroom {__version__} answers" in examined().only("addresses", "ok")


def test_a_variable_may_lead_to_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_server(b'{"name": "a model"}') as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        line = examined().only("addresses", "warning")

    assert "Leave it if that program is meant; if not, take the variable out: unset OPENAI_BASE_URL." in line


def test_settings_on_one_line_are_all_found(place: Path) -> None:
    (place / ".claude").mkdir()
    text = '{"note": "# 1", "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1", "OPENAI_BASE_URL":"http://127.0.0.1:2/v1"}}'
    (place / ".claude/settings.json").write_text(text, encoding="utf-8")

    assert len(examined().lines("addresses", "warning")) == 2


OWN = {
    ".claude/settings.json": ('{"model": "opus",\n "env": {\n  "ANTHROPIC_BASE_URL": "%s"}}', "ANTHROPIC_BASE_URL", 3),
    ".codex/config.toml": ('model = "x"\nopenai_base_url = "%s/v1"\n', "openai_base_url", 2),
    ".gemini/.env": ("GEMINI_API_KEY=x\nGOOGLE_GEMINI_BASE_URL=%s\n", "GOOGLE_GEMINI_BASE_URL", 2),
    ".config/opencode/opencode.json": ('{"provider": {"x": {"options":\n{"baseURL": "%s/v1"}}}}', "baseURL", 2),
    ".continue/config.yaml": ("models:\n  - name: x\n    apiBase: %s/v1\n", "apiBase", 3),
    ".aider.conf.yml": ("openai-api-base: %s\n", "openai-api-base", 1),
    "shop/.claude/settings.local.json": ('{"env": {"ANTHROPIC_BASE_URL": "%s"}}', "ANTHROPIC_BASE_URL", 1),
}
"""Files of clients as a user writes them: text, key, line."""


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("used", [True, False])
def test_what_a_user_wrote_by_hand_is_found_with_its_line(name: str, used: bool, home: Path, place: Path) -> None:
    text, key, line = OWN[name]
    url = f"http://127.0.0.1:{free_port()}"
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text % url, encoding="utf-8")
    if used:  # a proxy listened there once
        (running.folder(home) / f"{url.rpartition(':')[2]}.json").write_text("{}", encoding="utf-8")
    told = examined().only("addresses", "failure" if used else "warning")

    assert f"{key} in {place / name}:{line} leads " in told
    assert "where nothing listens" in told


@pytest.mark.parametrize(
    "text",
    [
        '{"mcpServers": {"db": {"url": "http://127.0.0.1:1/mcp"}}}',
        '{"env": {"ANTHROPIC_BASE_URL": "https://gateway.example"}}',
        '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1.example:1"}}',
        '{\n  // "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"\n}',
        "# ANTHROPIC_BASE_URL=http://127.0.0.1:1",
        '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:99999"}}',
        "\0\udcff",
    ],
)
def test_what_leads_to_no_proxy_is_no_finding(text: str, place: Path) -> None:
    (place / ".claude").mkdir()
    (place / ".claude/settings.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    assert examined().lines("addresses") == []


def test_two_proxies_that_differ_are_told_with_how_they_do(balanced: Proxy, meter: Proxy, home: Path) -> None:
    first, second = balanced.announced(home), meter.announced(home, fingerprint="b", upstreams={"openai": "http://x"})
    (line,) = examined().lines("proxies", "warning")

    assert "2 proxies run that differ" in line
    assert f"{first} (process {os.getpid()}): {__version__}, balanced" in line
    assert f"{second} (process {os.getpid()}): {__version__}, meter, openai at http://x" in line


def test_two_proxies_that_are_alike_are_no_fault(balanced: Proxy, meter: Proxy, home: Path) -> None:
    balanced.announced(home)
    meter.announced(home)

    assert len(examined().lines("proxies", "ok")) == len(examined().lines("proxies")) == 2


def test_a_proxy_of_another_version_is_told_with_both(home: Path) -> None:
    with a_server(b'{"ok": true, "name": "headroom", "version": "0.0.7", "level": "balanced"}') as url:
        running.announce(home, proxy_file(url, version="0.0.7"))
        (line,) = examined().lines("proxies")

    assert f"The proxy at {url} is Headroom 0.0.7; this command is {__version__}." in line
    assert f"Stop process {os.getpid()} and start it again" in line


def test_a_proxy_of_another_home_cannot_be_tried(balanced: Proxy, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", balanced.url)
    line = examined().only("proxies", "warning")

    assert f"The proxy at {balanced.url} does not belong to {home}" in line
    assert "Run headroom doctor with its HEADROOM_HOME" in line


def test_a_process_that_lives_but_does_not_listen_fails(home: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    running.announce(home, proxy_file(url))

    assert f"A proxy should answer at {url} (process {os.getpid()}), but nothing listens there." in examined().only(
        "proxies", "failure"
    )


def test_the_file_of_a_proxy_that_was_killed_is_told(home: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    running.announce(home, proxy_file("http://127.0.0.1:8788", pid=process.pid))
    line = examined().only("run files", "warning")

    assert f"{home / 'run' / '8788.json'} was left by a proxy that was killed" in line
    assert "headroom proxy --port 8788; or remove the file" in line


def test_a_key_that_is_gone_fails_with_both_remedies(home: Path, place: Path) -> None:
    file = persisted(home, place, "http://127.0.0.1:8787")
    file.write_text("{}", encoding="utf-8")
    line = examined().only("edits", "failure")

    assert str(file) in line
    assert "ANTHROPIC_BASE_URL" in line
    assert "headroom wrap --persist claude; or take it out: headroom unwrap claude." in line


def test_a_change_that_was_killed_half_way_fails_with_its_file(home: Path, place: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from headroom.configs import Change, Journal, _disk; import os\n"
        "real = os.replace\n"
        "def replace(a, b):\n"
        "    real(a, b)\n"
        "    if str(b).endswith('settings.json'): os.kill(os.getpid(), 9)\n"
        "os.replace = replace\n"
        "place = Path(sys.argv[2])\n"
        "change = Change(file=place / 'settings.json', form='json', sets=((('a',), 'b'),))\n"
        "Journal(Path(sys.argv[1]), place).apply('wrap claude', [change])\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, home / "configs", place], check=False)
    line = examined().only("edits", "failure")

    assert killed.returncode == -9
    assert f"A change of {place / 'settings.json'} was killed half-way." in line
    assert "headroom unwrap claude" in line


def test_an_interpreter_that_is_gone_fails(home: Path, place: Path) -> None:
    value = {"command": str(place / "gone/bin/python3"), "args": ["-m", "headroom", "mcp"]}
    change = Change(file=place / ".claude.json", form="json", sets=((("mcpServers", "headroom"), value),))
    Journal(home / "configs", place).apply("mcp claude", [change])
    line = examined().only("edits", "failure")

    assert f'What "mcp claude" wrote runs {place}/gone/bin/python3, which is not there any more.' in line
    assert "headroom mcp install claude" in line


def test_a_journal_that_cannot_be_read_fails(home: Path) -> None:
    (home / "configs").mkdir(mode=0o700)
    (home / "configs/journal.json").touch(0o600)
    (home / "configs/journal.json").write_text("{", encoding="utf-8")

    assert "the journal of configuration edits" in examined().only("edits", "failure").lower()
