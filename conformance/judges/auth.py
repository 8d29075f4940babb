"""Judges of area auth: who gets in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import SHOWN, Doubt, Evidence, Finding, Opinion, judges
from conformance.history import History
from conformance.judges import select
from conformance.judges.stranger import comparison, unsteady, varying

PASSED_ON = frozenset({401, 403, 429})  # not an answer of what lies behind the key
KEY = re.compile(r"\[key [^\]]{1,99}\]")  # what the client leaves where a key stood
PREFIXES = ("altered:display-prefix", "altered:display-text", "shown")  # what is no key

Chosen = Callable[[Exchange], bool]


@judges("auth.required")
def without_key(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge each operation's answer to a sound request without Authorization."""
    control = select.control(contract, history)
    for id, asked in asked_by_operation(
        contract, history, lambda one: _anonymous(one) and select.sound(one)
    ):
        yield from _doubts(contract, history, id, asked)
        refused = [one for one in asked if select.answers(contract, one, 401)]
        if refused and id in control:
            yield Evidence((control[id], *refused))
        elif refused and not control:
            yield _no_control(id)
        others = [one for one in _decided(contract, history, asked) if one not in refused]
        for answer, ones in select.grouped(others, select.said).items():
            yield Finding(
                expected=f"401 {contract.codes[401]} to {id} without Authorization",
                observed=answer,
                exchanges=ones[:SHOWN],
            )


@judges("auth.required")
def by_another_way(contract: Contract, history: History) -> Iterator[Finding]:
    """Yield paths, written in another way than documented, that serve who has no key.

    And requests as from the server's own machine that are served, or led elsewhere.
    """
    for one in select.judgeable(contract, history):
        led = select.straight(one) and 300 <= (one.status or 0) < 400
        if _anonymous(one) and one.tags.twist is not None and (one.succeeded or led):
            yield Finding(
                expected=f"401 or 404 to {one.request.target} without Authorization",
                observed=select.said(one),
                exchanges=(one,),
            )


