import re

import httpx
import pytest

from tests.reference_server.api import ABSENT, Api, Serve
from tests.reference_server.manual import ManualClock


def page(api: Api, path: str = "", **headers: str) -> httpx.Response:
    return api.client.get("/dashboard" + api.path(path), headers=headers)


def submit(api: Api, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
    return api.client.post("/dashboard" + api.path(path), data=fields, headers=headers)


def hidden(text: str, name: str) -> str:
    """Return the first hidden field of this name."""
    match = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert match, text
    return match[1]


def form(api: Api, owner: str) -> dict[str, str]:
    """Return the fields of the form that generates a key."""
    text = page(api, f"/{{{owner}}}").text
    fields = {"token": hidden(text, "token")}
    return fields | ({"replaces": hidden(text, "replaces")} if "replaces" in text else {})


def generated(api: Api, owner: str) -> httpx.Response:
    return submit(api, f"/{{{owner}}}/generate", form(api, owner))


def new_key(response: httpx.Response) -> str:
    match = re.search(r'id="new-key"[^>]*>(\w+)<', response.text)
    assert match, response.text
    return match[1]


def test_a_browser_that_opens_the_server_is_led_to_it(api: Api) -> None:
    answer = api.client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/dashboard")


def test_all_projects_and_teams_are_shown(api: Api) -> None:
    text = page(api).text
    assert all(f"/dashboard/{owner}" in text for owner in api.ids.values())


def test_the_first_call_is_one_that_works(api: Api) -> None:
    match = re.search(r'data-copy="the call">curl -i -H [^<]*\s"(http.*)"<', page(api).text)
    assert match
    assert api.client.get(match[1], headers=api.authorization("project")).is_success


def first_step(api: Api) -> str:
    match = re.search(r'<ol class="steps">.*?</li>', page(api).text, re.DOTALL)
    assert match
    return " ".join(re.sub(r"<[^>]+>", "", match[0]).split())


def test_the_key_that_a_project_has_is_to_be_used(api: Api) -> None:
    step = first_step(api)
    assert f"{api.keys['project'][:13]}..." in step
    assert "printed in the terminal" in step
    assert "That revokes it" in step


def test_a_project_without_a_key_is_given_one_first(api: Api) -> None:
    project = api.running.server.store.owner(api.ids["project"])
    assert project
    api.running.server.revoke(project, f"{api.keys['project'][:13]}...")
    assert "generate its API key" in first_step(api)
    assert "printed in the terminal" not in page(api, "/{project}").text


def test_the_settings_say_where_the_key_is_that_is_valid(api: Api) -> None:
    assert "printed in the terminal" in page(api, "/{project}").text
    assert "printed in the terminal" not in generated(api, "project").text


def test_a_new_key_is_shown_once_and_works(api: Api) -> None:
    response = generated(api, "project")
    key = new_key(response)
    assert response.headers["cache-control"] == "no-store"
    assert api.send("GET", "/projects/{project}/onboarding", key).is_success
    assert api.send("GET", "/projects/{project}/onboarding").status_code == 401
    later = page(api, "/{project}").text
    assert key not in later
    assert f"{key[:13]}..." in later


def test_a_form_that_is_sent_again_generates_no_second_key(api: Api) -> None:
    fields = form(api, "project")
    key = new_key(submit(api, "/{project}/generate", fields))
    again = submit(api, "/{project}/generate", fields)
    assert again.status_code == 303
    assert key not in again.text
    assert api.send("GET", "/projects/{project}/onboarding", key).is_success


def test_a_page_that_shows_an_older_key_replaces_nothing(api: Api) -> None:
    fields = form(api, "project")
    key = api.generate("project")
    response = submit(api, "/{project}/generate", fields)
    assert "Nothing was changed" in response.text
    assert api.send("GET", "/projects/{project}/onboarding", key).is_success


def test_a_project_asks_before_its_key_is_replaced(api: Api) -> None:
    text = page(api, "/{project}").text
    assert f"The key {api.keys['project'][:13]}... dies at once." in text
    assert "Generate API Key" not in text


def test_a_team_key_is_revoked(api: Api) -> None:
    key = new_key(generated(api, "team"))
    text = page(api, "/{team}").text
    assert api.keys["team"][:13] in text
    fields = {"token": hidden(text, "token"), "key": f"{key[:13]}..."}
    assert submit(api, "/{team}/revoke", fields).status_code == 303
    assert api.send("GET", "/teams/{team}/automations", key).status_code == 401
    assert api.send("GET", "/teams/{team}/automations", "team").status_code == 200
    assert key[:13] not in page(api, "/{team}").text


@pytest.mark.parametrize("path", ["/{project}/generate", "/{team}/revoke"])
@pytest.mark.parametrize("token", ["", "x", "x.y", "é.é", "a" * 5000])
def test_a_form_of_another_page_changes_nothing(api: Api, path: str, token: str) -> None:
    fields = {**form(api, "project"), "token": token, "key": f"{api.keys['team'][:13]}..."}
    assert submit(api, path, fields).status_code in (403, 413)
    assert api.send("GET", "/projects/{project}/onboarding").is_success
    assert api.send("GET", "/teams/{team}/automations", "team").is_success


def test_its_own_forms_are_accepted(api: Api) -> None:
    own = submit(api, "/{project}/generate", form(api, "project"), Origin=api.running.base_url)
    assert own.status_code == 200


def test_another_sites_form_is_refused(api: Api) -> None:
    fields = form(api, "project")
    other = submit(api, "/{project}/generate", fields, Origin="https://example.com")
    assert other.status_code == 403
    assert "text/html" in other.headers["content-type"]


@pytest.mark.parametrize("path", ["", "/{project}", "/{project}/activity", f"/{ABSENT}"])
def test_no_page_is_kept_or_framed_or_loads_anything(api: Api, path: str) -> None:
    headers = page(api, path).headers
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_an_unknown_id_is_not_found(api: Api) -> None:
    assert page(api, f"/{ABSENT}").status_code == 404


def test_the_window_and_the_last_requests_are_shown(api: Api, clock: ManualClock) -> None:
    assert "a window begins with the next request" in page(api, "/{project}/activity").text
    api.send("GET", "/projects/{project}/onboarding")
    clock.advance(20)
    api.send("GET", "/projects/{absent}/onboarding")
    text = page(api, "/{project}/activity").text
    assert "<strong>58</strong> of 60 left; the window resets in 40 s" in text
    assert re.findall(r"s(?:2|4)\">(\d+)<", text) == ["404", "200"]
    clock.advance(60)
    assert "<strong>60</strong> of 60 left" in page(api, "/{project}/activity").text


def test_requests_without_a_valid_key_are_shown_too(api: Api) -> None:
    api.send("GET", "/projects/{project}/onboarding", None)
    text = page(api).text
    assert f"/projects/{api.ids['project'][:8]}\u2026/onboarding" in text
    assert ">401<" in text


def test_no_page_shows_a_key_that_was_sent_in_a_path(api: Api) -> None:
    api.send("GET", f"/x/{api.keys['project']}/y", None)
    text = page(api).text
    assert "/x/bzy_proj_.../y" in text
    assert api.keys["project"] not in text


def test_markup_in_a_path_is_text(api: Api) -> None:
    api.send("GET", "/<script>alert(1)</script>", None)
    assert "<script>alert" not in page(api).text


def test_a_faulty_server_says_so(serve: Serve) -> None:
    assert "Never says which scheme to use" in page(serve(fault="omits-challenge")).text
