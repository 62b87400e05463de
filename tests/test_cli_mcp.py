"""`headroom mcp` as an agent meets it: a process that answers on its standard output, in any folder, at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headroom.store import SqliteStore

WAIT = 60
LOG = "".join(f"2026-11-01T10:{n // 60:02}:{n % 60:02}Z INFO heartbeat seq={n:04} ok\n" for n in range(400))


class Client:
    """Asks a server line by line."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._asked = 0

    def ask(self, method: str, **params: Any) -> Any:
        """The answer to a request."""
        self._asked += 1
        self.say(json.dumps({"jsonrpc": "2.0", "id": self._asked, "method": method, "params": params}))
        assert self.process.stdout is not None
        answer = json.loads(self.process.stdout.readline())
        assert answer["id"] == self._asked
        return answer

    def call(self, name: str, **arguments: Any) -> tuple[str, bool]:
        """What a tool says, and whether it failed."""
        result = self.ask("tools/call", name=name, arguments=arguments)["result"]
        return result["content"][0]["text"], result["isError"]

    def say(self, line: str) -> None:
        """Sends a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, bytes, bytes]:
        """Closes the input; the status and what is left on both outputs."""
        out, err = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out, err


@contextmanager
def served(home: Path, cwd: Path) -> Iterator[Client]:
    command = [sys.executable, "-P", "-m", "headroom", "mcp", "--home", str(home)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def test_originals_of_another_process_are_found_and_a_closed_input_ends_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with served(home, tmp_path) as client:
        client.ask("initialize", protocolVersion="2025-06-18")
        gone = client.call("headroom_retrieve", ref="abcdefghijkl", lines="1-2")
        store = SqliteStore(home / "headroom.db")
        ref, rows = store.put(LOG), store.put(json.dumps([{"id": n} for n in range(9)]))
        store.close()
        lines = client.call("headroom_retrieve", ref=ref, lines="2-3")
        row = client.call("headroom_retrieve", ref=rows, rows="4")
        value = client.call("headroom_retrieve", ref=rows, path="$[7].id")
        found, _ = client.call("headroom_retrieve", ref=ref, query="seq=0123")
        code, out, err = client.end()

    assert gone[1]
    assert gone[0].endswith("copy the ref from the notice again, or run the command that made the output once more.")
    assert lines == ("".join(LOG.splitlines(True)[1:3]), False)
    assert (row, value) == (('{"id": 3}', False), ("7", False))
    assert "seq=0123" in found
    assert (code, out, err) == (0, b"", b"")


def test_the_settings_in_the_given_home_are_in_force_and_the_folder_it_starts_in_changes_nothing(
    tmp_path: Path,
) -> None:
    home, project = tmp_path / "home", tmp_path / "shop"
    for folder in (home, project):
        folder.mkdir()
    (home / "config.toml").write_text('[[rules]]\nlevel = "meter"\n', encoding="utf-8")
    (project / "json.py").write_text('print("the folder\'s own")\n', encoding="utf-8")
    with served(home, project) as client:
        text, is_error = client.call("headroom_compress", text=LOG)

    assert text.startswith("[left as it is: the level does not allow changing this kind of part · kept: ")
    assert not is_error


def test_nothing_but_the_protocol_is_on_standard_output_whatever_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("level = 3\n", encoding="utf-8")
    with served(tmp_path, tmp_path) as client:
        client.say("garbage")
        client.say("")
        assert client.process.stdout is not None
        refused = json.loads(client.process.stdout.readline())
        text, is_error = client.call("headroom_stats")
        hook = client.call("hook", client="claude")
        code, out, _ = client.end()

    assert refused["error"]["code"] == -32700
    assert is_error
    assert "config.toml" in text
    assert hook[1]
    assert (code, out) == (0, b"")


def test_a_client_that_is_gone_before_it_says_anything_ends_it(tmp_path: Path) -> None:
    with served(tmp_path, tmp_path) as client:
        assert client.end() == (0, b"", b"")


def test_what_compresses_is_not_imported_until_it_is_needed() -> None:
    heavy = "any(name in sys.modules for name in ('headroom.pipeline', 'headroom.store', 'headroom.hooks', 'sqlite3'))"
    code = f"import sys, headroom.cli.mcp, headroom.mcp.tools; sys.exit({heavy})"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
