"""What judges of every area ask of a history: live keys, live operations, positive controls."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from conformance.contract import Contract, Operation
from conformance.exchange import GATEWAY, Exchange
from conformance.history import Event, History

INFINITY = float("inf")
NEVER = (INFINITY, -INFINITY)  # from when until when a key is valid that never surely is

LAYER = frozenset({"HEAD", "OPTIONS", "TRACE"})  # methods of the HTTP layer (reading 11)
OTHER_PATHS = frozenset(  # twists after which a path may lawfully be another
    {"slash", "slashes", "case", "escape"}
)

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def own(exchange: Exchange) -> bool:
    """Whether a key asked, as documented, for what belongs to it."""
    tags = exchange.tags
    return exchange.plain_key and tags.resource == "own" and tags.nested in (None, "own")


def addressed(exchange: Exchange) -> bool:
    """Whether the ids in the path are well-formed, so that the answer speaks of a resource."""
    return not (exchange.tags.defect or "").startswith("path:")


def sound(exchange: Exchange) -> bool:
    """Whether nothing was made invalid in the request."""
    tags = exchange.tags
    return tags.defect is None and tags.twist is None and tags.generated != "negative"


@lru_cache(maxsize=8)
def absent(contract: Contract, history: History) -> frozenset[str]:
    """Assumed operations that the deployment lacks: 404 to their own key, in whatever form.

    Where nothing is known below one's own project or team, an id that never was has to do. Where no
    key of their kind is given: 404 to whoever has none, as unknown routes may get (reading 4).
    """
    assumed = {op.id for op in contract.operations if not op.documented}
    asked = [
        one
        for one in history.judged
        if one.tags.operation in assumed and _at_home(one) and one.tags.twist is None
    ]
    missing = {one.tags.operation for one in asked if answers(contract, one, 404)}
    present = {one.tags.operation for one in asked if one.succeeded or one.status == 400}
    known = {one.tags.operation for one in asked}
    strange = grouped(
        (one for one in history.judged if one.tags.operation in assumed - known and _strange(one)),
        lambda one: one.tags.operation,
    )
    missing |= {
        id for id, ones in strange.items() if all(answers(contract, one, 404) for one in ones)
    }
    return frozenset(id for id in missing - present if id)


def _strange(exchange: Exchange) -> bool:
    """Whether nothing is wrong in a request but that it has no key."""
    return exchange.tags.form == "none" and sound(exchange)


def _at_home(exchange: Exchange) -> bool:
    """Whether a key asked for something under its own project or team."""
    tags = exchange.tags
    below = tags.nested in (None, "own", "absent")
    return exchange.plain_key and tags.resource == "own" and below and addressed(exchange)


@lru_cache(maxsize=8)
def unfinished(history: History) -> frozenset[int]:
    """The 404s for what was only accepted so far, not yet made (RFC 9110, 15.3.3), by number.

    Nothing had shown its id but the 202 that named it.
    """
    hidden = [one for one in history.judged if one.status == 404 and one.tags.nested == "own"]
    return frozenset(one.number for one in hidden if _statuses(history, one) == {202})


def _statuses(history: History, hidden: Exchange) -> set[int | None]:
    """Which successes had shown the id at the end of a path until then."""
    id = hidden.request.path.rpartition("/")[2].encode()
    return {
        one.status
        for one in history.judged
        if one.succeeded and one.precedes(hidden) and one.response and id in one.response.body
    }


def refers(contract: Contract, exchange: Exchange) -> bool:
    """Whether the body names something by its id, which may not be there."""
    operation, sent = operation_of(contract, exchange), exchange.request.json
    return (
        operation is not None and isinstance(sent, dict) and bool(operation.references & set(sent))
    )


def operation_of(contract: Contract, exchange: Exchange) -> Operation | None:
    """The operation that an exchange addresses."""
    return contract.operation(exchange.tags.operation)


def on_operations(contract: Contract, history: History) -> Iterator[tuple[Operation, Exchange]]:
    """Judged exchanges on operations that the deployment has."""
    missing = absent(contract, history)
    for exchange in history.judged:
        operation = operation_of(contract, exchange)
        if operation is not None and operation.id not in missing:
            yield operation, exchange


def accepted(contract: Contract, exchange: Exchange) -> bool:
    """Whether the answer shows that the key was let in to what it asked for."""
    return exchange.succeeded or answers(contract, exchange, 400)


def controls(contract: Contract, history: History) -> frozenset[str]:
    """Operations on which the right key was accepted: the positive control of a refusal."""
    return frozenset(control(contract, history))


@lru_cache(maxsize=8)
def control(contract: Contract, history: History) -> Mapping[str, Exchange]:
    """The first positive control of each operation that has one."""
    found: dict[str, Exchange] = {}
    for operation, one in on_operations(contract, history):
        as_documented = one.tags.twist is None and addressed(one)
        if own(one) and as_documented and accepted(contract, one):
            found.setdefault(operation.id, one)
    return found


@lru_cache(maxsize=8)
def unrecognised(contract: Contract, history: History) -> frozenset[str]:
    """Given keys to which nothing of their own is known: the target file may be wrong about them.

    Area auth judges that they are refused; nothing else follows from what they are answered.
    """
    given = {e.data["key"] for e in history.events_of("issued") if not e.data.get("generated")}
    lives = lives_of(history)
    plain = (one for one in history.judged if own(one) and sound(one) and lives.live(one))
    asked = grouped(
        (one for one in plain if one.tags.operation in contract.by_id and one.tags.key in given),
        lambda one: one.tags.key or "",
    )
    return frozenset(
        key
        for key, ones in asked.items()
        if all(one.status in (401, 404, 429) for one in ones)
        and len({one.tags.operation for one in ones if one.status != 429}) > 1
    )


def unkeyed(history: History) -> tuple[Exchange, ...]:
    """Successes that were recorded without their key, which must have been a right one."""
    every = history.judged if history.recorded else ()
    return tuple(one for one in every if one.tags.credential == "unknown" and one.succeeded)


def straight(exchange: Exchange) -> bool:
    """Whether the path is written as documented."""
    return (exchange.tags.twist or "").partition(":")[0] not in OTHER_PATHS


def passing(history: History, exchange: Exchange) -> bool:
    """Whether a gateway failed and the repetition was answered otherwise: nobody's violation.

    Nobody repeated what was recorded; there, the server's own errors are known by their code.
    """
    numbers = {exchange.number, exchange.tags.repeats}
    own = history.recorded and exchange.code is not None
    return exchange.status in GATEWAY and not (own or numbers & history.reproduced)


@lru_cache(maxsize=8)
def judgeable(
    contract: Contract, history: History, *, hardening: bool = False
) -> tuple[Exchange, ...]:
    """Answers but for those of absent operations, of the HTTP layer, and of failing gateways."""
    missing = absent(contract, history)
    return tuple(
        one
        for one in (history.answered if hardening else history.judged)
        if one.tags.operation not in missing
        and one.request.method not in LAYER
        and not passing(history, one)
    )


@lru_cache(maxsize=8)
def settled(contract: Contract, history: History) -> tuple[tuple[Operation, Exchange], ...]:
    """Judgeable answers on operations that neither a key's nor an address's limit decided."""
    return tuple(
        (operation, one)
        for one in judgeable(contract, history)
        if (operation := operation_of(contract, one)) is not None
        and straight(one)
        and one.status != 429
    )


def answers(contract: Contract, exchange: Exchange, *statuses: int) -> bool:
    """Whether this is one of these errors. No code at all is the envelope's matter alone."""
    documented = contract.codes.get(exchange.status or 0)
    return exchange.status in statuses and (not exchange.code or exchange.code == documented)


