"""rotation: a new key revokes the old."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from conformance import credential as credentials
from conformance import show
from conformance.address import OTHERS
from conformance.bench import Bench
from conformance.client import PAUSE
from conformance.contract import Operation
from conformance.exchange import GATEWAY, Exchange
from conformance.hooks import HookError
from conformance.keyring import Key
from conformance.model import drive
from conformance.probe import Phase, probes
from conformance.probes import load
from conformance.probes.dead import (
    has_room,
    never_issued,
    others_with_room,
    over,
    use_earlier,
    use_old,
    use_others,
)
from conformance.probes.held import HELD, Coding, replace_in_flight
from conformance.probes.shapes import first_list, first_write

RIVALRIES, TRIES = 2, 5  # keys generated at once: how often, and tries at it
LOOKS = 2  # at what the settings page shows of a key
AGAIN = 6  # times that a key is tried again just after it was replaced
MOMENT = 0.4  # seconds between them
SAMPLED = 10  # of the replaced keys, at the end of a run that saves requests
LOAD_SLOW = (
    7  # and those whose bodies end when all have begun; fewer than show that a target is lost
)


@probes(
    "rotation.new-key-works",
    "rotation.old-key-revoked",
    "rotation.key-form",
    "rotation.entropy",
    "rotation.same-as-unknown",
    "rate.new-key-window",
    "rate.per-key",
    phase=Phase.ROTATE,
    spends={"project": 22},
    free=76,
    thrift={"free": 35},
    generates=1,
    needs=("project.generate",),
)
def test_replaced(bench: Bench) -> None:
    """Use a key everywhere, replace it, and use both everywhere."""
    old = bench.key("project")
    operations = bench.contract.of_kind("project")
    bench.together(
        bench.call(operation, old, connection=connection, group="before-replaced")
        for connection in ("main", "second")
        for operation in operations
    )
    use_others(bench)
    bench.generate("project")
    bench.send(first_list(bench.contract, "project"), "project", group="new-key")
    use_others(bench)  # at once, as what is only shut out for a moment is shut out too
    use_old(bench, old)
    bench.retired = old
    bench.together(bench.call(operation, "project", group="new-key") for operation in operations)
    if not bench.thrifty:
        chance, new = bench.rng("new"), bench.key("project")
        bench.together(
            bench.call(operations[0], form)
            for form in credentials.altered(bench.contract, new, chance)
            if form.form in credentials.LIKELIEST
        )


@probes(
    "rotation.only-own",
    phase=Phase.ROTATE,
    spends={"project": 0},
    free=24,
    thrift={"free": 3},
    needs=("project.generate", "another.key"),
)
def test_others_live_on(bench: Bench) -> None:
    """After a new key, use the keys of everybody else; everywhere, if there is time."""
    use_others(bench)
    for party in [] if bench.thrifty else others_with_room(bench):
        bench.together(
            bench.call(operation, party.name, group="others")
            for operation in bench.contract.of_kind(party.kind)
        )


@probes(
    "rotation.only-own",
    "auth.project-key-accepted",
    "auth.team-key-accepted",
    "schema.valid-accepted",
    phase=Phase.FINAL,
    spends={"other": 1},
    thorough=True,
    needs=("project.generate", "other.key"),
    where=lambda op: op.nested is None,
)
def test_others_still_work(bench: Bench, operation: Operation) -> None:
    """After all new keys, read and write with others': their own windows have room again."""
    bench.send(operation, OTHERS[operation.kind], group="others", generated="positive")


@probes(
    "rotation.shown-once",
    phase=Phase.ROTATE,
    spends={"project": 3},
    free=24,
    thrift={"free": 4},
    generates=1,
    needs=("project.generate", "hooks.show_project_key"),
)
def test_shown(bench: Bench) -> None:
    """Ask the settings page what it shows of a new key, and try that as a key, on all operations.

    The old key is used before the new one: it is the showing that revokes it.
    """
    old = bench.key("project")
    bench.send(first_list(bench.contract, "project"), old, group="before-replaced")
    bench.generate("project")
    bench.send(first_list(bench.contract, "project"), old, group="replaced")
    operation, key = first_list(bench.contract, "project"), bench.key("project")
    for _ in range(LOOKS):  # before it is used and after
        answer = look(bench)
        bench.send(operation, "project", group="new-key")
    everywhere = bench.contract.of_kind("project")
    for text in show.texts(answer, key, bench.contract):
        form = credentials.token(text, name="project", key=key.label, form="shown")
        asked = [operation] if bench.thrifty else everywhere
        bench.together(bench.call(one, form) for one in asked)
    use_earlier(bench)


