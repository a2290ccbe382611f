"""A Dask cluster gives what one process gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.archive import cluster
from pop2dissect.archive.cluster import Cluster
from pop2dissect.cli import main
from pop2dissect.cli.status import ExitStatus
from pop2dissect.errors import CaptureError, UsageError
from tests.support.archive import write_archive


class KilledWorker(Exception):  # noqa: N818 (that is its name)
    """As Dask names what befalls a task that has ended several workers."""


def fails(kind: type[Exception]) -> None:
    raise kind("why")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run a cluster in this process; one that ``--dask local`` starts has processes of its own."""
    import distributed

    with distributed.LocalCluster(n_workers=2, processes=False, dashboard_address=None) as running:
        yield running.scheduler_address


def test_the_result_is_that_of_one_process(address: str, tmp_path: Path) -> None:
    paths = write_archive(tmp_path / "archive", 12)
    expected = pop2dissect.read(paths)
    assert pop2dissect.read(paths, dask=address).to_json() == expected.to_json()
    folder = tmp_path / "extract"
    arguments = ["extract", "--quiet", "--dask", address, "-o", str(folder)]
    assert main([*arguments, *map(str, paths)]) == ExitStatus.UNREADABLE
    assert pop2dissect.read(folder).to_json() == expected.to_json()


def test_what_cannot_be_done_is_said(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cluster(address, 1) as workers:
        with pytest.raises(CaptureError, match="the workers that read it ended"):
            workers.submit(fails, KilledWorker).result()
        with pytest.raises(ZeroDivisionError):
            workers.submit(fails, ZeroDivisionError).result()
    monkeypatch.setattr(cluster, "__version__", "0")
    with pytest.raises(UsageError, match="has another version of pop2dissect than 0"):
        Cluster(address, 1)
    monkeypatch.setattr(cluster, "_PATIENCE", 0.1)
    with pytest.raises(UsageError, match="there is no Dask cluster to be had at 'tcp:"):
        Cluster("tcp://127.0.0.1:1", 1)
