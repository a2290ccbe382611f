"""Processes that work for this one: what ends one of them ends nothing else."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Protocol, Self

from pop2dissect.errors import CaptureError

_ATTEMPTS = 3
"""How often a task is given to a worker: what the system ends for another reason does well the second time."""
AHEAD = 4
"""Tasks that wait for each worker."""
_LOOKS_UP = 1.0
"""Seconds after which an idle worker looks whether there is still anyone to work for."""


class Workers(Protocol):
    """Whoever does tasks, here or elsewhere."""

    count: int

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a task done. The future raises CaptureError where the worker ends each time it is tried."""
        ...


class Alone:
    """Nobody but this process: each task is done when it is given."""

    count = 1

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Do a task."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Processes:
    """Worker processes on this machine, each led by a thread. A context manager.

    A worker that ends is replaced, and its task is given to the next. To be made before other threads are: processes
    are then forked, which costs hardly anything.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._closed = False
        self._all: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        forked = threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()
        for _ in range(count):
            self._idle.put(self._start("fork" if forked else "spawn"))
        self._threads = ThreadPoolExecutor(count, "pop2dissect worker")

    def _start(self, method: str) -> _Worker:
        worker = _Worker(method)
        self._all.append(worker)
        return worker

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a task done by the next worker that is free."""
        return self._threads.submit(self._ask, function, arguments)

    def _ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        worker = self._idle.get()
        try:
            for _ in range(_ATTEMPTS):
                try:
                    done, value = worker.ask(function, arguments)
                except (EOFError, OSError):
                    if self._closed:
                        raise
                    ending = worker.ending()
                    self._all.remove(worker)
                    worker = self._start("spawn")
                    continue
                if not done:
                    raise value
                return value
            raise CaptureError(f"the process that read it {ending}, {_ATTEMPTS} times")
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End the workers, whatever they do."""
        self._closed = True
        for worker in list(self._all):
            worker.end()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.end()  # one may have been started meanwhile

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Worker:
    """One process, and the connection to it."""

    def __init__(self, method: str) -> None:
        context: Any = multiprocessing.get_context(method)
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Have a task done; return whether it was, and its value or error.

        Raises EOFError or OSError where the worker ends instead.
        """
        self._connection.send((function, arguments))
        return self._connection.recv()

    def ending(self) -> str:
        """Say how the process ended."""
        self._connection.close()
        self._process.join()
        status = self._process.exitcode or 0
        return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def end(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()


def _work(connection: Connection, parent: int) -> None:
    """Do tasks until nobody gives any more. What a terminal's Ctrl-C means is for the parent to say."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    while True:
        while not connection.poll(_LOOKS_UP):
            if os.getppid() != parent:  # another worker may hold the other end open
                return
        try:
            function, arguments = connection.recv()
            try:
                answer = True, function(*arguments)
            except Exception as error:
                answer = False, error
            connection.send(answer)
        except (EOFError, OSError):
            return


def as_done(
    workers: Workers, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, Any]]:
    """Yield the place of each task, and what came of it, in the order in which they are done.

    Not more are given than the workers need to be busy. Yields a CaptureError that ends a task in place of the outcome.
    """
    waiting: dict[Future[Any], int] = {}
    places = iter(range(len(tasks)))
    try:
        while True:
            while len(waiting) < workers.count * AHEAD and (place := next(places, None)) is not None:
                waiting[workers.submit(function, *tasks[place])] = place
                if workers.count == 1:
                    break
            if not waiting:
                return
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                place = waiting.pop(future)
                error = future.exception()
                if error is not None and not isinstance(error, CaptureError):
                    raise error
                yield place, future.result() if error is None else error
    finally:
        for future in waiting:
            future.cancel()
