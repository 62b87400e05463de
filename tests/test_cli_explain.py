"""`headroom compress` where it leaves things out: the way back it names, and the answer to why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from headroom import compress, notices, policy, settings
from headroom.cli import main
from headroom.policy import Rule
from headroom.store import MemoryStore
from headroom.types import Item, Outline

RUN = "\n".join(
    [f"tests/test_shop.py::test_{n} PASSED" for n in range(400)]
    + ["tests/test_shop.py::test_x FAILED"]
    + [f"tests/test_cart.py::test_{n} PASSED" for n in range(400)]
    + ["== 1 failed, 800 passed in 3 s =="]
)


def out(*args: str, stdin: str = RUN) -> str:
    result = CliRunner().invoke(main, ["compress", *args], input=stdin)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def report(*args: str, stdin: str = RUN) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(out("--json", *args, stdin=stdin))
    return value


def test_by_default_what_repeats_is_left_out_with_the_command_that_fetches_it() -> None:
    found = report()
    assert (found["reason"], found["lossless"]) == ("outlined", False)
    assert f"headroom get {found['ref']} --lines " in notices.found(found["rendering"])[0]
    assert out() == found["rendering"]


@pytest.mark.parametrize(("way", "words"), [("tool", "headroom_retrieve('"), ("mcp", "headroom_retrieve('")])
def test_another_way_back_is_written_as_it_is_called(way: str, words: str) -> None:
    assert words in notices.found(out("--way", way))[0]


def test_without_a_way_back_or_at_another_level_nothing_is_left_out() -> None:
    assert report("--way", "none")["lossless"]
    assert report("--level", "lossless")["lossless"]


def test_a_way_that_does_not_exist_is_refused_with_those_that_do() -> None:
    result = CliRunner().invoke(main, ["compress", "--way", "pigeon"], input=RUN)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'pigeon' is not one of 'none', 'mcp', 'tool', 'shell'" in result.stderr


def test_explain_tells_each_unit_shown_or_left_out_and_why() -> None:
    answer = out("--explain")
    found = report()
    figures, verdict, _, head, *rows = answer.splitlines()
    assert figures.startswith(f"{found['kind']}: {found['tokens_before']:,} tokens, now {found['tokens_after']:,} (")
    assert verdict == "left out of it: what is marked below"
    assert head.split() == ["range", "units", "kind", "why"]
    assert any(row.startswith("401 ") and "shown" in row for row in rows)
    for omission in found["omissions"]:
        assert any(row.startswith(f"{omission['first']}-{omission['last']} ") and "left out" in row for row in rows)
    assert rows[-1].startswith("802 units: shown ")
    assert found["rendering"] not in answer


def test_explained_as_json_every_unit_is_listed_with_its_range() -> None:
    units = report("--explain")["units"]
    assert "units" not in report()
    shown = [unit for unit in units if unit["shown"]]
    assert {(unit["first"], unit["last"]) for unit in shown} >= {(1, 1), (401, 401)}
    assert all(unit["why"] and unit["kind"] for unit in units)
    assert [unit["first"] for unit in units] == sorted(unit["first"] for unit in units)


@pytest.mark.parametrize(
    ("args", "text", "verdict"),
    [
        (["--way", "none"], RUN, "nothing left out: there is no way back (--way none)"),
        (["--level", "lossless"], RUN, "nothing left out: the level lossless leaves nothing out of runs"),
        ([], "\n".join(RUN.split("\n")[:90]), "nothing left out: it is below 1,000 tokens once encoded"),
        ([], "hello", f"left as it is: {policy.REASONS['small']}"),
        ([], "", f"left as it is: {policy.REASONS['small']}"),
        (["--level", "meter"], RUN, f"left as it is: {policy.REASONS['level']}"),
    ],
)
def test_explain_says_why_nothing_was_left_out(args: list[str], text: str, verdict: str) -> None:
    answer = out("--explain", *args, stdin=text)
    assert answer.splitlines()[1:] == [verdict]


def test_a_rule_of_the_settings_holds_but_a_level_on_the_command_line_goes_before_it() -> None:
    (settings.load().home / settings.CONFIG).write_text('[[rules]]\ntool = "Bash"\nlevel = "meter"\n')
    assert report("--tool", "Bash")["reason"] == "level"
    assert report("--tool", "Bash", "--level", "lossless")["reason"] == "encoded"
    assert report("--tool", "pytest")["reason"] == "outlined"


def test_a_caller_hears_of_each_outline_and_what_became_of_it() -> None:
    heard: list[tuple[str, Outline, str]] = []

    def listen(part: Item, outline: Outline, why: str) -> None:
        heard.append((part.text, outline, why))

    result = compress(RUN, way_back="tool", store=MemoryStore(), explain=listen)
    [(text, outline, why)] = heard
    assert (text, why) == (RUN, "outlined")
    assert outline.omissions == result.parts[0].omissions
    assert len(outline.units) == 802
    assert compress(RUN, way_back="tool", store=MemoryStore()) == result
    compress(RUN, way_back="tool", store=MemoryStore(), explain=listen, rules=[Rule("meter")])
    assert len(heard) == 1


def test_progress_that_was_drawn_over_is_called_screen_equal() -> None:
    text = "".join(f"Rebasing ({n}/400)\r" for n in range(1, 401)) + "Successfully rebased.\n"
    assert report(stdin=text)["reason"] == "unseen"
    assert "screen-equal" in out("--explain", stdin=text)
    shown = CliRunner().invoke(main, ["compress"], input=text)
    assert shown.stdout.startswith("Rebasing (400/400)\rSuccessfully rebased.\n[… unseen in lines 1: ")
