"""Rules: another level for some tools and paths, decided by the call alone, and written wrong only with an answer."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.generate import RULES
from headroom import SettingError, UnknownLevelError, compress, policy
from headroom.policy import Rule, ruled
from headroom.settings import CONFIG, load
from headroom.store import MemoryStore
from headroom.types import ToolCall

RECORDS = json.dumps([{"id": n, "name": f"item-{n:04}", "state": "open"} for n in range(90)], indent=1)
BALANCED = policy.LEVELS["balanced"]


def level(call: ToolCall | None, *rules: Rule) -> str:
    return ruled(rules, call, BALANCED).name


def conversation(*calls: tuple[str, dict[str, Any]], text: str = RECORDS) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "go on"}]
    for number, (name, args) in enumerate(calls):
        use = {"type": "tool_use", "id": f"t{number}", "name": name, "input": args}
        result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": f"{number}\n{text}"}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    return messages


def levels(messages: list[Any], **options: Any) -> list[str]:
    return [part.level for part in compress(messages, store=MemoryStore(), **options).parts if part.tool]


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("Bash", ["Bash"], ["bash", "BashOutput", ""]),
        ("mcp__*", ["mcp__github__search", "mcp__"], ["Bash", "x_mcp__y"]),
        ("*", ["Bash", ""], []),
        ("Re?d", ["Read"], ["Red", "Reead"]),
        ("a.b[c](d)+", ["a.b[c](d)+"], ["axb[c](d)+", "a.bc(d)+"]),
    ],
)
def test_a_tool_is_matched_with_its_whole_name(pattern: str, fits: list[str], fits_not: list[str]) -> None:
    rule = Rule("meter", tool=pattern)
    for names, expected in ((fits, "meter"), (fits_not, "balanced")):
        assert {level(ToolCall(name=name), rule) for name in names} <= {expected}


@pytest.mark.parametrize(
    ("pattern", "fits", "fits_not"),
    [
        ("*.md", ["a.md", "/repo/docs/a.md", "C:\\repo\\a.md"], ["a.mdx", "a.md/b"]),
        ("docs/*.md", ["docs/a.md", "/repo/docs/a.md"], ["docs/deep/a.md", "mydocs/a.md"]),
        ("docs/**/*.md", ["docs/a.md", "/r/docs/deep/er/a.md"], ["docs/a.txt", "a.md"]),
        ("docs/**", ["docs/a", "docs/b/c", "/r/docs/b/c"], ["docs", "docs2/a"]),
        ("docs\\*.md", ["docs\\a.md", "C:\\repo\\docs\\a.md", "docs/a.md"], ["docs\\deep\\a.md"]),
        ("C:\\repo\\**", ["C:\\repo\\a\\b", "C:/repo/a"], ["D:\\repo\\a"]),
        ("/etc/**", ["/etc/hosts", "/etc/a/b"], ["/mnt/etc/hosts", "etc/hosts"]),
        ("**", ["a", "/a/b", "", "two\nlines"], []),
        ("app/[id]/page.tsx", ["app/[id]/page.tsx"], ["app/i/page.tsx"]),
        ("**/test_?.py", ["test_a.py", "x/y/test_b.py"], ["x/test_ab.py"]),
    ],
)
def test_a_path_is_matched_from_any_folder_and_stars_stop_at_slashes(
    pattern: str, fits: list[str], fits_not: list[str]
) -> None:
    rule = Rule("meter", path=pattern)
    for name in policy.PATH_ARGUMENTS:
        assert {level(ToolCall(name="Read", args={name: path}), rule) for path in fits} == {"meter"}
        assert {level(ToolCall(name="Read", args={name: path}), rule) for path in fits_not} <= {"balanced"}


@pytest.mark.parametrize("name", ["filePath", "absolute_path", "target_file", "relative_path"])
def test_a_path_is_found_however_a_client_calls_the_argument(name: str) -> None:
    assert level(ToolCall(name="read", args={name: "/repo/docs/a.md"}), Rule("meter", path="docs/**")) == "meter"


def test_a_path_fits_no_call_that_names_none() -> None:
    rule = Rule("meter", path="**")
    for args in ({}, {"command": "cat a.md"}, {"path": 3}, {"path": ["a"]}, {"file_path": "x" * 5000}):
        assert level(ToolCall(name="Bash", args=args), rule) == "balanced"
    assert level(None, rule) == "balanced"


def test_the_first_rule_that_fits_counts_and_both_patterns_must_fit() -> None:
    both, tool, rest = Rule("meter", "Read", "*.md"), Rule("lossless", "Read"), Rule("aggressive")
    read = ToolCall(name="Read", args={"file_path": "/r/a.md"})
    assert level(read, both, tool, rest) == "meter"
    assert level(read, tool, both) == "lossless"
    assert level(ToolCall(name="Read", args={"file_path": "a.py"}), both, tool, rest) == "lossless"
    assert level(ToolCall(name="Grep", args={"path": "a.md"}), both, tool, rest) == "aggressive"
    assert level(None, both, tool) == "balanced"
    assert level(None, both, tool, rest) == "aggressive"


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_pattern_fits_or_does_not_and_none_is_an_error(pattern: str, name: str) -> None:
    call = ToolCall(name=name, args={"path": name})
    for rule in (Rule("meter", tool=pattern), Rule("meter", path=pattern)):
        assert level(call, rule) in ("meter", "balanced")
    if "?" not in pattern and "*" not in pattern:
        assert (level(call, Rule("meter", tool=pattern)) == "meter") == (pattern == name)


def test_the_level_of_a_part_is_the_rules_and_its_report_says_so() -> None:
    messages = conversation(("query", {}), ("Read", {"file_path": "a.json"}), ("query", {"path": "a.md"}))
    rules = (Rule("lossless", tool="query"), Rule("meter", path="*.json"))
    result = compress(messages, store=MemoryStore(), rules=rules)
    told = [(part.level, part.reason) for part in result.parts if part.tool]
    assert told == [("lossless", "encoded"), ("meter", "level"), ("lossless", told[2][1])]
    assert told[2][1] in ("encoded", "repeats")
    assert result.messages[4] == messages[4]


def test_a_rule_depends_on_the_call_alone_wherever_it_stands() -> None:
    calls = [("query", {}), ("Read", {"file_path": "a.json"}), ("Bash", {"command": "x"})]
    rules = (Rule("lossless", tool="query"), Rule("meter", path="*.json"))
    forward = levels(conversation(*calls), rules=rules)
    assert forward == ["lossless", "meter", "balanced"]
    assert levels(conversation(*reversed(calls)), rules=rules) == forward[::-1]
    for number in range(len(calls)):
        assert levels(conversation(*calls[: number + 1]), rules=rules) == forward[: number + 1]


def test_what_was_decided_before_a_rule_came_is_replayed() -> None:
    store = MemoryStore()
    before = compress(conversation(("query", {})), store=store)
    longer = conversation(("query", {}), ("query", {}))
    after = compress(longer, store=store, rules=(Rule("meter"),))
    assert after.messages[:3] == before.messages
    assert after.parts[: len(before.parts)] == before.parts
    assert after.parts[-1].level == "meter"
    assert after.messages[4] == longer[4]


def test_a_part_that_was_sent_raw_carries_the_level_of_its_rule() -> None:
    messages = [*conversation(("query", {})), {"role": "assistant", "content": "done"}]
    result = compress(messages, store=MemoryStore(), history="raw", rules=(Rule("lossless", tool="query"),))
    assert [(part.level, part.reason) for part in result.parts if part.tool] == [("lossless", "sent-raw")]


def settings_file(text: str) -> Path:
    path = load().home / CONFIG
    path.write_text(text, encoding="utf-8")
    return path


def test_the_rules_of_the_settings_are_in_force_unless_others_are_given() -> None:
    settings_file('level = "lossless"\n[[rules]]\ntool = "query"\nlevel = "meter"\n')
    assert load().rules == (Rule("meter", "query"),)
    messages = conversation(("query", {}))
    assert levels(messages) == ["meter"]
    assert levels(messages, rules=()) == ["balanced"]
    assert levels(messages, rules=[Rule("aggressive", tool="q*")]) == ["aggressive"]


def test_a_rule_of_no_level_is_refused() -> None:
    with pytest.raises(UnknownLevelError, match="unknown level 'max'"):
        compress("x", rules=[Rule("max")], store=MemoryStore())


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('[[rules]]\nlevel = "max"', 1, "rules: the level of rule 1 is 'max'; use one of: meter, lossless, balanced"),
        ('\n[[rules]]\ntool = "x"', 2, "rules: rule 1 has no level; use one of: meter"),
        (
            '[[rules]]\nlevel="meter"\n[[rules]]\nlvel="x"',
            1,
            "rules: rule 2 has the key 'lvel'; a rule has: level, tool",
        ),
        ('[[rules]]\nlevel="meter"\npath=["a"]', 1, "rules: the path of rule 1 is ['a']; use a string"),
        ('[[rules]]\nlevel="meter"\ntool=""', 1, "rules: the tool of rule 1 is ''; use a string"),
        ("[[rules]]\nlevel=3", 1, "rules: the level of rule 1 is 3; use a string"),
        ('rules = ["a"]', 1, "rules: rule 1 is 'a'; write each rule as a table [[rules]]"),
        ('[rules]\nlevel="meter"', 1, "rules is {'level': 'meter'}; write each rule as a table [[rules]]"),
        ('[[rule]]\nlevel="meter"', 1, "there is no setting 'rule'; did you mean rules?"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_file_line_and_value(text: str, line: int, says: str) -> None:
    path = settings_file(text)
    with pytest.raises(SettingError) as caught:
        load()
    assert str(caught.value).startswith(f"{path}:{line}: {says}")


def test_the_example_of_the_documentation_works_as_it_says() -> None:
    settings_file(RULES)
    rules = load().rules
    assert len(rules) == len(tomllib.loads(RULES)["rules"]) == 3
    assert level(ToolCall(name="Read", args={"file_path": "/r/docs/deep/a.md"}), *rules) == "meter"
    assert level(ToolCall(name="mcp__tickets__search"), *rules) == "aggressive"
    assert level(ToolCall(name="Bash", args={"command": "make"}), *rules) == "lossless"
