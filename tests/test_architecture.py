"""The house is built as docs/architecture.md says: floors that import from those below them, and no circles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = "pop2dissect"

UPWARDS_WHEN_CALLED = {
    ("session.model", "notebook.html"),
    ("session.model", "tables.timeline"),
}
"""What a notebook asks of an object, and only then is imported."""


class Import(NamedTuple):
    importer: str
    """Names of modules, without that of the package."""
    imported: str
    when_called: bool
    """It stands inside of a function."""


@cache
def modules() -> dict[str, Path]:
    """Return all modules by their names below the package's; the package itself is ``__init__``."""
    found = {}
    for path in (ROOT / PACKAGE).rglob("*.py"):
        parts = list(path.relative_to(ROOT / PACKAGE).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        found[".".join(parts)] = path
    return found


@cache
def imports() -> list[Import]:
    """Return all imports of our own modules, those for type checkers too."""
    return [
        Import(name, target, when_called)
        for name, path in modules().items()
        for node, when_called in _statements(ast.parse(path.read_text()), when_called=False)
        for target in _targets(node)
        if target != name
    ]


def _statements(node: ast.AST, when_called: bool) -> Iterator[tuple[ast.ImportFrom | ast.Import, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom | ast.Import):
            yield child, when_called
        yield from _statements(child, when_called or isinstance(child, ast.FunctionDef))


def _targets(node: ast.ImportFrom | ast.Import) -> Iterator[str]:
    """Yield the modules that a statement imports, or imports something of."""
    if isinstance(node, ast.Import):
        paths = [alias.name for alias in node.names]
    else:
        assert not node.level, "relative imports"
        submodules = {f"{node.module}.{alias.name}": _below(f"{node.module}.{alias.name}") for alias in node.names}
        paths = [path if name in modules() else str(node.module) for path, name in submodules.items()]
    for path in paths:
        if path.split(".")[0] == PACKAGE:
            yield _below(path)


def _below(path: str) -> str:
    return path.partition(".")[2] or "__init__"


@cache
def floors() -> dict[str, int]:
    """Return the floors of the table in docs/architecture.md: file or folder, and how many are above it."""
    table = (ROOT / "docs/architecture.md").read_text().partition("| floor |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name.rstrip("/"): height for height, row in enumerate(rows) for name in re.findall(r"`([^`]+)`", row)}


def floor_of(module: str) -> int:
    top = module.split(".")[0]
    return floors()[top if top in floors() else f"{top}.py"]


def test_the_table_names_every_folder_and_module() -> None:
    there = {
        path.name for path in (ROOT / PACKAGE).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(floors()) == there


def test_each_floor_imports_only_from_those_below_it() -> None:
    upwards = {one for one in imports() if floor_of(one.imported) < floor_of(one.importer)}
    assert {one for one in upwards if not one.when_called} == set()
    assert {(one.importer, one.imported) for one in upwards} == UPWARDS_WHEN_CALLED


def test_no_modules_import_each_other() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        if not one.when_called:
            graph[one.importer].add(one.imported)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
