import json
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from reference_server.contract import Contract
from reference_server.embedded import Running
from tests.reference_server.api import ABSENT, BASE, Api, answer, connect
from tests.reference_server.manual import ManualClock

RUN = {"taskSlug": "run-tests"}
FIELDS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def errs(response: httpx.Response, status: int, code: str) -> bool:
    return response.status_code == status and response.json()["error"]["code"] == code


def exhaust(api: Api, key: str = "project") -> httpx.Response:
    for _ in range(60):
        api.send("GET", "/nowhere", key)
    return api.send("GET", "/nowhere", key)


# API Keys: a Bearer token in the Authorization header


@pytest.mark.parametrize("path", ["/projects/{project}/executions", "/projects/{absent}/x", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_without_a_key_everything_is_401_alike(api: Api, method: str, path: str) -> None:
    response = api.send(method, path, key=None)
    assert errs(response, 401, "UNAUTHORIZED")
    assert response.headers["www-authenticate"] == "Bearer"
    assert [response.headers[name] for name in FIELDS] == ["60", "59", "1700000060"]


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_known_in_any_letter_case(api: Api, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {api.keys['project']}"}
    assert api.send("GET", "/projects/{project}/onboarding", None, headers=headers).is_success


def test_two_credentials_do_not_authenticate(api: Api) -> None:
    twice = [("Authorization", f"Bearer {api.keys['project']}")] * 2
    url = BASE + api.path("/projects/{project}/onboarding")
    assert errs(api.client.get(url, headers=twice), 401, "UNAUTHORIZED")


def test_a_key_counts_in_the_authorization_field_only(api: Api) -> None:
    key = api.keys["project"]
    elsewhere = {
        "X-API-Key": key,
        "Cookie": f"api_key={key}",
        "Proxy-Authorization": f"Bearer {key}",
    }
    path = f"/projects/{{project}}/onboarding?api_key={key}&access_token={key}"
    assert errs(api.send("GET", path, None, headers=elsewhere), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("prefix", ["bzy_team_", "bzy_pat_", ""])
def test_a_secret_is_bound_to_its_prefix(api: Api, prefix: str) -> None:
    key = prefix + api.keys["project"].removeprefix("bzy_proj_")
    assert errs(api.send("GET", "/projects/{project}/onboarding", key), 401, "UNAUTHORIZED")


# Key Types: what a key reaches


def test_every_operation_works_with_its_key(api: Api, kept: Contract) -> None:
    bodies: dict[str, Any] = {
        "createExecution": {"json": RUN},
        "sendProjectEvent": {"json": {"event_type": "x"}},
        "createEnvironment": {"json": {"name": "x"}},
        "putVariables": {"json": {"variables": [{"name": "A", "value": "b"}]}},
        "sendTeamEvent": {"json": {"event_type": "x", "project_id": api.ids["project"]}},
    }
    execution = api.send("GET", "/projects/{project}/executions").json()["data"][0]
    environment = api.send("GET", "/teams/{team}/environments", "team").json()["data"][0]
    ids = {"projectId": api.ids["project"], "teamId": api.ids["team"], **execution, **environment}
    for operation in kept.operations:
        path = operation.path.format(**ids)
        response = api.send(
            operation.method, path, operation.kind.name, **bodies.get(operation.id, {})
        )
        assert response.status_code == operation.success, (operation.id, response.text)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_foreign_and_absent_are_the_same(api: Api, kept: Contract, method: str) -> None:
    for operation in kept.operations:
        kind, nested = operation.kind.name, {name: ABSENT for name, _ in operation.nested}
        foreign, absent = (
            api.send(
                method,
                operation.path.format(**nested, **{operation.owner: owner}),
                api.generate(kind),
                content=b"not JSON",
            )
            for owner in (api.ids[f"other_{kind}"], ABSENT)
        )
        assert errs(foreign, 404, "NOT_FOUND")
        assert foreign.content == absent.content
        assert foreign.headers.raw == absent.headers.raw


@pytest.mark.parametrize(
    ("key", "path"),
    [("project", "/teams/{team}/automations"), ("team", "/projects/{project}/executions")],
)
def test_a_key_of_the_wrong_kind_finds_nothing(api: Api, key: str, path: str) -> None:
    assert errs(api.send("GET", path, key), 404, "NOT_FOUND")


def test_nested_resources_belong_to_their_project(api: Api) -> None:
    listed = api.send("GET", "/projects/{other_project}/executions", "other_project").json()["data"]
    foreign = f"/projects/{{project}}/executions/{listed[0]['executionId']}"
    absent = f"/projects/{{project}}/executions/{ABSENT}"
    assert api.send("GET", foreign).content == api.send("GET", absent).content


def test_an_event_is_for_a_project_of_the_team(api: Api) -> None:
    send = [
        api.send(
            "POST",
            "/teams/{team}/webhooks/events",
            "team",
            json={"event_type": "x", "project_id": to},
        )
        for to in (api.ids["project"], api.ids["other_project"], ABSENT)
    ]
    assert [each.status_code for each in send] == [200, 404, 404]
    assert send[1].content == send[2].content


# Generating a Project Key: what a new key does to the old


def test_a_request_in_flight_gets_401(api: Api) -> None:
    body = json.dumps(RUN).encode()
    head = (
        f"POST {BASE}{api.path('/projects/{project}/executions')} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {api.keys['project']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with connect(api.running.base_url) as connection:
        connection.sendall(head.encode() + body[:5])
        api.generate("project")
        connection.sendall(body[5:])
        assert answer(connection)[0] == 401
    assert len(api.send("GET", "/projects/{project}/executions").json()["data"]) == 2


def test_of_many_rotations_at_once_one_key_survives(api: Api) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: api.generate("project"), range(8)))
    answers = [api.send("GET", "/projects/{project}/onboarding", key).status_code for key in keys]
    assert sorted(answers) == [200] + [401] * 7


# Rate Limiting


def test_requests_are_counted_whatever_becomes_of_them(api: Api) -> None:
    path = "/projects/{project}/executions"
    answers = [
        api.send("GET", path),
        api.send("POST", path, content=b"{"),
        api.send("GET", "/nowhere"),
        api.send("GET", path + "?limit=1"),
    ]
    assert [each.headers[FIELDS[1]] for each in answers] == ["59", "58", "57", "56"]
    assert {each.headers[FIELDS[2]] for each in answers} == {"1700000060"}


def test_beyond_the_limit_is_429_until_reset(api: Api, clock: ManualClock) -> None:
    refused = exhaust(api)
    assert errs(refused, 429, "RATE_LIMITED")
    assert [refused.headers[name] for name in FIELDS] == ["60", "0", "1700000060"]
    clock.advance(59.9)
    assert api.send("GET", "/nowhere").status_code == 429
    clock.advance(0.1)
    assert api.send("GET", "/nowhere").headers[FIELDS[1]] == "59"


def test_retry_after_and_date_agree_with_reset(api: Api, clock: ManualClock) -> None:
    clock.advance(0.3)
    exhaust(api)
    clock.advance(10.5)
    refused = api.send("GET", "/nowhere")
    date = parsedate_to_datetime(refused.headers["date"]).timestamp()
    assert date + int(refused.headers["retry-after"]) == int(refused.headers[FIELDS[2]])


def test_an_exhausted_key_does_nothing(api: Api) -> None:
    exhaust(api)
    assert api.send("POST", "/projects/{project}/executions", json=RUN).status_code == 429
    api.generate("project")
    assert len(api.send("GET", "/projects/{project}/executions").json()["data"]) == 2


def test_an_exhausted_key_that_is_revoked_is_401(api: Api) -> None:
    old = api.keys["project"]
    exhaust(api)
    api.generate("project")
    assert api.send("GET", "/nowhere", old).status_code == 401


def test_requests_at_once_are_not_admitted_beyond_the_limit(api: Api) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: api.send("GET", "/nowhere"), range(80)))
    assert [each.status_code for each in answers].count(404) == 60


# Error Responses


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NaN",
        b'{"taskSlug": NaN}',
        b"\xff",
        b"[" * 100_000,
        b'{"taskSlug": "run-tests"}'.decode().encode("utf-16"),
        b'{"taskSlug": "\\ud800"}',
        b'{"taskSlug": "run-tests\\n"}',
        b'{"taskSlug": "run-tests", "parameters": {"n": ' + b"9" * 5000 + b"}}",
        b'{"taskSlug": "' + b"a" * 65 + b'"}',
        b'{"taskSlug": "run-tests", "more": 1}',
        b'{"parameters": {}}',
        b"[]",
        b" " * 2_000_000 + b'{"taskSlug": "run-tests"}',
    ],
    ids=lambda body: repr(body[:40]),
)
def test_an_invalid_body_is_400(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.send("POST", "/projects/{project}/executions", content=body, headers=headers)
    assert errs(response, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("media_type", ["text/plain", "application/jsonp", "", None])
def test_another_media_type_is_400(api: Api, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    body = json.dumps(RUN).encode()
    response = api.send("POST", "/projects/{project}/executions", content=body, headers=headers)
    assert errs(response, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_media_type_is_known_in_any_letter_case(api: Api, media_type: str) -> None:
    body, headers = json.dumps(RUN).encode(), {"Content-Type": media_type}
    response = api.send("POST", "/projects/{project}/executions", content=body, headers=headers)
    assert response.status_code == 202


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=", "limit=1&limit=1", "limit=%FF"])
def test_an_invalid_parameter_is_400(api: Api, query: str) -> None:
    response = api.send("GET", f"/projects/{{project}}/executions?{query}")
    assert errs(response, 400, "VALIDATION_ERROR")


def test_a_message_names_the_member_that_is_wrong(api: Api) -> None:
    body = {"taskSlug": "run-tests", "more": 1}
    error = api.send("POST", "/projects/{project}/executions", json=body).json()["error"]
    assert error["message"] == "Invalid request body: more is not a known member"


def test_a_message_repeats_no_value_and_no_key(api: Api) -> None:
    body = {"taskSlug": api.keys["project"], api.keys["team"]: 1}
    text = api.send("POST", "/projects/{project}/executions", json=body).text
    assert api.keys["project"] not in text
    assert api.keys["team"] not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_a_method_that_the_path_lacks_is_404(api: Api, method: str) -> None:
    if method != "BREW":
        assert errs(api.send(method, "/projects/{project}/test-runs"), 404, "NOT_FOUND")
    else:
        assert errs(api.send(method, "/projects/{project}/test-runs"), 400, "VALIDATION_ERROR")


def test_head_is_get_without_content(api: Api) -> None:
    response = api.send("HEAD", "/projects/{project}/executions")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers[FIELDS[1]] == "59"


def test_what_goes_wrong_inside_is_500_in_the_envelope(
    running: Running, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.server, "perform", lambda _: 1 / 0)
    response = api.send("GET", "/projects/{project}/onboarding")
    assert errs(response, 500, "INTERNAL_ERROR")
    assert [response.headers[name] for name in FIELDS] == ["60", "59", "1700000060"]
