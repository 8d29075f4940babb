import httpx
import pytest

from reference_server import embedded
from reference_server.clock import RealClock
from tests.reference_server.api import ABSENT, Api
from tests.reference_server.manual import ManualClock


def control(api: Api, method: str, path: str, **more: object) -> httpx.Response:
    return api.client.request(method, "/control" + api.path(path), **more)  # type: ignore[arg-type]


def test_a_new_key_is_shown_alone(api: Api) -> None:
    text = control(api, "POST", "/projects/{project}/keys").text
    assert text.startswith("bzy_proj_")
    assert text.split() == [text[:-1]]


def test_afterwards_only_its_prefix_is_shown(api: Api) -> None:
    key = api.generate("project")
    assert control(api, "GET", "/projects/{project}/keys").text == f"{key[:13]}...\n"


def test_a_team_has_several_keys_and_each_can_be_revoked(api: Api) -> None:
    first, second = api.generate("team"), api.generate("team")
    assert api.send("GET", "/teams/{team}/automations", first).status_code == 200
    assert len(control(api, "GET", "/teams/{team}/keys").text.splitlines()) == 3
    control(api, "DELETE", f"/teams/{{team}}/keys/{first[:13]}...")
    assert api.send("GET", "/teams/{team}/automations", first).status_code == 401
    assert api.send("GET", "/teams/{team}/automations", second).status_code == 200


@pytest.mark.parametrize("path", ["/projects/{team}/keys", f"/teams/{ABSENT}/keys"])
def test_unknown_owners_have_no_keys(api: Api, path: str) -> None:
    assert control(api, "POST", path).status_code == 404


def test_the_clock_can_be_moved(api: Api, clock: ManualClock) -> None:
    before = control(api, "GET", "/clock").json()["now"]
    assert control(api, "POST", "/clock", json={"advance": 1.5}).json() == {"now": before + 1.5}
    assert clock.now() == before + 1.5


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"advance": -1}', b'{"advance": "x"}'])
def test_the_clock_refuses_what_is_no_step(api: Api, body: bytes) -> None:
    assert control(api, "POST", "/clock", content=body).status_code == 400


def test_real_time_cannot_be_moved() -> None:
    with embedded.start(clock=RealClock()) as running:
        response = httpx.post(f"{running.control_url}/clock", json={"advance": 1}, trust_env=False)
    assert response.status_code == 404
