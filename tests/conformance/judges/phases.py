"""What probes do to a simulated deployment, one after the other in any order."""

from __future__ import annotations

from typing import Any

from conformance.exchange import Exchange

from .asking import ASKING
from .builder import MARKER, UNIX
from .simulator import (
    INVALID,
    LIMIT,
    OPERATIONS,
    PARTIES,
    SLOW,
    TWISTS,
    Phase,
    Simulation,
)


def mixed(run: Simulation) -> None:
    """Requests of all kinds, one at a time, by all parties."""
    for _ in range(run.chance.randint(3, 10)):
        send_any(run, run.chance.choice(PARTIES))
        run.wait(run.chance.choice([0, 0, 0.5, 3]))


def send_any(run: Simulation, party: str, **tags: Any) -> Exchange:
    """One request of any kind."""
    operation = run.chance.choice(OPERATIONS[party.removeprefix("other_")])
    kind = run.chance.choice(
        ["own", "own", "own", "foreign", "absent", "invalid", "route", "cross"]
    )
    if kind == "invalid" and operation in INVALID:
        return run.send(operation, party, defect=INVALID[operation], **tags)
    if kind == "route":
        return run.send(None, party, resource="none", **tags)
    if kind == "cross":
        other = "team" if party.endswith("project") else "project"
        return run.send(OPERATIONS[other][0], party, resource="cross", **tags)
    relation = kind if kind in ("foreign", "absent") else "own"
    return run.send(operation, party, resource=relation, **tags)


def strangers(run: Simulation) -> None:
    """Requests without a valid key, between two of a valid one."""
    run.send("listExecutions", "project")
    run.send("listExecutions", "anonymous")
    run.send("createExecution", "anonymous")
    run.send("listExecutions", "anonymous", resource="absent")
    run.send("listExecutions", "forged", form="forged:project", key=None)
    run.send("listExecutions", "project", form="altered:last-cut")
    run.send("listExecutions", "project")


def turns(run: Simulation) -> None:
    """Two keys and none, in turn."""
    for _ in range(2):
        run.send("listExecutions", "project", group="turns")
        run.send("listExecutions", "anonymous", group="turns")
        run.send("listExecutions", "other_project", group="turns")


def counting(run: Simulation) -> None:
    """Endpoints, outcomes, connections and keys in turn, fewer than a window admits."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ("listExecutions", {}),
        ("listExecutions", {"resource": "absent", "connection": "127.0.0.1:5001"}),
        ("createExecution", {"defect": INVALID["createExecution"]}),
        ("listTestRuns", {"connection": "127.0.0.1:5001"}),
        ("createExecution", {}),
        ("listExecutions", {"resource": "foreign"}),
    ]
    run.chance.shuffle(asked)
    for operation, what in asked:
        run.send(operation, "project", **what)
        if run.chance.random() < 0.4:
            run.send("listExecutions", "other_project")


def pairs(run: Simulation) -> None:
    """Another's and an absent one, repeated as where answers seem to differ."""
    party = run.chance.choice(PARTIES)
    operations = OPERATIONS[party.removeprefix("other_")]
    operation = run.chance.choice(operations)
    group = f"pair:{run.chance.random()}"
    defect = INVALID.get(operation) if run.chance.random() < 0.5 else None
    run.send(operations[0], party)
    for relation, name in (("foreign", group), ("absent", group), ("absent", "identical")):
        run.send(operation, party, resource=relation, group=name, defect=defect)
    run.send(operation, party, resource="foreign", group=group, defect=defect)


def plain_pairs(run: Simulation) -> None:
    """A project's pair in which nothing but the id is wrong."""
    group = f"pair:{run.chance.random()}"
    run.rotate("project")
    run.send("listExecutions", "project")
    for relation in ("foreign", "absent", "foreign"):
        run.send("listExecutions", "project", resource=relation, group=group)
    run.send("listExecutions", "project", resource="absent", group="identical")


def slowly(run: Simulation) -> None:
    """A few requests in a new key's window, with time between."""
    run.rotate("project")
    for group in (None, "late", "late"):
        run.send("listExecutions", "project", group=group)
        run.wait(run.chance.uniform(6, 12))


def drain(run: Simulation, party: str = "project", **tags: Any) -> None:
    """Use a window up, one request at a time, and a little beyond."""
    for _ in range(3 * LIMIT):
        if send_any(run, party, **tags).status == 429:
            break
    run.send(OPERATIONS[party.removeprefix("other_")][0], party)


def recovery(run: Simulation) -> None:
    """Use a window up, watch it, and use it after its Reset."""
    party = run.chance.choice(["project", "team"])
    operation = OPERATIONS[party][0]
    drain(run, party)
    for _ in range(3):
        run.send(operation, party, group="watch")
        run.wait(run.chance.uniform(0, 12))
    window = run.store.windows[run.key(party)]
    run.now = max(run.now, window.ends - UNIX - run.world.skew + 0.05)
    for _ in range(3):
        run.send(operation, party, group="after-reset")


