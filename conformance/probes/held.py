"""A request that is held half-way, so that something can happen meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Literal

from conformance.bench import Bench
from conformance.contract import Operation
from conformance.exchange import Exchange, Fields
from conformance.probes.shapes import first_write
from conformance.sample import full_bodies

HELD = 0.2  # seconds between the first half of a body and what follows
HELD_AT_HOME = 0.03  # the same for a server in this process
EXPECT: Fields = (("Expect", "100-continue"),)  # RFC 9110, 10.1.1

Coding = Literal["length", "chunked", "expected"]  # how a body is announced


def framing(coding: Coding, length: int) -> Fields:
    """The fields that announce a body; the client adds the one that says it comes in chunks."""
    announced: Fields = (("Content-Length", str(length)),)
    return {"length": announced, "chunked": (), "expected": announced + EXPECT}[coding]


def _long(bench: Bench, operation: Operation) -> bytes | None:
    """A long body for the first write, as a server may keep such bodies in another place."""
    if operation != first_write(bench.contract, "project") or not bench.calls.may_write(operation):
        return None
    project, marker = bench.target.parties["project"].id, bench.calls.marker()
    return list(full_bodies(operation, marker, project))[-1]


class Held:
    """A request whose body is held back half-way."""

    def __init__(self, bench: Bench, operation: Operation, coding: Coding, group: str) -> None:
        self._bench = bench
        self._sent, self._go = threading.Event(), threading.Event()
        valid = "positive" if group.endswith("control") else None
        lane = "fresh" if coding == "chunked" else "main"  # a server may know one and not the other
        call = bench.call(
            operation,
            "project",
            connection=lane,
            group=group,
            generated=valid,
            body=_long(bench, operation) if coding == "length" else None,
        )
        if coding == "expected":  # which a server may decline (RFC 9110, 15.5.18)
            call = replace(call, tags=replace(call.tags, level="hardening"))
        body = call.body or b""
        fields = (*call.fields, *framing(coding, len(body)))
        self._call = replace(call, fields=fields, chunks=self._halves(body))
        self._future: Future[Exchange] = bench.client.start(self._call)

    def _halves(self, body: bytes) -> Iterator[bytes]:
        yield body[: len(body) // 2]
        self._sent.set()
        self._go.wait(self._bench.target.timeout)
        yield body[len(body) // 2 :]

    def release(self, then: object = None) -> None:
        """Wait until the first half has been taken in, do something, and send the rest."""
        self._sent.wait(self._bench.target.timeout)
        let_see(self._bench)
        try:
            if callable(then):
                then()
        finally:
            self._go.set()

    def finish(self) -> Exchange:
        """Wait for the answer."""
        return self._bench.client.result(self._future, self._call)


def replace_in_flight(bench: Bench, operation: Operation, coding: Coding) -> Exchange:
    """Replace a key while a body is held back; return what its request was answered."""
    held = Held(bench, operation, coding, "in-flight-control")
    held.release()
    held.finish()
    held = Held(bench, operation, coding, "in-flight")
    held.release(lambda: bench.generate("project"))
    return held.finish()


def let_see(bench: Bench) -> None:
    """Give the server time to see the head of a request before anything else happens."""
    time.sleep(HELD_AT_HOME if bench.target.control is not None else HELD)
