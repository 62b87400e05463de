"""Host text around a tool's output: what counts as host text, and that nothing is lost or slow in telling it apart."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.providers._host import WINDOW, is_reminder, split
from tests.dialects import SHARED

TRAJECTORIES = SHARED / "trajectories"
REMINDER = "<system-reminder>\nUse the todo list.\n</system-reminder>"

# head, body, tail, failed
CASES = {
    "a plain output": ("", "On branch main\nnothing to commit", "", False),
    "an empty text": ("", "", "", False),
    "a reminder after a file": ("", "     1→package x", f"\n\n{REMINDER}\n", False),
    "two reminders": ("", "text", f"\n\n{REMINDER}\n\n{REMINDER}\n", False),
    "the file's own last newline stays in the body": ("", "text\n", f"\n\n{REMINDER}", False),
    "a reminder and nothing else": ("", "", REMINDER, False),
    "an exit code": ("Exit code 1\n", "E assert 1 == 2", "", True),
    "exit code nought": ("Exit code 0\n", "fine", "", False),
    "an exit code alone": ("Exit code 2", "", "", True),
    "an interrupted command": ("Exit code 137\n[Request interrupted by user for tool use]\n", "=== RUN", "", True),
    "a tool use error": ("<tool_use_error>", "File does not exist.", "</tool_use_error>", True),
    "an error": ("<error>", "no such tool", "</error>", True),
    "Codex, unified exec": (
        "Chunk ID: a1b2c3\nWall time: 0.1234 seconds\nProcess exited with code 0\nOriginal token count: 12\nOutput:\n",
        "a.py\nb.py",
        "",
        False,
    ),
    "Codex, a command that still runs": (
        "Chunk ID: a1\nWall time: 10.0 seconds\nProcess running with session ID 7\nOriginal token count: 1\nOutput:\n",
        "listening",
        "",
        False,
    ),
    "Codex, a failure without the first lines": ("Process exited with code 101\nOutput:\n", "error[E0308]", "", True),
    "Codex, before unified exec": ("Exit code: 1\nWall time: 1.2 seconds\nOutput:\n", "boom", "", True),
    "Codex, code mode": ("Script completed\nWall time 0.2 seconds\nOutput:\n", "", "", False),
    "Copilot, a shell command": ("", "On branch main", "\n<shellId: 0 completed with exit code 0>", False),
    "Copilot, the beginning of a long output": (
        "Output too large to read at once (25.0 KB). Saved to: out.txt\nConsider using tools like grep (for searching)."
        "\n\nPreview (first 500 chars):\n",
        "line 1",
        "\n<shellId: 0 completed with exit code 0>",
        False,
    ),
    "a fence about all of it": ("```text\n", "1 passed\n2 failed", "\n```\n", False),
    "a fence about a part of it": ("", "see\n```\n1 passed\n```", "", False),
    "the mark of UTF-8": ("\ufeff", '{"a": 1}', "", False),
    "tags of a shell tool": (
        "<stdout>\n",
        "E   assert 1 == 2",
        "\n</stdout>\n<stderr></stderr>\n<exit_code>1</exit_code>",
        True,
    ),
    "words on the other stream stay": (
        "",
        "<stdout>\nfine\n</stdout>\n<stderr>oh</stderr>\n<exit_code>0</exit_code>",
        "",
        False,
    ),
    "Gemini, untrusted": ("<untrusted_context>\n", "ls: a", "\n</untrusted_context>", False),
    "Gemini, a shell command": (
        "Command: git status\nDirectory: (root)\nOutput: ",
        "On branch main",
        "\nError: (none)\nExit Code: 0\nSignal: 0\nBackground PIDs: (none)\nProcess Group PGID: 26593",
        False,
    ),
    "Gemini, a failed command in its wrapper": (
        "<untrusted_context>\nOutput: ",
        "no such file",
        "\nExit Code: 2\nProcess Group PGID: 9\n</untrusted_context>",
        True,
    ),
    "mini-swe": ("<returncode>0</returncode>\n<output>\n", "a\nb\n", "</output>", False),
    "mini-swe, a failure": ("<returncode>2</returncode>\n<output>\n", "ls: cannot access\n", "</output>", True),
    "a background task": (
        "<retrieval_status>success</retrieval_status>\n\n<task_id>b1</task_id>\n\n<task_type>local_bash</task_type>\n\n"
        "<status>completed</status>\n\n<exit_code>1</exit_code>\n\n<output>\n",
        "FAIL",
        "\n</output>",
        True,
    ),
    "an output that the host spilled to a file": (
        "<persisted-output>\nOutput too large (100.5KB). Full output saved to: /h/x.txt\n\nPreview (first 2KB):\n",
        "[dup] line",
        "\n...\n</persisted-output>",
        False,
    ),
    "a slash command's output": ("<local-command-stdout>", "Compacted", "</local-command-stdout>", False),
    "a changed directory": ("", "ok", "\nShell cwd was reset to /home/user/p", False),
    "a page of matches": ("", "a.go:1:x", "\n\n[Showing results with pagination = limit: 30, offset: 0]", False),
    "a sub-agent's trailer": (
        "",
        "All done.",
        "\nagentId: a1 (for resuming to continue this agent's work if needed)\n"
        "<usage>total_tokens: 1\ntool_uses: 2\nduration_ms: 3</usage>",
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_splits_what_hosts_write_from_what_tools_write(name: str) -> None:
    head, body, tail, failed = CASES[name]
    assert split(head + body + tail) == (head, body, tail, failed)


@pytest.mark.parametrize(
    "text",
    [
        "Found 12 files\na.py\nb.py",
        "Output:\nnot a header",
        "Exit codes are listed below\n1 2 3",
        "<output>\nx\n</output>",
        "<tool_use_error>never closed",
        "see <system-reminder>x</system-reminder> in the middle",
        "a closing tag alone </system-reminder>",
        "Output: plain words without a shell's trailer",
        "the Shell cwd was reset to /x\nand then more",
    ],
)
def test_leaves_a_text_whole_that_only_looks_like_host_text(text: str) -> None:
    assert split(text) == ("", text, "", False)


def test_a_reminder_is_one_only_if_nothing_else_stands_there() -> None:
    assert is_reminder(REMINDER)
    assert is_reminder(f"\n{REMINDER}\n\n{REMINDER}\n")
    assert not is_reminder(f"x{REMINDER}")
    assert not is_reminder("")
    assert not is_reminder("   ")


def test_a_moved_reminder_leaves_head_and_body_as_they_were() -> None:
    for text in ("one\n", "one", "Exit code 1\none\n\n"):
        bare, moved = split(text), split(f"{text}\n\n{REMINDER}\n")
        assert (bare.head, bare.body) == (moved.head, moved.body)


HOST_WORDS = st.sampled_from(
    [part for case in CASES.values() for part in case[:3] if isinstance(part, str) and part]
    + ["\n", " ", "</system-reminder>", "<system-reminder>", "Output:\n", "Command: ", "\nDirectory: ", "agentId: "]
)


@given(st.lists(st.one_of(HOST_WORDS, st.text(max_size=8)), max_size=12).map("".join))
def test_the_pieces_always_make_up_the_text(text: str) -> None:
    head, body, tail, _ = split(text)
    assert head + body + tail == text


@pytest.mark.parametrize(
    "text",
    [
        "</system-reminder>" * 60_000,
        "<system-reminder>" * 60_000,
        "<system-reminder></system-reminder>" * 30_000,
        "Command: " + "\nDirectory: x" * 60_000,
        "<tool_use_error>" * 50_000 + "</tool_use_error>" * 50_000,
        " " * 1_000_000 + "</system-reminder>" + " " * 1_000_000,
        "Exit code 1\n" * 80_000,
        "Shell cwd was reset to " * 40_000,
    ],
)
def test_hostile_repetition_keeps_the_law(text: str) -> None:
    head, body, tail, _ = split(text)
    assert head + body + tail == text


@pytest.mark.skipif(not TRAJECTORIES.is_dir(), reason="recorded trajectories are not at ../shared/data/trajectories")
def test_recorded_outputs_split_into_frames_of_bounded_size() -> None:
    tails: Counter[bool] = Counter()
    for file in ("mini-swe-agent-python", "claude-code-go-project"):
        with gzip.open(TRAJECTORIES / f"{file}.jsonl.gz", "rt") as lines:
            for number, line in enumerate(lines):
                if number % 5:
                    continue
                output = json.loads(line)["output"]
                if not isinstance(output, str):
                    continue
                head, body, tail, _ = split(output)
                assert head + body + tail == output
                assert len(head) < 1_000
                assert "</system-reminder>" not in body[-WINDOW:]
                tails[bool(head or tail)] += 1
    assert tails[True] > 4_000