def crashed(exchange: Exchange) -> bool:
    """Whether the server failed, which area error judges and which decides nothing else.

    That it does not implement something (RFC 9110, 15.6.2) is its answer.
    """
    return exchange.status is not None and exchange.status >= 500 and exchange.status != 501


def fails(contract: Contract, history: History, exchange: Exchange) -> bool:
    """Whether the server failed for no reason that lies in the request.

    Where it never fails at valid requests, a 500 is its answer to what was wrong in this one.
    """
    by_input = exchange.status == 500 and _steady(contract, history)
    return crashed(exchange) and not by_input


@lru_cache(maxsize=8)
def _steady(contract: Contract, history: History) -> bool:
    """Whether valid requests are served and the server fails at none of them."""
    valid = [one for _, one in settled(contract, history) if own(one) and sound(one)]
    return any(one.succeeded for one in valid) and not any(map(crashed, valid))


def grouped(items: Iterable[T], key: Callable[[T], K]) -> Mapping[K, tuple[T, ...]]:
    """The items by what *key* says of them, in order."""
    found: dict[K, list[T]] = {}
    for one in items:
        found.setdefault(key(one), []).append(one)
    return {name: tuple(ones) for name, ones in found.items()}


def said(exchange: Exchange) -> str:
    """The answer in short: 404 NOT_FOUND."""
    return f"{exchange.status} {exchange.code or ''}".rstrip()


