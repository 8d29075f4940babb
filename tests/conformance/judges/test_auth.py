from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.finding import Evidence, Judge
from conformance.judges import auth

from .builder import CONTRACT, anonymous, exchange, findings, history, issued, opinions

OWN = exchange(200)  # the positive control
REFUSALS = [
    (auth.other_schemes, "scheme:token"),
    (auth.other_places, "query:api_key"),
    (auth.other_places, "cookie:token"),
    (auth.other_places, "field:X-API-Key"),
    (auth.other_places, "body:token"),
    (auth.other_places, "elsewhere"),
    (auth.never_issued, "forged:project"),
    (auth.never_issued, "malformed:sql"),
    (auth.nearly_valid, "altered:last-cut"),
    (auth.exchanged_prefix, "prefix:team"),
    (auth.personal_token, "forged:personal"),
]


def presented(status: int, form: str, **arguments: Any) -> Exchange:
    """A request with a credential in this form."""
    unknown = form.startswith(("forged", "malformed"))
    name = "forged" if unknown else "project"
    return exchange(status, credential=name, form=form, **arguments)


# auth.required


def test_anonymous_is_refused() -> None:
    assert opinions(auth.without_key, OWN, anonymous(401)) == "passed"


def test_who_refuses_everybody_shows_nothing() -> None:
    assert opinions(auth.without_key, exchange(401), anonymous(401)) == "doubtful"


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_anonymous_is_answered_otherwise(status: int) -> None:
    assert opinions(auth.without_key, OWN, anonymous(401), anonymous(status)) == "failed"


def test_anonymous_is_refused_with_another_code() -> None:
    other = anonymous(401, body={"error": {"code": "NO_KEY", "message": "no"}})
    assert opinions(auth.without_key, other) == "failed"


def test_anonymous_is_refused_without_an_envelope() -> None:
    assert opinions(auth.without_key, OWN, anonymous(401, body=b"no")) == "passed"


def test_nobody_came_without_a_key() -> None:
    assert opinions(auth.without_key, OWN, anonymous(400, defect="json.cut")) == "nothing"


def test_anonymous_is_served_by_another_path() -> None:
    def slash(status: int) -> Exchange:
        return anonymous(status, twist="slash")

    assert opinions(auth.by_another_way, OWN, slash(200)) == "failed"
    assert opinions(auth.by_another_way, OWN, slash(401), slash(308), slash(404)) == "nothing"
    assert opinions(auth.by_another_way, exchange(200, twist="slash")) == "nothing"


def test_anonymous_is_served_as_from_inside() -> None:
    for status in (200, 302):
        assert opinions(auth.by_another_way, anonymous(status, twist="inside")) == "failed"
    assert opinions(auth.by_another_way, anonymous(401, twist="inside")) == "nothing"
    assert opinions(auth.by_another_way, exchange(200, twist="inside")) == "nothing"


def test_a_key_of_odd_letters_is_let_in() -> None:
    def odd(status: int) -> Exchange:
        return presented(status, "malformed:letters", key=None, level="hardening")

    assert opinions(auth.fails_open, odd(200)) == "failed"
    assert opinions(auth.fails_open, odd(400), odd(401)) == "nothing"
    assert opinions(auth.fails_open, anonymous(200), odd(200)) == "nothing"


def test_a_limit_per_address_is_neither() -> None:
    assert opinions(auth.without_key, OWN, anonymous(429), anonymous(401)) == "passed"
    assert opinions(auth.without_key, anonymous(429), anonymous(429)) == "doubtful"


def test_a_crash_leaves_a_doubt() -> None:
    assert opinions(auth.without_key, anonymous(500)) == "doubtful"
    assert opinions(auth.without_key, anonymous(500), OWN) == "failed"
    assert opinions(auth.without_key, anonymous(500), OWN, exchange(500)) == "doubtful"


def test_one_finding_an_operation() -> None:
    asked = [anonymous(200), anonymous(200), anonymous(202, operation="createExecution")]
    assert len(findings(auth.without_key, *asked)) == 2


# the credentials that are none


@pytest.mark.parametrize(("judge", "form"), REFUSALS)
def test_what_is_no_key_is_refused(judge: Judge, form: str) -> None:
    assert opinions(judge, OWN, presented(401, form)) == "passed"


@pytest.mark.parametrize("status", [200, 400, 403, 404])
@pytest.mark.parametrize(("judge", "form"), REFUSALS)
def test_what_is_no_key_is_not_refused(judge: Judge, form: str, status: int) -> None:
    assert opinions(judge, OWN, anonymous(401), presented(status, form)) == "failed"


@pytest.mark.parametrize(("judge", "form"), REFUSALS)
def test_other_requests_say_nothing(judge: Judge, form: str) -> None:
    assert opinions(judge, OWN, anonymous(401)) == "nothing"


@pytest.mark.parametrize(("judge", "form"), REFUSALS)
def test_a_refusal_needs_its_control(judge: Judge, form: str) -> None:
    assert opinions(judge, exchange(401), presented(401, form)) == "doubtful"


