"""Hooks of the documentation site (mkdocs.yml): what pages link to beside docs/ is part of the site too."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
_BESIDE = "repository/"
"""Where in the site the files are that lie beside docs/."""
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:)([^)#\s]+)")
_HEADS = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "samples/README.md")
"""Pages beside docs/ that the menu has."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is linked to, and what that links to."""
    waiting = [Path(str(file.abs_src_path)) for file in files.documentation_pages()]
    waiting += [ROOT / head for head in _HEADS]
    seen = set(waiting)
    for head in _HEADS:
        files.append(_added(ROOT / head, config))
    while waiting:
        page = waiting.pop()
        for target in _targets(page):
            if target not in seen and target.is_file():
                seen.add(target)
                if not target.is_relative_to(config.docs_dir):
                    files.append(_added(target, config))
                    if target.suffix == ".md":
                        waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to where the files are in the site; to a folder there is none."""
    here = _source(page.file.src_uri, config)

    def link(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(here.parent / found[1]))
        uri = _uri(target, config)
        if files.get_file_from_path(uri) is None:
            return found[1]
        return os.path.relpath(uri, Path(page.file.src_uri).parent)

    return _LINK.sub(link, markdown)


def _added(path: Path, config: MkDocsConfig) -> File:
    return File.generated(config, _uri(path, config), abs_src_path=str(path))


def _uri(path: Path, config: MkDocsConfig) -> str:
    docs = Path(config.docs_dir)
    if path.is_relative_to(docs):
        return path.relative_to(docs).as_posix()
    return _BESIDE + os.path.relpath(path, ROOT).replace(os.sep, "/")


def _source(uri: str, config: MkDocsConfig) -> Path:
    return ROOT / uri.removeprefix(_BESIDE) if uri.startswith(_BESIDE) else Path(config.docs_dir, uri)


def _targets(page: Path) -> Iterator[Path]:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        yield Path(os.path.normpath(page.parent / target))