def place(exchange: Exchange) -> str:
    """What was addressed, in the document's words where it has any."""
    tags = exchange.tags
    if tags.operation:
        return tags.operation
    return f"{exchange.request.method} {tags.route or 'an unknown route'}"


class Lives:
    """When each issued key was valid, from what the history says of new keys.

    Of keys that do not replace one another (team keys), and of two project keys that were
    generated at once, nothing is said from the moment that another one was asked for: whether they
    live on is the deployment's choice, or what is to be found out.
    """

    def __init__(self, history: History) -> None:
        self._issued = {event.data["key"]: event for event in history.events_of("issued")}
        self.rotations: tuple[Event, ...] = tuple(
            event for event in self._issued.values() if event.data.get("replaces")
        )
        self.generated: tuple[Event, ...] = tuple(
            event for event in self._issued.values() if event.data.get("generated")
        )
        self._ends = {label: self._end(event) for label, event in self._issued.items()}
        self._spans = {label: self._span(event) for label, event in self._issued.items()}
        self._new = {event.data["key"] for event in self.generated}
        plain = (one for one in history.judged if one.tags.operation and own(one) and sound(one))
        self._told = grouped(plain, lambda one: one.tags.key or "")

    def known(self, exchange: Exchange) -> bool:
        """Whether the key was surely valid, and is no generated or lost one that was not let in.

        That a new key is unknown, for a moment or somewhere, is what area rotation judges.
        """
        refused = exchange.status == 401 and exchange.plain_key
        new = exchange.tags.key in self._new
        return self.live(exchange) and not (refused and (new or self.shut_out(exchange)))

    def live(self, exchange: Exchange) -> bool:
        """Whether the key was surely valid for the whole exchange."""
        begins, ends = self._spans.get(exchange.tags.key or "", NEVER)
        return exchange.started >= begins and exchange.ended < ends

    def shut_out(self, exchange: Exchange) -> bool:
        """Whether the last answer to a sound request with its key was that it is none.

        Of a generated key it has to be shown first that it is one. Or if it was lost since then.
        """
        before = self._before(exchange)
        none = before[-1].status == 401 if before else exchange.tags.key in self._new
        return none or self.lost(exchange)

    def lost(self, exchange: Exchange) -> bool:
        """Whether its key had been let in, and was not any more: since then, or for ever.

        For ever: from the replacement of another key on.
        """
        before = self._before(exchange)
        if all(one.status == 401 for one in before):
            return False
        last = before[-1]
        told = self._told[exchange.tags.key or ""]
        again = any(one.status != 401 for one in told if last.precedes(one))
        replaced = any(last.ended < one.ended <= exchange.ended for one in self.generated)
        return last.status == 401 or (replaced and not again)

    def _before(self, exchange: Exchange) -> list[Exchange]:
        told = self._told.get(exchange.tags.key or "", ())
        return [one for one in told if one.precedes(exchange)]

    def dead(self, exchange: Exchange) -> bool:
        """Whether the exchange began after the key that replaces its own had been shown."""
        end = self._ends.get(exchange.tags.key or "")
        return end is not None and exchange.started > end.ended

    def fading(self, exchange: Exchange) -> bool:
        """Whether a key to replace the exchange's own had been asked for before it ended."""
        end = self._ends.get(exchange.tags.key or "")
        return end is not None and exchange.ended >= end.started

    def end(self, label: str) -> Event | None:
        """The event that replaced a key."""
        return self._ends.get(label)

    def rivals(self, issued: Event) -> tuple[Event, ...]:
        """The keys that were generated at the same time for the same party."""
        return tuple(
            one
            for one in self._siblings(issued)
            if one.started < issued.ended and issued.started < one.ended
        )

    def _span(self, issued: Event) -> tuple[float, float]:
        """From when until when a key is surely valid."""
        if self.rivals(issued):
            return NEVER
        later = [one.started for one in self._siblings(issued) if one.started >= issued.ended]
        return issued.ended, min(later, default=INFINITY)

    def _siblings(self, issued: Event) -> tuple[Event, ...]:
        party = issued.data["party"]
        return tuple(
            one for one in self._issued.values() if one is not issued and one.data["party"] == party
        )

    def _end(self, issued: Event) -> Event | None:
        later = [
            one
            for one in self._siblings(issued)
            if one.data.get("replaces") and one.started >= issued.ended
        ]
        return min(later, key=lambda one: one.ended, default=None)


@lru_cache(maxsize=8)
def lives_of(history: History) -> Lives:
    """When each key of a history was valid."""
    return Lives(history)
