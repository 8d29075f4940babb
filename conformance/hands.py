"""Hands: daemon threads that send, so that no target can hold the run longer than a deadline."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """Work for a hand, and what becomes of its result."""

    work: Callable[[], Any]
    then: Callable[[Any], Any]
    future: Future[Any]

    def done(self) -> Callable[[], None]:
        """Do it; return what tells whoever waits that it is done."""
        try:
            found = self.work()
        except BaseException as error:  # it is raised where the result is asked for
            return partial(self.future.set_exception, error) if self._wanted() else _nobody
        if not self._wanted():
            return _nobody
        try:
            return partial(self.future.set_result, self.then(found))
        except BaseException as error:
            return partial(self.future.set_exception, error)

    def _wanted(self) -> bool:
        """Whether somebody still waits; from then on the future cannot be cancelled."""
        return self.future.set_running_or_notify_cancel()


class Hands:
    """A pool that grows as needed; a hand that a target holds is left behind."""

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Job | None]] = []
        self._closed = False
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], T], then: Callable[[T], T]) -> Future[T]:
        """Run *work* in a thread that is free, or in a new one, and *then* on what it returns.

        The future can be cancelled as long as the work goes on; its result then goes nowhere.
        """
        future: Future[T] = Future()
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), daemon=True).start()
        inbox.put(Job(work, then, future))
        return future

    def close(self) -> None:
        """Let the hands go: those that are free at once, the others when their work is done."""
        with self._lock:
            self._closed = True
            for inbox in self._idle:
                inbox.put(None)
            self._idle.clear()

    def _serve(self, inbox: queue.SimpleQueue[Job | None]) -> None:
        while job := inbox.get():
            tell = job.done()
            self._free(inbox)  # first, so that whoever waits finds a free hand
            tell()

    def _free(self, inbox: queue.SimpleQueue[Job | None]) -> None:
        with self._lock:
            if self._closed:
                inbox.put(None)
            else:
                self._idle.append(inbox)


def _nobody() -> None:
    """Tell nobody."""
