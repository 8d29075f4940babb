"""Errors."""

from __future__ import annotations

from random import Random

from conformance.history import History
from tests.conformance.judges import asking, phases
from tests.conformance.judges.changes import answered, chosen, fielded, flawed, some, with_changed
from tests.conformance.judges.lawless.edit import breaks


@breaks("error.code-matches", phases.pairs)
def a_code_is_another(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 404)
    told = {"error": {"code": "MISSING", "message": "no"}}
    return with_changed(history, answered(one, 404, told)) if one else None


@breaks("error.envelope", phases.pairs)
def an_envelope_is_missing(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: (one.status or 0) >= 400,
        lambda one: answered(one, one.status or 0, {"message": "no"}),
    )


@breaks("error.documented-status", phases.pairs)
def a_403_for_a_404(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: one.status == 404 and one.tags.resource == "foreign",
        lambda one: answered(one, 403),
    )


@breaks("error.no-server-error", phases.mixed)
def a_request_crashes(history: History, chance: Random) -> History | None:
    return some(history, chance, lambda one: one.succeeded, lambda one: answered(one, 500))


@breaks("error.not-in-success", phases.mixed)
def a_success_is_an_error(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.succeeded)
    told = {"error": {"code": "NOT_FOUND", "message": "no"}}
    return with_changed(history, answered(one, 200, told)) if one else None


@breaks("error.content-type", asking.flawed)
def an_error_is_text(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: (one.status or 0) >= 400,
        lambda one: fielded(one, Content_Type="text/plain"),
    )


@breaks("error.no-internals", asking.flawed)
def an_error_tells_of_its_program(history: History, chance: Random) -> History | None:
    told = {"error": {"code": "VALIDATION_ERROR", "message": "KeyError: 'taskSlug'"}}
    return some(
        history, chance, lambda one: one.status == 400, lambda one: answered(one, 400, told)
    )


@breaks("error.malformed-json", asking.flawed)
def what_is_no_json_is_accepted(history: History, chance: Random) -> History | None:
    return flaw_answered(history, chance, "json.", 202)


@breaks("error.invalid-body", asking.flawed)
def an_invalid_body_is_accepted(history: History, chance: Random) -> History | None:
    return flaw_answered(history, chance, "body.", 202)


@breaks("error.media-type", asking.flawed)
def another_media_type_is_accepted(history: History, chance: Random) -> History | None:
    return flaw_answered(history, chance, "media.", 202)


@breaks("error.invalid-parameters", asking.flawed)
def an_invalid_parameter_is_accepted(history: History, chance: Random) -> History | None:
    return flaw_answered(history, chance, "query.", 200)


@breaks("error.unknown-method", asking.flawed)
def an_unknown_method_has_a_status_of_its_own(history: History, chance: Random) -> History | None:
    return flaw_answered(history, chance, "method:", 405)


def flaw_answered(history: History, chance: Random, defect: str, status: int) -> History | None:
    """A request with a defect is answered otherwise."""
    return some(
        history,
        chance,
        lambda one: flawed(one, defect) and one.status in (400, 404),
        lambda one: answered(one, status),
    )


@breaks("error.unknown-route", asking.flawed)
def an_unknown_route_is_invalid(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: one.tags.resource == "none" and one.status == 404,
        lambda one: answered(one, 400),
    )
