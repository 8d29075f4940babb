"""A simulated deployment: an exact limiter and key store, and a client that uses them at random.

What it records is lawful by construction: every answer is decided at one moment between the start
and the end of its request, in the order of those moments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from random import Random
from typing import Any

from conformance.exchange import Exchange
from conformance.history import Event, History

from .builder import CONTRACT, MARKER, UNIX, exchange, history, issued

LIMIT, WINDOW = 8, 60.0  # a small limit: a history stays short
LIMITED = CONTRACT.limited(LIMIT, WINDOW)
PARTIES = ("project", "other_project", "team", "other_team")
OPERATIONS = {
    "project": ("listExecutions", "createExecution", "getExecution", "listTestRuns"),
    "team": ("listEnvironments", "createEnvironment", "getEnvironment", "listAutomations"),
}
INVALID = {"createExecution": "body.missing:taskSlug", "createEnvironment": "body.missing:name"}
TWISTS = ("forwarded:X-Forwarded-For", "query", "connection", "slash")
SLOW = 0.2  # seconds that a request takes at most, one way
TIMEOUT = 5.0


What = Mapping[str, Any]  # a request as its probe meant it
Counter = Callable[[What, int], Hashable | None]  # of a request and its outcome; None: it is free


def one_for_each_key(what: What, _: int) -> Hashable:
    """The lawful way to count."""
    key: Hashable = what["key"]
    return key


@dataclass(frozen=True, kw_only=True)
class World:
    """How a deployment behaves where the contract leaves it free."""

    aligned: bool = False  # windows follow the clock; else they begin with a request
    skew: float = 0.0  # seconds by which the server's clock is ahead
    rounding: str = "down"  # how Reset becomes whole: down, up, nearest
    dated: bool = True
    stale: float = 0.0  # seconds for which Date is kept
    retry_after: str | None = None  # None, seconds or date
    wrong_kind: int = 404  # what a key of the wrong type is answered
    uncounted: bool = False  # whether such a 401 costs nothing
    keeps_team_keys: bool = True
    request_ids: bool = False
    echoes: bool = False  # messages name the id that was asked for
    losing: float = 0.0  # how many answers are lost
    counter: Counter = one_for_each_key


@dataclass
class Asked:
    """A request under way: what it is, and when it starts, is decided, and ends."""

    what: dict[str, Any]
    started: float
    decided: float
    ended: float
    lost: bool = False
    answered: Exchange | None = None


@dataclass
class Window:
    """A key's window."""

    ends: float
    used: int = 0


@dataclass
class Store:
    """The keys and their counters."""

    world: World
    valid: dict[str, set[str]] = field(default_factory=lambda: {p: {f"{p}#1"} for p in PARTIES})
    windows: dict[Hashable, Window] = field(default_factory=dict)

    def take(self, key: Hashable, unix: float) -> tuple[bool, Window]:
        """Count a request; say whether it is within the limit."""
        window = self.windows[key] = self.look(key, unix)
        admitted = window.used < LIMIT
        window.used += admitted
        return admitted, window

    def look(self, key: Hashable, unix: float) -> Window:
        """The window under way, or the one that would begin."""
        window = self.windows.get(key)
        if window is not None and unix < window.ends:
            return window
        return Window((unix - unix % WINDOW if self.world.aligned else unix) + WINDOW)

    def replace(self, party: str, key: str) -> None:
        """Issue a key; a project's earlier one is revoked."""
        if party.endswith("project") or not self.world.keeps_team_keys:
            self.valid[party].clear()
        self.valid[party].add(key)


