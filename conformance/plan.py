"""The plan: what a run would send, with which keys, in how many windows and seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from conformance import inventory, schedule, waiver
from conformance.bench import SHORT_WINDOW, SLOW_ANSWER
from conformance.catalogue import chosen, sought
from conformance.contract import Contract
from conformance.deployment import contract_of, fitted
from conformance.hooks import unfit
from conformance.pace import OWN_WORK, ample, pace_of, slow, thrifty
from conformance.probe import Phase
from conformance.schedule import Left, Slot
from conformance.target import Target
from conformance.waits import revived

ANSWER = 0.001  # seconds that an answer is assumed to take: nothing has been measured yet
KEYED, KEYLESS = 1.4, 4.0  # requests under way at once, on average, where answers are slow
EMBEDDED = 0.0027  # seconds that a request takes with a bundled server, which sets no pace
OVERHEAD = 2.0  # seconds to start, generate cases, judge and report
STARTING = 3.0  # seconds more until several workers have started


@dataclass
class Ledger:
    """What the run has used of one party's keys, as the plan goes through it."""

    requests: int = 0
    used: int = 0  # of the window under way
    windows: int = 0
    opened: float | None = None  # when the window under way began
    generated: float | None = None  # when the first new key was


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would happen."""

    slots: tuple[Slot, ...]
    requests: dict[str, int]  # by party; keyless: those that no window pays for
    windows: dict[str, int]
    seconds: float
    answer: float  # seconds that an answer is taken to take
    generated: int  # keys that hooks would generate
    writes: bool
    ample: int | None = None  # requests per second that would let it try more; None: tries all
    undecided: dict[str, str] = field(default_factory=dict)  # requirement: what to add
    warnings: tuple[str, ...] = ()  # what would go wrong, although nothing is missing

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())


def make(target: Target, answer: float = ANSWER) -> Plan:
    """The plan for a target whose answers take so many seconds.

    Raises UnknownRequirement for a selection that names nothing, TargetError for wrong waivers.
    """
    if target.waivers is not None:
        waiver.load(target.waivers)
    contract = contract_of(target)
    target = fitted(target, contract)
    if target.control is None and slow(contract, answer):
        target = replace(target, thrifty=True)
    wanted = {one.id for one in chosen(target.only, target.skip)}
    taken, left = _taken(contract, target)
    order = schedule.ordered(taken, contract, target)
    simulation = _Simulation(contract, target, answer)
    return _simulated(simulation, order, left, wanted)


def _taken(contract: Contract, target: Target) -> tuple[list[Slot], tuple[Left, ...]]:
    bearing = sought(target.only, target.skip)
    taken: list[Slot] = []
    every = list(inventory.slots(contract, target))
    left = list(schedule.unserved((one for one, _ in every), inventory.served()))
    for one, party in every:
        if one.phase is not Phase.ACCEPT and not bearing & set(one.serves):
            continue
        lack = schedule.missing(one, party, contract, target)
        if lack is None:
            taken.append(one)
        else:
            left.append(Left(id=one.id, serves=one.serves, needs=lack))
    return taken, tuple(left)


class _Simulation:
    """Goes through the schedule with a clock per worker and a ledger per party."""

    def __init__(self, contract: Contract, target: Target, answer: float) -> None:
        self.contract, self.target, self.answer = contract, target, answer
        self.limit = contract.rate_limit.limit
        self.window = contract.rate_limit.window
        pace = pace_of(contract, target)
        self.interval = 1 / pace if pace else 0.0
        keyed, keyless = (KEYED, KEYLESS) if answer > SLOW_ANSWER else (1.0, 1.0)
        work = OWN_WORK if target.control is None else EMBEDDED - ANSWER
        self.each = max(work + answer / keyed, self.interval)  # seconds
        self.each_keyless = max(work + answer / keyless, self.interval)
        self.renewable = {name for name in target.parties if schedule.generates(name, target)}
        self.now = 0.0  # of the worker whose probe is counted
        self.keyless = 0
        self.generated = 0
        self.ledgers = {name: Ledger() for name in target.parties if target.has_key(name)}
        for party in self.ledgers:
            self.spend(party, 1)  # the first request with each key
        began = self.now
        self._clocks: dict[str, float] = defaultdict(lambda: began)

    @property
    def seconds(self) -> float:
        """How long the last worker takes; together they send no faster than the pace allows."""
        sent = sum(one.requests for one in self.ledgers.values()) + self.keyless
        starting = STARTING if self.target.workers > 1 else 0.0
        ends = max(self.now, *self._clocks.values(), sent * self.interval)
        return ends + starting + OVERHEAD

    def take(self, one: Slot) -> None:
        """Count one probe, by the clock of its worker."""
        worker = schedule.bin_of(one, self.target.workers, self.target)
        self.now = self._clocks[worker]
        for party, count in one.spends.items():
            if not one.probe.fills:  # those go on with the windows that were used up together
                self._lapse(party)
            if one.makes_room:
                self._make_room(party, count, one.refill)
            self.spend(party, count)
        party = next(iter(one.spends), "")
        for _ in range(one.probe.fills):
            self._fill(party, one)
        if one.probe.generates:
            self._generate(party, one.probe.generates, one.probe.stillborn)
        self._let_pass(one, party)
        self._keyless(one.probe.free)
        self._clocks[worker] = self.now

    def _make_room(self, party: str, count: int, refill: bool) -> None:
        ledger = self.ledgers[party]
        if ledger.used + min(count, self.limit - 1) <= self.limit:
            return
        if refill and party in self.renewable:
            self._generate(party)
        else:
            self._wait(party)

    def _fill(self, party: str, one: Slot) -> None:
        ledger = self.ledgers[party]
        if one.probe.generates and one.makes_room:
            self._renew(party)  # it is a new key's window that is used up
        elif one.phase is Phase.RECOVER and self.window <= SHORT_WINDOW and ledger.opened:
            self._wait(party)  # what is left of a short one may be too short to be watched
        self.spend(party, max(0, self.limit - ledger.used))
        self._keyless(1)
        if one.phase is Phase.RECOVER:
            self._wait(party)

    def spend(self, party: str, count: int) -> None:
        """Count requests that the party's window pays for."""
        ledger = self.ledgers[party]
        if count and ledger.opened is None:
            ledger.opened = self.now
            ledger.windows += 1
        ledger.requests += count
        ledger.used += count
        self.now += count * self.each

    def _keyless(self, count: int) -> None:
        self.keyless += count
        self.now += count * self.each_keyless

    def _generate(self, party: str, keys: int = 1, stillborn: int = 0) -> None:
        """Count new keys; each but the last is used, in a window of its own, before the next.

        Unless it is *stillborn*: another one was generated at the same time.
        """
        self.generated += keys
        if (ledger := self.ledgers.get(party)) is not None:
            ledger.windows += keys - 1 - stillborn
            self._renew(party)
            ledger.generated = self.now if ledger.generated is None else ledger.generated

    def _let_pass(self, one: Slot, party: str) -> None:
        """Count what a probe waits for, besides windows; a bundled server's clock is moved on."""
        if self.target.control is not None:
            return
        ledger = self.ledgers.get(party)
        if one.probe.settles and ledger is not None and ledger.generated is not None:
            short = self.window <= SHORT_WINDOW
            moment = revived(ledger.generated, self.now, self.window, short=short)
            self.now = max(self.now, moment)
        self.now += one.probe.waits

    def _lapse(self, party: str) -> None:
        """Let the window of a party end that is over by now; a bundled server's is moved on."""
        opened = self.ledgers[party].opened
        if opened is not None and self.now >= opened + self.window and self.target.control is None:
            self._renew(party)

    def _renew(self, party: str) -> None:
        self.ledgers[party].used = 0
        self.ledgers[party].opened = None

    def _wait(self, party: str) -> None:
        ledger = self.ledgers[party]
        ends = (ledger.opened or 0.0) + self.window
        if self.target.control is None:
            self.now = max(self.now, ends)
        self._renew(party)


def _simulated(
    simulation: _Simulation,
    order: Iterable[Slot],
    left: tuple[Left, ...],
    wanted: set[str],
) -> Plan:
    order = tuple(order)
    for one in order:
        simulation.take(one)
    ledgers, contract, target = simulation.ledgers, simulation.contract, simulation.target
    return Plan(
        slots=order,
        requests={name: one.requests for name, one in ledgers.items()}
        | {"keyless or refused": simulation.keyless},
        windows={name: one.windows for name, one in ledgers.items()},
        seconds=simulation.seconds,
        answer=simulation.answer,
        generated=simulation.generated,
        writes=target.allow_writes,
        ample=ample(contract) if thrifty(contract, target) else None,
        undecided=_undecided(order, left, wanted),
        warnings=(*filter(None, [target.shares_a_key]), *unfit(target.hooks)),
    )


def _undecided(order: tuple[Slot, ...], left: tuple[Left, ...], wanted: set[str]) -> dict[str, str]:
    served = {id for one in order for id in one.serves}
    return {id: one.needs for one in reversed(left) for id in one.serves if id in wanted - served}