@pytest.mark.parametrize(("judge", "form"), REFUSALS)
def test_where_everybody_gets_in_forms_say_nothing(judge: Judge, form: str) -> None:
    assert opinions(judge, OWN, anonymous(200), presented(200, form)) == "nothing"


def test_an_answer_that_anonymous_gets_too_is_not_the_credentials() -> None:
    asked = [OWN, anonymous(403), presented(403, "scheme:token")]
    assert opinions(auth.other_schemes, *asked) == "nothing"


def test_a_dead_key_in_another_form_proves_nothing() -> None:
    rotated = issued("project#2", "project#1")
    assert opinions(auth.other_schemes, OWN, rotated, presented(401, "scheme:token")) == "nothing"


def test_a_finding_lists_the_forms_and_begins_with_the_control() -> None:
    asked = [OWN, presented(200, "altered:upper"), presented(200, "altered:lower")]
    (found,) = findings(auth.nearly_valid, *asked)
    assert "altered:upper, altered:lower" in found.observed
    assert [one.number for one in found.exchanges] == [1, 2, 3]


def test_what_before_all_judges_is_not_the_unknown_keys() -> None:
    asked = [OWN, presented(404, "forged:project", resource="absent")]
    assert opinions(auth.never_issued, *asked) == "nothing"


def test_personal_tokens_are_judged_by_their_own_requirement() -> None:
    asked = [OWN, presented(200, "forged:personal"), presented(200, "prefix:personal")]
    assert opinions(auth.never_issued, *asked) == "nothing"
    assert opinions(auth.exchanged_prefix, *asked) == "nothing"


def test_personal_tokens_may_be_available() -> None:
    personal = replace(CONTRACT.kinds["personal"], available=True)
    offered = replace(CONTRACT, kinds={**CONTRACT.kinds, "personal": personal})
    asked = history(OWN, presented(200, "forged:personal"))
    assert not list(auth.personal_token(offered, asked))


# auth.before-all


def test_nothing_is_learned_with_a_replaced_key() -> None:
    rotated, dead = issued("project#2", "project#1"), exchange(401)
    absent = exchange(401, resource="absent")
    told = {"error": {"code": "UNAUTHORIZED", "message": "There is no such project"}}
    other = exchange(401, resource="absent", body=told)
    assert opinions(auth.before_all_when_replaced, OWN, rotated, dead, absent) == "passed"
    assert opinions(auth.before_all_when_replaced, OWN, rotated, dead, other) == "failed"
    assert opinions(auth.before_all_when_replaced, OWN, rotated, absent) == "nothing"
    assert opinions(auth.before_all_when_replaced, dead, other) == "nothing"


def test_nothing_is_learned_without_a_key() -> None:
    asked = [anonymous(401), anonymous(401, resource="absent"), anonymous(401, defect="json.cut")]
    assert opinions(auth.before_all, *asked) == "passed"


@pytest.mark.parametrize(
    "other",
    [
        anonymous(404, resource="absent"),
        anonymous(400, defect="query.low:limit"),
        anonymous(401, resource="foreign", fields={"X-Owner": "other"}),
        anonymous(401, resource="absent", body={"error": {"code": "UNAUTHORIZED", "message": "?"}}),
    ],
)
def test_something_is_learned_without_a_key(other: Exchange) -> None:
    assert opinions(auth.before_all, anonymous(401), other) == "failed"


def test_a_query_may_be_repeated_in_a_field_of_its_own() -> None:
    def asked(value: str) -> Exchange:
        target = "/api/v1/projects/1/executions?limit=%2D1"
        return anonymous(401, defect="query.low:limit", target=target, fields={"X-Query": value})

    assert opinions(auth.before_all, anonymous(401), asked("limit=-1")) == "passed"
    assert opinions(auth.before_all, anonymous(401), asked("limit is too low")) == "failed"


def test_something_is_learned_with_a_forged_key() -> None:
    plain, absent = (
        presented(401, "forged:project"),
        presented(404, "forged:project", resource="absent"),
    )
    assert opinions(auth.before_all, plain, absent) == "failed"


def test_padding_may_vary() -> None:
    def padded(pad: str, **how: Any) -> Exchange:
        error = {"code": "UNAUTHORIZED", "message": "Invalid API key"}
        return anonymous(401, body={"error": error, "pad": pad}, **how)

    asked = [padded("x"), padded("xx"), padded("xx", resource="absent")]
    assert opinions(auth.before_all, *asked) == "passed"


@pytest.mark.parametrize("said", ["executions?limit=0", "executions?q=a b"])
def test_what_a_stranger_asked_for_may_be_repeated(said: str) -> None:
    def told(message: str, **how: Any) -> Exchange:
        return anonymous(401, body={"error": {"code": "UNAUTHORIZED", "message": message}}, **how)

    path = anonymous(401).request.target.removesuffix("executions")
    query = said.partition("?")[2].replace(" ", "+")
    flawed = told(f"GET {path}{said}: no key", query=query, defect="query.low:limit")
    assert opinions(auth.before_all, told(f"GET {path}executions: no key"), flawed) == "passed"
    assert opinions(auth.before_all, told("no key"), flawed) == "failed"


