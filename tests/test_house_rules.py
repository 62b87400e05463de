"""The house rules of CONTRIBUTING.md as tests. An allowance gives its reason, and fails once it is no longer needed."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import headroom
from headroom import errors
from headroom.compressors import BY_NAME, COMPRESSORS, MARKS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "headroom"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

IMPORTS_IN_FUNCTIONS = {
    ("src/headroom/tokens.py", "tiktoken"): "an optional dependency, imported in this module alone",
}
BROAD_EXCEPTS = {
    "src/headroom/rendering/__init__.py": "what fails at a part's text leaves the part as it is (law 7)",
    "src/headroom/rendering/attempts.py": "a compressor's failure leaves the part raw (law 7)",
    "src/headroom/mcp/jsonrpc.py": "a bug in one call is its answer: the client waits for one, and has more calls",
    "src/headroom/cli/doctor.py": "a check that fails itself is a finding: the others still tell what they found",
    "src/headroom/hooks/__init__.py": "a hook's failure leaves the tool's output as it was (law 7)",
}
WITHOUT_TWIN = {
    "types": "values and protocols without behaviour; the contract suites run over them",
    "compressors.raw": "identity; the contract suite runs over it",
}
TESTED_AS_ONE = frozenset(
    {
        "store",
        "cli",
        "providers",
        "sessions",
        "gate",
        "proxy",
        "testing",
        "configs",
        "mcp",
        "replay",
        "audit",
        "agents",
        "rendering",
    }
)
"""Packages whose modules show themselves only through the package or its tuple: their suite is `test_PACKAGE*.py`."""
VAGUE_NAMES = frozenset({"utils", "util", "helpers", "helper", "manager", "misc", "common", "handler", "mixin", "v2"})

# Written so that this file does not match itself.
FORBIDDEN_WORDS = {
    "a path of one machine": r"(?<![\w.~-])/(?:work|root|tmp)/\w",
    "a home folder of one person": r"/(?:home|Users)/(?!(?:user|me|dev|app|alice|bob)\b)\w+/",
    "an issue or pull request number": r"(?i)\b(?:issue|ticket|PR)s?\s+#?\d+\b|\b(?:fixes|closes|see)\s+#\d",
    "work left over": r"(?:#|//|--|\*)\s*(?:TODO|FIXME|XXX|HACK)\b",
    "talk of who wrote it": r"(?i)co-authored-by|generated (?:by|with) (?:claude|chatgpt|copilot|an? (?:ai|llm))"
    r"|\bas an ai\b|\bthe brief says\b|\bmy session\b",
}
WORDS_ALLOWED = {
    ("tests/test_house_rules.py", "work left over"): "the rule itself",
    ("tests/test_house_rules.py", "talk of who wrote it"): "the rule itself",
    ("AGENTS.md", "talk of who wrote it"): "the rule itself",
}


class Function(NamedTuple):
    """A function or method and where it stands."""

    file: str
    node: ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def committed() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in the repository; outside a repository, every file but hidden ones."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout.split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return tuple(path for path in ROOT.rglob("*") if path.is_file() and "/." not in f"/{relative(path)}")
    return tuple(path for name in listed if name and (path := ROOT / name).is_file())


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def python(*folders: str) -> dict[str, ast.Module]:
    """The parsed Python files of these folders."""
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return {relative(path): parsed(path) for path in files}


def functions(*folders: str) -> Iterator[Function]:
    for file, tree in python(*folders).items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield Function(file, node)


def modules() -> list[str]:
    """Dotted names of all modules below `headroom`, without the `__init__` files."""
    found = (path.relative_to(SOURCE).with_suffix("").parts for path in sorted(SOURCE.rglob("*.py")))
    return [".".join(parts) for parts in found if parts[-1] not in ("__init__", "__main__")]


@cache
def suites() -> tuple[Path, ...]:
    return tuple((ROOT / "tests").rglob("test_*.py"))


@cache
def twins(module: str) -> list[Path]:
    """Test files of a module: `test_NAME*.py`, or the suite of a package that is tested through its surface. A private
    module is also tested through the modules of its package that use it."""
    *packages, name = module.split(".")
    stems = [name.lstrip("_"), "_".join([*packages[-1:], name.lstrip("_")])]
    if packages and packages[-1] in TESTED_AS_ONE:
        stems += packages[-1:]
    found = [path for path in suites() for stem in stems
             if path.stem == f"test_{stem}" or path.stem.startswith(f"test_{stem}_")]  # fmt: skip
    if found or not any(part.startswith("_") for part in (*packages, name)):
        return found
    return [twin for user in modules() if module in imports(user) for twin in twins(user)]


@cache
def imports(module: str) -> frozenset[str]:
    """The modules that a module imports, by their dotted names without the leading `headroom`."""
    names: set[str] = set()
    for node in ast.walk(parsed((SOURCE / Path(*module.split("."))).with_suffix(".py"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name.removeprefix("headroom.") for name in names)


def test_no_file_is_longer_than_it_can_be_read_at_once() -> None:
    long = {
        file: lines
        for file in python("src", "bench", "tests", "docs")
        if (lines := len((ROOT / file).read_text(encoding="utf-8").splitlines())) > MAX_FILE_LINES
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{file}:{node.lineno} {node.name}": lines
        for file, node in functions("src", "bench")
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }

    assert long == {}


def test_imports_stand_at_the_top_of_a_module() -> None:
    found = {
        (file, name)
        for file, node in functions("src", "bench")
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
        for name in ([inner.module or "."] if isinstance(inner, ast.ImportFrom) else [a.name for a in inner.names])
    }

    assert found == IMPORTS_IN_FUNCTIONS.keys()


def broad_excepts() -> Iterator[tuple[str, ast.ExceptHandler]]:
    for file, tree in python("src", "bench").items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                names = "" if node.type is None else ast.unparse(node.type)
                everything = not names or re.search(r"\b(?:Base)?Exception\b", names)
                if everything and not isinstance(node.body[-1], ast.Raise):  # cleaning up and going on is no catch
                    yield file, node


def test_everything_is_caught_only_at_the_boundaries() -> None:
    where = {file for file, _ in broad_excepts() if file.startswith("src/")}

    assert where - BROAD_EXCEPTS.keys() == set()


def test_no_exception_is_swallowed_in_silence() -> None:
    silent = [
        f"{file}:{handler.lineno}"
        for file, handler in broad_excepts()
        if all(isinstance(line, (ast.Pass, ast.Continue)) or ast.unparse(line) == "..." for line in handler.body)
    ]

    assert silent == []


def test_every_module_opens_with_a_paragraph_on_what_it_is_for() -> None:
    bare = [
        file
        for file, tree in python("src", "bench", "tests", "docs").items()
        if not ast.get_docstring(tree) and tree.body
    ]

    assert bare == []


def test_a_module_is_named_for_what_it_holds() -> None:
    vague = [name for name in modules() if VAGUE_NAMES & set(name.lower().replace("_", ".").split("."))]

    assert vague == []


@pytest.mark.parametrize("module", modules())
def test_every_module_has_a_test_twin(module: str) -> None:
    if module in WITHOUT_TWIN:
        assert twins(module) == [], f"{module} has a twin now: take it off the list"
    else:
        assert twins(module) != [], f"no tests/test_{module.split('.')[-1].lstrip('_')}.py"


def test_no_allowance_outlives_its_reason() -> None:
    assert WITHOUT_TWIN.keys() - set(modules()) == set()
    assert {file for file in BROAD_EXCEPTS if (ROOT / file).exists()} == {file for file, _ in broad_excepts()
        if file.startswith("src/")}  # fmt: skip


@pytest.mark.parametrize("rule", FORBIDDEN_WORDS)
def test_files_speak_of_the_program_and_of_no_machine_ticket_or_author(rule: str) -> None:
    pattern = re.compile(FORBIDDEN_WORDS[rule])
    found = []
    for path in committed():
        name = relative(path)
        if name == "LICENSE" or (name, rule) in WORDS_ALLOWED:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a binary corpus file
        found += [f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}" for hit in pattern.finditer(text)]

    assert found == []


def test_the_public_names_are_two_verbs_two_values_and_the_errors() -> None:
    error_names = {
        name for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.HeadroomError)
    }  # fmt: skip

    assert headroom.__all__ == sorted({"compress", "retrieve", "Result", "Report", "__version__"} | error_names)
    for name in headroom.__all__:
        assert getattr(headroom, name) is not None


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'compres'"):
        _ = headroom.compres


def test_compressors_have_names_of_their_own_and_identity_comes_last() -> None:
    names = [compressor.name for compressor in COMPRESSORS]

    assert len(set(names)) == len(names) == len(BY_NAME)
    assert names[-1] == "raw"


def test_marks_are_ascii_and_survive_json_escaping() -> None:
    for mark in MARKS:
        assert mark.isascii()
        assert not set(mark) & set('"\\\n\r\t\0')
