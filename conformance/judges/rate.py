"""rate: so many requests per window and key."""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from itertools import pairwise

from conformance.contract import Contract
from conformance.exchange import Exchange, Response
from conformance.finding import Doubt, Evidence, Finding, Opinion, judges
from conformance.history import Event, History
from conformance.judges.counting import Explanation, explain
from conformance.judges.select import Lives, own, passing, sound
from conformance.judges.windows import (
    ROUNDING,
    Offset,
    Spot,
    neighbours,
    offset,
    spot,
    spots,
    strays_between,
    windows,
)

HTTP_LAYER = ("HEAD", "OPTIONS", "TRACE")  # not judged (reading 11)
SPAN = 1.0  # seconds between two answers that show whether Reset stands still
RETRY_TOLERANCE = 2.0  # seconds: both are whole, and the Date between them is too


def _responses(history: History) -> Iterator[tuple[Exchange, Response]]:
    """Every response that the application gave under the base path (reading 1)."""
    for one in history.judged:
        if one.request.method not in HTTP_LAYER and not passing(history, one):
            assert one.response is not None
            yield one, one.response


@judges("rate.headers-present")
def headers_missing(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield one response of each status that lacks one of the three fields."""
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for one, response in _responses(history):
        yield Evidence((one,))
        lacking = tuple(name for name in contract.rate_limit.fields if not response.values(name))
        if lacking and (response.status, lacking) not in seen:
            seen.add((response.status, lacking))
            yield Finding(
                expected=f"{', '.join(lacking)} on every response",
                observed=f"a {response.status} without {', '.join(lacking)}",
                exchanges=(one,),
            )


@judges("rate.headers-form")
def headers_malformed(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield one response of each status with a field that is not one decimal integer."""
    seen: set[tuple[int, str]] = set()
    for one, response in _responses(history):
        for name in contract.rate_limit.fields:
            given = response.values(name)
            if given:
                yield Evidence((one,))
            if given and response.number(name) is None and (response.status, name) not in seen:
                seen.add((response.status, name))
                yield Finding(
                    expected=f"{name} once, as a non-negative decimal integer",
                    observed=f"a {response.status} with {name}: {' and again '.join(given)[:80]}",
                    exchanges=(one,),
                )


@judges("rate.limit-value")
def limit_wrong(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield one response for each wrong value of the limit."""
    field, limit = contract.rate_limit.limit_field, contract.rate_limit.limit
    seen: set[tuple[int, int]] = set()
    for one, response in _responses(history):
        value = response.number(field)
        if value is None:
            continue
        yield Evidence((one,))
        if value != limit and (response.status, value) not in seen:
            seen.add((response.status, value))
            yield Finding(
                expected=f"{field} {limit}",
                observed=f"a {response.status} with {field} {value}",
                exchanges=(one,),
            )


@judges("rate.remaining-counts")
def remaining_miscounts(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps at which Remaining does not fall by one, for no other reason that is known."""
    explanation = explain(contract, history)
    if explanation.others:
        yield _someone_else(explanation)
    elif explanation.requirement == "rate.remaining-counts":
        yield from _odd_steps(contract, explanation)
    for _, _, members in windows(contract, history):
        for before, after in neighbours([one for one in members if one.admitted], history):
            yield Evidence((before.exchange, after.exchange))


@judges("rate.remaining-counts")
def remaining_too_high(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield the first answer of a key that leaves as much as, or more than, the whole limit."""
    field, limit = contract.rate_limit.remaining_field, contract.rate_limit.limit
    for of_key in spots(contract, history).values():
        for one in of_key:
            if one.remaining is not None and one.remaining >= limit and _judged(one):
                yield Finding(
                    expected=f"{field} at most {limit - 1} after a request",
                    observed=f"{field} {one.remaining}",
                    exchanges=(one.exchange,),
                )
                break


def _judged(one: Spot) -> bool:
    return one.exchange.tags.level != "hardening"


def _someone_else(explanation: Explanation) -> Doubt:
    step = explanation.odd[0]
    return Doubt(
        f"Remaining fell by {step.fell} between exchanges {step.before.exchange.number} and "
        f"{step.after.exchange.number}: somebody else seems to use {step.after.exchange.tags.key}"
    )


def _odd_steps(contract: Contract, explanation: Explanation, most: int = 3) -> Iterator[Finding]:
    field = contract.rate_limit.remaining_field
    reason = f" ({explanation.text})" if explanation.text else ""
    for step in explanation.odd[:most]:
        yield Finding(
            expected=f"{field} {(step.before.remaining or 0) - 1} after {step.before.remaining}",
            observed=f"{field} {step.after.remaining}{reason}",
            exchanges=(step.before.exchange, step.after.exchange),
        )


def _explained_by(
    contract: Contract, history: History, requirement: str
) -> Iterator[Finding | Doubt]:
    """Findings when the count is explained by a breach of this requirement, a doubt by others'."""
    explanation = explain(contract, history)
    if explanation.requirement == requirement:
        yield from _odd_steps(contract, explanation)
    elif explanation.others:
        yield _someone_else(explanation)


@judges("rate.all-endpoints")
def endpoints_apart(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that counters per endpoint or method explain, and nothing simpler."""
    yield from _explained_by(contract, history, "rate.all-endpoints")
    for _, _, members in windows(contract, history):
        for before, after in neighbours([one for one in members if one.admitted], history):
            if before.exchange.tags.operation != after.exchange.tags.operation:
                yield Evidence((before.exchange, after.exchange))


@judges("rate.all-endpoints")
def endpoint_open(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield operations that serve a key while another operation refuses it for its limit."""
    for refusal, plain in _over_the_limit(contract, history):
        if plain.tags.defect is not None or not own(plain) or plain.tags.twist is not None:
            continue
        if plain.status == 429:
            yield Evidence((refusal, plain))
        elif plain.tags.operation != refusal.tags.operation and plain.succeeded:
            yield Finding(
                expected=f"429 on {plain.tags.operation}: one counter for all endpoints",
                observed=f"{plain.status} while {refusal.tags.operation} was refused",
                exchanges=(refusal, plain),
            )


def _over_the_limit(contract: Contract, history: History) -> Iterator[tuple[Exchange, Exchange]]:
    """Requests with a key that had been refused in the window under way, with the refusal before."""
    clock = offset(contract, history)
    lives = Lives(history)
    last: dict[str, Spot] = {}
    for one in history.judged:
        label = one.tags.key or ""
        if one.status == 429 and one.plain_key and one.tags.group != "exhausted":
            last[label] = spot(one, contract.rate_limit)
        before = last.get(label)
        if before is None or one.tags.group != "exhausted" or not lives.live(one):
            continue
        if _same_window(before, one, clock):
            yield before.exchange, one


def _same_window(refused: Spot, later: Exchange, clock: Offset | None) -> bool:
    """Whether a request surely ended in the window in which another one was refused."""
    return (
        refused.reset is not None
        and clock is not None
        and refused.exchange.precedes(later)
        and clock.surely_before(later, refused.reset)
    )


@judges("rate.all-outcomes")
def outcomes_free(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that free 400s or 404s explain."""
    yield from _explained_by(contract, history, "rate.all-outcomes")
    for _, _, members in windows(contract, history):
        for before, after in neighbours([one for one in members if one.admitted], history):
            if {before.exchange.status, after.exchange.status} & {400, 404}:
                yield Evidence((before.exchange, after.exchange))


@judges("rate.remaining-honest")
def promise_broken(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield answers that promised more requests than their window then admitted."""
    explanation = explain(contract, history)
    for _, reset, members in windows(contract, history):
        of_counter: dict[object, list[Spot]] = {}
        for one in members:
            of_counter.setdefault(explanation.counter(one), []).append(one)
        for place, counted in of_counter.items():
            if place is not None:
                yield from _broken_promises(history, explanation, counted, reset)


def _broken_promises(
    history: History, explanation: Explanation, members: list[Spot], reset: int
) -> Iterator[Opinion]:
    refused = next((one for one in members if one.refused), None)
    before = [one for one in members if one.admitted and one.remaining is not None]
    if refused is None:
        ended = next((one for one in before if one.remaining == 0), None)
        if ended is not None:
            yield Evidence((before[0].exchange, ended.exchange))
        return
    for one in before:
        if not one.exchange.precedes(refused.exchange):
            continue
        yield Evidence((one.exchange, refused.exchange))
        kept = sum(m.admitted and not _over(m, one) for m in members) - 1
        kept += strays_between(history, one, refused)
        if kept < (one.remaining or 0):
            if explanation.others:
                yield _someone_else(explanation)
                return
            yield Finding(
                expected=f"{one.remaining} more requests admitted before Reset {reset}",
                observed=f"429 after {kept}",
                exchanges=(one.exchange, refused.exchange),
            )
            return


def _over(one: Spot, before: Spot) -> bool:
    """Whether a request was over before another began, so that it cannot count after it."""
    return one.exchange.precedes(before.exchange)


@judges("rate.reset-timestamp")
def reset_implausible(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield, per key, an answer whose Reset lies before it or more than a window ahead."""
    clock = offset(contract, history)
    if clock is None:
        if any(spots(contract, history).values()):
            yield Doubt("the server's clock is unknown: it sends no Date that agrees with itself")
        return
    for of_key in spots(contract, history).values():
        for one in of_key:
            if one.reset is None:
                continue
            yield Evidence((one.exchange,))
            if problem := _implausible(contract, clock, one):
                yield problem
                break


def _implausible(contract: Contract, clock: Offset, one: Spot) -> Finding | None:
    field, window = contract.rate_limit.reset_field, contract.rate_limit.window
    assert one.reset is not None
    latest = one.exchange.ended + clock.high + window + ROUNDING
    if one.exchange.started + clock.low < one.reset + ROUNDING and one.reset <= latest:
        return None
    now = one.exchange.started + clock.low
    return Finding(
        expected=f"{field} as a Unix time in seconds, at most {window:g} s after the response",
        observed=f"{field} {one.reset} when the server's clock said {now:.0f}",
        exchanges=(one.exchange,),
    )


@judges("rate.reset-stable")
def reset_moved(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield responses whose Reset differs from the one that their window began with."""
    clock = offset(contract, history)
    if clock is None:
        return
    for of_key in spots(contract, history).values():
        admitted = [one for one in of_key if one.admitted and one.reset is not None]
        plausible = [one for one in admitted if _implausible(contract, clock, one) is None]
        yield from _moves(contract, clock, plausible)


def _moves(contract: Contract, clock: Offset, members: list[Spot]) -> Iterator[Opinion]:
    field = contract.rate_limit.reset_field
    first: Spot | None = None
    for one in members:
        assert one.reset is not None
        if (
            first is None
            or first.reset is None
            or not clock.surely_before(one.exchange, first.reset)
        ):
            first = one
        elif one.reset != first.reset and first.exchange.precedes(one.exchange):
            yield Finding(
                expected=f"{field} {first.reset}, as announced by exchange {first.exchange.number}",
                observed=f"{field} {one.reset}",
                exchanges=(first.exchange, one.exchange),
            )
            return
        elif one.exchange.started - first.exchange.ended >= SPAN:
            yield Evidence((first.exchange, one.exchange))


@judges("rate.enforced")
def limit_exceeded(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield windows in which a request over the limit, one at a time, was not refused."""
    limit = contract.rate_limit.limit
    explanation = explain(contract, history)
    for _, _, members in windows(contract, history):
        counted = [
            one for one in members if not _at_once(one) and one.exchange.tags.group != "exhausted"
        ]
        places = {explanation.counter(one) for one in counted} - {None}
        for place in places:
            of_place = [one for one in counted if explanation.counter(one) == place]
            yield from _crossing(contract, of_place, limit)


def _crossing(contract: Contract, members: list[Spot], limit: int) -> Iterator[Opinion]:
    admitted = 0
    for before, one in pairwise([None, *members]):
        assert one is not None
        over = admitted >= limit or (before is not None and _spent(before))
        admitted += one.admitted
        if not over or (before is not None and not before.exchange.precedes(one.exchange)):
            continue
        if one.exchange.says(429, contract.codes):
            yield Evidence((one.exchange,))
            return
        number = "" if admitted <= limit else f"request {admitted} of the window, "
        yield Finding(
            expected=f"429 {contract.codes.get(429)} for the first request over the limit",
            observed=f"{number}{one.exchange.status} {one.exchange.code or ''}".strip(),
            exchanges=tuple(m.exchange for m in (before, one) if m is not None),
        )
        return


def _spent(one: Spot) -> bool:
    return one.admitted and one.remaining == 0


def _at_once(one: Spot) -> bool:
    return (one.exchange.tags.group or "").startswith(("burst", "under-load"))


@judges("rate.refusal-headers")
def refusal_misinforms(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refusals that do not say Remaining 0 and the Reset of the window under way."""
    limit = contract.rate_limit
    for of_key in spots(contract, history).values():
        known = {one.reset for one in of_key if one.admitted}
        for one in of_key:
            if not one.refused or not known - {None}:
                continue
            yield Evidence((one.exchange,))
            wrong = one.remaining != 0 or one.reset is None
            if wrong or (one.reset not in known and _below(one, known)):
                yield Finding(
                    expected=f"{limit.remaining_field} 0 and {limit.reset_field} {_last(known)}",
                    observed=f"a 429 with {limit.remaining_field} {one.remaining} and "
                    f"{limit.reset_field} {one.reset}",
                    exchanges=(one.exchange,),
                )
                break


def _below(one: Spot, known: set[int | None]) -> bool:
    """Whether a refusal's Reset is none that could have been pushed back from a known one."""
    return one.reset is not None and one.reset < (_last(known) or 0)


def _last(known: set[int | None]) -> int | None:
    return max((reset for reset in known if reset is not None), default=None)


@judges("rate.refusals-free")
def refusal_pushes(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refusals whose Reset is later than that of the window in which they fell."""
    field = contract.rate_limit.reset_field
    clock = offset(contract, history)
    for of_key in spots(contract, history).values():
        admitted: Spot | None = None
        refusals = 0
        for one in of_key:
            if one.admitted:
                admitted, refusals = (one if one.reset is not None else admitted), 0
                continue
            refusals += 1
            if admitted is None or admitted.reset is None or one.reset is None:
                continue
            if one.reset > admitted.reset and _pushed(one, admitted, clock):
                yield Finding(
                    expected=f"{field} {admitted.reset}, however many requests are refused",
                    observed=f"{field} {one.reset} on a refused request",
                    exchanges=(admitted.exchange, one.exchange),
                )
                break
            if refusals > 1 and one.reset == admitted.reset:
                yield Evidence((admitted.exchange, one.exchange))


def _pushed(refused: Spot, admitted: Spot, clock: Offset | None) -> bool:
    """Whether the refusal belongs to the window of the admitted request before it.

    It does before that window's Reset; and after it too, since a window that begins then begins
    with a request that is admitted.
    """
    return clock is not None and not _at_once(refused) and not _at_once(admitted)


@judges("rate.recovers")
def recovery_fails(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield keys that are admitted before their Reset, not after it, or without a full window."""
    clock = offset(contract, history)
    if clock is None:
        return
    lives = Lives(history)
    for of_key in spots(contract, history).values():
        plain = [
            one
            for one in of_key
            if sound(one.exchange) and own(one.exchange) and lives.live(one.exchange)
        ]
        for first, second in _refused_then_plain(plain, of_key):
            yield from _recovery(contract, clock, first, second, of_key)


def _refused_then_plain(plain: list[Spot], of_key: tuple[Spot, ...]) -> Iterator[tuple[Spot, Spot]]:
    """A refused plain request, and each later one, with the Reset of the window that was used up."""
    refused: Spot | None = None
    for one in plain:
        if refused is not None and _watching(one):
            yield refused, one
        if one.refused and _watching(one):
            refused = one
        elif one.admitted:
            refused = None


def _watching(one: Spot) -> bool:
    return one.exchange.tags.group in ("watch", "after-reset") or (
        one.exchange.tags.group is None and one.exchange.tags.defect is None
    )


def _recovery(
    contract: Contract, clock: Offset, refused: Spot, later: Spot, of_key: tuple[Spot, ...]
) -> Iterator[Opinion]:
    reset = _window_reset(refused, of_key)
    if reset is None or refused.exchange.tags.operation != later.exchange.tags.operation:
        return
    both = (refused.exchange, later.exchange)
    if later.refused:
        if clock.surely_after(later.exchange, reset + ROUNDING):
            yield Finding(
                expected=f"the key admitted again after Reset {reset}",
                observed=f"429 when it had passed by {_past(clock, later, reset):.1f} s",
                exchanges=both,
            )
    elif clock.surely_before(later.exchange, reset - ROUNDING):
        yield Finding(
            expected=f"429 until Reset {reset}",
            observed=f"{later.exchange.status} {-_past(clock, later, reset):.1f} s before it",
            exchanges=both,
        )
    else:
        yield from _full(contract, later, both)


def _full(contract: Contract, later: Spot, both: tuple[Exchange, Exchange]) -> Iterator[Opinion]:
    yield Evidence(both)
    field, whole = contract.rate_limit.remaining_field, contract.rate_limit.limit - 1
    if later.remaining is not None and later.remaining < whole:
        yield Finding(
            expected=f"a full window after Reset: {field} {whole}",
            observed=f"{field} {later.remaining}",
            exchanges=both,
        )


def _window_reset(refused: Spot, of_key: tuple[Spot, ...]) -> int | None:
    """The Reset that the last admitted answer before a refusal announced."""
    before = [
        one.reset
        for one in of_key
        if one.admitted and one.exchange.ended <= refused.exchange.started
    ]
    return before[-1] if before else None


def _past(clock: Offset, one: Spot, reset: int) -> float:
    return one.exchange.started + clock.low - reset


@judges("rate.per-key")
def keys_share(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield steps that a counter which keys share explains."""
    yield from _explained_by(contract, history, "rate.per-key")
    turns = [one for one in history.judged if one.tags.group == "turns" and one.plain_key]
    for before, after in pairwise(turns):
        if before.tags.key != after.tags.key and None not in (before.response, after.response):
            yield Evidence((before, after))


@judges("rate.per-key")
def keyless_counts(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield answers of a key whose Remaining fell by what was sent without a valid key."""
    explanation = explain(contract, history)
    if explanation.requirement not in ("rate.remaining-counts", None) or not explanation.odd:
        return
    for step in explanation.odd:
        first, second = step.before.exchange, step.after.exchange
        others = [
            one
            for one in history.answered
            if first.precedes(one) and one.precedes(second) and one.tags.key != first.tags.key
        ]
        if first.tags.group == "turns" and others and step.fell == len(others) + 1:
            yield Finding(
                expected="another key's requests, and those without one, to be no concern of a key",
                observed=f"Remaining fell by {step.fell} with {len(others)} of them between",
                exchanges=(first, *others, second),
            )


@judges("rate.concurrent")
def burst_over_admitted(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield windows that admitted more at once than one at a time."""
    allowed = max(contract.rate_limit.limit, _one_at_a_time(contract, history))
    for label, reset, members in windows(contract, history):
        burst = [one for one in members if (one.exchange.tags.group or "").startswith("burst")]
        if len(burst) < 2 or not _overlap(burst):
            continue
        admitted = [one.exchange for one in members if one.admitted]
        if len(admitted) > allowed:
            yield Finding(
                expected=f"at most {allowed} requests admitted in a window",
                observed=f"{len(admitted)} of {label} admitted in the window until {reset}",
                exchanges=(admitted[0], admitted[-1]),
            )
        elif any(one.refused for one in members):
            yield Evidence(tuple(one.exchange for one in burst))


def _one_at_a_time(contract: Contract, history: History) -> int:
    """The most that a window admitted of requests that did not overlap."""
    counts = [
        sum(one.admitted for one in members)
        for _, _, members in windows(contract, history)
        if not any(_at_once(one) for one in members)
    ]
    return max(counts, default=0)


def _overlap(burst: list[Spot]) -> bool:
    return any(not one.exchange.precedes(other.exchange) for one, other in pairwise(burst))


@judges("rate.no-bypass")
def disguise_works(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield disguises in which an exhausted key was served, or shown a fresh counter."""
    yield from _explained_by(contract, history, "rate.no-bypass")
    for refusal, one in _over_the_limit(contract, history):
        twist = one.tags.twist
        if twist is None or one.status == 401:
            continue
        remaining = spot(one, contract.rate_limit).remaining
        if one.status == 429:
            yield Evidence((refusal, one))
        elif one.succeeded or (remaining or 0) > 0 or twist not in ("slash", "case"):
            yield Finding(
                expected=f"429 for an exhausted key, also with {_disguise(twist)}",
                observed=f"{one.status} with Remaining {remaining}",
                exchanges=(refusal, one),
            )


def _disguise(twist: str) -> str:
    name, _, detail = twist.partition(":")
    return {
        "forwarded": f"the field {detail}",
        "query": "another query string",
        "slash": "a trailing slash",
        "case": "letters in another case",
        "connection": "another connection",
    }.get(name, twist)


@judges("rate.before-work")
def works_over_the_limit(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield requests of an exhausted key that were looked into before they were refused."""
    open_operations = {
        one.tags.operation
        for _, one in _over_the_limit(contract, history)
        if own(one) and one.tags.defect is None and one.tags.twist is None and one.succeeded
    }
    for refusal, one in _over_the_limit(contract, history):
        if one.tags.twist is not None or one.tags.operation in open_operations:
            continue
        if one.says(429, contract.codes):
            yield Evidence((refusal, one))
        elif one.status != 401:
            yield Finding(
                expected=f"429 {contract.codes.get(429)} for an exhausted key, "
                "whatever the resource and the body",
                observed=f"{one.status} {one.code or ''} on {one.tags.operation} "
                f"({one.tags.defect or one.tags.resource})",
                exchanges=(refusal, one),
            )


@judges("rate.before-work")
def refused_write_written(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield lists that hold what a write over the limit was to create."""
    marker = str(history.header.get("marker") or "")
    if not marker:
        return
    writes = [
        one for one in history.judged if one.status == 429 and marker.encode() in one.request.body
    ]
    for write in writes:
        text = write.request.body[write.request.body.index(marker.encode()) :]
        name = text.split(b'"')[0]
        for later in history.judged:
            if write.precedes(later) and later.succeeded and later.response is not None:
                if b'"' + name + b'"' in later.response.body:
                    yield Finding(
                        expected="nothing created by a write that was answered 429",
                        observed=f"{name.decode()} in a later answer",
                        exchanges=(write, later),
                    )
                    break


@judges("rate.new-key-window")
def new_key_half_used(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield new keys whose first answer does not leave the whole limit but one."""
    whole = contract.rate_limit.limit - 1
    for event in history.events_of("issued"):
        if not event.data.get("generated"):
            continue
        first = _first_alone(contract, history, event)
        if first is None or first.exchange.status in (401, 403):
            continue
        yield Evidence((first.exchange,))
        if first.refused or (first.remaining is not None and first.remaining != whole):
            yield Finding(
                expected=f"{contract.rate_limit.remaining_field} {whole} on a new key's first answer",
                observed=f"{first.exchange.status} with Remaining {first.remaining}",
                exchanges=(first.exchange,),
            )


def _first_alone(contract: Contract, history: History, issued: Event) -> Spot | None:
    """The first answer of a key, unless others of that key were under way with it."""
    of_key = [one for one in history.exchanges if one.tags.key == issued.data["key"]]
    plain = [one for one in of_key if one.plain_key]
    if not plain or plain[0] is not of_key[0] or plain[0].response is None:
        return None
    if any(not plain[0].precedes(other) for other in of_key[1:]):
        return None
    return spot(plain[0], contract.rate_limit)


@judges("rate.revoked-is-401")
def revoked_still_limited(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield requests of a key that was exhausted, then replaced, and is still answered 429."""
    lives = Lives(history)
    exhausted: dict[str, Exchange] = {}
    for one in history.judged:
        label = one.tags.key or ""
        if one.status == 429 and not lives.dead(one):
            exhausted[label] = one
        elif label in exhausted and one.plain_key and lives.dead(one):
            if one.status == 401:
                yield Evidence((exhausted[label], one))
            elif one.status == 429:
                yield Finding(
                    expected=f"401 {contract.codes.get(401)} for a replaced key",
                    observed="429, as before it was replaced",
                    exchanges=(exhausted[label], one),
                )
                return


@judges("rate.retry-after")
def retry_after_disagrees(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield refusals whose Retry-After does not lead to their Reset."""
    clock = offset(contract, history)
    for one, response in _responses(history):
        if response.status != 429 or one.tags.key is None:
            continue
        given, reset = (
            response.value("Retry-After"),
            response.number(contract.rate_limit.reset_field),
        )
        if given is None:
            yield Evidence((one,))
        elif reset is not None and clock is not None:
            yield Evidence((one,))
            until = _retry_time(given, one, clock)
            if until is None or abs(until - reset) > RETRY_TOLERANCE:
                yield Finding(
                    expected=f"Retry-After that ends at Reset {reset}",
                    observed=f"Retry-After {given[:60]}",
                    exchanges=(one,),
                )
                return


def _retry_time(given: str, one: Exchange, clock: Offset) -> float | None:
    """The Unix time that a Retry-After means (RFC 9110, 10.2.3); None when it means none."""
    if given.isascii() and given.isdigit():
        date = one.response.date if one.response else None
        return int(given) + (date if date is not None else one.ended + clock.low)
    try:
        return email.utils.parsedate_to_datetime(given).timestamp()
    except ValueError:
        return None
