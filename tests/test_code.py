"""Source without a gutter: which texts are source, and that nothing in them is touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headroom.compressors import COMPRESSORS
from headroom.compressors.code import Code
from headroom.types import Facts, ToolCall

CODE = Code()
STRUCTURED = [c for c in COMPRESSORS if c.name in {"records", "reading", "listing", "diff", "search", "table", "logs"}]

PYTHON = "def area(w, h):\n    # both in metres\n    if w < 0:\n        raise ValueError(w)\n    return w * h\n\n" * 3
GO = (
    'func open(name string) (*File, error) {\n\tif name == "" {\n\t\treturn nil, ErrName\n\t}\n\treturn find(name)\n}\n'
    * 2
)
RUST = "impl Shelf {\n    pub fn len(&self) -> usize {\n        self.crates.len()\n    }\n}\n\nuse std::fmt;\n" * 2
JAVA = (
    "public class Queue {\n    private final int size;\n\n    public int size() {\n        return size;\n    }\n}\n" * 2
)
C = '#include <stdio.h>\n\n/* says hello */\nint main(void)\n{\n\tputs("hello");\n\treturn 0;\n}\n' * 2
SQL = (
    "CREATE TABLE boats (\n  id integer PRIMARY KEY,\n  name text NOT NULL\n);\nSELECT name FROM boats WHERE id = 3;\n"
    * 2
)
SHELL = '#!/bin/sh\nset -eu\nfor f in *.log; do\n  if [ -s "$f" ]; then\n    gzip "$f"\n  fi\ndone\necho "done"\n' * 2
CSS = ".card {\n  padding: 8px;\n  color: #333;\n}\n\n.card > p {\n  margin: 0;\n}\n" * 2
TOML = (
    '[project]\nname = "tide"\nversion = "1.4.0"\ndependencies = ["click", "rich"]\n\n[tool.ruff]\nline-length = 100\n'
    * 2
)
SOURCES = {
    "python": PYTHON, "go": GO, "rust": RUST, "java": JAVA, "c": C, "sql": SQL, "shell": SHELL, "css": CSS,
    "toml": TOML,
}  # fmt: skip

LANGUAGE = "The boats came home early, and nobody spoke of the storm. If you look west, you see why.\n" * 4
LOG = "\n".join(f"2026-03-04 09:15:{n:02d} INFO worker picked up job {n * 17} from queue mail" for n in range(30))
MARKDOWN = (
    "# Use\n\nCall it with a path, and it answers at once.\n\n```python\nopen(path)\nread(path)\nclose(path)\n```\n" * 3
)
GREP = "\n".join(f'src/a{n}.go:{n}:\treturn fmt.Errorf("no {n}")' for n in range(20))
NUMBERED = "\n".join(f"{n * 3}:\treturn check(value, {n})" for n in range(20))
PATCH = "@@ -3,4 +3,4 @@ func open(name string) {\n-\treturn nil\n+\treturn find(name)\n \tdone()\n" * 6


@pytest.mark.parametrize("name", SOURCES)
def test_source_of_many_languages_is_recognised(name: str) -> None:
    assert CODE.fit(Facts(SOURCES[name])) > 0.25


@pytest.mark.parametrize("text", [LANGUAGE, LOG, MARKDOWN, GREP, NUMBERED, PATCH, "", "x = 1"])
def test_what_is_no_source_is_not_taken_for_it(text: str) -> None:
    assert CODE.fit(Facts(text)) == 0.0


@pytest.mark.parametrize("name", SOURCES)
def test_source_stays_as_it_is(name: str) -> None:
    facts = Facts(SOURCES[name] * 40, ToolCall(name="Bash", args={"command": "git show HEAD:a"}))

    assert CODE.encode(facts) is None
    assert CODE.decode(SOURCES[name]) == SOURCES[name]


@pytest.mark.parametrize("text", [LOG, GREP, PATCH], ids=["log", "grep", "patch"])
def test_a_kind_with_a_structure_wins_over_source(text: str) -> None:
    facts = Facts(text)
    best = max(STRUCTURED, key=lambda c: c.fit(facts))

    assert best.fit(facts) > CODE.fit(facts) or best.fit(facts) == CODE.fit(facts) == 0.0


def test_the_standard_library_is_source() -> None:
    files = sorted(Path(sys.modules["json"].__file__ or "").parents[1].glob("[a-d]*.py"))[:40]
    texts = [text for path in files if len(text := path.read_text(encoding="utf-8")) > 4_000]
    missed = [text[:80] for text in texts if not CODE.fit(Facts(text))]

    assert len(texts) > 10
    assert len(missed) <= len(texts) // 20, missed


def test_a_sample_of_the_lines_is_enough() -> None:
    huge = Facts(PYTHON * 20_000)

    assert CODE.fit(huge) == CODE.fit(Facts(PYTHON * 100))
