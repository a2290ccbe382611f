"""Fill the disk at many sizes under every output: ``python -m fuzz.disks [SIZES]``.

The limit is one on the size of each file (setrlimit(2), RLIMIT_FSIZE). Whatever it is, the exit status is 0 only if
every byte is there, else 3 with a sentence that names the file, and no file has its name with a part of its bytes.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pop2dissect.cli import ExitStatus, main
from pop2dissect.cli.outputs.declared import FILES, PRINTED

Files = dict[str, bytes]
_FULL = "cannot be written: File too large"
_EVERY = resource.getrlimit(resource.RLIMIT_FSIZE)


def options_for(folder: Path) -> dict[str, list[str]]:
    """Return the options of every output, by its name, and all files at once."""
    files = {one.name: [one.options[-1], str(folder / one.name)] for one in FILES}
    as_text = [one for one in PRINTED if not one.needs_terminal]
    printed = {one.name: [one.options[-1], *(["1"] if one.metavar else [])] for one in as_text}
    return {**files, **printed, "text": [], "all": [word for words in files.values() for word in words]}


def violations(capture: Path, sizes: int, names: frozenset[str] | None = None) -> Iterator[str]:
    """Yield what is wrong, in sentences: nothing, if all is well."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        result = folder / "result.json"
        with _standard_output(result):
            main(["--quiet", "--json", str(capture)])
        commands = {name: ["--quiet", *words, str(capture)] for name, words in options_for(folder / "out").items()}
        commands["verify"] = ["verify", str(result), str(capture)]
        for name, command in commands.items():
            if names is None or name in names:
                for wrong in _of_one(command, folder, sizes):
                    yield f"{name}: {wrong}"


def _of_one(command: list[str], folder: Path, sizes: int) -> Iterator[str]:
    status, whole, _ = _run(command, folder, None)
    if status:
        yield f"status {status} without a limit"
        return
    largest = max(map(len, whole.values()))
    for step in range(sizes):
        size = max(0, largest * step // max(1, sizes - 2) + step % 3 - 1)
        status, made, said = _run(command, folder, size)
        torn = [one for one, octets in made.items() if one != "stdout" and whole.get(one) != octets]
        if torn:
            yield f"at {size} bytes {torn} are not whole"
        if status == ExitStatus.DONE and made != whole:
            yield f"at {size} bytes status 0, but not all is there"
        if status == ExitStatus.DONE and size < largest:
            yield f"at {size} bytes status 0 where the largest has {largest}"
        if status not in (ExitStatus.DONE, ExitStatus.UNWRITABLE) or (size >= largest and status):
            yield f"at {size} bytes status {status}"
        if status and not (said.startswith("pop2dissect: ") and said.endswith(f"{_FULL}\n") and said.count("\n") == 1):
            yield f"at {size} bytes it says {said!r}"


def _run(command: list[str], folder: Path, size: int | None) -> tuple[int, Files, str]:
    out = folder / "out"
    out.mkdir()
    said = io.StringIO()
    with _standard_output(folder / "stdout"), contextlib.redirect_stderr(said):
        if size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, _EVERY[1]))
        try:
            status = main(command)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, _EVERY)
    made = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    made["stdout"] = (folder / "stdout").read_bytes()
    shutil.rmtree(out)
    return status, made, said.getvalue()


@contextlib.contextmanager
def _standard_output(path: Path) -> Iterator[None]:
    """Lead descriptor 1 into a new file; Python's own object for it is made anew as at a start."""
    kept, before = os.dup(1), (sys.stdout, sys.__stdout__)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(descriptor, 1)
    os.close(descriptor)
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8")  # type: ignore[misc, arg-type] # Final there
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        sys.stdout, sys.__stdout__ = before  # type: ignore[misc] # Final there


if __name__ == "__main__":
    os.environ.setdefault("SOURCE_DATE_EPOCH", "500000000")  # a report says when it was made
    found = list(violations(Path("samples/rfc937_normal.pcap"), int(sys.argv[1]) if sys.argv[1:] else 40))
    print("\n".join(found) or "nothing is lost, and nothing is partial")
    sys.exit(bool(found))
