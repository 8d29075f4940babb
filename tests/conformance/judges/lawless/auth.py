"""Who gets in."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from conformance.exchange import Exchange
from conformance.history import History
from tests.conformance.judges import asking, phases
from tests.conformance.judges.builder import CONTRACT
from tests.conformance.judges.changes import answered, chosen, fielded, formed, some, with_changed
from tests.conformance.judges.lawless.edit import breaks


@breaks("auth.required", phases.strangers)
def a_stranger_is_served(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.tags.credential == "anonymous")
    plain = one and one.tags.resource == "own"
    return with_changed(history, answered(one, 200)) if one and plain else None


@breaks("auth.required", phases.strangers)
def a_stranger_is_served_by_another_path(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.tags.credential == "anonymous")
    if one is None or one.tags.resource != "own":
        return None
    tags = replace(one.tags, twist="slash")
    return with_changed(history, replace(answered(one, 200), tags=tags))


@breaks("auth.unknown-key", phases.strangers)
def a_forged_key_is_accepted(history: History, chance: Random) -> History | None:
    return some(
        history, chance, lambda one: one.tags.credential == "forged", lambda one: answered(one, 200)
    )


@breaks("auth.bearer-only", asking.disguised)
def another_scheme_is_taken(history: History, chance: Random) -> History | None:
    return served(history, chance, "scheme:")


@breaks("auth.header-only", asking.disguised)
def another_place_is_taken(history: History, chance: Random) -> History | None:
    return served(history, chance, "query:", "cookie:", "field:", "body:")


@breaks("auth.exact-match", asking.disguised)
def nearly_a_key_is_taken(history: History, chance: Random) -> History | None:
    return served(history, chance, "altered:")


@breaks("auth.prefix-bound", asking.disguised)
def another_prefix_is_taken(history: History, chance: Random) -> History | None:
    return served(history, chance, "prefix:")


@breaks("auth.pat-unavailable", asking.disguised)
def a_personal_token_is_taken(history: History, chance: Random) -> History | None:
    return served(history, chance, "forged:personal")


@breaks("auth.ambiguous", asking.disguised)
def two_credentials_are_taken(history: History, chance: Random) -> History | None:
    return served(history, chance, "ambiguous:")


def served(history: History, chance: Random, *forms: str) -> History | None:
    """One request with a credential in one of these forms is answered as if it were a key."""
    return some(history, chance, lambda one: formed(one, *forms), lambda one: answered(one, 200))


@breaks("auth.scheme-case", asking.disguised)
def a_lower_case_is_refused(history: History, chance: Random) -> History | None:
    return some(
        history, chance, lambda one: formed(one, "scheme-case"), lambda one: answered(one, 401)
    )


@breaks("auth.project-key-accepted", asking.positive)
def its_own_is_not_found(history: History, chance: Random) -> History | None:
    return not_found(history, chance, "project")


@breaks("auth.team-key-accepted", asking.crossing)
def its_own_team_is_not_found(history: History, chance: Random) -> History | None:
    return not_found(history, chance, "team")


def not_found(history: History, chance: Random, party: str) -> History | None:
    """A valid key is answered 404 once on its own."""

    def own(one: Exchange) -> bool:
        documented = CONTRACT.by_id[one.tags.operation].documented if one.tags.operation else False
        mine = one.tags.credential == party and formed(one, "bearer")
        return mine and one.succeeded and documented

    return some(history, chance, own, lambda one: answered(one, 404))


@breaks("auth.before-all", asking.keyless)
def validity_comes_first(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: formed(one, "none") and one.tags.defect,
        lambda one: answered(one, 400),
    )


@breaks("auth.before-all", asking.keyless)
def existence_comes_first(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: formed(one, "none") and one.tags.resource == "absent",
        lambda one: answered(one, 404),
    )


@breaks("auth.challenge", asking.keyless)
def a_challenge_is_missing(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: one.status == 401,
        lambda one: fielded(one, WWW_Authenticate=None),
    )


@breaks("auth.not-echoed", asking.crossing)
def a_key_is_echoed(history: History, chance: Random) -> History | None:
    def echoing(one: Exchange) -> Exchange:
        sent = (("Authorization", f"Bearer [key {one.tags.key}]"),)
        told = {"error": {"code": "NOT_FOUND", "message": f"Not for [key {one.tags.key}]"}}
        asked = replace(one, request=replace(one.request, fields=sent))
        return answered(asked, 404, told)

    return some(history, chance, lambda one: one.status == 404 and one.tags.key, echoing)