@judges("auth.bearer-only")
def other_schemes(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge a valid key under other schemes, and bare."""
    yield from _refusals(contract, history, _formed("scheme"), "a key under another scheme")


@judges("auth.header-only")
def other_places(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge a valid key in other places than Authorization."""
    chosen = _formed("query", "cookie", "field", "body", "elsewhere")
    yield from _refusals(contract, history, chosen, "a key outside Authorization")


@judges("auth.unknown-key")
def never_issued(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge tokens that were never issued."""
    forged = _formed("forged", "malformed")

    def chosen(one: Exchange) -> bool:
        return forged(one) and not _premature(one) and one.tags.form != "forged:personal"

    yield from _refusals(contract, history, chosen, "a key that was never issued")


@judges("auth.unknown-key")
def fails_open(contract: Contract, history: History) -> Iterator[Finding]:
    """Yield tokens of odd letters that are let in. What refuses them, and how, is not judged."""
    every = select.judgeable(contract, history, hardening=True)
    open_to_all = {one.tags.operation for one in every if _anonymous(one) and one.succeeded}
    for one in every:
        odd = one.tags.form == "malformed:letters" and one.tags.level == "hardening"
        if odd and one.succeeded and one.tags.operation not in open_to_all:
            yield Finding(
                expected=f"no success of {select.place(one)} with a key that was never issued",
                observed=f"{select.said(one)} with {one.tags.form}",
                exchanges=(one,),
            )


@judges("auth.exact-match")
def nearly_valid(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge tokens that differ a little from a valid key."""
    yield from _refusals(contract, history, _formed("altered"), "what differs from a valid key")


@judges("auth.prefix-bound")
def exchanged_prefix(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge a valid key's secret under the other prefixes.

    Where any personal access token is not refused, one with such a secret says nothing of its own.
    """
    others = {
        f"prefix:{one.tags.form.partition(':')[2]}"
        for one in _decided(contract, history, history.judged)
        if one.tags.form == "forged:personal" and one.status != 401 and not _premature(one)
    }
    prefixed = _formed("prefix")

    def chosen(one: Exchange) -> bool:
        return prefixed(one) and one.tags.form not in others

    yield from _refusals(contract, history, chosen, "a key's secret under another prefix")


@judges("auth.pat-unavailable")
def personal_token(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge well-formed personal access tokens, while the contract says they are to come."""
    if contract.kinds["personal"].available:
        return

    def chosen(one: Exchange) -> bool:
        return one.tags.form == "forged:personal" and not _premature(one)

    yield from _refusals(contract, history, chosen, "a personal access token")


@judges("auth.before-all")
def before_all(contract: Contract, history: History) -> Iterator[Opinion]:
    """Compare what strangers get, whatever they ask for, on each operation."""
    strangers = dict(asked_by_operation(contract, history, _strange))
    usual = varying(contract, history) | unsteady(chain.from_iterable(strangers.values()))
    for id, asked in strangers.items():
        decided = [one for one in _decided(contract, history, asked) if one.tags.twist is None]
        for ones in select.grouped(decided, lambda one: one.tags.form).values():
            yield from comparison(id, ones, usual)


@judges("auth.before-all")
def before_all_when_replaced(contract: Contract, history: History) -> Iterator[Opinion]:
    """Compare what replaced keys are told, where they are refused: area rotation judges that."""
    lives = select.lives_of(history)
    asked = [
        one
        for one in select.judgeable(contract, history)
        if one.plain_key and one.status == 401 and one.tags.operation and lives.dead(one)
    ]
    usual = varying(contract, history) | unsteady(asked)
    of_keys = select.grouped(asked, lambda one: (select.place(one), one.tags.key))
    for (id, _), ones in of_keys.items():
        yield from comparison(id, ones, usual)


@judges("auth.scheme-case")
def scheme_case(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge a valid key under "bearer" in other cases."""
    control, lives = select.control(contract, history), select.lives_of(history)
    unrecognised = select.unrecognised(contract, history)
    for id, asked in asked_by_operation(contract, history, _formed("scheme-case")):
        taken = [one for one in asked if one.tags.key not in unrecognised]
        known = [one for one in taken if one.status != 401 or not lives.lost(one)]
        decided = _decided(contract, history, known)
        accepted = [one for one in decided if _as_well(control.get(id), one)]
        refused = [one for one in decided if one not in accepted]
        if accepted:
            yield Evidence(tuple(accepted))
        if refused and not control:
            yield _no_control(id)
        elif refused and id in control:
            yield Finding(
                expected=f"{id} accepts the scheme in any case, as it accepts Bearer",
                observed=f"{select.said(refused[0])} with {_forms(refused)}",
                exchanges=(control[id], *refused[:SHOWN]),
            )


def _as_well(control: Exchange | None, one: Exchange) -> bool:
    """Whether a credential was taken as the one of its control was."""
    return control is not None and (one.succeeded or one.status == control.status)


@judges("auth.challenge")
def challenge(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge the WWW-Authenticate of each 401."""
    refused = [one for one in select.judgeable(contract, history) if one.status == 401]
    if named := [one for one in refused if _names_bearer(one)]:
        yield Evidence(tuple(named))
    unnamed = [one for one in refused if not _names_bearer(one)]
    for place, ones in select.grouped(unnamed, select.place).items():
        yield Finding(
            expected=f"a WWW-Authenticate that names Bearer, on a 401 to {place}",
            observed=f"WWW-Authenticate {', '.join(_challenges(ones[0])) or 'is missing'}",
            exchanges=ones[:SHOWN],
        )


@judges("auth.ambiguous")
def ambiguous(contract: Contract, history: History) -> Iterator[Opinion]:
    """Judge what two credentials at once get."""
    control = select.control(contract, history)
    for id, asked in asked_by_operation(contract, history, _formed("ambiguous"), hardening=True):
        succeeded = [one for one in asked if one.succeeded]
        refused = [one for one in _decided(contract, history, asked) if not one.succeeded]
        if refused and id in control:
            yield Evidence((control[id], *refused))
        elif refused and not control:
            yield _no_control(id)
        if succeeded:
            yield Finding(
                expected=f"{id} authenticates nobody who sends two credentials",
                observed=f"{select.said(succeeded[0])} with {_forms(succeeded)}",
                exchanges=tuple(succeeded[:SHOWN]),
            )


@judges("auth.not-echoed")
def not_echoed(contract: Contract, history: History) -> Iterator[Opinion]:
    """Look for keys in all answers."""
    every = select.judgeable(contract, history, hardening=True)
    seen = [one for one in every if one.tags.form not in PREFIXES]
    echoing = [one for one in seen if KEY.search(_received(one))]
    if sent := [one for one in seen if KEY.search(_sent(one)) and one not in echoing]:
        yield Evidence(tuple(sent))
    for place, ones in select.grouped(echoing, select.place).items():
        yield Finding(
            expected=f"an answer to {place} without any key",
            observed=f"it holds {KEY.findall(_received(ones[0]))[0]}",
            exchanges=ones[:SHOWN],
        )


def asked_by_operation(
    contract: Contract, history: History, chosen: Chosen, *, hardening: bool = False
) -> Iterator[tuple[str, tuple[Exchange, ...]]]:
    """The chosen exchanges by operation. A key that is in one, in whatever form, is live."""
    lives = select.lives_of(history)
    asked = [
        one
        for one in select.judgeable(contract, history, hardening=hardening)
        if one.tags.operation in contract.by_id
        and select.straight(one)
        and chosen(one)
        and (one.tags.key is None or lives.known(one))
    ]
    yield from select.grouped(asked, select.place).items()


def _decided(contract: Contract, history: History, asked: Iterable[Exchange]) -> list[Exchange]:
    """Answers that neither a limit nor a failure gave for which the request is no reason."""
    return [one for one in asked if one.status != 429 and not select.fails(contract, history, one)]


def _doubts(
    contract: Contract, history: History, id: str, asked: Iterable[Exchange]
) -> Iterator[Doubt]:
    if all(one.status == 429 for one in asked):
        yield Doubt(f"{id}: a limit refused every request before its credential was looked at")
    if any(select.fails(contract, history, one) for one in asked):
        yield Doubt(f"{id}: the server failed where it should have looked at the credential")


def _no_control(id: str) -> Doubt:
    """Where a key is accepted elsewhere, a refusal without its control is just no evidence."""
    return Doubt(f"{id}: no valid key was accepted there, so a refusal proves nothing")


def _anonymous(one: Exchange) -> bool:
    return one.tags.credential == "anonymous" and one.tags.form == "none"


def _strange(one: Exchange) -> bool:
    """Whether nobody's key was presented, or nothing at all."""
    return _anonymous(one) or one.tags.form.startswith(("forged:", "malformed:"))


def _formed(*families: str) -> Chosen:
    """Selects credentials in forms of these families."""
    return lambda one: _family(one) in families


def _family(one: Exchange) -> str:
    return one.tags.form.partition(":")[0]


def _forms(ones: Iterable[Exchange]) -> str:
    forms = list(dict.fromkeys(one.tags.form for one in ones))
    more = f" and {len(forms) - 5} more" if len(forms) > 5 else ""
    return ", ".join(forms[:5]) + more


def _premature(one: Exchange) -> bool:
    """Whether the answer spoke of the resource or the body first: auth.before-all judges that."""
    varied = one.tags.defect is not None or one.tags.resource != "own"
    return varied and one.status in (400, 404)


def _refusals(contract: Contract, history: History, chosen: Chosen, what: str) -> Iterator[Opinion]:
    """Judge credentials that are none. Where anonymous gets in, they say nothing."""
    control = select.control(contract, history)
    anonymous = dict(asked_by_operation(contract, history, _anonymous))
    for id, asked in asked_by_operation(contract, history, chosen):
        strangers = anonymous.get(id, ())
        if any(map(_let_in, strangers)):
            continue
        yield from _doubts(contract, history, id, asked)
        refused = [one for one in asked if one.status == 401]
        if refused and id in control:
            yield Evidence((control[id], *refused))
        elif refused and not control:
            yield _no_control(id)
        # what anonymous gets as well is no doing of this credential
        common = {401, *(one.status for one in strangers)}
        others = [one for one in _decided(contract, history, asked) if one.status not in common]
        yield from _entries(id, what, others, control.get(id))


def _let_in(one: Exchange) -> bool:
    behind = one.status not in PASSED_ON and not select.crashed(one)
    return behind and select.sound(one) and one.tags.resource == "own"


def _entries(
    id: str, what: str, others: Iterable[Exchange], control: Exchange | None
) -> Iterator[Finding]:
    for (_, answer), ones in select.grouped(
        others, lambda one: (_family(one), select.said(one))
    ).items():
        shown = ones[:SHOWN] if control is None else (control, *ones[:SHOWN])
        yield Finding(
            expected=f"401 to {id} with {what}",
            observed=f"{answer} with {_forms(ones)}",
            exchanges=shown,
        )


def _challenges(one: Exchange) -> list[str]:
    return one.response.values("WWW-Authenticate") if one.response else []


def _names_bearer(one: Exchange) -> bool:
    return any(re.search(r"(^|,)\s*bearer\b", value, re.IGNORECASE) for value in _challenges(one))


def _received(one: Exchange) -> str:
    assert one.response is not None
    fields = "\n".join(value for field in one.response.fields for value in field)
    return f"{fields}\n{one.response.body.decode(errors='replace')}"


def _sent(one: Exchange) -> str:
    request = one.request
    fields = "\n".join(value for _, value in request.fields)
    return f"{request.target}\n{fields}\n{request.body.decode(errors='replace')}"
