"""A server in this process: on a free loopback port, with a clock that can be moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reference_server import control, factory, http, seed
from reference_server.app import Server
from reference_server.clock import Clock, MovableClock
from reference_server.seed import Credential

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that is being served."""

    base_url: str  # without the base path
    credentials: Mapping[str, Credential]
    server: Server

    @property
    def control_url(self) -> str:
        """Where the control plane is."""
        return self.base_url + control.PATH


@contextmanager
def start(
    openapi: Path | None = None,
    limit: int | None = None,
    window: float | None = None,
    fault: str | None = None,
    variant: str | None = None,
    clock: Clock | None = None,
) -> Iterator[Running]:
    """Serve in a background thread for as long as the context lasts.

    Time goes on by itself and can be moved on, unless another *clock* is given.
    """
    server = factory.create(
        clock or MovableClock(),
        openapi=openapi,
        limit=limit,
        window=window,
        fault=fault,
        variant=variant,
    )
    credentials = seed.plant(server)
    # It listens before the thread runs, so that nobody has to wait for the thread.
    listener = http.listen(HOST, 0)
    base_url = http.url(listener)
    service = http.Service(server)
    thread = threading.Thread(target=service.serve_on, args=(listener,), name=base_url, daemon=True)
    thread.start()
    try:
        yield Running(base_url=base_url, credentials=credentials, server=server)
    finally:
        service.stop()
        thread.join()
        server.store.close()
