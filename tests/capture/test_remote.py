"""Captures by URL, of a web server and of a file system in memory, are read as those on disk are."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import fsspec
import pytest

import pop2dissect
from pop2dissect.capture import CaptureReader, remote
from pop2dissect.cli import main
from pop2dissect.errors import CaptureError, MissingLibraryError
from tests.capture.files import pcap_header, pcap_record, segment

SECRET = "s3cr3t"
SAMPLES = Path(__file__).parents[2] / "samples"
WHOLE = pcap_header() + b"".join(pcap_record(segment(payload=b"%d" % second), second) for second in range(9))
CUT = len(WHOLE) - 100
"""Octets that come before the connection breaks off."""
NAMES = ["rfc937_normal.pcap", "format_pcapng.pcapng"]


class Server(SimpleHTTPRequestHandler):
    """Serves a folder; below ``/secret/`` to one user, and below ``/cut/`` without the end."""

    def do_GET(self) -> None:
        allowed = base64.b64encode(f"user:{SECRET}".encode()).decode()
        if self.path.startswith("/cut/"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(WHOLE)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else WHOLE[:CUT])
        elif self.path.startswith("/secret/") and self.headers["Authorization"] != f"Basic {allowed}":
            self.send_error(403)
        else:
            super().do_HEAD() if self.command == "HEAD" else super().do_GET()

    do_HEAD = do_GET  # noqa: N815 (the name is given)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("served")
    (path / "secret").mkdir()
    for name in NAMES:
        octets = (SAMPLES / name).read_bytes()
        for there in (path, path / "secret"):
            (there / name).write_bytes(octets)
    (path / "notes.txt").write_text("no capture")
    return path


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Server(*given, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def memory(folder: Path) -> Iterator[str]:
    system = fsspec.filesystem("memory")
    for path in folder.iterdir():
        if path.is_file():
            system.pipe_file(f"/day/{path.name}", path.read_bytes())
    yield "memory://day"
    system.rm("/day", recursive=True)


def json_of(*paths: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["--json", *paths]) == 0
    return capsys.readouterr().out


def test_json_is_that_of_the_files_on_disk(
    folder: Path, web: str, memory: str, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = json_of(str(folder), capsys=capsys)
    assert json.loads(disk)["captures"][0]["sha256"]
    for url in (memory, f"{memory}/*.pcap*", f"http://{web}/", f"http://{web}/*.pcap*"):
        found = json_of(url, capsys=capsys)
        assert found.replace(url.rpartition("/*")[0] or url.rstrip("/"), str(folder)) == disk, url


@pytest.mark.parametrize("where", ["http://user:{}@{}/secret/{}", "http://user:{}@{}/secret/{}?sig={}"])
def test_credentials_are_used_and_never_shown(
    web: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = where.format(SECRET, web, NAMES[0], SECRET)
    shown = f"http://***@{web}/secret/{NAMES[0]}{'?sig=***' if '?' in url else ''}"
    assert main(["--json", url]) == 0
    made = capsys.readouterr().out
    assert json.loads(made)["captures"][0]["path"] == shown
    (tmp_path / "made.json").write_text(made)
    assert main(["verify", str(tmp_path / "made.json"), url]) == 0
    files = [
        "--report",
        "a.html",
        "--annotate",
        "b.pcapng",
        "--csv",
        "c",
        "--export-dfxml",
        "d.xml",
        "--export-case",
        "e.json",
    ]
    monkeypatch.chdir(tmp_path)
    assert main(["-V", *files, url, f"http://user:{SECRET}@{web}/none?{SECRET}", "http://u:s3cr3t@127.0.0.1:1/x"]) == 1
    printed = capsys.readouterr()
    assert "there is no such file" in printed.err
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    case = (tmp_path / "e.json").read_text()
    assert all(info["sha256"] in case for info in json.loads(made)["captures"])
    assert SECRET not in made + printed.out + printed.err
    assert not any(SECRET.encode() in octets for octets in written)


def test_what_comes_before_a_break_is_kept(web: str) -> None:
    with CaptureReader([f"http://{web}/cut/a.pcap"]) as reader:
        packets = len(list(reader))
    (info,) = reader.captures
    assert packets == (CUT - 24) // len(pcap_record(segment(payload=b"1"), 1)) == info.packets
    assert info.truncated
    assert info.size == CUT
    assert "reading stops before" in info.warnings[0]


def test_a_file_that_gives_less_than_it_announces_is_told(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system = fsspec.filesystem("memory")
    info = system.info
    monkeypatch.setattr(type(system), "info", lambda _, path: {**info(path), "size": 10**6})
    found = pop2dissect.read(f"{memory}/{NAMES[0]}")
    assert found.captures[0].truncated
    assert "of its 1000000 octets" in found.captures[0].warnings[0]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://{web}/none.pcap", "there is no such file"),
        ("http://{web}/secret/rfc937_normal.pcap", "reading it is not permitted"),
        ("http://{web}/*.none", "none that matches it"),
        ("http://127.0.0.1:1/a.pcap", "the connection is refused"),
        ("memory://none.pcap", "there is no such file"),
        ("memory://none*", "none that matches it"),
        ("nosuchscheme://a/b", "nosuchscheme"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_that_names_it(url: str, reason: str, web: str) -> None:
    url = url.format(web=web)
    with pytest.raises(CaptureError, match=reason) as caught:
        pop2dissect.read(url)
    assert str(caught.value).startswith(f"{url} cannot be read: ")


def test_others_are_read_without_it(memory: str) -> None:
    found = pop2dissect.read([f"{memory}/none.pcap", f"{memory}/{NAMES[0]}"])
    assert len(found.sessions) > 0
    assert "there is no such file" in found.warnings[0]


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> Any:
        raise ImportError("No module named 'fsspec'", name="fsspec")

    monkeypatch.setattr(remote, "_system", missing)
    with pytest.raises(MissingLibraryError, match=r"^s3://b/k cannot be read: this needs fsspec.*pip install"):
        pop2dissect.read("s3://b/k")


def test_workers_and_extracts_read_it_too(
    folder: Path, web: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = json_of(str(folder), capsys=capsys)
    url, shown = f"http://user:{SECRET}@{web}/*.pcap*", f"http://***@{web}"
    extract = str(tmp_path / "extract")
    assert main(["extract", url, "-o", extract]) == 0
    assert "2 read now" in capsys.readouterr().out
    assert main(["extract", url, "-o", extract]) == 0
    assert "0 read now" in capsys.readouterr().out
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.rglob("*.parquet"))
    for found in (json_of(extract, capsys=capsys), json_of("--jobs", "2", url, capsys=capsys)):
        assert found.replace(shown, str(folder)) == disk
