import pytest

from reference_server.contract import Contract
from reference_server.work import WORK
from tests.reference_server.api import Api


def test_there_is_work_for_every_operation(kept: Contract) -> None:
    assert {operation.id for operation in kept.operations} == set(WORK)


def test_a_created_execution_is_listed_and_found(api: Api) -> None:
    path = "/projects/{project}/executions"
    created = api.send("POST", path, json={"taskSlug": "run-tests"}).json()["data"]
    assert (created["status"], created["createdAt"]) == ("queued", "2023-11-14T22:13:20+00:00")
    assert api.send("GET", path).json()["data"][0] == created
    assert api.send("GET", f"{path}/{created['executionId']}").json()["data"] == created


def test_a_created_environment_is_listed_and_found(api: Api) -> None:
    path = "/teams/{team}/environments"
    created = api.send("POST", path, "team", json={"name": "production"}).json()["data"]
    assert api.send("GET", path, "team").json()["data"][0] == created
    assert api.send("GET", f"{path}/{created['environmentId']}", "team").json()["data"] == created


def test_values_of_variables_do_not_come_back(api: Api) -> None:
    path = "/teams/{team}/environments"
    environment = api.send("GET", path, "team").json()["data"][0]["environmentId"]
    body = {"variables": [{"name": "TOKEN", "value": "very secret"}]}
    response = api.send("PUT", f"{path}/{environment}/variables", "team", json=body)
    assert response.json() == {"data": {"variables": [{"name": "TOKEN"}]}}


def test_limit_limits_a_list(api: Api) -> None:
    assert len(api.send("GET", "/projects/{project}/executions?limit=1").json()["data"]) == 1


@pytest.mark.parametrize(
    ("path", "key"), [("/projects/{project}", "project"), ("/teams/{team}", "team")]
)
def test_each_event_has_an_id_of_its_own(api: Api, path: str, key: str) -> None:
    answers = [
        api.send("POST", f"{path}/webhooks/events", key, json={"event_type": "x"}).json()["data"]
        for _ in range(2)
    ]
    assert answers[0]["eventId"] != answers[1]["eventId"]
