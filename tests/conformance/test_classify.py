import base64
from typing import Any

import pytest

from conformance.classify import classify
from conformance.exchange import Fields, Request, Tags
from tests.conformance.judges.builder import CONTRACT, identifier
from tests.conformance.report.outcomes import KEY, PAT, TEAM_KEY

HOME, AWAY, TEAM = identifier("home"), identifier("away"), identifier("team")
LIST = f"/api/v1/projects/{HOME}/executions"


def request(
    target: str = LIST, authorization: str | None = None, *fields: tuple[str, str], **more: Any
) -> Request:
    given: Fields = (("Authorization", authorization),) if authorization is not None else ()
    return Request(**{"method": "GET", "target": target, "fields": given + fields} | more)


def tags(*arguments: Any, **more: Any) -> Tags:
    return classify(CONTRACT, request(*arguments, **more))


def bearer(key: str) -> str:
    return f"Bearer {key}"


@pytest.mark.parametrize(
    ("target", "operation", "twist"),
    [
        (LIST, "listExecutions", None),
        (f"/gateway/v9{LIST}?limit=5", "listExecutions", None),
        (f"{LIST}/", "listExecutions", "slash"),
        (f"{LIST}/{AWAY}", "getExecution", None),
        ("/api/v1/nowhere", None, None),
        ("/api/v10/projects/x/executions", None, None),
    ],
)
def test_the_operation_is_found_by_the_path(
    target: str, operation: str | None, twist: str | None
) -> None:
    found = tags(target)
    assert (found.operation, found.twist) == (operation, twist)


@pytest.mark.parametrize(
    ("authorization", "credential", "form"),
    [
        (None, "anonymous", "none"),
        (bearer(KEY), "project", "bearer"),
        (bearer(TEAM_KEY), "team", "bearer"),
        (bearer(PAT), "forged", "forged:personal"),
        (f"bearer {KEY}", "project", "scheme-case:bearer"),
        (f"Token {KEY}", "project", "scheme:token"),
        (KEY, "project", "scheme:bare"),
        ("Basic " + base64.b64encode(f"{KEY}:".encode()).decode(), "project", "scheme:basic"),
        ("Basic " + base64.b64encode(b"ann:password").decode(), "unknown", "scheme:basic"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "unknown", "unknown"),
        ("Bearer bzy_proj_REDACTEDREDACTED", "unknown", "unknown"),
        ("[REDACTED]", "unknown", "unknown"),
        ("Bearer bzy_proj_abc1...", "unknown", "unknown"),
    ],
)
def test_the_credential_is_what_authorization_says(
    authorization: str | None, credential: str, form: str
) -> None:
    found = tags(LIST, authorization)
    assert (found.credential, found.form) == (credential, form)


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        (request(f"{LIST}?api_key={KEY}"), "query:api_key"),
        (request(LIST, None, ("X-API-Key", KEY)), "field:X-API-Key"),
        (request(LIST, None, ("Cookie", f"token={KEY}")), "cookie:token"),
        (request(LIST, body=f'{{"token": "{KEY}"}}'.encode()), "body"),
    ],
)
def test_a_key_is_found_wherever_it_is(sent: Request, form: str) -> None:
    assert classify(CONTRACT, sent).form == form


def test_two_credentials_are_ambiguous() -> None:
    assert tags(LIST, bearer(KEY), ("Authorization", "Bearer x")).form == "ambiguous:fields"


def test_a_cookie_may_be_a_session_so_nobody_knows_who_asks() -> None:
    assert tags(LIST, None, ("Cookie", "session=abc")).form == "unknown"


@pytest.mark.parametrize(
    ("body", "fields", "defect"),
    [
        (b'{"taskSlug": "run-tests"}', (), None),
        (b"{}", (), "body.schema"),
        (b"{", (), "json.recorded"),
        (b"x=1", (("Content-Type", "text/plain"),), "media.text/plain"),
    ],
)
def test_what_is_wrong_with_a_body_is_known(
    body: bytes, fields: Fields, defect: str | None
) -> None:
    assert tags(LIST, bearer(KEY), *fields, method="POST", body=body).defect == defect


@pytest.mark.parametrize(
    ("query", "defect"),
    [
        ("limit=10", None),
        ("limit=0", "query.recorded:limit"),
        ("limit=ten", "query.recorded:limit"),
        ("limit=", None),
        ("limit=0&limit=10", None),
        ("page=0", None),
    ],
)
def test_what_is_wrong_with_a_parameter_is_known(query: str, defect: str | None) -> None:
    assert tags(f"{LIST}?{query}", bearer(KEY)).defect == defect


def test_an_empty_credential_may_have_been_taken_away() -> None:
    assert tags(LIST, "").form == "unknown"
