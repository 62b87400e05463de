"""`headroom show`: what was decided about an original, and both texts as a diff that a person can trust."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from headroom import Result, api, compress, settings
from headroom.cli import main
from headroom.cli.differences import CONTEXT, unified

RUN = "\n".join([f"tests/test_shop.py::test_{n} PASSED" for n in range(900)] + ["== 900 passed in 3 s =="])


def conversation(question: str, text: str = RUN) -> list[dict[str, Any]]:
    use = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "pytest"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": text}
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]


def shown(ref: str | None, *options: str) -> str:
    result = CliRunner().invoke(main, ["show", ref or "", *options])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout_bytes.decode()


def sent(result: Result) -> str:
    text: str = result.messages[2]["content"][0]["content"]
    return text


def applied(before: list[str], hunks: list[str]) -> tuple[list[str], list[str]]:
    """Both texts as a diff tells them: its own lines, and the unchanged ones between its hunks."""
    old: list[str] = []
    new: list[str] = []
    for line in hunks:
        if line.startswith("@@"):
            start, _, count = line.split()[1].removeprefix("-").partition(",")
            skipped = before[len(old) : int(start) - (count != "0")]
            old += skipped
            new += skipped
            continue
        old += [line[1:]] if line[0] in " -" else []
        new += [line[1:]] if line[0] in " +" else []
    rest = before[len(old) :]
    return old + rest, new + rest


LINES = st.lists(st.sampled_from("abcdefg") | st.text("xyz", max_size=3), max_size=30)


@given(LINES, LINES)
def test_a_diff_tells_both_texts_whatever_they_are(before: list[str], after: list[str]) -> None:
    assert applied(before, list(unified(before, after))) == (before, after)


@given(LINES)
def test_equal_texts_have_no_diff_and_a_cut_one_only_lines_taken_away(lines: list[str]) -> None:
    assert list(unified(lines, lines)) == []
    body = [line for line in unified(lines, lines[: len(lines) // 2]) if not line.startswith("@@")]
    assert {line[0] for line in body} <= {" ", "-"}


def test_long_unchanged_stretches_are_left_out_of_a_diff() -> None:
    before = [f"line {number}" for number in range(100)]
    after = [*before[:50], "changed", *before[51:]]
    assert list(unified(before, after)) == [
        f"@@ -{51 - CONTEXT},{2 * CONTEXT + 1} +{51 - CONTEXT},{2 * CONTEXT + 1} @@",
        " line 47", " line 48", " line 49", "-line 50", "+changed", " line 51", " line 52", " line 53",
    ]  # fmt: skip


def test_a_hundred_thousand_lines_with_few_different_ones_are_compared_at_once() -> None:
    before = [f"line {n % 50}" if n % 3 else f"one {n}" for n in range(100_000)]
    after = [line for n, line in enumerate(before) if n % 7]
    assert sum(line.startswith("-") for line in unified(before, after)) == len(before) - len(after)


def test_what_was_left_out_is_shown_beside_why_and_what_it_saved() -> None:
    result = compress(conversation("run the tests"), way_back="shell")
    part = result.parts[-1]
    text = shown(part.ref)
    assert part.reason == "outlined"
    assert text.startswith(f"{part.ref}: 901 lines, {len(RUN):,} bytes\n\nruns at level balanced: ")
    assert f"{part.tokens_before:,} tokens, now {part.tokens_after:,} (" in text
    assert "with omissions\n  outlined: what repeats was left out, with a way back\n" in text
    for omission in part.omissions:
        assert f"  lines {omission.first}-{omission.last}: {omission.what}\n" in text
    head, _, diff = text.partition("+++ what the model reads, runs\n")
    assert head.endswith(f"\n\n--- the original, {part.ref}\n")
    assert applied(RUN.split("\n"), diff.splitlines())[1] == sent(result).split("\n")


def test_all_decisions_are_listed_once_and_the_newest_is_compared() -> None:
    results = [
        compress(conversation(f"question {number}"), level=level, way_back="tool")
        for number, level in enumerate(["lossless", "lossless", "balanced"])
    ]
    text = shown(results[0].parts[-1].ref)
    first, second = text.index("runs at level lossless: "), text.index("runs at level balanced: ")
    assert first < second
    assert text.count("at level lossless") == 1
    assert ", lossless; in 2 places\n" in text
    diff = text.partition("+++ what the model reads, runs\n")[2]
    assert applied(RUN.split("\n"), diff.splitlines())[1] == sent(results[2]).split("\n")


def test_as_json_everything_is_there_to_the_byte() -> None:
    compress(conversation("one"), level="lossless")
    result = compress(conversation("two"), way_back="shell")
    part = result.parts[-1]
    told = json.loads(shown(part.ref, "--json"))
    assert (told["ref"], told["original"]) == (part.ref, RUN)
    assert [decision["level"] for decision in told["decisions"]] == ["lossless", "balanced"]
    newest = told["decisions"][-1]
    assert newest["rendering"] == sent(result)
    assert newest["meaning"] == "what repeats was left out, with a way back"
    assert newest["places"] == 1
    assert [omission["first"] for omission in newest["omissions"]] == [o.first for o in part.omissions]


def test_of_a_text_that_no_conversation_holds_only_the_original_is_known() -> None:
    ref = compress(RUN, way_back="shell").parts[0].ref
    text = shown(ref)
    assert text == (
        f"{ref}: 901 lines, {len(RUN):,} bytes\n"
        "No conversation holds a decision about it, so only the original is known.\n"
        f"To read it: headroom get {ref}\n"
    )
    assert json.loads(shown(ref, "--json"))["decisions"] == []


def test_an_unknown_ref_is_refused_like_everywhere() -> None:
    result = CliRunner().invoke(main, ["show", "zzzzzzzzzzzz"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("headroom: no original is stored under 'zzzzzzzzzzzz'")


def test_control_characters_are_shown_and_not_obeyed() -> None:
    coloured = RUN.replace("PASSED", "\x1b[32mPASSED\x1b[0m\r")
    result = compress(conversation("run", coloured), way_back="shell")
    text = shown(result.parts[-1].ref)
    assert "␛[32mPASSED␛[0m␍" in text
    assert "\x1b" not in text
    assert "\r" not in text


if sys.platform != "win32":

    def on_terminal(ref: str, env: dict[str, str]) -> str:
        """What a terminal is sent."""
        screen, streams = os.openpty()
        environ = {"HEADROOM_HOME": str(settings.load().home), "TERM": "xterm-256color", **env}
        command = [sys.executable, "-m", "headroom", "show", ref]
        with subprocess.Popen(command, stdin=streams, stdout=streams, stderr=streams, env=environ) as process:
            os.close(streams)
            said = b""
            while process.poll() is None or said[-1:] != b"\n":
                try:
                    said += os.read(screen, 65536)
                except OSError:  # Linux answers EIO once the other side is closed
                    break
        os.close(screen)
        return said.decode()

    @pytest.mark.parametrize(("env", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
    def test_colours_are_for_terminals_that_want_them(env: dict[str, str], coloured: bool) -> None:
        text = "\n".join(f"tests/test_shop.py::test_{n} PASSED" for n in range(400)) + "\n== 400 passed in 3 s =="
        ref = compress(conversation("run", text), way_back="shell").parts[-1].ref
        assert ref is not None
        answer = on_terminal(ref, env)
        assert ("\x1b[31m-tests/test_shop.py::test_9 PASSED\x1b[0m" in answer) == coloured
        assert ("\x1b" in answer) == coloured
        assert api.open_store(settings.load()).decisions(ref) != []
