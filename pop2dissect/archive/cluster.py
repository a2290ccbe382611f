"""Workers of a Dask cluster: on this machine, or wherever its scheduler has them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from pop2dissect.errors import CaptureError, UsageError
from pop2dissect.optional import extra
from pop2dissect.version import __version__

LOCAL = "local"
"""In place of a scheduler's address: a cluster on this machine, for as long as it is needed."""
_ATTEMPTS = 5
"""How often a task is given to the cluster, which itself tries more than once."""
_PATIENCE = 10
"""Seconds that a scheduler may take to answer."""


class Cluster:
    """A Dask cluster, which must find captures and extracts under the same paths as this process. A context manager.

    Dask gives a task to another worker where one ends; what ends several is given up.
    """

    def __init__(self, address: str, count: int) -> None:
        """``count`` is for a cluster on this machine. Raises UsageError where no scheduler answers."""
        with extra("dask"):
            from importlib import import_module

            distributed: Any = import_module("distributed")
        self._started: Any = None
        try:
            if address == LOCAL:
                self._started = distributed.LocalCluster(
                    n_workers=count, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR
                )
            self._client: Any = distributed.Client(self._started or address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise UsageError(f"there is no Dask cluster to be had at {address!r:.80} ({error})") from None
        self._tasks: set[Any] = set()
        self._closed = False
        try:
            self._check()
        except BaseException:
            self.close()
            raise
        self.count = max(sum(self._client.nthreads().values()), 1)

    def _check(self) -> None:
        """Raise UsageError where a worker is not as this process is: its results might be others."""
        if self._started is None:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        for worker, version in self._client.run(_version, on_error="return").items():
            if version != __version__:
                said = version if isinstance(version, str) else f"none ({version})"
                raise UsageError(f"the worker {worker} has another version of pop2dissect than {__version__}: {said}")

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a task done by a worker of the cluster."""
        ours: Future[Any] = Future()
        self._give(ours, (function, *arguments), _ATTEMPTS)
        return ours

    def _give(self, ours: Future[Any], call: tuple[Any, ...], attempts: int) -> None:
        """Have a task done, again where its outcome is lost with the worker that has it."""
        task = self._client.submit(*call, pure=False)
        self._tasks.add(task)

        def done(task: Any) -> None:
            self._tasks.discard(task)
            try:
                outcome = task.result()
            except BaseException as error:  # a cancellation is none of the usual kind
                if self._closed:
                    ours.cancel()
                elif type(error).__name__ == "KilledWorker":
                    ours.set_exception(CaptureError("the workers that read it ended"))
                elif task.status != "error" and attempts > 1:
                    self._give(ours, call, attempts - 1)
                else:
                    ours.set_exception(error)
            else:
                if not ours.cancelled():
                    ours.set_result(outcome)

        task.add_done_callback(done)

    def close(self) -> None:
        """Take back what has not been done; end a cluster that was started for this."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        self._client.close()
        if self._started is not None:
            self._started.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _version() -> str:
    from pop2dissect import version

    return version.__version__
