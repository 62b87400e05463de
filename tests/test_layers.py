"""The layer rule: an import points to a lower layer only, packages have no cycles inside, and edges stay at the edge.

Read from the source with `ast`, function-level and typing-only imports included: what is hidden in a function is a
dependency all the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"

LAYERS = {
    0: ("types", "errors"),
    1: (
        "policy",
        "tokens",
        "detect",
        "gate",
        "notices",
        "prices",
        "ranges",
        "spans",
        "fragments",
        "locks",
        "readonly",
        "schema",
    ),
    2: ("compressors", "providers", "store", "pins", "retrieval"),
    3: ("rendering",),
    4: ("pipeline",),
    5: ("settings", "ledger", "sessions", "configs", "running"),
    6: ("api", "memory", "supervisor"),
    7: ("replay",),
    8: ("proxy", "mcp", "agents", "hooks", "integrations", "audit", "learn", "evals", "testing"),
    9: ("cli",),
    10: ("__main__",),
}
LAYER = {name: layer for layer, names in LAYERS.items() for name in names}

EDGES = {
    "the environment": (
        "settings",
        "proxy",  # HTTPS_PROXY and SSL_CERT_FILE are the network's, not ours to set
    ),
    "the clock": ("store", "ledger", "sessions", "supervisor", "audit", "proxy", "cli"),
    "chance": ("proxy", "cli"),
    "the network": (
        "supervisor",  # holds a connection to the proxy
        "proxy",
        "mcp",
        "hooks",  # asks the server that stays
        "testing",  # a fake provider is a server
        "cli",  # runs the proxy
    ),
    "processes": ("running", "supervisor", "proxy", "hooks", "cli"),
    "a database": (
        "readonly",
        "schema",
        "store",
        "ledger",  # a file of its own, so that the store can be purged
        "memory",
        "sessions",  # some agents keep theirs in one
    ),
    "the disk": (
        "tokens",  # a vocabulary file given by path
        "store",
        "ledger",  # makes the folder and the file of its database
        "settings",
        "sessions",
        "configs",  # files of other programs
        "running",  # a file per running proxy
        "supervisor",  # a log per proxy that it starts
        "memory",
        "hooks",
        "audit",
        "learn",
        "evals",
        "proxy",
        "cli",
        "__main__",
    ),
}
"""Which units may touch what lies outside the process. Everything else is a pure function of its arguments."""

MODULES_OF = {
    "time": "the clock",
    "sched": "the clock",
    "random": "chance",
    "secrets": "chance",
    "uuid": "chance",
    "socket": "the network",
    "ssl": "the network",
    "http": "the network",
    "urllib.request": "the network",
    "aiohttp": "the network",
    "asyncio": "the network",
    "subprocess": "processes",
    "multiprocessing": "processes",
    "signal": "processes",
    "sqlite3": "a database",
    "tempfile": "the disk",
    "shutil": "the disk",
    "glob": "the disk",
    "platformdirs": "the disk",
}
NAMES_OF = {
    "os.environ": "the environment",
    "os.environb": "the environment",
    "os.getenv": "the environment",
    "os.putenv": "the environment",
    "datetime.now": "the clock",
    "datetime.utcnow": "the clock",
    "datetime.today": "the clock",
    "date.today": "the clock",
    "os.urandom": "chance",
    "os.system": "processes",
    "os.fork": "processes",
    "os.kill": "processes",
    "Path.home": "the disk",
    "os.path.expanduser": "the disk",
}
METHODS_OF_DISK = frozenset({"read_text", "read_bytes", "write_text", "write_bytes", "mkdir", "unlink", "expanduser"})


class Import(NamedTuple):
    module: str
    """The importing module, without the leading `headroom.`; "" is the package itself."""
    target: str
    """What it imports, written the same way."""
    line: int


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its dotted name without the leading `headroom`."""
    found = {}
    for file in sorted((SOURCE / "headroom").rglob("*.py")):
        parts = file.relative_to(SOURCE / "headroom").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    return found


def unit(module: str) -> str:
    """The name a module goes by in the table: its first part."""
    return module.partition(".")[0]


