"""`headroom wrap`: a command runs as if it were alone, its requests go through a proxy, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from headroom import running, settings, supervisor
from headroom.cli import main
from headroom.proxy import routes
from headroom.supervisor import Supervisor, Wanted
from headroom.testing import Call, FakeUpstream, Reply
from tests.proxies import WAIT, ask
from tests.wraps import home_of_proxies

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its processes and signals are POSIX's")

USUAL = "https://gateway.example"
"""Where the user of most tests has sent requests before."""

SAYS = """
import json, os, sys
print(json.dumps({"args": sys.argv[1:], "read": sys.stdin.read(), "environ": dict(os.environ)}))
sys.exit(7)
"""
WAITS = """
import signal, sys
def end(number, frame):
    print("ended by", number, flush=True)
    sys.exit(number)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, end)
print("waits", flush=True)
while True:
    signal.pause()
"""
DIES = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
ROWS = json.dumps([{"id": n, "service": "checkout", "status": "ok", "ms": 20 + n % 7} for n in range(300)])
ASKS = """
import http.client, json, os, sys, threading
from urllib.parse import urlsplit
body = {"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Which were slow?"}],
        "tools": [{"name": "query", "description": "Asks the service.", "input_schema": {"type": "object"}}]}
def asked(body):
    while True:
        try:
            link = http.client.HTTPConnection(urlsplit(os.environ["ANTHROPIC_BASE_URL"]).netloc, timeout=60)
            link.request("POST", "/v1/messages", json.dumps(body))
            return json.loads(link.getresponse().read())["content"]
        except (OSError, http.client.HTTPException):
            threading.Event().wait(0.05)
turn = asked(body)
result = {"type": "tool_result", "tool_use_id": turn[-1]["id"], "content": sys.argv[1]}
body["messages"] += [{"role": "assistant", "content": turn}, {"role": "user", "content": [result]}]
for line in sys.stdin:
    print(asked(body)[-1]["text"], flush=True)
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """A user's own, with a gateway."""
    return {**os.environ, "HEADROOM_HOME": str(home), "HOME": str(home), "ANTHROPIC_BASE_URL": USUAL, **more}


def wrap(home: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "headroom", "wrap", *words], env=environment(home, **more), cwd=home, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def python(code: str, *args: str) -> tuple[str, ...]:
    """A command that runs Python."""
    return ("--", sys.executable, "-c", code, *args)


@pytest.fixture(autouse=True, scope="module")
def hung_up() -> Iterator[None]:
    """A hang-up ends what is started here, as in a terminal, also where `nohup` runs the tests."""
    usual = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, usual)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with home_of_proxies(tmp_path) as folder:
        yield folder


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose proxy runs for as long as the module's tests do, so that none of them has to start it."""
    with home_of_proxies(tmp_path_factory.mktemp("warm")) as folder:
        environ = environment(folder)
        conf = settings.load(environ)
        upstreams = (f"anthropic={USUAL}",)
        name = supervisor.fingerprint(conf, routes.parse_upstreams(upstreams), environ)
        wanted = Wanted(home=folder, fingerprint=name, words=("--upstream", *upstreams), environ=environ)
        with Supervisor(wanted, print):
            yield folder


def refused(*words: str, **more: str) -> tuple[int, str]:
    """The exit code and the sentence."""
    home = settings.load().home
    result = CliRunner().invoke(main, ["wrap", *words], env={"HOME": str(home), **more})
    assert result.stdout == ""
    assert result.stderr.startswith("headroom: ")
    assert result.stderr.count("\n") == 1
    assert not (home / "run").exists()
    return result.exit_code, result.stderr


def test_a_command_has_its_arguments_its_input_its_environment_and_its_exit_code(warm: Path) -> None:
    process = wrap(warm, *python(SAYS, "--level", "--", "-x"), ALL_PROXY="socks5://10.0.0.1:1080")
    out, err = process.communicate("from here")
    said = json.loads(out)

    assert (process.returncode, err) == (7, "")
    assert (said["args"], said["read"]) == (["--level", "--", "-x"], "from here")
    assert said["environ"]["HEADROOM_HOME"] == str(warm)
    assert said["environ"]["ALL_PROXY"] == "socks5://10.0.0.1:1080"
    assert said["environ"]["NO_PROXY"] == "127.0.0.1,localhost"


def test_it_is_pointed_at_the_proxy_and_shares_it_with_other_wraps_and_those_within(warm: Path) -> None:
    (proxy,) = running.running(warm)
    inner = (sys.executable, "-m", "headroom", "wrap")
    for words in (python(SAYS), ("--", *inner, *python(SAYS))):
        out, err = wrap(warm, *words).communicate("")
        environ = json.loads(out)["environ"]

        assert err == ""
        assert environ["ANTHROPIC_BASE_URL"] == proxy.url
        assert environ["OPENAI_BASE_URL"] == f"{proxy.url}/v1"
        assert running.running(warm) == [proxy]


