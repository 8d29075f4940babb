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

from .builder import CONTRACT, UNIX, exchange, history, issued

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
    echoes: bool = False  # messages name what was asked for
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
        presented = one.what.get("form", "bearer").startswith(("bearer", "scheme-case"))
        key = one.what["key"] if presented else None
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
        named = f"Not to be had: {target}" if self.world.echoes else "Not to be had"
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


def simulate(world: World, phases: Sequence[Phase], seed: int) -> History:
    """A whole run."""
    run = Simulation(world, seed)
    for party in PARTIES:
        run.send(OPERATIONS[party.removeprefix("other_")][0], party)
    for phase in phases:
        phase(run)
    return run.history()
