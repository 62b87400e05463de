"""The documentation is run: samples decode, snippets execute, tables match the code, and nothing is left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import headroom
from docs import generate
from headroom import notices, policy, settings
from headroom.cli import main as command_line
from headroom.compressors import BY_NAME, COMPRESSORS
from headroom.types import Facts, ToolCall

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(?P<fence>```+)(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
WRITTEN_BY_HAND = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "AGENTS.md", "CHANGELOG.md", "docs/FORMAT.md")


class Block(NamedTuple):
    """A fenced block: its words after the fence, its text without the last line end, and where it starts."""

    info: list[str]
    text: str
    line: int


def blocks(name: str) -> list[Block]:
    page = (ROOT / name).read_text(encoding="utf-8")
    return [
        Block(found["info"].split(), found["body"].removesuffix("\n"), page.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(page)
    ]


def sections(name: str) -> dict[str, str]:
    """Second-level sections of a page by title."""
    parts = re.split(r"^## (.+)$", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def place(item: tuple[str, Block] | object) -> str:
    return f"{item[0]}:{item[1].line}" if isinstance(item, tuple) else str(item)


FORMAT = sections("docs/FORMAT.md")
ENCODERS = [compressor for compressor in COMPRESSORS if compressor.marks]
SAMPLES = [
    (name, block)
    for name in ("docs/FORMAT.md", "README.md")
    for block in blocks(name)
    if len(block.info) > 1 and block.info[0] == "text"
]
"""Fences `text KIND` or `text KIND TOOL`: renderings, with the kind that wrote them and the tool that made the text."""


# FORMAT.md


@pytest.mark.parametrize("name", BY_NAME)
def test_every_kind_has_a_section_in_the_format_with_its_version_and_marks(name: str) -> None:
    section = FORMAT[f"`{name}`"]

    assert f"Version {BY_NAME[name].version}." in section
    for mark in BY_NAME[name].marks:
        assert mark in section


@pytest.mark.parametrize("name", [compressor.name for compressor in ENCODERS])
def test_every_encoder_has_a_sample_in_the_format(name: str) -> None:
    assert name in {sample.info[1] for page, sample in SAMPLES if page == "docs/FORMAT.md"}


@pytest.mark.parametrize("item", SAMPLES, ids=place)
def test_a_sample_is_what_the_encoder_writes_for_the_text_it_decodes_to(item: tuple[str, Block]) -> None:
    _, sample = item
    compressor = BY_NAME[sample.info[1]]
    call = ToolCall(name=sample.info[2]) if len(sample.info) > 2 else None
    facts = Facts(compressor.decode(sample.text), call)

    assert any(mark in sample.text for mark in compressor.marks)
    assert compressor.verify(facts, sample.text)
    assert compressor.encode(facts) == sample.text


def test_the_format_describes_the_omission_notice() -> None:
    assert all(mark in FORMAT["The omission notice"] for mark in notices.MARKS)


# README.md and the other pages


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run snippets in, with the files they read."""
    rows = ",\n".join(f'  {{"id": {n}, "service": "checkout", "status": 200, "ms": {20 + n % 7}}}' for n in range(200))
    (tmp_path / "response.json").write_text(f"[\n{rows}\n]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


PYTHON = [(name, block) for name in WRITTEN_BY_HAND for block in blocks(name) if block.info[:1] == ["python"]]
SHELL = [(name, block) for name in WRITTEN_BY_HAND for block in blocks(name) if block.info[:1] in (["sh"], ["bash"])]


@pytest.mark.parametrize("item", PYTHON, ids=place)
@pytest.mark.usefixtures("desk")
def test_python_snippets_run_and_print_what_their_comments_say(
    item: tuple[str, Block], capsys: pytest.CaptureFixture[str]
) -> None:
    name, block = item
    exec(compile(block.text, f"{name}:{block.line}", "exec"), {"__name__": "snippet"})

    promised = re.findall(r"print\(.*\)  # (.+)$", block.text, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == promised


def test_the_readme_shows_the_library_and_the_command_line() -> None:
    assert [name for name, _ in PYTHON].count("README.md") >= 1
    assert "headroom compress" in "".join(block.text for name, block in SHELL if name == "README.md")


@pytest.mark.parametrize("item", SHELL, ids=place)
@pytest.mark.usefixtures("desk")
def test_headroom_commands_in_shell_snippets_run(item: tuple[str, Block]) -> None:
    script = "\n".join(line for line in item[1].text.splitlines() if re.search(r"(^|\| |\$\()headroom ", line))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("item", SHELL, ids=place)
def test_make_targets_in_shell_snippets_exist(item: tuple[str, Block]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = re.findall(r"^make ([\w-]+)", item[1].text, re.MULTILINE)

    assert [target for target in wanted if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("name", sorted(generate.pages()))
def test_generated_pages_and_tables_are_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == generate.pages()[name], "run: make docs"


def test_every_command_and_option_is_documented() -> None:
    page = (ROOT / "docs/CLI.md").read_text(encoding="utf-8")
    context = click.Context(command_line, **command_line.context_settings)
    for name in command_line.list_commands(context):
        command = command_line.get_command(context, name)
        assert command is not None
        assert f"## `headroom {name}`" in page
        assert command.help
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.help, f"headroom {name} {param.opts[0]} has no help"
                assert param.opts[0] in page


def test_every_setting_level_and_reason_is_documented() -> None:
    page = (ROOT / "docs/SETTINGS.md").read_text(encoding="utf-8")

    for setting in settings.SETTINGS:
        assert f"`{setting.name}`" in page
        assert setting.env is None or f"`{setting.env}`" in page
    for word in (*policy.LEVELS, *policy.REASONS):
        assert f"`{word}`" in page


def test_the_changelog_opens_with_the_version_of_the_package() -> None:
    newest = next(iter(sections("CHANGELOG.md")))

    assert newest.split()[0] == headroom.__version__


def test_links_between_pages_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("bench/*.md")]
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_every_path_the_architecture_names_exists() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|bench|docs)/[\w./-]*|[\w/]+\.(?:py|md|toml))`", page)
    roots = [ROOT, ROOT / "src" / "headroom"]

    assert named
    assert [path for path in named if not any((root / path).exists() for root in roots)] == []


def test_the_package_asks_for_the_python_that_its_classifiers_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [name.rpartition(":: ")[2] for name in project["classifiers"] if re.search(r":: 3\.\d+$", name)]

    assert project["requires-python"] == f">={versions[0]}"
