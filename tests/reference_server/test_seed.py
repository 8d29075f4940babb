from reference_server import seed
from reference_server.embedded import Running
from tests.reference_server.api import Api


def test_each_team_owns_a_project() -> None:
    owners = seed.owners()
    assert owners["project"].team == owners["team"].id
    assert owners["other_project"].team == owners["other_team"].id


def test_every_collection_holds_something_of_its_own(api: Api) -> None:
    for project, team in (("project", "team"), ("other_project", "other_team")):
        for path in ("executions", "test-runs", "bug-reports"):
            assert api.send("GET", f"/projects/{{{project}}}/{path}", project).json()["data"]
        for path in ("integrations", "environments", "automations"):
            assert api.send("GET", f"/teams/{{{team}}}/{path}", team).json()["data"]


def test_a_filled_store_is_left_alone(running: Running, api: Api) -> None:
    assert seed.plant(running.server) == {}
    assert api.send("GET", "/projects/{project}/onboarding").is_success
