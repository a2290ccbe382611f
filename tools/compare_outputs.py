"""Compare what two builds of pop2dissect say of the same captures: each kind of difference once, and how often.

    python tools/compare_outputs.py OLD NEW CAPTURE... [--kind KIND ...] [--option OPTION ...] [--examples N]

OLD and NEW are folders that hold the package ``pop2dissect``; CAPTURE is a file or a folder of files. Compared are
the text, ``-V``, ``--json``, the text of ``--report``, ``--export-mail`` and ``--csv``, with exit statuses and errors.
Runs of white space count as one, so that a table whose columns moved differs only where its words do.

Differences are grouped by what was replaced by what, digits aside: "octets → bytes" is one group however many lines
have it. In JSON they are grouped by path too. The exit status is 1 where there are any.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

SUFFIXES = (".pcap", ".pcapng", ".cap", ".gz", ".bz2", ".xz", ".zst", ".lz4", ".snoop")
LONGEST = 160
"""Characters of an example that are shown."""
ALIGNED = 5000
"""Items of two lists that are aligned; those of longer ones are compared place by place."""


class Difference(NamedTuple):
    """One difference."""

    group: str
    """What was replaced by what, and where, without what tells one case from the next."""
    example: str


Compare = Callable[[bytes, bytes], Iterator[Difference]]


@dataclass
class Group:
    """All differences of one kind of output that are the same but for numbers."""

    count: int = 0
    captures: dict[str, None] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)


# Comparing ------------------------------------------------------------------------------------------


def compare_text(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare line by line."""
    yield from compare_lines(_lines(old), _lines(new))


def _lines(octets: bytes) -> list[str]:
    return [" ".join(line.split()) for line in octets.decode(errors="backslashreplace").splitlines()]


def compare_lines(old: list[str], new: list[str]) -> Iterator[Difference]:
    """Pair the lines that were replaced, in their order, and say which words differ."""
    for before, after in _replaced(old, new):
        for one, other in zip(before, after, strict=False):
            yield Difference(_words(one, other), f"{one}\n{other}")
        for one in before[len(after) :]:
            yield Difference(f"line gone: {_template(one)}", one)
        for other in after[len(before) :]:
            yield Difference(f"new line: {_template(other)}", other)