def is_package(module: str) -> bool:
    return (SOURCE / "headroom" / Path(*module.split(".")) / "__init__.py").exists()


def absolute(module: str, node: ast.ImportFrom) -> str:
    """The full dotted name of what a `from` import starts at, relative ones resolved."""
    if not node.level:
        return node.module or ""
    base = ["headroom", *module.split(".")] if module else ["headroom"]
    if not is_package(module):
        base = base[:-1]
    base = base[: len(base) - (node.level - 1)]
    return ".".join([*base, *([node.module] if node.module else [])])


def imported(module: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Full dotted names of everything a module imports, by `import_module` too; `from package import module` names
    the module."""
    known = modules()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = absolute(module, node)
            for alias in node.names:
                full = f"{start}.{alias.name}"
                yield (full if full.removeprefix("headroom.") in known else start), node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value, node.lineno


def internal_imports() -> Iterator[Import]:
    for module, tree in modules().items():
        for full, line in imported(module, tree):
            if full == "headroom" or full.startswith("headroom."):
                yield Import(module, full.removeprefix("headroom").removeprefix("."), line)


def test_every_module_has_a_layer() -> None:
    units = {unit(module) for module in modules()} - {""}

    assert units - LAYER.keys() == set()


def test_an_import_points_to_a_lower_layer() -> None:
    wrong = [
        f"{found.module}:{found.line} imports {found.target}"
        for found in internal_imports()
        if found.module
        and found.target
        and unit(found.module) != unit(found.target)
        and LAYER[unit(found.target)] >= LAYER[unit(found.module)]
    ]

    assert wrong == []


def test_only_the_version_is_imported_from_the_package_itself() -> None:
    wrong = [
        f"{module}:{node.lineno}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and absolute(module, node) == "headroom" and module
        for alias in node.names
        if alias.name not in modules() and alias.name != "__version__"
    ]

    assert wrong == []


def test_the_package_itself_imports_none_of_its_modules_until_asked() -> None:
    loaded = [
        node.lineno
        for node in modules()[""].body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and "headroom" in ast.unparse(node)
    ]

    assert loaded == []


def test_no_module_imports_itself_through_others() -> None:
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for found in internal_imports():
        if found.module and found.target != found.module:
            graph[found.module].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
        cycle = []
    except CycleError as error:
        cycle = error.args[1]

    assert cycle == []


def outside(tree: ast.Module, module: str) -> Iterator[tuple[str, int]]:
    """What of the world outside the process a module names, with the line."""
    for full, line in imported(module, tree):
        for name, edge in MODULES_OF.items():
            if full == name or full.startswith(f"{name}."):
                yield edge, line
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            named = [edge for name, edge in NAMES_OF.items() if f".{dotted}".endswith(f".{name}")]
            if named:
                yield named[0], node.lineno
            elif node.attr in METHODS_OF_DISK:
                yield "the disk", node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield "the disk", node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            for alias in node.names:
                if f"os.{alias.name}" in NAMES_OF:
                    yield NAMES_OF[f"os.{alias.name}"], node.lineno


@pytest.mark.parametrize("edge", EDGES)
def test_the_world_outside_is_touched_at_the_edges_only(edge: str) -> None:
    wrong = [
        f"{module}:{line}"
        for module, tree in modules().items()
        for touched, line in outside(tree, module)
        if touched == edge and unit(module) not in EDGES[edge]
    ]

    assert wrong == []


def test_the_edges_name_units_of_the_table() -> None:
    assert {name for names in EDGES.values() for name in names} - LAYER.keys() == set()


SNEAKY = """
import os, time
from os import environ
from datetime import datetime
def f(path):
    import sqlite3
    importlib.import_module("random")
    datetime.now(); open(path); path.read_text(); os.getenv("X")
"""


def test_the_look_at_the_source_sees_what_is_hidden_in_functions() -> None:
    seen = {edge for edge, _ in outside(ast.parse(SNEAKY), "types")}

    assert seen == {"the clock", "the environment", "a database", "the disk", "chance"}
