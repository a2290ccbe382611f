"""The package is layered as docs/architecture.md says: each layer imports only from those below it, without cycles."""

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


class Import(NamedTuple):
    importer: str
    """Names of modules, without that of the package."""
    imported: str
    for_checkers: bool
    """It stands under ``if TYPE_CHECKING``, and never runs."""


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
    """Return all imports of our own modules: those inside functions too, and those for type checkers."""
    return [
        Import(name, target, for_checkers)
        for name, path in modules().items()
        for node, for_checkers in _statements(ast.parse(path.read_text()), for_checkers=False)
        for target in _targets(node)
        if target != name
    ]


def _statements(node: ast.AST, for_checkers: bool) -> Iterator[tuple[ast.ImportFrom | ast.Import, bool]]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        for_checkers = True
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom | ast.Import):
            yield child, for_checkers
        yield from _statements(child, for_checkers)


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
def layers() -> dict[str, int]:
    """Return the layers of the table in docs/architecture.md: file or folder, and how many are above it."""
    table = (ROOT / "docs/architecture.md").read_text().partition("| layer |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name.rstrip("/"): height for height, row in enumerate(rows) for name in re.findall(r"`([^`]+)`", row)}


def layer_of(module: str) -> int:
    top = module.split(".")[0]
    return layers()[top if top in layers() else f"{top}.py"]


def test_the_table_names_every_folder_and_module() -> None:
    there = {
        path.name for path in (ROOT / PACKAGE).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(layers()) == there


def test_each_layer_imports_only_from_those_below_it() -> None:
    assert {one for one in imports() if layer_of(one.imported) < layer_of(one.importer)} == set()


def test_no_modules_import_each_other() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for one in imports():
        if not one.for_checkers:
            graph[one.importer].add(one.imported)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


NAMES_A_PROTOCOL = re.compile(r"POP ?[23](?!(?i:dissect))|RFC ?918")
IS_PATTERN = re.compile(r"\\|\(\?|\[\^|^\^")
"""What a regular expression has and a sentence has not."""


@cache
def protocol_folders() -> set[str]:
    """Return the folders of single protocols."""
    folder = ROOT / PACKAGE / "protocols"
    return {path.name for path in folder.iterdir() if (path / "__init__.py").exists()}


def test_only_the_protocols_know_what_is_theirs() -> None:
    """Elsewhere a protocol stands in sentences for people alone: no module compares with, matches or imports one."""
    found = {
        f"{module}: {said}"
        for module, path in modules().items()
        if module.split(".")[0] not in ("protocols", "wireshark")  # the plugin is for one protocol
        for said in _protocols_named(ast.parse(path.read_text()))
    }
    assert found == set()


def _protocols_named(tree: ast.Module) -> Iterator[str]:
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in docstrings:
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            if NAMES_A_PROTOCOL.search(text) and (" " not in text.strip() or IS_PATTERN.search(text)):
                yield text
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (path for path in _targets(node) if set(path.split(".")) & protocol_folders())
        else:
            names = [str(getattr(node, field)) for field in ("id", "attr", "arg", "name") if hasattr(node, field)]
            yield from (name for name in names if NAMES_A_PROTOCOL.search(name.upper()))


NO_MODULE_OF_THEIR_NAME = {"test_architecture.py": "it looks at the sources of all modules"}


def test_each_test_module_is_named_after_what_it_tests() -> None:
    """``tests/a/test_b.py`` tests ``a/b.py``, the folder ``a/b/``, or, where ``b`` is ``a``, the folder ``a/`` itself.

    What tests several together lies in ``tests/scenarios/``.
    """
    tests = ROOT / "tests"
    unnamed = set()
    for path in tests.rglob("test_*.py"):
        folder = path.parent.relative_to(tests)
        if folder.parts[:1] not in (("scenarios",), ("support",)) and not _tested_by(folder, path.stem[len("test_") :]):
            unnamed.add(str(path.relative_to(tests)))
    assert unnamed == set(NO_MODULE_OF_THEIR_NAME)


def _tested_by(folder: Path, name: str) -> bool:
    places = [ROOT / PACKAGE / folder, ROOT / folder]
    if folder.name == name:
        return any(place.is_dir() for place in places)
    return any(there.stem == name for place in places for there in place.glob("*"))