def test_what_varies_for_one_request_is_not_learned_by_another() -> None:
    """Two releases behind a balancer word things in two ways, and one of them adds a field."""

    def said(message: str, field: str | None = None, **how: Any) -> Exchange:
        error = {"code": "UNAUTHORIZED", "message": message}
        return anonymous(401, body={"error": error}, fields={"X-Release": field}, **how)

    elsewhere = {"operation": "listTestRuns"}
    told = [said("Who?"), said("No key", "2", resource="absent")]
    assert opinions(auth.before_all, *told) == "failed"
    varied = [said("Who?", **elsewhere), said("No key", "2", **elsewhere)]
    assert opinions(auth.before_all, *told, *varied) == "passed"


def test_nothing_varied() -> None:
    assert opinions(auth.before_all, anonymous(401), anonymous(401)) == "nothing"


def test_anonymous_is_let_in_which_is_another_requirement() -> None:
    asked = [anonymous(200), anonymous(404, resource="absent")]
    assert opinions(auth.before_all, *asked) == "nothing"


def test_ids_in_answers_may_differ() -> None:
    def refused(resource: str, id: str) -> Exchange:
        error = {"code": "UNAUTHORIZED", "message": "Invalid API key"}
        return anonymous(401, resource=resource, body={"error": error, "requestId": id})

    ids = ["req_998x", "req_999x", "req_1000x", "req_1001x"]
    asked = [refused(*one) for one in zip(["own", "foreign", "absent", "own"], ids, strict=True)]
    assert opinions(auth.before_all, *asked) == "passed"


def test_the_requested_id_may_be_named() -> None:
    def refused(resource: str) -> Exchange:
        bare = anonymous(401, resource=resource)
        error = {"code": "UNAUTHORIZED", "message": f"No key for {bare.request.target}"}
        return anonymous(401, resource=resource, body={"error": error})

    assert opinions(auth.before_all, refused("own"), refused("absent")) == "passed"


# auth.scheme-case, auth.challenge


def test_the_scheme_in_lower_case_is_bearer() -> None:
    assert opinions(auth.scheme_case, OWN, presented(200, "scheme-case:bearer")) == "passed"
    assert opinions(auth.scheme_case, OWN, presented(401, "scheme-case:bearer")) == "failed"
    assert opinions(auth.scheme_case, presented(401, "scheme-case:bearer")) == "doubtful"
    assert opinions(auth.scheme_case, OWN, presented(429, "scheme-case:bearer")) == "nothing"


def test_a_401_says_what_would_be_accepted() -> None:
    silent = anonymous(401, fields={"WWW-Authenticate": None})
    basic = anonymous(401, fields={"WWW-Authenticate": 'Basic realm="x"'})
    both = anonymous(401, fields={"WWW-Authenticate": ['Basic realm="x"', 'bearer realm="x"']})
    assert opinions(auth.challenge, anonymous(401), both) == "passed"
    assert opinions(auth.challenge, silent) == opinions(auth.challenge, basic) == "failed"
    assert opinions(auth.challenge, OWN) == "nothing"


# auth.ambiguous, auth.not-echoed


def test_two_credentials_are_none() -> None:
    def two(status: int) -> Exchange:
        return presented(status, "ambiguous:comma", level="hardening")

    assert opinions(auth.ambiguous, OWN, two(400)) == "passed"
    assert opinions(auth.ambiguous, OWN, two(401), two(200)) == "failed"
    assert opinions(auth.ambiguous, two(401)) == "doubtful"
    assert opinions(auth.ambiguous, OWN, two(429)) == "nothing"


def test_keys_stay_out_of_answers() -> None:
    sent = (("Authorization", "Bearer [key project#1]"),)
    told = {"error": {"code": "NOT_FOUND", "message": "not with [key project#1]"}}
    location = {"Location": "/?api_key=%5Bkey project#1%5D [key project#1]"}
    assert opinions(auth.not_echoed, exchange(200, sent_fields=sent)) == "passed"
    assert opinions(auth.not_echoed, exchange(404, sent_fields=sent, body=told)) == "failed"
    assert opinions(auth.not_echoed, exchange(308, fields=location)) == "failed"
    assert opinions(auth.not_echoed, anonymous(401)) == "nothing"


def test_evidence_names_what_was_looked_at() -> None:
    asked = history(OWN, presented(401, "scheme:token"))
    (evidence,) = auth.other_schemes(CONTRACT, asked)
    assert isinstance(evidence, Evidence)
    assert [one.number for one in evidence.exchanges] == [1, 2]


def test_a_scheme_in_another_case_that_is_no_sound_request() -> None:
    assert opinions(auth.scheme_case, OWN, presented(400, "scheme-case:bearer")) == "failed"
