"""An extract gives what the archive gives, in any output, and nothing is read twice for it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pop2dissect
from pop2dissect.archive import extract as archive_extract
from pop2dissect.archive.extract import extract_one
from pop2dissect.cli import main
from pop2dissect.cli.status import ExitStatus
from pop2dissect.errors import CaptureError, SettingError, UsageError
from tests.support.archive import write_archive
from tests.support.conversation import START
from tests.support.network import Network, login, read_all
from tests.support.wire import Frame, encode, pcap, pcapng, save

Extract = Callable[..., Path]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_archive(tmp_path_factory.mktemp("archive"), 24)


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    def made(*arguments: object, status: int = ExitStatus.DONE, folder: str = "extract") -> Path:
        assert main(["extract", "--quiet", *map(str, arguments), "-o", str(tmp_path / folder)]) == status
        return tmp_path / folder

    return made


def outcome(paths: Any, **choices: Any) -> tuple[str, list[str]]:
    capture = pop2dissect.read(paths, **choices)
    return capture.to_json(), capture.warnings


@pytest.mark.parametrize(
    ("asked", "choices"),
    [
        ((), {}),
        ((), {"ports": [110], "check_checksums": True, "overlap": "last"}),
        (("--any-port",), {"any_port": True}),
        (("--port", 109, "--port", 443), {"ports": [443, 110]}),
        (("--any-port", "--jobs", 2), {"limits": {"stream_octets": 200}}),
    ],
)
@pytest.mark.parametrize("by_name", [True, False], ids=["all ports of small files", "a folder"])
def test_it_gives_what_the_archive_gives(
    archive: list[Path], extract: Extract, by_name: bool, asked: tuple[object, ...], choices: dict[str, Any]
) -> None:
    paths = archive if by_name else [archive[0].parent]
    folder = extract(*paths, *asked, status=ExitStatus.UNREADABLE if by_name else ExitStatus.DONE)
    assert outcome(folder, **choices) == outcome(paths, **choices)


def test_exports_verify_and_annotate_go_back_to_the_original(
    tmp_path: Path, extract: Extract, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("mail.pcap"), Network().session(login(), *read_all(3)).packets, link="vlan", mtu=90)
    extract("mail.pcap")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    for name, source in (("archive", "mail.pcap"), ("again", "extract")):
        files = [
            f"--export-dfxml={name}.xml",
            f"--annotate={name}.pcapng",
            f"--export-mail={name}",
            f"--csv={name}.csv",
        ]
        assert main([*files, source]) == ExitStatus.DONE
    assert "img_offset" in Path("again.xml").read_text()
    for of in ("{}.xml", "{}.pcapng", "{}/manifest.json", "{}.csv/sessions.csv", "{}.csv/captures.csv"):
        assert Path(of.format("again")).read_bytes() == Path(of.format("archive")).read_bytes(), of
    monkeypatch.chdir("/")
    at = str(tmp_path)
    assert main(["verify", f"{at}/again", f"{at}/extract"]) == ExitStatus.DONE
    os.utime(f"{at}/mail.pcap", (0, 0))
    assert main([f"--annotate={at}/changed.pcapng", f"{at}/extract"]) == ExitStatus.UNREADABLE
    assert "was changed after it was extracted" in capsys.readouterr().err


def test_times_that_no_column_of_times_can_hold_are_exact(tmp_path: Path, extract: Extract) -> None:
    frames = encode(Network().session(login()).packets)
    late = [Frame(frame.time + (1 << 64), frame.octets, frame.original) for frame in frames]
    path = tmp_path / "late.pcapng"
    path.write_bytes(pcapng(late))
    assert outcome(extract(path)) == outcome(path)
    assert pop2dissect.read(path).sessions[0].start - START > 1 << 64


def test_an_interrupted_run_goes_on_where_it_was(
    archive: list[Path], extract: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []

    def counted(path: str, *others: Any) -> Any:
        if len(taken) == 6:
            raise KeyboardInterrupt
        taken.append(path)
        return extract_one(path, *others)

    monkeypatch.setattr(archive_extract, "extract_one", counted)
    extract(*archive, status=ExitStatus.INTERRUPTED)
    with pytest.raises(CaptureError, match="not complete"):
        pop2dissect.read(extract(*archive, status=ExitStatus.INTERRUPTED))
    first, taken[:] = list(taken), []
    monkeypatch.setattr(archive_extract, "extract_one", lambda *task: taken.append(task[0]) or extract_one(*task))
    folder = extract(*archive, status=ExitStatus.UNREADABLE)
    assert sorted(first + taken) == [str(path) for path in archive]
    assert outcome(folder) == outcome(archive)


def test_a_second_run_reads_what_is_new_or_changed(
    tmp_path: Path, extract: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{number}.pcap" for number in range(4)]
    for number, path in enumerate(paths):
        save(path, Network().session(login(f"user{number}")).packets)
    extract(*paths[1:3])
    save(paths[1], Network().session(login("another")).packets)
    taken: list[str] = []
    monkeypatch.setattr(archive_extract, "extract_one", lambda *task: taken.append(task[0]) or extract_one(*task))
    folder = extract(*paths)
    assert taken == [str(paths[place]) for place in (0, 1, 3)]
    assert outcome(folder) == outcome(paths)
    paths[0].unlink()
    assert outcome(extract(*paths[1:])) == outcome(folder)  # nothing is lost of what was extracted
    assert [session.user for session in pop2dissect.read(folder)] == ["user0", "another", "user2", "user3"]


def test_what_was_not_kept_is_an_error_and_never_less(
    archive: list[Path], extract: Extract, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = extract(archive[0].parent)
    for choices in ({"ports": [2110]}, {"any_port": True}, {"limits": {"layers": 3}}, {"engine": "tshark"}):
        with pytest.raises(UsageError, match=r"extract again|needs the captures"):
            pop2dissect.read(folder, **choices)  # type: ignore[arg-type]
    packets = sorted((folder / "packets").iterdir())[0]
    packets.write_bytes(packets.read_bytes()[:-30])
    assert main([str(folder)]) == ExitStatus.UNREADABLE
    assert "extract again" in capsys.readouterr().err
    (folder / "captures.parquet").write_bytes(b"PAR1")
    with pytest.raises(CaptureError, match="the index of the extract cannot be read"):
        pop2dissect.read(folder)
    assert main(["extract", str(archive[0]), "-o", str(tmp_path)]) == ExitStatus.USAGE
    assert main(["extract", "-", "-o", str(tmp_path / "none")]) == ExitStatus.USAGE
    with pytest.raises(SettingError):
        pop2dissect.read(folder, ports=[0])


def test_other_programs_can_read_it(tmp_path: Path, extract: Extract) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "mail.pcap"
    path.write_bytes(pcap(encode(Network().session(login(), *read_all(3)).packets)))
    folder = extract(path)
    packets = pq.read_table(folder / "packets").to_pandas()
    server = packets[packets["source_port"] == 109]
    payload = b"".join(
        octets[at : at + length]
        for octets, at, length in zip(server["octets"], server["payload_at"], server["payload"], strict=True)
    )
    assert hashlib.sha256(payload).hexdigest() == pop2dissect.read(path).sessions[0].stream("server").sha256()
    captures = pq.read_table(folder / "captures.parquet").to_pylist()
    assert [(one["path"], one["packets"], one["kept"]) for one in captures] == [(str(path), len(packets), len(packets))]


def test_the_questions_in_sql_have_answers(archive: list[Path], extract: Extract) -> None:
    import duckdb

    folder = extract(*archive, status=ExitStatus.UNREADABLE)
    page = (Path(__file__).parents[2] / "docs/archives.md").read_text()
    questions = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(questions) >= 5
    answers = [duckdb.sql(question.replace("'mail/", f"'{folder}/")).fetchall() for question in questions]
    assert all(answers)
    described = set(re.findall(r"`(\w+)`", page.partition("| column of a packet")[2].partition("\n\n")[0]))
    columns = [row[0] for row in duckdb.sql(f"DESCRIBE FROM '{folder}/packets/*.parquet'").fetchall()]
    assert set(columns) <= described
    assert [row[:2] for row in answers[3]] == [("192.0.2.200", 109)]


def test_a_folder_of_captures_may_have_one_called_packets(
    archive: list[Path], tmp_path: Path, extract: Extract
) -> None:
    """It is no extract, so that its captures are read, and no extract is written into it."""
    folder = tmp_path / "captures"
    (folder / "packets").mkdir(parents=True)
    (folder / archive[0].name).write_bytes(archive[0].read_bytes())
    assert len(pop2dissect.read(folder).captures) == 1
    extract(archive[0], status=ExitStatus.USAGE, folder="captures")


def test_one_that_was_ended_before_its_first_capture_goes_on(
    archive: list[Path], tmp_path: Path, extract: Extract
) -> None:
    (tmp_path / "extract" / "packets").mkdir(parents=True)
    assert (extract(archive[0]) / "captures.parquet").exists()
