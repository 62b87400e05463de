"""The command line as a person meets it: at a terminal it asks, notes what it saved, and stops at Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headroom import api, settings
from tests.audit_logs import Transcript

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal, which Windows has not", allow_module_level=True)

RECORDS = json.dumps([{"id": n, "name": f"item-{n:04}", "state": "open"} for n in range(120)], indent=1)
COMMAND = [sys.executable, "-m", "headroom"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """`headroom` as a process whose streams are a pseudo-terminal, its input too unless `stdin` is given."""

    def __init__(self, *args: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> None:
        self._screen, streams = os.openpty()
        self._said = b""
        environ = {"HEADROOM_HOME": str(settings.load().home), "TERM": "xterm-256color", **(env or {})}
        self._process = subprocess.Popen(
            [*COMMAND, *args], stdin=streams if stdin is None else subprocess.PIPE, stdout=streams, stderr=streams,
            env=environ,
        )  # fmt: skip
        os.close(streams)
        if self._process.stdin is not None:
            self._process.stdin.write(stdin or b"")
            self._process.stdin.close()

    def until(self, words: str) -> None:
        """Waits until the process has said `words`, which it must."""
        while words not in self._said.decode(errors="replace"):
            data = self._read()
            assert data, f"ended with {self._said!r}"

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def interrupt(self) -> None:
        interrupt(self._process)

    def end(self) -> tuple[int, str]:
        """Exit code, and all that was said."""
        while self._read():
            continue
        os.close(self._screen)
        return self._process.wait(), self._said.decode().replace("\r\n", "\n")

    def _read(self) -> bytes:
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # Linux answers EIO once the other side is closed
            data = b""
        self._said += data
        return data


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, as a person presses it: again if nothing happens (a read that begins just after the signal waits)."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue


def stored() -> str:
    return api.open_store(settings.load()).put(RECORDS)


def originals() -> int:
    return api.open_store(settings.load()).usage().originals


def test_compress_notes_what_it_saved_after_the_rendering() -> None:
    code, said = Terminal("compress", stdin=RECORDS.encode()).end()
    rendering = api.compress(RECORDS).messages
    assert code == 0
    assert said.startswith(rendering.rstrip("\n") + "\n")
    assert re.search(
        r"\nrecords: [\d,]+ tokens, now [\d,]+ \(\d+% fewer\), lossless, [\d,]+ ms; the original: .*\n$", said
    )


def test_compress_without_input_says_where_it_takes_it_from() -> None:
    code, said = Terminal("compress").end()
    assert code == 2
    assert said == "headroom: there is no input; name a file, or pipe a tool's output into headroom compress\n"


def test_an_original_without_a_last_line_end_gets_one_at_a_terminal() -> None:
    assert not RECORDS.endswith("\n")
    assert Terminal("get", stored()).end() == (0, RECORDS + "\n")


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 1), ("\n", 1, 1), ("\x04", 1, 1)])
def test_purge_asks_and_deletes_only_after_a_yes(answer: str, code: int, left: int) -> None:
    stored()
    terminal = Terminal("purge")
    terminal.until("[y/N]: ")
    terminal.type(answer)
    ended, said = terminal.end()
    assert ended == code
    assert "Delete 1 original and 0 decisions" in said
    assert ("Deleted 1 original" in said) == (left == 0)
    assert originals() == left


def test_an_audit_tells_how_far_it_is_and_leaves_no_trace_of_it(tmp_path: Path) -> None:
    for name in ("s1", "s2"):
        log = Transcript(name)
        log.says("hello")
        log.write(tmp_path)
    code, said = Terminal("audit", str(tmp_path)).end()
    assert code == 0
    assert "2 of 2 sessions" in COLOUR.sub("", said)
    assert said.rstrip("\n").endswith("All figures: headroom audit --html audit.html")


def test_ctrl_c_at_a_question_ends_with_130_and_changes_nothing() -> None:
    stored()
    terminal = Terminal("purge")
    terminal.until("[y/N]: ")
    terminal.interrupt()
    code, said = terminal.end()
    assert code == 130
    assert "Traceback" not in said
    assert originals() == 1


def test_ctrl_c_while_reading_ends_with_130() -> None:
    with subprocess.Popen([*COMMAND, "compress"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        # More than any pipe holds: once it is written, the process has begun to read.
        process.stdin.write(b"x" * 4_000_000)
        process.stdin.flush()
        interrupt(process)
        said = process.stderr.read()
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_a_reader_that_goes_away_is_no_error_to_read_about() -> None:
    ref = stored()
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        answer = subprocess.run([*COMMAND, "get", ref], stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (answer.returncode, answer.stderr) == (1, b"")


def test_the_demo_is_in_colour_at_a_terminal_unless_no_color_is_set() -> None:
    code, said = Terminal("demo").end()
    assert code == 0
    assert COLOUR.search(said)
    plain_code, plain = Terminal("demo", env={"NO_COLOR": "1"}).end()
    assert plain_code == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", plain)
