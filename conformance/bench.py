"""The bench: everything a probe works with, put together from a contract and a target."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.address import OTHERS, Addresses
from conformance.answer import is_key, told
from conformance.budget import Budget, ServerClock, Window
from conformance.calls import Calls
from conformance.chance import Chance
from conformance.client import Call, Client, Settings
from conformance.clock import Clock, MovedClock, RealClock
from conformance.contract import Contract, Operation
from conformance.created import identifiers
from conformance.credential import Credential, bearer
from conformance.exchange import Exchange
from conformance.history import Event, Recorder
from conformance.hooks import Controls, HookError, Hooks, Programs
from conformance.keyring import Key, Keyring
from conformance.pace import Pace, pace_of, thrifty
from conformance.pairs import Pairs
from conformance.prices import Prices
from conformance.secrets import Masker, in_fields
from conformance.target import NEW_KEY, Target
from conformance.waits import MOST_WAITS, Waits, revived

if TYPE_CHECKING:
    from conformance.pool import Pool

MOST_KEYS = 60  # generated in one run: a bound on what a run does to a deployment
SLOW_ANSWER = 0.03  # seconds; where answers take longer, some requests are sent together
AT_ONCE = 8  # of them
ROUNDING = 2.0  # seconds by which whole ones may say more than a window
COURTESY = 1.0  # seconds after a reset in which a key is its own worker's
SHORT_WINDOW = 10.0  # seconds; waiting for such a window costs little
PATIENCE = {True: 60, False: 4}  # windows waited for where keyless requests are limited
MARKERS_PER_WORKER = 100_000
VALID = ("bearer", "scheme-case", "ambiguous")  # how a key may be presented that is to be accepted

Who = str | Key | Credential  # a party's current key, a given key, or any credential


@dataclass(frozen=True, kw_only=True)
class Rig:
    """The parts of a bench, made once per process."""

    contract: Contract
    target: Target
    recorder: Recorder
    run: str  # names the run in markers and the User-Agent
    pace: Path | None = None  # the file in which workers keep one pace together


class Bench:
    """Sends calls, generates keys, and waits for windows."""

    def __init__(self, rig: Rig) -> None:
        self.contract, self.target = rig.contract, rig.target
        self.recorder, self.run = rig.recorder, rig.run
        self.masker = Masker()
        for secret in in_fields(rig.target.headers):
            self.masker.register(*secret)
        self.clock: Clock = _clock(rig.target)
        self.hooks: Hooks = _hooks(rig.target)
        self.keyring = Keyring(rig.contract, self.masker, rig.recorder)
        self.addresses = Addresses(rig.contract, rig.target)
        self.calls = Calls(rig.target, self.addresses, rig.run)
        clock = ServerClock(time.time() - self.clock.now())
        self.budget = Budget(rig.contract.rate_limit, clock)
        self.client = Client(
            _settings(rig),
            clock=self.clock,
            pace=Pace(pace_of(rig.contract, rig.target), rig.pace),
            masker=self.masker,
            recorder=rig.recorder,
            budget=self.budget,
        )
        self.thrifty = thrifty(rig.contract, rig.target)
        self.retired: Key | None = None  # a replaced key that was refused on every operation
        self.owned = frozenset(rig.target.parties)  # whose keys no other worker spends or replaces
        self._handed: dict[str, float] = {}  # when the windows end that other workers go on with
        self.unlimited: set[str] = set()  # keys that are not to be exhausted: it was tried
        self.pools: dict[str, Pool] = {}  # by kind of key
        self.waits = Waits(self.clock, rig.contract.rate_limit.window, self.note)
        if not self.window_is_short:
            self.waits.most = MOST_WAITS + self.target.windows - 1
        self._waiting: list[Call] = []  # calls without a valid key, to be sent together
        self._prices = Prices(self.client.send, self.budget)
        self._chance = Chance(self.client.send, rig.contract.rate_limit)
        self._pairs = Pairs(self.deliver, rig.contract.rate_limit)
        self._patience = PATIENCE[self.window_is_short]
        self._strangers_wait = False  # where requests without a valid key are limited too
        self._let_in = False  # whether something was served although no valid key was sent
        self._generated = 0
        self._renewed: dict[str, float] = {}  # when a party's first key was generated
        self._lock = threading.Lock()

    # --- keys

    def take_keys(self, *, record: bool = True) -> None:
        """Take in the keys that the target gives; the first process of a run records that."""
        now = self.clock.now()
        for party in self.target.parties.values():
            if party.key is not None:
                self.keyring.add(party, party.key, (now, now), generated=False, record=record)

    def key(self, party: str) -> Key:
        """The key that a party has now."""
        key = self.keyring.current(party)
        assert key is not None, f"no key for {party}: the plan should have left this probe out"
        return key

    def may_generate(self, party: str) -> bool:
        """Whether a hook generates keys for this party, and enough of them are left."""
        hook = NEW_KEY.get(party) if party in self.owned else None
        return hook is not None and self.hooks.has(hook) and self._generated < MOST_KEYS

    def generate(self, party: str) -> Key:
        """Have a new key generated; raise HookError when the hook does not."""
        owner = self.target.parties[party]
        hook = NEW_KEY[owner.kind]
        with self._lock:
            self._generated += 1
        started = self.clock.now()
        value = self.hooks.call(hook, owner.id)
        ended = self.clock.now()
        if not is_key(value, (kind.prefix for kind in self.contract.kinds.values())):
            raise HookError(f"hooks.{hook} {_no_key(self.masker.text(value))}")
        self._renewed.setdefault(party, ended)
        return self.keyring.add(owner, value, (started, ended))

    def wait_after_renewal(self, party: str) -> None:
        """Let time pass since the party's first new key: see revived."""
        renewed, window = self._renewed.get(party, 0.0), self.contract.rate_limit.window
        moment = revived(renewed, self.clock.now(), window, short=self.window_is_short)
        self.wait_until(moment, "does a replaced key come back?")

    def roomiest(self, kind: str) -> str:
        """The party of a kind whose window has most room: the other one, if its key is given."""
        other = OTHERS[kind]
        return other if self.target.has_key(other) else kind

    def rng(self, name: str) -> random.Random:
        """A source of chance that depends on the seed and a name only."""
        return random.Random(f"{self.target.seed}/{name}")

    # --- requests

    def credential(self, who: Who) -> Credential:
        """A party's current key as documented, a given key, or a credential as it is."""
        if isinstance(who, Credential):
            return who
        return bearer(who if isinstance(who, Key) else self.key(who))

    def call(self, operation: Operation, who: Who, **how: Any) -> Call:
        """A request to an operation; see Calls.to."""
        return self.calls.to(operation, self.credential(who), **how)

    def off_method(
        self,
        method: str,
        operation: Operation,
        who: Who,
        *,
        resource: str,
        nested: str | None = None,
    ) -> Call:
        """A request with a method that the operation's path lacks."""
        return self.calls.off_method(method, operation, self.credential(who), resource, nested)

    def off_route(self, method: str, path: str, who: Who, **tags: Any) -> Call:
        """A request to no documented operation."""
        return self.calls.off_route(method, path, self.credential(who), **tags)

    def send(self, operation: Operation, who: Who, **how: Any) -> Exchange:
        """Build a call to an operation, send it, and learn from its answer."""
        exchange = self.deliver(self.call(operation, who, **how))
        self._learn(exchange)
        return exchange

    def deliver(self, call: Call) -> Exchange:
        """Send a call; one without a key waits where such requests are limited too."""
        exchange = self._prices.send(call)
        while exchange.status == 429 and self._keyless(exchange) and self._patience > 0:
            self._patience -= 1
            self._spare_strangers()
            self.wait_until(self.told(exchange), "requests without a valid key are limited")
            exchange = self.client.send(call)
        self._look_again(call, exchange)
        if exchange.tags.group != "rivals":  # of which one is valid, whatever the keyring says
            self._let_in |= exchange.succeeded and self._keyless(exchange)
        return exchange

    def _look_again(self, call: Call, exchange: Exchange) -> None:
        """Ask again what a stranger was answered otherwise than usual, where that is free."""
        if not self._strangers_wait and exchange.tags.group != "timing":
            self._chance.see(call, exchange)

    def together(self, calls: Iterable[Call]) -> None:
        """Send calls whose order means nothing: at once where answers are slow."""
        for batch in self.batches(calls):
            if len(batch) == 1:
                self._learn(self.deliver(batch[0]))
                continue
            for call, first in zip(batch, self.client.send_all(batch), strict=True):
                exchange = self.client.repeated(call, first)
                limited = exchange.status == 429 and self._keyless(exchange)
                if limited:
                    exchange = self.deliver(call)
                else:
                    self._look_again(call, exchange)
                self._learn(exchange)

    def sometime(self, calls: Iterable[Call], *, least: int = 1) -> None:
        """Send calls whose order and time mean nothing: where answers are slow, with later ones.

        Only the *least* number, where requests without a valid key take windows of their own.
        """
        self._waiting += islice(calls, least) if self._strangers_wait else calls
        if self.client.latency <= SLOW_ANSWER or len(self._waiting) >= AT_ONCE:
            self.flush()

    def _spare_strangers(self) -> None:
        """Send no more without a valid key than it takes, where few may be sent in a minute."""
        self._strangers_wait = not self.window_is_short
        self.thrifty |= self._strangers_wait

    def flush(self) -> None:
        """Send the calls that still wait for others."""
        waiting, self._waiting = self._waiting, []
        self.together(waiting)

    def _keyless(self, exchange: Exchange) -> bool:
        """Whether no valid key was sent, so that it can only be the limit of such requests.

        Or that of the key itself: which of both, is to be found out, or what was let in has shown.
        """
        if exchange.tags.group == "exhausted-revoked" or self._let_in:
            return False
        family = exchange.tags.form.partition(":")[0]
        valid = exchange.tags.key is not None and family in VALID
        return not valid or self.keyring.replaced(exchange.tags.key)

    def batches(self, calls: Iterable[Call]) -> Iterator[list[Call]]:
        """Calls to be sent at once: one by one, unless answers are slow."""
        rest = iter(calls)
        while batch := list(islice(rest, AT_ONCE if self.client.latency > SLOW_ANSWER else 1)):
            yield batch

    def pair(self, operation: Operation, who: Who, **how: Any) -> None:
        """Address another's and an absent one, alike in all else."""
        self.compare(
            lambda resource: self.call(operation, who, **how, **resource),
            ({"resource": "foreign"}, {"resource": "absent"}),
        )

    def compare(
        self,
        build: Callable[[dict[str, str]], Call],
        relations: tuple[dict[str, str], dict[str, str]],
    ) -> None:
        """Send two calls that differ in a relation; see Pairs."""
        group = f"pair:{self.calls.marker()}"
        one, other = (self._grouped(build(relation), group) for relation in relations)
        self._pairs.send(one, other)

    def _grouped(self, call: Call, group: str) -> Call:
        return replace(call, tags=replace(call.tags, group=group))

    def told(self, exchange: Exchange) -> float:
        """When a refused request without a key may be sent again, on the run's clock."""
        now = self.clock.now()
        limit = self.contract.rate_limit
        longest = limit.window + ROUNDING
        assert exchange.response is not None
        seconds = exchange.response.number("Retry-After")
        reset = exchange.response.number(limit.reset_field)
        if seconds is not None and seconds <= longest:
            return now + seconds + 0.1
        told = self.budget.clock.run_time(reset) if reset is not None else now + limit.window
        return min(max(told, now), now + longest) + 0.1

    @property
    def window_is_short(self) -> bool:
        """Whether waiting for a window costs little."""
        return self.target.control is not None or self.contract.rate_limit.window <= SHORT_WINDOW

    def _learn(self, exchange: Exchange) -> None:
        """Remember ids that a list shows, and what a write created."""
        operation = self.contract.operation(exchange.tags.operation)
        if operation is None or not exchange.succeeded or not exchange.plain_key:
            return
        assert exchange.response is not None
        party = self.addresses.owner(operation, exchange.tags.credential, "own")
        if party is not None and exchange.tags.resource == "own":
            self.addresses.learn(operation, party, exchange.response.json)
            if operation.method == "POST":
                self._note_creation(party, exchange)

    def _note_creation(self, party: str, exchange: Exchange) -> None:
        for name, id in identifiers(exchange):
            if any(op.nested == name for op in self.contract.operations):
                self.addresses.nested[f"{party}/{name}"] = id
                self.calls.own_nested.add(id)

    # --- windows

    def ensure(self, party: str, count: int, *, refill: bool = False, late: bool = False) -> None:
        """See to it that the party's key has *count* requests left in the window under way.

        *refill*: a new key may be generated for that. *late*: other workers have used up the first
        windows of their keys in the meantime.
        """
        key = self.key(party)
        if late and party not in self.owned:
            handed = self._handed.get(key.label, 0.0) + COURTESY
            self.wait_until(handed, f"{key.label}: another worker watches its window")
        count = min(count, self.contract.rate_limit.limit - 1)
        if self.budget.remaining(key.label, self.clock.now()) >= count:
            return
        if refill and self.may_generate(party):
            self.generate(party)
        else:
            self.wait_for_reset(key)

    def wait_for_reset(self, key: Key) -> None:
        """Wait until the server's clock has surely reached the Reset of the key's window."""
        moment = self.budget.reopens(key.label, self.clock.now())
        self.wait_until(moment, f"{key.label}: its next window")

    def wait_until(self, moment: float, why: str) -> None:
        """Let time pass until a moment of the run's clock; see Waits.until."""
        self.waits.until(moment, why)

    def note(self, kind: str, started: float, **data: Any) -> None:
        """Record an event that ends now."""
        self.recorder.event(Event(kind=kind, started=started, ended=self.clock.now(), data=data))

    def close(self) -> None:
        """Close every connection."""
        for part in (self.client, self.hooks, self.clock):
            part.close()

    # --- other workers

    def brief(self) -> dict[str, Any]:
        """What another worker must know to go on from here."""
        return {"nested": self.addresses.nested, "windows": self.budget.brief()}

    def learn_brief(self, brief: Mapping[str, Any], worker: int) -> None:
        """Go on from what another worker knew."""
        self.addresses.nested.update(brief["nested"])
        windows = {label: Window(*window) for label, window in brief["windows"].items()}
        self.budget.learn(windows)
        self._handed = {label: window.ends for label, window in windows.items()}
        self.calls.mark_from((worker + 1) * MARKERS_PER_WORKER)


def new_run() -> str:
    """A name for a run that no other run has."""
    return secrets.token_hex(3)


def _no_key(answer: str) -> str:
    """What is wrong with an answer that is no key, and what to print instead."""
    found = f"printed no key but: {told(answer)}" if answer else "printed nothing"
    return f"{found}; let it print the new key alone on its last line, or end with a status above 0"


def _clock(target: Target) -> Clock:
    return MovedClock(target.control) if target.control else RealClock()


def _hooks(target: Target) -> Hooks:
    return Controls(target.control) if target.control else Programs(target.hooks)


def _settings(rig: Rig) -> Settings:
    return Settings(
        base=rig.target.base_url + rig.contract.base_path,
        timeout=rig.target.timeout,
        insecure=rig.target.insecure,
        headers=rig.target.headers,
        run=rig.run,
        max_requests=rig.target.max_requests,
        local=rig.target.control is not None,
    )
