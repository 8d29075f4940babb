import re

import httpx

from tests.reference_server.api import ABSENT, Api


def page(api: Api, method: str, path: str = "", **headers: str) -> httpx.Response:
    return api.client.request(method, "/dashboard" + api.path(path), headers=headers)


def new_key(response: httpx.Response) -> str:
    match = re.search(r'id="new-key">(\w+)<', response.text)
    assert match
    return match[1]


def test_all_projects_and_teams_are_shown(api: Api) -> None:
    text = page(api, "GET").text
    assert all(f"/dashboard/{owner}" in text for owner in api.ids.values())


def test_a_new_key_is_shown_once_and_works(api: Api) -> None:
    response = page(api, "POST", "/{project}/generate")
    key = new_key(response)
    assert response.headers["cache-control"] == "no-store"
    assert api.send("GET", "/projects/{project}/onboarding", key).is_success
    assert api.send("GET", "/projects/{project}/onboarding").status_code == 401
    later = page(api, "GET", "/{project}").text
    assert key not in later
    assert f"{key[:13]}..." in later


def test_a_team_key_is_revoked(api: Api) -> None:
    key = new_key(page(api, "POST", "/{team}/generate"))
    assert page(api, "POST", f"/{{team}}/revoke/{key[:13]}...").status_code == 303
    assert api.send("GET", "/teams/{team}/automations", key).status_code == 401
    assert api.send("GET", "/teams/{team}/automations", "team").status_code == 200


def test_its_own_forms_are_accepted(api: Api) -> None:
    own = page(api, "POST", "/{project}/generate", Origin=api.running.base_url)
    assert own.status_code == 200


def test_an_unknown_id_is_not_found(api: Api) -> None:
    assert page(api, "GET", f"/{ABSENT}").status_code == 404