class Simulation:
    """A run against a simulated deployment."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, Random(seed)
        self.store = Store(world)
        self.now = self.chance.uniform(0, WINDOW)
        self.happened: list[Exchange | Event] = []
        self.keys = {party: [f"{party}#1"] for party in PARTIES}
        self.written = 0

    def history(self) -> History:
        """What was recorded, in the order in which it began."""
        happened = sorted(self.happened, key=lambda one: one.started)
        return history(*happened, header={"unix_offset": UNIX + self.chance.uniform(-1, 1)})

    # --- what a client does

    def key(self, party: str) -> str:
        """The key that a party has now."""
        return self.keys[party][-1]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    def send(self, operation: str | None, party: str, **what: Any) -> Exchange:
        """Send one request and wait for its end."""
        asked = self.asked(operation, party, **what)
        self.decide([asked])
        assert asked.answered is not None
        return asked.answered

    def asked(self, operation: str | None, party: str, **what: Any) -> Asked:
        """A request that starts about now."""
        started = self.now + self.chance.uniform(0.001, SLOW / 10)
        decided = started + self.chance.uniform(0.001, SLOW)
        ended = decided + self.chance.uniform(0.001, SLOW)
        what = {"operation": operation, "credential": party, "key": self.keyed(party)} | what
        lost = self.chance.random() < self.world.losing
        return Asked(what, started, decided, started + TIMEOUT if lost else ended, lost)

    def keyed(self, party: str) -> str | None:
        """The key that a credential of this name holds."""
        return self.key(party) if party in PARTIES else None

    def decide(self, asked: Sequence[Asked], *actions: tuple[float, Callable[[], None]]) -> None:
        """Decide requests, and do other things, in the order of their moments."""
        moments = [(one.decided, lambda one=one: self.answer(one)) for one in asked]
        for _, act in sorted([*moments, *actions], key=lambda both: both[0]):
            act()
        self.now = max([self.now, *(one.ended for one in asked)]) + 0.001

    def generate(self, party: str, takes: float = SLOW) -> tuple[float, Callable[[], None]]:
        """A new key for a party: when it is issued, and what is done then."""
        key = f"{party}#{len(self.keys[party]) + 1}"
        before, started = self.keys[party][-1], self.now + 0.001
        replaces = before if party.endswith("project") else None
        self.keys[party].append(key)
        moment = started + self.chance.uniform(0, takes)
        event = issued(key, replaces, started=started, ended=started + takes)

        def issue() -> None:
            self.store.replace(party, key)
            self.happened.append(event)

        return moment, issue

    def rotate(self, party: str) -> None:
        """Generate a key and wait until it is shown."""
        self.decide([], self.generate(party))
        self.now += SLOW + 0.002

    # --- what the server does

    def answer(self, one: Asked) -> None:
        """Decide one request as the contract says."""
        unix = UNIX + self.world.skew + one.decided
        key = one.what["key"] if one.what.get("form", "bearer") == "bearer" else None
        party = one.what["credential"]
        status, window = self.decided(one.what, key, party, unix)
        body = self.body(status, one)
        fields = self.fields(status, window, unix)
        one.answered = exchange(
            None if one.lost else status,
            started=one.started,
            ended=one.ended,
            body=body,
            fields=fields,
            **one.what,
        )
        self.happened.append(one.answered)

    def decided(
        self, what: dict[str, Any], key: str | None, party: str, unix: float
    ) -> tuple[int, Window | None]:
        """The status, and the window that the request was counted in."""
        if key is None or key not in self.store.valid.get(party, ()):
            return 401, None
        if (
            what.get("resource") == "cross"
            and self.world.wrong_kind == 401
            and self.world.uncounted
        ):
            return 401, None
        outcome = self.outcome(what)
        counter = self.world.counter(what, outcome)
        if counter is None:
            return outcome, self.store.look(what["key"], unix)
        admitted, window = self.store.take(counter, unix)
        return outcome if admitted else 429, window

    def outcome(self, what: dict[str, Any]) -> int:
        """The status of a request that a valid key sent within its limit."""
        if what.get("resource") == "cross":
            return self.world.wrong_kind
        if what["operation"] is None or what.get("twist") == "slash":
            return 404
        if {what.get("resource", "own"), what.get("nested", "own")} & {"foreign", "absent"}:
            return 404
        return 400 if what.get("defect") else CONTRACT.by_id[what["operation"]].success_status

    def body(self, status: int, one: Asked) -> Any:
        """The body of an error; that of a success is the builder's."""
        if status < 400:
            return None
        target = exchange(status, **one.what).request.target
        named = f"Not to be had: {target.split('/')[-1]}" if self.world.echoes else "Not to be had"
        return {"error": {"code": CONTRACT.codes[status], "message": named}}

    def fields(self, status: int, window: Window | None, unix: float) -> dict[str, str | None]:
        """The fields of the rate limit, and of HTTP."""
        limit = CONTRACT.rate_limit
        shown = window or Window(unix + WINDOW)
        reset = self.whole(shown.ends)
        dated = formatdate(int(unix - self.chance.uniform(0, self.world.stale)), usegmt=True)
        fields: dict[str, str | None] = {
            "Date": dated if self.world.dated else None,
            limit.limit_field: str(LIMIT),
            limit.remaining_field: str(LIMIT - shown.used),
            limit.reset_field: str(reset),
        }
        if self.world.request_ids:
            fields["X-Request-Id"] = f"{self.chance.getrandbits(64):016x}"
        if status == 429 and self.world.retry_after:
            seconds = str(max(0, math.ceil(shown.ends - unix)))
            as_date = formatdate(reset, usegmt=True)
            fields["Retry-After"] = as_date if self.world.retry_after == "date" else seconds
        return fields

    def whole(self, unix: float) -> int:
        """A Reset in whole seconds."""
        rounding: dict[str, Callable[[float], float]] = {
            "down": math.floor,
            "up": math.ceil,
            "nearest": round,
        }
        return int(rounding[self.world.rounding](unix))


Phase = Callable[[Simulation], None]

# --- what probes do, one after the other in any order


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
    for relation, name in (("foreign", group), ("absent", group), ("absent", "identical")):
        run.send("listExecutions", "project", resource=relation, group=name)


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
)


def simulate(world: World, phases: Sequence[Phase], seed: int) -> History:
    """A whole run."""
    run = Simulation(world, seed)
    for party in PARTIES:
        run.send(OPERATIONS[party.removeprefix("other_")][0], party)
    for phase in phases:
        phase(run)
    return run.history()
