"""A key that is replaced under load: many requests with it are under way."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from conformance.bench import Bench
from conformance.client import Call
from conformance.exchange import Exchange
from conformance.keyring import Key
from conformance.probes.held import framing, let_see
from conformance.probes.shapes import lane

BEFORE, DURING, AFTER = 6, 18, 8  # requests with the old key
LONGEST = 2.0  # seconds of a replacement in which requests are begun
SLOW = 7  # and those whose bodies end when all have begun: fewer than make a target seem lost


def replace_under_load(bench: Bench) -> Exchange:
    """Replace a key under load, and return the last answer to the old one."""
    old = bench.key("project")
    calls = list(_calls(bench, old))
    bench.deliver(calls[0])  # surely before the replacement: the key was valid
    begun = [(bench.client.start(call), call) for call in calls[1:BEFORE]]
    with ThreadPoolExecutor(1) as pool:
        replaced = pool.submit(bench.generate, "project")
        rest, pause = iter(calls[BEFORE:]), _pause(bench)
        for call in rest:
            begun.append((bench.client.start(call), call))
            wait([replaced], timeout=pause)
            if replaced.done() or len(begun) >= BEFORE + DURING:
                break
        replaced.result()
        begun += [(bench.client.start(call), call) for call in list(rest)[-AFTER:]]
    begun += _slowly(bench, _writes(bench, old))
    return [bench.client.result(future, call) for future, call in begun][-1]


def _pause(bench: Bench) -> float:
    """Seconds between requests that begin throughout a replacement, if it takes what the last did.

    A program that generates keys may take longer than all of them together.
    """
    issued = [event for event in bench.recorder.events if event.kind == "issued"]
    return min(issued[-1].ended - issued[-1].started, LONGEST) / DURING


def _calls(bench: Bench, old: Key) -> Iterator[Call]:
    """Requests with the key, of all kinds that read, and one that writes where there is time."""
    operations = bench.contract.of_kind("project")
    reads = [op for op in operations if not op.writes]
    writes = [] if bench.thrifty else [op for op in operations if op.body is not None]
    chosen = [*reads, *writes[:1]]
    for number in range(BEFORE + DURING + AFTER):
        operation = chosen[number % len(chosen)]
        yield bench.call(operation, old, connection=lane(number), group="under-load")


def _writes(bench: Bench, old: Key) -> Iterator[Call]:
    """Requests with the key that have a body, if there are any."""
    operations = [op for op in bench.contract.of_kind("project") if op.body is not None]
    for number in range(SLOW if operations else 0):
        yield bench.call(operations[0], old, connection=lane(number), group="under-load")


def _slowly(bench: Bench, calls: Iterable[Call]) -> list[tuple[Future[Exchange], Call]]:
    """Begin to send calls, and send the end of each one's body when all of them are under way."""
    go = threading.Event()
    halves = [_in_halves(call, go, bench.target.timeout) for call in calls]
    try:
        begun = [(bench.client.start(call), call) for call in halves]
        let_see(bench)
        return begun
    finally:
        go.set()


def _in_halves(call: Call, go: threading.Event, timeout: float) -> Call:
    """The call with a body of which the second half waits."""
    body = call.body or b""

    def halves() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        go.wait(timeout)
        yield body[len(body) // 2 :]

    return replace(call, fields=call.fields + framing("length", len(body)), chunks=halves())