@probes(
    "rotation.shown-once",
    phase=Phase.EXTRA,
    spends={"team": 1},
    generates=1,
    needs=("team.generate", "hooks.show_project_key"),
)
def test_shown_after_another(bench: Bench) -> None:
    """Ask the settings page for the project's key once more when a team's is the newest.

    Unless another worker has the project's key, and may replace it meanwhile.
    """
    bench.send(first_list(bench.contract, "team"), bench.generate("team"), group="new-key")
    if "project" in bench.owned:
        look(bench)


def look(bench: Bench) -> str:
    """Note what the settings page shows of the project's key, and return its answer."""
    key = bench.key("project")
    answer = bench.hooks.call("show_project_key", bench.target.parties["project"].id)
    shown = show.facts(answer, key, bench.contract)
    bench.note("shown", bench.clock.now(), key=key.label, **shown)
    return answer


@probes(
    "rotation.in-flight",
    phase=Phase.ROTATE,
    spends={"project": 3},
    free=12,
    generates=3,
    thrift={"spends": {"project": 1}, "free": 2, "generates": 1},
    needs=("project.generate",),
    where=lambda op: op.body is not None,
    kinds=("project",),
)
def test_in_flight(bench: Bench, operation: Operation) -> None:
    """Replace the key while a body is still being sent; and send one as slowly undisturbed.

    However it is announced, where there is time. Once more if a limit of requests without a valid
    key refused it.
    """
    place = bench.contract.of_kind("project").index(operation)
    codings: tuple[Coding, ...] = ("length", "chunked", "expected")
    for coding in codings[place % 2 :][:1] if bench.thrifty else codings:
        unless_limited(bench, partial(replace_in_flight, bench, operation, coding))
        use_earlier(bench)


def unless_limited(bench: Bench, attempt: Callable[[], Exchange]) -> None:
    """Do it; once more if a limit of requests without a valid key refused the last of it.

    Or a gateway did, which may be back a moment later.
    """
    last = attempt()
    if last.status == 429:
        bench.wait_until(bench.told(last), "requests without a valid key are limited")
        attempt()
    elif last.status in GATEWAY:
        bench.wait_until(bench.clock.now() + PAUSE, "a gateway failed")
        attempt()


@probes(
    "rotation.under-load",
    phase=Phase.ROTATE,
    spends={"project": load.BEFORE + load.DURING},
    free=load.AFTER + load.SLOW,
    generates=1,
    needs=("project.generate",),
)
def test_under_load(bench: Bench) -> None:
    """Replace a key while many requests with it are under way.

    Once more if a limit of requests without a valid key, or a gateway, refused all that came after.
    """
    unless_limited(bench, lambda: load.replace_under_load(bench))


@probes(
    "rotation.one-survivor",
    phase=Phase.ROTATE,
    spends={"project": 7},
    free=9,
    generates=5,
    stillborn=2,
    needs=("project.generate",),
    waits=MOMENT,
)
def test_two_at_once(bench: Bench) -> None:
    """Have two keys generated at once, and try both: twice, and again where one came too early."""
    operation = first_list(bench.contract, "project")
    writing = first_write(bench.contract, "project")
    rivalries = 0
    for _ in range(TRIES):
        keys = generated_at_once(bench)
        for asked in (operation, operation, writing):
            for key in keys:
                bench.send(asked, key, group="rivals")
        rivalries += len(keys) == 1 or overlapped(bench)
        if rivalries == RIVALRIES:
            break
    bench.wait_until(bench.clock.now() + MOMENT, "does one of two keys live on?")
    for key in keys:
        bench.send(operation, key, group="rivals")
    bench.generate("project")  # whichever survived is replaced, and all is known again
    bench.send(operation, "project", group="new-key")
    for key in keys:
        bench.send(operation, key, group="replaced")


def overlapped(bench: Bench) -> bool:
    """Whether neither of the last two keys was shown before the other was asked for."""
    one, other = [event for event in bench.recorder.events if event.kind == "issued"][-2:]
    return max(one.started, other.started) < min(one.ended, other.ended)