def exhausted(run: Simulation) -> None:
    """With an exhausted key, ask for everything in every disguise."""
    drain(run)
    for operation in OPERATIONS["project"]:
        run.send(operation, "project", group="exhausted")
        run.send(operation, "project", resource="foreign", group="exhausted")
    run.send("createExecution", "project", defect=INVALID["createExecution"], group="exhausted")
    for twist in TWISTS:
        run.send("listExecutions", "project", twist=twist, group="exhausted")
    sent = {"taskSlug": f"{MARKER}-{run.written + 1000}"}
    run.written += 1
    run.send("createExecution", "project", sent=sent, group="exhausted")


def burst(run: Simulation) -> None:
    """Many requests at once, and one more; others use their own keys meanwhile."""
    group = f"burst:{run.chance.random()}"
    size = run.chance.randint(2, LIMIT + 4)
    many = [run.asked("listExecutions", "project", group=group) for _ in range(size)]
    beside = [run.asked("listExecutions", "other_project") for _ in range(run.chance.randint(0, 1))]
    run.decide([*many, *beside])
    run.send("listExecutions", "project", group=group)


def fresh_burst(run: Simulation) -> None:
    """More requests at once than a new key's window admits."""
    run.rotate("project")
    group = f"burst:{run.chance.random()}"
    many = [run.asked("listExecutions", "project", group=group) for _ in range(LIMIT + 4)]
    run.decide(many)
    run.send("listExecutions", "project", group=group)


def replaced(run: Simulation) -> None:
    """Use a key, replace it, use both, and others' keys before and after."""
    old = run.key("project")
    run.send("listExecutions", "project", group="before-replaced")
    run.send("listEnvironments", "team", group="others")
    run.rotate("project")
    run.send("listExecutions", "project", group="new-key")
    run.send("listExecutions", "forged", form="forged:project", key=None, group="unknown")
    for connection in ("127.0.0.1:5000", "127.0.0.1:5001"):
        for operation in ("listExecutions", "createExecution"):
            run.send(operation, "project", key=old, group="replaced", connection=connection)
    run.send("createExecution", "project", group="new-key")
    run.send("listEnvironments", "team", group="others")


def revoked_while_exhausted(run: Simulation) -> None:
    """Replace an exhausted key."""
    drain(run)
    old = run.key("project")
    run.rotate("project")
    run.send("listExecutions", "project")
    run.send("listExecutions", "project", key=old, group="exhausted-revoked")


def under_load(run: Simulation) -> None:
    """Replace a key while requests with it are under way."""
    run.rotate("project")
    old = run.key("project")
    load = [run.asked("listExecutions", "project", key=old, group="under-load") for _ in range(5)]
    run.decide(load, run.generate("project"))
    run.now += SLOW
    late = [run.asked("listExecutions", "project", key=old, group="under-load") for _ in range(2)]
    run.decide(late)
    run.send("listExecutions", "project")


def in_flight(run: Simulation) -> None:
    """Replace a key while a body is on its way."""
    run.rotate("project")
    run.send("createExecution", "project", group="in-flight-control")
    held = run.asked("createExecution", "project", group="in-flight")
    held.lost = False
    run.now = held.started + SLOW / 10
    generated = run.generate("project")
    held.decided = run.now + SLOW * 2
    held.ended = held.decided + SLOW / 10
    run.decide([held], generated)


def rivals(run: Simulation) -> None:
    """Two keys generated at once: one of them survives; then both are replaced."""
    run.decide([], run.generate("project"), run.generate("project"))
    run.now += SLOW + 0.002
    both = run.keys["project"][-2:]
    for key in (*both, *both):
        run.send("listExecutions", "project", key=key, group="rivals")
    run.rotate("project")
    run.send("listExecutions", "project", group="new-key")
    for key in both:
        run.send("listExecutions", "project", key=key, group="replaced")


def team_key(run: Simulation) -> None:
    """A new team key; the earlier one may live on."""
    old = run.key("team")
    run.send("listEnvironments", "team")
    run.rotate("team")
    for operation in OPERATIONS["team"]:
        run.send(operation, "team", group="new-key")
    run.send("listEnvironments", "team", key=old)


def workers(run: Simulation) -> None:
    """Several parties at once, each one request after another."""
    asked = []
    for party in PARTIES:
        began = run.now
        for _ in range(run.chance.randint(0, 4)):
            one = run.asked(OPERATIONS[party.removeprefix("other_")][0], party)
            asked.append(one)
            run.now = one.ended
        run.now = began
    run.decide(asked)


def fresh(run: Simulation) -> None:
    """New keys for both projects: their windows begin anew."""
    run.rotate("project")
    run.rotate("other_project")
    run.send("listExecutions", "other_project")


def pause(run: Simulation) -> None:
    """Let some of a window, or more than one, go by."""
    run.wait(run.chance.choice([0.5, 7, 20, 59.8, 61, 130]))


PHASES: tuple[Phase, ...] = (
    mixed,
    strangers,
    turns,
    counting,
    pairs,
    plain_pairs,
    slowly,
    drain,
    recovery,
    exhausted,
    burst,
    fresh_burst,
    replaced,
    revoked_while_exhausted,
    under_load,
    in_flight,
    rivals,
    team_key,
    workers,
    pause,
    *ASKING,
)
