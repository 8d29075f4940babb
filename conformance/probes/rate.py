"""rate: so many requests per window and key."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from conformance import credential as credentials
from conformance import sample
from conformance.bench import Bench
from conformance.contract import Operation
from conformance.credential import ANONYMOUS
from conformance.exchange import Exchange
from conformance.exhaust import exhaust
from conformance.probe import Phase, probes
from conformance.probes.exhausted import FORWARDING, elsewhere, over_the_limit, twisted, ways
from conformance.probes.shapes import first_list, first_write, lacking, lane, refers, turn
from conformance.sample import invalid_queries, malformed_bodies

COUNTERS = (
    "rate.headers-present",
    "rate.headers-form",
    "rate.limit-value",
    "rate.remaining-counts",
    "rate.reset-timestamp",
    "rate.reset-stable",
    "rate.all-endpoints",
    "rate.all-outcomes",
)
LATE = 1.2  # seconds after Reset, which rounding hides no more
WATCHES = (0.2, 0.45, 0.7, 0.85, 0.95)  # of the time until Reset
EDGE = 2.2  # seconds before Reset: neither rounding nor a Date that is late explains admission
BURST = 24  # requests at once, where the pace allows
SPAN = 1.1  # seconds in which a Reset that follows the clock moves on
TRIES = 3  # at catching a key over its limit, where windows are short
REFUSED = 5  # requests over the limit before the reset: enough to push a window that gives way
MANY_REFUSED = 25  # enough for a server that shuts out who does not give in


@probes(*COUNTERS, spends={"own": 8}, waits=SPAN)
def test_counting(bench: Bench, party: str) -> None:
    """Alternate endpoints, outcomes and twists: they share one counter."""
    operation = first_list(bench.contract, party)
    absent = bench.contract.of_kind(party)[-1]
    bench.send(operation, party)
    bench.send(operation, party, resource="absent")
    bench.send(operation, party)
    for defect, query in islice(invalid_queries(operation), 1):
        bench.send(operation, party, query=query, defect=defect)
    bench.send(absent, party, resource="absent")
    bench.deliver(bench.off_route("GET", f"/{bench.calls.marker()}", party))
    bench.deliver(bench.off_method(lacking(bench, operation)[0], operation, party, resource="own"))
    moment = bench.clock.now() + min(SPAN, bench.contract.rate_limit.window / 4)
    bench.wait_until(moment, "does Reset stand still?")
    bench.send(operation, party)


@probes("rate.no-bypass", phase=Phase.EXTRA, spends={"own": len(FORWARDING) + 10})
def test_disguised(bench: Bench, party: str) -> None:
    """Try what must not give a fresh counter where there is room too: each is to cost one."""
    for call in twisted(bench, party):
        bench.deliver(call)


@probes(
    "rate.per-key",
    spends={"own": 3, "other": 3},
    free=6,
    thrift={"spends": {"own": 2, "other": 2}, "free": 4},
)
def test_two_keys_of_a_kind(bench: Bench, party: str) -> None:
    """Alternate two keys of a kind, and requests without one."""
    take_turns(bench, party, bench.roomiest(party), first_list(bench.contract, party))


@probes(
    "rate.per-key",
    spends={"own": 3, "cross": 3},
    free=6,
    thrift={"spends": {"own": 2, "cross": 2}, "free": 4},
    kinds=("project",),
)
def test_two_kinds(bench: Bench, party: str) -> None:
    """Alternate a project key and a team key, which writes about the project if it may."""
    operation, how = about_project(bench)
    take_turns(bench, party, "team", operation, **how)


def take_turns(bench: Bench, one: str, other: str, second: Operation, **how: Any) -> None:
    """Send with one key, another and none, in turn."""
    first = first_list(bench.contract, one)
    chance = bench.rng(f"turns/{one}/{other}")
    for _ in range(2 if bench.thrifty else 3):
        forged = credentials.forged(bench.contract, first.kind, chance)
        bench.send(first, one, group="turns")
        bench.send(first, ANONYMOUS, group="turns")
        bench.send(first, forged, group="turns")
        bench.send(second, other, group="turns", **how)


def about_project(bench: Bench) -> tuple[Operation, dict[str, Any]]:
    """What a team sends about a project, if it may; else its first list."""
    id, marker = bench.target.parties["project"].id, bench.calls.marker()
    for operation in bench.contract.of_kind("team"):
        if refers(operation) and bench.calls.may_write(operation):
            return operation, {"body": sample.referring(operation, marker, id)}
    return first_list(bench.contract, "team"), {}


@probes(
    *COUNTERS,
    "rate.remaining-honest",
    "rate.enforced",
    "rate.refusal-headers",
    phase=Phase.DRAIN,
    spends={"own": 0},
    fills=1,
    kinds=("project", "team", "other_project"),
    needs=("pace",),
)
def test_drain(bench: Bench, party: str) -> None:
    """Send generated cases, one at a time, until the first refusal."""
    exhaust(bench, party, counting=True, spread=True)


@probes(
    "rate.before-work",
    "rate.all-endpoints",
    "rate.no-bypass",
    phase=Phase.EXHAUSTED,
    spends={"own": 0},
    free=9,
    thrift={"free": 3},
    needs=("own.key", "pace"),
)
def test_over_the_limit(bench: Bench, operation: Operation) -> None:
    """With an exhausted key, call every operation, validly and not, on what exists or does not."""
    over_the_limit(bench, operation.kind, list(ways(bench, operation)))


@probes(
    "rate.before-work",
    phase=Phase.EXHAUSTED,
    spends={"own": 0},
    free=6,
    thrift={"free": 5},
    needs=("own.key", "pace"),
)
def test_over_the_limit_elsewhere(bench: Bench, party: str) -> None:
    """With an exhausted key, ask for what the key cannot call, what is not there, and what is not.

    An operation of the other kind, something absent, what is no id, a method that a path lacks, no
    route at all.
    """
    over_the_limit(bench, party, list(elsewhere(bench, party)))


@probes(
    "rate.no-bypass",
    phase=Phase.EXHAUSTED,
    spends={"own": 0},
    free=len(FORWARDING) + 10,
    thrift={"free": (len(FORWARDING) + 18) // 2},
    needs=("own.key", "pace"),
)
def test_bypass(bench: Bench, party: str) -> None:
    """With an exhausted key, try what must not give a fresh counter."""
    calls = twisted(bench, party)
    spared = bench.thrifty and party != "project"
    over_the_limit(bench, party, turn(calls, 1, 8) if spared else calls)


@probes(
    "rate.recovers",
    phase=Phase.RECOVER,
    spends={"own": 0},
    fills=1,
    thorough=True,
    needs=("own.key", "pace"),
    kinds=("other_team",),
)
def test_exhausted_beside(bench: Bench, party: str) -> None:
    """Use up the window of the other kind too: both end at about one moment.

    Short windows can be waited for one after the other.
    """
    if not bench.window_is_short:
        exhaust(bench, party)


@probes(
    "rate.recovers",
    "rate.refusals-free",
    "rate.retry-after",
    phase=Phase.RECOVER,
    spends={"own": 2},
    free=MANY_REFUSED + len(WATCHES) + 1,
    thrift={"free": REFUSED + len(WATCHES) + 1},
    fills=1,
    needs=("own.key", "pace"),
    kinds=("project", "team", "other_project"),
)
def test_recovery(bench: Bench, party: str) -> None:
    """Watch an exhausted key until its Reset, and use it just after.

    One key is watched with writes. In short windows, all but one are used a little later: then
    nothing of it can be due to rounding. Where a long window ended before there was time to watch
    it, it is only used again: a second one is not waited for.
    """
    operation = first_list(bench.contract, bench.target.parties[party].kind)
    label, now = bench.key(party).label, bench.clock.now()
    unwatched = not bench.window_is_short and bench.budget.recovered(label, now)
    end = now if unwatched else watch(bench, party)
    late = LATE if bench.window_is_short and party != "project" else 0.0
    bench.wait_until(end + late, f"{party}: its reset")
    use_after_reset(bench, party, watched(bench, party))
    bench.send(operation, party, group="after-reset")


@probes(
    "rate.recovers",
    phase=Phase.RECOVER,
    spends={"own": 1},
    thorough=True,
    needs=("own.key", "pace"),
    kinds=("other_team",),
)
def test_recovered_beside(bench: Bench, party: str) -> None:
    """Use the key of the other kind when its Reset has come too."""
    if bench.window_is_short:
        exhaust(bench, party)
    label, now = bench.key(party).label, bench.clock.now()
    if bench.budget.exhausted(label, now) or bench.budget.recovered(label, now):
        bench.wait_until(bench.budget.reopens(label, now), f"{party}: its reset")
        use_after_reset(bench, party, first_list(bench.contract, bench.target.parties[party].kind))


def use_after_reset(bench: Bench, party: str, operation: Operation) -> None:
    """Use a key whose Reset has come; once more a second later, if that was rounded down."""
    if bench.send(operation, party, group="after-reset").status == 429:
        bench.wait_until(bench.clock.now() + 1.0, f"{party}: a Reset that was rounded down")
        bench.send(operation, party, group="after-reset")


def watched(bench: Bench, party: str) -> Operation:
    """What a key is watched with: one of them with writes, if they may be sent."""
    kind = bench.target.parties[party].kind
    if party == "other_project":
        for operation in bench.contract.of_kind(kind):
            if operation.body is not None and bench.calls.may_write(operation):
                return operation
    return first_list(bench.contract, kind)


def watch(bench: Bench, party: str) -> float:
    """Exhaust a key, use it now and then until its Reset, and return when that is."""
    operation = watched(bench, party)
    plain = first_list(bench.contract, bench.target.parties[party].kind)
    if bench.window_is_short:
        bench.wait_for_reset(bench.key(party))  # what is left of the one under way may be too short
    for _ in range(TRIES):
        exhaust(bench, party, spread=True)
        refused = REFUSED if bench.thrifty else MANY_REFUSED
        asked = [*[plain] * (refused - 1), operation]
        seen = [bench.send(one, party, group="watch").status for one in asked]
        if seen[-1] == 429:
            break  # else its window ended just now
    start = bench.clock.now()
    end = bench.budget.reopens(bench.key(party).label, start)
    for moment in sorted([*(start + (end - start) * part for part in WATCHES), end - EDGE]):
        bench.wait_until(moment, f"{party}: watching its window")
        bench.send(operation, party, group="watch")
    return end


@probes(
    "rate.concurrent",
    phase=Phase.EDGE,
    spends={"own": 0},
    free=BURST // 2,
    fills=1,
    needs=("own.key", "pace"),
    kinds=("project", "other_project"),
)
def test_edge(bench: Bench, party: str) -> None:
    """Send many requests at once when few are left."""
    burst_at_the_edge(bench, party)


@probes(
    "rate.concurrent",
    phase=Phase.EDGE,
    spends={"own": 0},
    free=BURST // 2,
    fills=1,
    thorough=True,
    needs=("own.key", "pace"),
    kinds=("other_team",),
)
def test_edge_beside(bench: Bench, party: str) -> None:
    """Send many at once with the key of the other kind too."""
    burst_at_the_edge(bench, party)


@probes(
    "rate.concurrent",
    phase=Phase.ROTATE,
    spends={"project": 0},
    free=2 * BURST,
    fills=2,
    generates=2,
    thrift={"free": BURST // 2, "fills": 1, "generates": 1},
    needs=("project.generate", "pace"),
)
def test_burst(bench: Bench) -> None:
    """With a new key, send more requests at once than its window admits."""
    most = bench.client.pace.burst
    limit = bench.contract.rate_limit.limit
    for _ in range(1 if bench.thrifty else 2):
        bench.generate("project")
        if most is None or most >= limit + BURST:
            send_burst(bench, "project", limit + BURST)
        else:
            burst_at_the_edge(bench, "project")


def burst_at_the_edge(bench: Bench, party: str) -> None:
    """Use a window up but for a few requests, then send twice as many at once."""
    size = min(BURST, bench.client.pace.burst or BURST, bench.contract.rate_limit.limit)
    exhaust(bench, party, leave=size // 2)
    send_burst(bench, party, size)


def send_burst(bench: Bench, party: str, size: int) -> None:
    """Send so many requests at once, reads and writes that are invalid, and one more."""
    kind, group = bench.target.parties[party].kind, f"burst:{bench.calls.marker()}"
    writing = first_write(bench.contract, kind)
    defect, body = next(malformed_bodies())
    read = bench.call(first_list(bench.contract, kind), party, group=group)
    write = bench.call(writing, party, body=body, defect=defect, group=group)
    calls = [replace((read, write)[n % 2], connection=lane(n)) for n in range(size)]
    bench.client.send_at_once(calls)
    bench.deliver(read)


@probes(
    "rate.revoked-is-401",
    "rate.new-key-window",
    phase=Phase.REPLACE,
    spends={"project": 2},
    free=9,
    thrift={"free": 4},
    fills=1,
    generates=1,
    needs=("project.generate", "pace"),
)
def test_revoked_while_exhausted(bench: Bench) -> None:
    """Replace an exhausted key: the new one has a full window, the old one is unknown.

    Once more where its window ended meanwhile, and where requests without a valid key are limited
    too, which may have refused it.
    """
    again = replace_exhausted(bench)
    for _ in range(TRIES - 1):
        if again.ended + LATE < bench.budget.reopens(again.tags.key or "", again.started):
            break
        again = replace_exhausted(bench)
    stranger = bench.client.send(bench.call(first_list(bench.contract, "project"), ANONYMOUS))
    if again.status == stranger.status == 429:
        bench.wait_until(bench.told(stranger), "requests without a valid key are limited")
        replace_exhausted(bench)


def replace_exhausted(bench: Bench) -> Exchange:
    """Exhaust a key and replace it; return what it was last answered after that."""
    operation = first_list(bench.contract, "project")
    for _ in range(TRIES):
        exhaust(bench, "project")
        old = bench.key("project")
        if bench.send(operation, old, group="before-replaced").status == 429:
            break  # else its window ended just now
        if old.label in bench.unlimited:  # each of its windows ended too early
            bench.generate("project")
    bench.generate("project")
    writing = first_write(bench.contract, "project")
    others = [op for op in bench.contract.of_kind("project") if op not in (writing, operation)]
    for asked in [] if bench.thrifty else others:
        bench.send(asked, old, group="exhausted-revoked")
    for asked in (writing, operation):
        bench.send(operation, "project")
        again = bench.send(asked, old, group="exhausted-revoked")
    return again
