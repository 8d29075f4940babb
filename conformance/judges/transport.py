"""leak: what the way in which an answer is sent tells of what exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges.leak import Group, called, paired
from conformance.judges.select import grouped
from conformance.likeness import CONNECTION, connection, same_request

ENOUGH = 5  # answers after which connections are open or not
SELDOM = 0.2  # of them may end a connection for other reasons, or not end it


@judges("leak.transport")
def framing_tells(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations whose answers' framing tells the two apart."""
    changing = _changing_framing(history)
    for foreign, missing in paired(contract, history):
        common = frozenset.intersection(*(_names(one) for one in (*foreign, *missing)))
        ours = [_framing(one, common) for one in foreign]
        theirs = [_framing(one, common) for one in missing]
        yield Evidence((*foreign, *missing))
        for part in ours[0] if foreign[0].status == missing[0].status else ():
            seen, others = [one[part] for one in ours], [one[part] for one in theirs]
            once = part == CONNECTION and len(seen) == 1  # which ends at some time anyway
            if part not in changing and not once and not any(v in others for v in seen):
                yield Finding(
                    expected=f"the same {part} as for an id that does not exist: {others[0]}",
                    observed=f"{seen[0]}, from {called(foreign[0])}",
                    exchanges=(missing[0], foreign[0]),
                )
                break


def _names(one: Exchange) -> frozenset[str]:
    """The names of an answer's fields."""
    fields = one.response.fields if one.response else ()
    return frozenset(name.lower() for name, _ in fields)


def _framing(one: Exchange, common: frozenset[str]) -> dict[str, Any]:
    """How an answer was sent: version, common fields, what is said of the connection."""
    assert one.response is not None
    response = one.response
    names = tuple(name for name, _ in response.fields if name.lower() in common)
    return {
        "HTTP version": response.version,
        "reason phrase": response.reason,
        "order of fields": tuple(name.lower() for name in names),
        "spelling of fields": tuple(sorted(names, key=str.lower)),
        CONNECTION: connection(one),
        "transfer coding": tuple(value.lower() for value in response.values("Transfer-Encoding")),
    }


def _changing_framing(history: History) -> frozenset[str]:
    """What differs in the framing of identical requests' answers."""
    changing: set[str] = set()
    known: dict[object, Exchange] = {}
    for one in history.answered:
        request = one.request
        place = (request.method, request.target, one.tags.key, one.tags.form, one.status)
        other = known.setdefault(place, one)
        if other is not one and same_request(one, other):
            common = _names(other) & _names(one)
            before, now = _framing(other, common), _framing(one, common)
            changing |= {part for part in now if before[part] != now[part]}
    return frozenset(changing)


@judges("leak.transport")
def connection_ends(contract: Contract, history: History) -> Iterator[Finding]:
    """Yield methods after which the connection is given up where it is another's.

    Without a word of it in the answer; and not where it does not exist.
    """
    last = {one.connection: one.number for one in history.exchanges}

    def given_up(ones: list[Exchange]) -> float:
        return sum(last[one.connection] == one.number for one in ones) / len(ones)

    for (method, _), alike in grouped(paired(contract, history), _asked).items():
        foreign = [one for ones, _ in alike for one in ones]
        missing = [one for _, ones in alike for one in ones]
        told = given_up(foreign) >= 1 - SELDOM and given_up(missing) <= SELDOM
        if told and len(foreign) >= ENOUGH:
            yield Finding(
                expected="the connection to stay open, as for an id that does not exist",
                observed=f"its end after nearly all of {len(foreign)} answers to {method}",
                exchanges=(missing[0], foreign[0]),
            )


def _asked(pair: Group) -> tuple[str, str]:
    """The method, and whose the project or team was in whose place another one was asked for."""
    foreign, _ = pair
    return foreign[0].request.method, foreign[0].tags.resource