@pytest.mark.parametrize("separator", [(), ("--",)])
def test_an_agent_is_found_by_its_name_and_has_all_words_after_it(warm: Path, separator: tuple[str, ...]) -> None:
    program = warm / "bin" / "claude"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{sys.executable}\n{SAYS}", encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    out, err = wrap(warm, "claude", *separator, "-p", "hi", "--port", PATH=path).communicate("")
    said = json.loads(out)

    assert err == ""
    assert said["args"][-3:] == ["-p", "hi", "--port"]
    assert said["environ"]["ANTHROPIC_BASE_URL"] == running.running(warm)[0].url


def test_the_exit_code_of_a_command_that_a_signal_ended_is_the_one_of_shells(warm: Path) -> None:
    process = wrap(warm, *python(DIES))
    process.communicate()

    assert process.returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_passed_on(warm: Path, number: signal.Signals) -> None:
    process = wrap(warm, *python(WAITS))
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    process.send_signal(number)
    out, err = process.communicate()

    assert (process.returncode, out, err) == (number, f"ended by {number}\n", "")


def test_ctrl_c_is_for_the_command_and_reaches_no_proxy(warm: Path) -> None:
    before = running.running(warm)
    process = wrap(warm, *python(WAITS))
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate()

    assert (process.returncode, out, err) == (signal.SIGINT, f"ended by {signal.SIGINT}\n", "")
    assert running.running(warm) == before


def test_the_upstream_of_the_user_is_kept_and_the_same_bytes_reach_it_after_the_proxy_was_killed(home: Path) -> None:
    script = [Reply(calls=[Call("query", {})]), Reply("before"), Reply("after")]
    with FakeUpstream(script, forks=True) as upstream:
        process = wrap(home, *python(ASKS, ROWS), ANTHROPIC_BASE_URL=f"{upstream.url}/")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "before\n"
        (first,) = running.running(home)
        os.kill(first.pid, signal.SIGKILL)
        out, err = process.communicate("go\n")

        assert (process.returncode, out, err) == (0, "after\n", "")
        assert first.upstreams["anthropic"] == upstream.url
        assert upstream.requests[1].body == upstream.requests[2].body
        assert len(upstream.requests[1].body) < len(ROWS)
        assert upstream.violations == []
    (second,) = running.running(home)
    assert (second.port, second.pid == first.pid) == (first.port, False)


def test_a_wrap_that_is_killed_leaves_a_command_that_the_proxy_still_answers_for_a_while(warm: Path) -> None:
    process = wrap(warm, *python(WAITS))
    assert process.stdout is not None
    assert process.stdout.readline() == "waits\n"
    process.kill()
    process.wait(WAIT)

    assert ask(running.running(warm)[0].url, "/healthz").status == 200
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()


def test_a_port_can_be_named_and_what_an_earlier_wrap_left_in_the_environment_is_no_upstream(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = wrap(home, "--port", str(port), "--level", "meter", *python(SAYS), ANTHROPIC_BASE_URL=url)
    out, err = process.communicate("")

    assert (process.returncode, err) == (7, "")
    assert json.loads(out)["environ"]["ANTHROPIC_BASE_URL"] == url
    (proxy,) = running.running(home)
    assert (proxy.url, proxy.level) == (url, "meter")
    assert proxy.upstreams["anthropic"] == routes.UPSTREAMS["anthropic"]


def test_a_program_that_is_not_there_starts_nothing() -> None:
    code, sentence = refused("--", "no-such-program", "-x")

    assert code == 127
    assert "no-such-program is not there to be run" in sentence
    assert refused("claude", PATH=str(settings.load().home))[0] == 127


def test_a_file_that_is_no_program_is_told(warm: Path) -> None:
    program = warm / "no-program"
    program.write_bytes(b"\0")
    program.chmod(0o755)
    process = wrap(warm, "--", str(program))
    out, err = process.communicate()

    assert (process.returncode, out) == (126, "")
    assert err.startswith(f"headroom: {program} cannot be run: ")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "Missing argument"),
        (("--",), "Missing argument"),
        (("clade",), "did you mean claude?"),
        (("--level", "no", "claude"), "--level is 'no'"),
        (("--port", "0", "claude"), "0"),
        (("cursor",), "Cursor cannot be wrapped"),
    ],
)
def test_a_wrong_use_is_one_sentence_and_starts_nothing(words: tuple[str, ...], part: str) -> None:
    code, sentence = refused(*words)

    assert code == 2
    assert part in sentence


@pytest.mark.parametrize(
    "words",
    [("--explain", "claude"), ("claude", "--explain"), ("--port", "8787", "claude", "--level=lossless", "--explain")],
)
def test_what_it_changes_is_explained_without_running_anything(home: Path, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["wrap", *words], env=environment(home))

    assert result.exit_code == 0
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:8787\n" in result.stdout
    assert f"go on to {USUAL}" in result.stdout
    assert not (home / "run").exists()


def test_a_wrap_can_be_written_to_the_agents_own_files_and_taken_back(home: Path) -> None:
    file = home / ".claude" / "settings.json"
    assert CliRunner().invoke(main, ["wrap", "claude", "--persist"], env=environment(home)).exit_code == 0
    assert json.loads(file.read_text(encoding="utf-8"))["env"]["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:8787"
    assert "headroom proxy --port 8787 " in file.read_text(encoding="utf-8")  # for a prompt with none there
    assert CliRunner().invoke(main, ["unwrap", "claude"], env=environment(home)).exit_code == 0
    assert not file.exists()
