"""Texts of no kind that is known: what a rendering shows, and what is left alone."""

from __future__ import annotations

import json

import pytest

from headroom import compress, tokens
from headroom.compressors.output import Output
from headroom.types import Facts, ToolCall
from tests.samples import samples

OUTPUT = Output()
TEXTS = {sample.name: sample.text for sample in samples() if sample.kind == "output"}
NAMES = ("press", "vat", "label", "crate", "bottle")
BRANCHES = "".join(f"  remotes/origin/{who}/{name}\n" for who in ("ada", "lin") for name in NAMES)


def rendered(text: str) -> str:
    facts = Facts(text)
    assert OUTPUT.fit(facts) > 0
    rendering = OUTPUT.encode(facts)
    assert rendering is not None
    assert OUTPUT.decode(rendering) == text
    return rendering


@pytest.mark.parametrize("name", TEXTS)
def test_what_repeats_is_told_once_and_costs_a_fifth_less_at_least(name: str) -> None:
    count = tokens.counter().count
    assert count(rendered(TEXTS[name])) < 0.8 * count(TEXTS[name])


def test_beginnings_that_neighbours_share_stand_above_them() -> None:
    assert "@  remotes/origin/\n ada/press\n ada/vat\n" in rendered(BRANCHES)


def test_what_tells_of_failure_stands_word_for_word() -> None:
    text = next(text for name, text in TEXTS.items() if "ansible" in name)
    failed = next(line for line in text.split("\n") if "FAILED!" in line)
    assert failed in rendered(text).split("\n")


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (BRANCHES, ToolCall(name="Read", args={"file_path": "branches.txt"})),
        (BRANCHES, ToolCall(name="Bash", args={"command": "cat branches.txt"})),
        ("".join(f"{n}:    total = basket.sum(tax={n})\n" for n in range(30)), None),
        ("".join(f"a{n}:\n  b:\n    c{n}\n" for n in range(30)), None),
        ("one\ntwo\nthree\n", None),
        ("def f():\n" + "".join(f"    total_{n} = basket.sum(tax={n})\n" for n in range(30)), None),
    ],
)
def test_files_source_and_nested_text_are_left_alone(text: str, call: ToolCall | None) -> None:
    assert OUTPUT.fit(Facts(text, call)) == 0


def test_a_text_that_hardly_repeats_is_left_as_it_is() -> None:
    words = ("apple", "bee", "cider", "dove", "elm", "fox")
    text = "".join(f"{word} {word[::-1]} goes its own way {len(word)}\n" for word in words)
    assert OUTPUT.encode(Facts(text)) is None


SHOWN = (
    "cat a.txt", "cd /srv && sed -n '1,20p' a.txt", "sudo cat /etc/hosts", "find . -name a.txt -exec cat {} +",
    "git ls-files | xargs cat", "git -C shop show main~2:a.txt | head -40",
    "ssh till 'cat /etc/hosts'", "docker exec web cat /etc/hosts", "kubectl exec web -- cat /etc/hosts",
    'bash -lc "cat a.txt"', 'powershell -Command "Get-Content a.txt"', 'cmd /c "type a.txt"',
    "bash <<EOF\ncat a.txt\nEOF", "cat <<'EOF' > a.py && cat a.txt\nx = 1\nEOF",
    "cat > a.py <<EOF\nx = 1\nEOF\nsed -n 1,5p a.txt", "sed 's/a/b/' a.txt",
)  # fmt: skip
RUN = (
    "cat <<'EOF' > a.py\nmore = 1\ncat (1)\nEOF\npython a.py", "cat > a.py <<-END\n\thead x\n\tEND\npython a.py",
    "python - <<'PY'\ncat = 1\nless = 2\nPY", "sed -i 's/a/b/' a.txt && ./list", "sed -E -i.bak s/a/b/ a.txt; ./list",
    "sed --in-place s/a/b/ a.txt; ./list", "git show HEAD", "git log --format='%h: %s'", "docker exec web ls /etc",
    "ls | head -5", "grep 'type Crate' *.go",
)  # fmt: skip


@pytest.mark.parametrize("command", SHOWN)
def test_what_a_command_shows_of_a_file_is_left_alone(command: str) -> None:
    assert OUTPUT.fit(Facts(BRANCHES, ToolCall(name="Bash", args={"command": command}))) == 0


@pytest.mark.parametrize("command", RUN)
def test_a_command_that_writes_a_file_or_reads_a_pipe_shows_none(command: str) -> None:
    assert OUTPUT.fit(Facts(BRANCHES, ToolCall(name="Bash", args={"command": command}))) > 0


LOTS = "".join(f"INSERT INTO \"lots\" VALUES({n}, '{NAMES[n % 5]}', {n * 3}.5);\n" for n in range(40))
NESTED = "".join(f"{name}:\n  kept:\n    in: cellar\n    until: 2031-01-0{n % 9}\n" for n, name in enumerate(NAMES * 6))
CALLS = "".join(
    f'openat(AT_FDCWD, "/srv/{NAMES[n % 5]}.so", O_RDONLY|O_CLOEXEC) = {n % 7}\nclose({n % 7}) = 0\n' for n in range(30)
)
PRINTED = ToolCall(name="Bash", args={"command": "./press --list"})


@pytest.mark.parametrize("text", [LOTS, NESTED, CALLS])
def test_what_reads_like_source_or_settings_is_told_where_a_call_printed_it(text: str) -> None:
    assert OUTPUT.fit(Facts(text)) == 0
    facts = Facts(text, PRINTED)
    assert OUTPUT.fit(facts) > 0
    rendering = OUTPUT.encode(facts)
    assert rendering is not None
    assert OUTPUT.decode(rendering) == text
    assert len(rendering) < 0.75 * len(text)


def test_source_stays_whoever_printed_it() -> None:
    text = "".join(f"def press_{n}(kilos):\n    total = kilos * {n}\n    return total\n\n" for n in range(40))
    assert OUTPUT.fit(Facts(text, PRINTED)) == 0


def test_what_reads_so_and_repeats_less_is_left_as_it_is() -> None:
    words = [word for word in TEXTS[next(iter(TEXTS))].split() if word.isalpha()]
    text = "".join(
        f"{name}:\n  {words[n % len(words)]}: {'lid' * (n % 7)}\n    {n}: x\n" for n, name in enumerate(words[:40])
    )
    assert OUTPUT.encode(Facts(text, PRINTED)) is None


def _kind(text: str, command: str) -> str:
    call = {"id": "c", "type": "function", "function": {"name": "shell", "arguments": json.dumps({"command": command})}}
    asked = [{"role": "user", "content": "Go on."}, {"role": "assistant", "content": None, "tool_calls": [call]}]
    result = compress([*asked, {"role": "tool", "tool_call_id": "c", "content": text}], level="lossless")
    return result.parts[-1].kind


def test_it_is_asked_where_the_kind_that_knows_a_text_gains_little() -> None:
    assert _kind(CALLS, "strace ./press") == "output"
    assert _kind(CALLS, "cat trace.txt") == "code"


def test_it_never_takes_the_place_of_a_diff() -> None:
    lines = "".join(f"+    label_{n} = press.label({n}, {n})\n" for n in range(60))
    text = f"diff --git a/a.py b/a.py\nindex 1111111..2222222 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,0 +1,60 @@\n{lines}"
    assert _kind(text, "git diff") == "diff"