def _replaced(old: list[str], new: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the runs of lines that differ, as ``diff`` finds them, which is fast for long texts."""
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, "old"), Path(folder, "new")
        for path, lines in zip(paths, (old, new), strict=True):
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="backslashreplace")
        found = subprocess.run(["diff", "-a", *paths], capture_output=True, check=False).stdout.decode()
    before: list[str] = []
    after: list[str] = []
    for line in found.split("\n"):
        if line.startswith("< "):
            before.append(line[2:])
        elif line.startswith("> "):
            after.append(line[2:])
        elif line != "---" and (before or after):
            yield before, after
            before, after = [], []


def _words(old: str, new: str) -> str:
    """Say which words of a line were replaced by which."""
    before, after = old.split(" "), new.split(" ")
    changes: dict[str, None] = {}
    for kind, first, last, start, end in _aligned(before, after):
        if kind != "equal":
            changes[f"{_template(' '.join(before[first:last]))} → {_template(' '.join(after[start:end]))}"] = None
    return "; ".join(changes) or "blanks"


def _template(text: str) -> str:
    """Return a text without what tells one case from the next: its numbers, its hashes."""
    shown = re.sub(r"\b[0-9a-f]{32,}\b", "HASH", text)
    shown = re.sub(r"(?<![A-Za-z])\d[\d,.:]*", "0", shown)
    return _short(shown or "nothing")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def compare_json(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare two documents value by value."""
    try:
        documents = [json.loads(octets, parse_float=str) for octets in (old, new)]
    except ValueError:
        yield from compare_text(old, new)
    else:
        yield from _compare_values("", *documents)


def _compare_values(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() | new.keys():
            below = f"{path}.{name}" if path else name
            if name not in new:
                yield Difference(f"{below}: gone", f"{below}: {_shown(old[name])}")
            elif name not in old:
                yield Difference(f"{below}: new", f"{below}: {_shown(new[name])}")
            else:
                yield from _compare_values(below, old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(f"{path}[]", old, new)
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield Difference(f"{path}: {_change(old, new)}", f"{path}: {_shown(old)}\n{path}: {_shown(new)}")


def _compare_lists(path: str, old: list[Any], new: list[Any]) -> Iterator[Difference]:
    before, after = ([json.dumps(value, sort_keys=True) for value in values] for values in (old, new))
    for kind, first, last, start, end in _aligned(before, after):
        if kind == "equal":
            continue
        paired = min(last - first, end - start)
        for offset in range(paired):
            yield from _compare_values(path, old[first + offset], new[start + offset])
        for value in old[first + paired : last]:
            yield Difference(f"{path}: an item gone{_named(value)}", f"{path}: {_shown(value)}")
        for value in new[start + paired : end]:
            yield Difference(f"{path}: an item new{_named(value)}", f"{path}: {_shown(value)}")


def _named(value: Any) -> str:
    """Return what a list's item is, where it says so."""
    if isinstance(value, dict):
        return next((f", {name} {_template(str(value[name]))}" for name in ("id", "kind", "type") if name in value), "")
    return f", {_template(value)}" if isinstance(value, str) else ""


def _change(old: Any, new: Any) -> str:
    if isinstance(old, str) and isinstance(new, str):
        return _words(" ".join(old.split()), " ".join(new.split()))
    return f"{_template(_shown(old))} → {_template(_shown(new))}"


def _shown(value: Any) -> str:
    return _short(json.dumps(value, ensure_ascii=False))


def _aligned(old: list[str], new: list[str]) -> Iterable[tuple[str, int, int, int, int]]:
    """Return which runs are equal and which were replaced, as :class:`difflib.SequenceMatcher` does."""
    if max(len(old), len(new)) > ALIGNED:
        return [("replace", 0, len(old), 0, len(new))]
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def compare_csv(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare two tables, row by row and column by column."""
    yield from compare_json(_as_json(old), _as_json(new))


def _as_json(octets: bytes) -> bytes:
    return json.dumps(list(csv.DictReader(io.StringIO(octets.decode(errors="backslashreplace"))))).encode()


class _Text(HTMLParser):
    """The text of a page, a line for each element that stands apart; scripts and styles are none."""

    APART = frozenset(
        ("td", "th", "dt", "dd", "p", "li", "h1", "h2", "h3", "h4", "br", "tr", "div", "summary", "title")
    )

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines = [""]
        self._hidden = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in ("script", "style")
        if tag in self.APART:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines[-1] += data


def compare_html(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare what a reader sees of two pages."""
    pages = ([" ".join(line.split()) for line in _Text(page.decode()).lines] for page in (old, new))
    yield from compare_lines(*([line for line in lines if line] for lines in pages))


def compare_status(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare exit statuses."""
    yield Difference(f"{old.decode()} → {new.decode()}", f"{old.decode()}\n{new.decode()}")


def compare_bytes(old: bytes, new: bytes) -> Iterator[Difference]:
    """Compare contents that have to be the same."""
    if old != new:
        yield Difference("contents differ", f"{len(old):,} bytes, {len(new):,} bytes")


BY_SUFFIX: Mapping[str, Compare] = {
    ".json": compare_json,
    ".csv": compare_csv,
    ".html": compare_html,
    ".txt": compare_text,
    ".eml": compare_bytes,
}

# Running --------------------------------------------------------------------------------------------

KINDS: Mapping[str, tuple[str, ...]] = {
    "text": (),
    "tree": ("-V",),
    "json": ("--json",),
    "report": ("--report", "report.html"),
    "mail": ("--export-mail", "mail"),
    "csv": ("--csv", "tables"),
}
"""What is compared, and the options that make it."""
_STATUS = "exit status"


def outputs(build: Path, capture: Path, options: tuple[str, ...], python: str) -> dict[str, bytes]:
    """Run a build on a capture; return all that comes of it: by the files' names, and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, "-m", "pop2dissect", *options, str(capture.resolve())],
            capture_output=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(build.resolve()), "COLUMNS": "120"},
            check=False,
        )
        made = {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}
    printed = "printed.json" if "--json" in options else "printed.txt"
    return {_STATUS: str(done.returncode).encode(), printed: done.stdout, "errors.txt": done.stderr, **made}


def differences(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Iterator[Difference]:
    """Compare all outputs of one run of each build."""
    for name in sorted(old.keys() | new.keys()):
        shown = _template(Path(name).name)
        if name not in new:
            yield Difference(f"{shown}: not made any more", name)
        elif name not in old:
            yield Difference(f"{shown}: made now", name)
        elif old[name] != new[name]:
            for group, example in _comparison(name)(old[name], new[name]):
                yield Difference(f"{shown}: {group}", example)


def _comparison(name: str) -> Compare:
    return compare_status if name == _STATUS else BY_SUFFIX.get(Path(name).suffix, compare_text)


def compare(
    builds: tuple[Path, Path], captures: list[Path], kinds: list[str], options: tuple[str, ...] = (), examples: int = 1
) -> dict[str, dict[str, Group]]:
    """Return the groups of differences for each kind of output."""
    found: dict[str, dict[str, Group]] = {kind: {} for kind in kinds}

    def run(task: tuple[str, Path]) -> tuple[str, Path, list[Difference]]:
        kind, capture = task
        old, new = (outputs(build, capture, (*options, *KINDS[kind]), sys.executable) for build in builds)
        return kind, capture, list(differences(old, new))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for kind, capture, some in pool.map(run, [(kind, capture) for kind in kinds for capture in captures]):
            for difference in some:
                group = found[kind].setdefault(difference.group, Group())
                group.count += 1
                group.captures[capture.name] = None
                if len(group.examples) < examples:
                    group.examples.append(difference.example)
    return found


def report(found: Mapping[str, Mapping[str, Group]]) -> Iterator[str]:
    """Yield the lines that tell all groups, those of most captures first."""
    for kind, groups in found.items():
        yield f"\n{kind}: {len(groups):,} kinds of differences" if groups else f"\n{kind}: the same"
        for name, group in sorted(groups.items(), key=lambda item: (-len(item[1].captures), -item[1].count, item[0])):
            names = list(group.captures)
            where = ", ".join(names[:3]) + (f" and {len(names) - 3} others" if len(names) > 3 else "")
            yield f"  {group.count:,} times in {len(names):,} captures ({where})\n    {name}"
            for example in group.examples:
                for sign, line in zip("-+", example.split("\n"), strict=False):
                    yield f"      {sign if chr(10) in example else ' '} {_short(line)}"


def found_in(paths: list[Path]) -> Iterator[Path]:
    """Yield the captures that are given, and those that lie in folders that are given."""
    for path in paths:
        if path.is_dir():
            yield from sorted(one for one in path.rglob("*") if one.is_file() and one.name.endswith(SUFFIXES))
        else:
            yield path


def main(arguments: list[str]) -> int:
    """Compare, print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path, help="folder with the package of the older build")
    parser.add_argument("new", type=Path, help="folder with the package of the newer build")
    parser.add_argument("captures", type=Path, nargs="+", metavar="CAPTURE", help="file, or folder of files")
    parser.add_argument("--kind", action="append", choices=KINDS, help="compare only this kind of output; repeatable")
    parser.add_argument("--option", action="append", default=[], help="an option for both builds; repeatable")
    parser.add_argument("--examples", type=int, default=1, help="examples of each group (default 1)")
    chosen = parser.parse_args(arguments)
    for build in (chosen.old, chosen.new):
        if not (build / "pop2dissect" / "__main__.py").is_file():  # else one that is installed would be run
            parser.error(f"no pop2dissect in {build}")
    captures = list(found_in(chosen.captures))
    kinds = chosen.kind or list(KINDS)
    found = compare((chosen.old, chosen.new), captures, kinds, tuple(chosen.option), chosen.examples)
    print(f"{len(captures):,} captures", *report(found), sep="\n")
    return int(any(found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
