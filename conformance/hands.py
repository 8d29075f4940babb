"""Hands: daemon threads that send, so that no target can hold the run longer than a deadline."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
Job = tuple[Callable[[], Any], "Future[Any]"]
Inbox = queue.SimpleQueue[Job | None]  # None: nothing more will come


class Hands:
    """A pool that grows as needed; a hand that a target holds is left behind."""

    def __init__(self) -> None:
        self._idle: list[Inbox] = []
        self._closed = False
        self._lock = threading.Lock()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Run *work* in a thread that is free, or in a new one."""
        future: Future[T] = Future()
        with self._lock:
            inbox = self._idle.pop() if self._idle else None
        if inbox is None:
            inbox = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), daemon=True).start()
        inbox.put((work, future))
        return future

    def close(self) -> None:
        """Let the hands go: those that are free at once, the others when their work is done."""
        with self._lock:
            self._closed = True
            for inbox in self._idle:
                inbox.put(None)
            self._idle.clear()

    def _serve(self, inbox: Inbox) -> None:
        while job := inbox.get():
            self._do(*job, inbox)

    def _do(self, work: Callable[[], Any], future: Future[Any], inbox: Inbox) -> None:
        """Do one job; be free again before its end is told, so that who waits finds a free hand."""
        try:
            result = work()
        except BaseException as error:  # it is raised where the result is asked for
            self._free(inbox)
            future.set_exception(error)
        else:
            self._free(inbox)
            future.set_result(result)

    def _free(self, inbox: Inbox) -> None:
        with self._lock:
            if self._closed:
                inbox.put(None)
            else:
                self._idle.append(inbox)