def generated_at_once(bench: Bench) -> list[Key]:
    """Two keys of the project: neither was shown before the other was asked for.

    One, if the deployment declines to generate another one at the same time; else raises HookError.
    """
    both = threading.Barrier(2, timeout=HELD * 50)

    def generate() -> Key:
        both.wait()
        return bench.generate("project")

    began = bench.clock.now()
    with ThreadPoolExecutor(2) as pool:
        begun = [pool.submit(generate) for _ in range(2)]
    generated = [one for one in begun if not isinstance(one.exception(), HookError)]
    if len(generated) == 1:
        bench.note("declined", began, party="project")
    return [one.result() for one in generated or begun]


@probes(
    "rotation.old-key-revoked",
    "rotation.permanent",
    "rotation.new-key-works",
    phase=Phase.ROTATE,
    spends={"project": 11},
    free=14,
    thrift={"spends": {"project": 7}, "free": 8},
    generates=3,
    needs=("project.generate",),
)
def test_model(bench: Bench) -> None:
    """Drive keys through a model: generate, use, cross-use, in an order that Hypothesis draws."""
    drive(bench)


@probes(
    "rotation.new-key-works",
    "rotation.key-form",
    "rotation.only-own",
    "rate.new-key-window",
    phase=Phase.ROTATE,
    spends={"team": 21},
    thrift={"spends": {"team": 7}},
    generates=1,
    needs=("team.generate",),
)
def test_team_key(bench: Bench) -> None:
    """Generate a team key and use it on every operation; also on what is not its own.

    And a project's key before and after: no key of a project is concerned.
    """
    project = first_list(bench.contract, "project")
    told = "project" in bench.owned and has_room(bench, "project")
    if told:
        bench.send(project, "project", group="others")
    bench.generate("team")
    if told:
        bench.send(project, "project", group="others")
    operations = bench.contract.of_kind("team")
    bench.together(bench.call(operation, "team", group="new-key") for operation in operations)
    if not bench.thrifty:
        projects = bench.contract.of_kind("project")
        bench.together(bench.call(operation, "team", resource="cross") for operation in projects)
        bench.together(
            bench.call(operation, "team", resource="foreign") for operation in operations
        )


@probes(
    "rotation.permanent",
    phase=Phase.EXTRA,
    spends={"project": 1},
    free=AGAIN,
    generates=1,
    needs=("project.generate",),
    waits=AGAIN * MOMENT,
)
def test_soon_again(bench: Bench) -> None:
    """Try a replaced key for some seconds: a cache or a replica may bring it back."""
    old, listing = bench.key("project"), first_list(bench.contract, "project")
    bench.send(listing, old, group="before-replaced")
    bench.generate("project")
    for _ in range(AGAIN):
        bench.send(listing, old, group="replaced")
        bench.wait_until(bench.clock.now() + MOMENT, "does a replaced key come back?")


@probes(
    "rotation.permanent",
    phase=Phase.FINAL,
    spends={"project": 1},
    free=48,
    thrift={"free": 13},
    needs=("project.generate",),
    settles=True,
)
def test_never_again(bench: Bench) -> None:
    """At the end, after waits and further new keys, try every replaced key again."""
    bench.wait_after_renewal("project")
    bench.send(first_list(bench.contract, "project"), "project")
    operations = bench.contract.of_kind("project")
    calls = []
    earlier = bench.keyring.earlier("project")
    step = -(-len(earlier) // SAMPLED) if bench.thrifty else 1
    for place, key in enumerate(earlier[:: max(1, step)]):
        operation = operations[place % len(operations)]
        way = over(("main", "fresh")[place % 2], place // 2)
        calls.append(bench.call(operation, key, group="replaced", **way))
        if not bench.thrifty:  # also where each of them was refused before
            calls.append(bench.call(first_list(bench.contract, "project"), key, group="replaced"))
    first = [] if bench.thrifty else earlier[:1]  # which a server may have from elsewhere
    calls += [bench.call(op, key, group="replaced") for key in first for op in operations]
    if bench.retired is not None:
        few = operations[:3] if bench.thrifty else operations
        calls += [bench.call(op, bench.retired, group="replaced") for op in few]
    bench.together(calls)
    bench.send(operations[0], never_issued(bench, "never-again"), group="unknown")
