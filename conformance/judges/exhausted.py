"""rate: what a key gets that has used its window up: 429, whatever it asks for and however."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import words
from conformance.judges.counting import explain, slides
from conformance.judges.select import OTHER_PATHS, absent, lives_of, own, passing, place, said
from conformance.judges.windows import Offset, Spot, left_of, offset, spot, spots


def _over_the_limit(contract: Contract, history: History) -> Iterator[tuple[Exchange, Exchange]]:
    """Requests with a key that had been refused in the window under way, after the refusal.

    None where Resets move on and on: then nobody knows which window is under way.
    """
    if slides(contract, history):
        return
    clock, lives = offset(contract, history), lives_of(history)
    missing, refusals = absent(contract, history), _refusals(contract, history)
    plain = {label: _plain_ones(ones) for label, ones in spots(contract, history).items()}
    last: dict[str, Spot] = {}
    for one in history.judged:
        label = one.tags.key or ""
        if one.tags.group != "exhausted":
            if one.status == 429 and one.plain_key:
                last[label] = spot(one, contract.rate_limit)
            continue
        before = last.get(label)
        if before is None or not lives.live(one) or passing(history, one):
            continue
        if one.tags.operation in missing:
            continue
        shown = spot(one, contract.rate_limit)
        may_be_over = clock and shown.reset == before.reset and clock.about(one, before.reset)
        if may_be_over or _reopens(plain.get(label, []), one, before):
            continue
        until = refusals.get((label, before.reset), before.exchange)
        if one.precedes(until) or _in_its_window(before, shown, clock):
            yield before.exchange, one


def _in_its_window(refused: Spot, later: Spot, clock: Offset | None) -> bool:
    """Whether a request surely ended in the window in which another one was refused."""
    if refused.reset is None or not refused.exchange.precedes(later.exchange):
        return False
    if later.reset == refused.reset:
        return True
    return clock is not None and clock.surely_within(later.exchange, refused.reset)


def _plain_ones(of_key: tuple[Spot, ...]) -> list[Spot]:
    return [one for one in of_key if _plain(one.exchange)]


def _reopens(plain: list[Spot], one: Exchange, refused: Spot) -> bool:
    """Whether the next plain request was admitted in the same window: then it had room again."""
    later = next((other for other in plain if one.precedes(other.exchange)), None)
    return later is not None and later.admitted and later.reset == refused.reset


def _refusals(contract: Contract, history: History) -> Mapping[tuple[str, int | None], Exchange]:
    """The last refusal in the window of each key and Reset, which was under way until then."""
    return {
        (label, one.reset): one.exchange
        for label, of_key in spots(contract, history).items()
        for one in of_key
        if one.refused and one.reset is not None
    }


def _plain(one: Exchange) -> bool:
    return own(one) and one.tags.defect is None and one.tags.twist is None


@judges("rate.all-endpoints")
def endpoint_open(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations that serve a key while another operation refuses it for its limit."""
    for refusal, one in _over_the_limit(contract, history):
        if not _plain(one):
            continue
        if one.status == 429:
            yield Evidence((refusal, one))
        elif one.tags.operation != refusal.tags.operation and one.succeeded:
            yield Finding(
                expected=f"429 on {one.tags.operation}: one counter for all endpoints",
                observed=f"{one.status} while {refusal.tags.operation} was refused",
                exchanges=(refusal, one),
            )


@judges("rate.no-bypass")
def disguise_works(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield disguises in which an exhausted key was served, or shown a fresh counter."""
    explanation = explain(contract, history)
    apart = explanation.requirement == "rate.all-endpoints"  # which tells of 404s
    over = list(_over_the_limit(contract, history))
    everywhere = any(_off_route(one) and one.status == 429 for _, one in over)
    for refusal, one in over:
        twist = one.tags.twist
        if twist is None or one.status == 401 or (apart and one.status == 404):
            continue
        if apart and explanation.counter(refusal) != explanation.counter(one):
            continue
        remaining = spot(one, contract.rate_limit).remaining
        if one.status == 429:
            yield Evidence((refusal, one))
        elif (
            one.succeeded
            or (remaining or 0) > 0
            or twist not in OTHER_PATHS
            or (twist in ("slash", "slashes") and everywhere)  # also what is no route is refused
        ):
            yield Finding(
                expected=f"429 for an exhausted key, also with {_disguise(twist)}",
                observed=f"{one.status} {left_of(remaining)}",
                exchanges=(refusal, one),
            )


def _off_route(one: Exchange) -> bool:
    return one.tags.operation is None and one.tags.route is None and one.tags.twist is None


def _disguise(twist: str) -> str:
    name, _, detail = twist.partition(":")
    return {
        "forwarded": f"the field {detail}",
        "query": "another query string",
        "slash": "a trailing slash",
        "slashes": "a doubled slash",
        "case": "letters in another case",
        "escape": "an escaped letter",
        "connection": "another connection",
    }.get(name, twist)


@judges("rate.before-work")
def works_over_the_limit(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield requests of an exhausted key that were looked into before they were refused."""
    asked = [both for both in _over_the_limit(contract, history) if both[1].tags.twist is None]
    open_operations = {  # which have a counter of their own
        one.tags.operation
        for refusal, one in asked
        if _plain(one) and one.succeeded and any(_left(contract, each) for each in (refusal, one))
    }
    for refusal, one in asked:
        if one.tags.operation in open_operations or one.status == 401:
            continue
        if one.status == 429:
            yield Evidence((refusal, one))
        else:
            what = words.defect(one) or words.addressed(one)
            yield Finding(
                expected=f"429 {contract.codes.get(429)} for an exhausted key, "
                "whatever the resource and the body",
                observed=f"{said(one)} on {place(one)}: {what}",
                exchanges=(refusal, one),
            )


def _left(contract: Contract, one: Exchange) -> int:
    return spot(one, contract.rate_limit).remaining or 0


@judges("rate.before-work")
def refused_write_written(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield lists that hold what only a write over the limit was to create."""
    marker = str(history.header.get("marker") or "").encode()
    writes = [one for one in history.exchanges if marker and marker in one.request.body]
    shown = [one for one in history.judged if marker and _holds(one, marker)]
    may_be_there = {_name(one, marker) for one in writes if one.status != 429}
    for write in writes:
        name = _name(write, marker)
        if write.status == 429 and name not in may_be_there:
            found = (one for one in shown if write.precedes(one) and _holds(one, b'"%b"' % name))
            if later := next(found, None):
                yield Finding(
                    expected="nothing created by a write that was answered 429",
                    observed=f"{name.decode()} in a later answer",
                    exchanges=(write, later),
                )


def _name(write: Exchange, marker: bytes) -> bytes:
    """The text that only this write's body holds."""
    body = write.request.body
    return body[body.index(marker) :].split(b'"')[0]


def _holds(one: Exchange, text: bytes) -> bool:
    return one.succeeded and one.response is not None and text in one.response.body
