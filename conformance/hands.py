"""Hands: daemon threads that send, so that no target can hold the run longer than a deadline."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
Job = tuple[Callable[[], Any], "Future[Any]"]


class Hands:
    """A pool that grows as needed; a hand that a target holds is left behind."""

    def __init__(self) -> None:
        self._idle: queue.SimpleQueue[queue.SimpleQueue[Job]] = queue.SimpleQueue()

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Run *work* in a thread that is free, or in a new one."""
        future: Future[T] = Future()
        try:
            inbox = self._idle.get_nowait()
        except queue.Empty:
            inbox = queue.SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), daemon=True).start()
        inbox.put((work, future))
        return future

    def _serve(self, inbox: queue.SimpleQueue[Job]) -> None:
        while True:
            work, future = inbox.get()
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                self._idle.put(inbox)
                future.set_exception(error)
            else:
                self._idle.put(inbox)
                future.set_result(result)
