"""The dashboard as a person uses it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from reference_server import embedded
from reference_server.embedded import Running
from tests.browser.browser import Page

LONG = "11111111-2222-4333-8444-555555555555"  # an owner whose name has no end


@pytest.fixture
def server() -> Iterator[Running]:
    with embedded.start() as running:
        yield running


@pytest.fixture
def project(server: Running) -> str:
    return f"{server.base_url}/dashboard/{server.credentials['project'].id}"


@pytest.fixture
def team(server: Running) -> str:
    return f"{server.base_url}/dashboard/{server.credentials['team'].id}"


def call(server: Running, key: str, name: str = "project") -> int:
    what = {"project": "onboarding", "team": "automations"}[name]
    path = f"/api/v1/{name}s/{server.credentials[name].id}/{what}"
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(server.base_url + path, headers=headers, trust_env=False).status_code


def regenerate(page: Page) -> str:
    """Unfold the confirmation, confirm, and return the key that is shown."""
    page.click("details.confirm summary")
    page.click("details.confirm button.danger")
    return page.text("#new-key")


def soon(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true within a few seconds."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def test_the_first_page_leads_to_a_key(page: Page, server: Running) -> None:
    page.open(f"{server.base_url}/dashboard")
    assert "Make the first call" in page.text()
    assert "curl" in page.text(".steps")
    page.click(".steps a")
    assert page.text("h1").startswith("Project")


def test_a_new_key_works_and_the_old_one_dies(page: Page, server: Running, project: str) -> None:
    page.open(project)
    key = regenerate(page)
    assert (call(server, key), call(server, server.credentials["project"].key)) == (200, 401)
    assert page.complaints() == []


def test_the_confirmation_says_that_the_old_key_dies(page: Page, project: str) -> None:
    page.open(project)
    assert "dies at once" not in page.text()
    page.click("details.confirm summary")
    assert "dies at once" in page.text(".warning")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_key_is_gone_when_the_page_is_reloaded(
    page: Page, server: Running, project: str, scripts: bool
) -> None:
    page.open(project, scripts=scripts)
    key = regenerate(page)
    page.driver.refresh()  # which sends the form again
    source = page.driver.page_source
    assert key not in source
    assert f"{key[:13]}..." in source
    assert call(server, key) == 200


def test_no_address_ever_holds_a_key(page: Page, project: str) -> None:
    page.open(project)
    key = regenerate(page)
    assert not [url for url in (*page.requested(), page.driver.current_url) if key[:13] in url]


def test_the_key_is_copied(page: Page, project: str) -> None:
    page.open(project)
    key = regenerate(page)
    page.click("#new-key + button.copy")
    assert soon(lambda: page.text("#new-key + button.copy") == "Copied")
    assert page.clipboard() == key


def test_a_team_has_several_keys_and_one_is_revoked(page: Page, server: Running, team: str) -> None:
    page.open(team)
    page.click("button.main")
    first = page.text("#new-key")
    page.click("button.main")
    assert soon(lambda: page.text("#new-key") != first)
    second = page.text("#new-key")
    assert len(page.all(".keys li")) == 3
    page.open(team)
    place = [first[:13] in row.text for row in page.all(".keys li")].index(True) + 1
    row = f".keys li:nth-child({place})"
    page.click(f"{row} summary")
    page.click(f"{row} button.danger")
    assert soon(lambda: len(page.all(".keys li")) == 2)
    assert [call(server, key, "team") for key in (first, second)] == [401, 200]


def test_requests_appear_while_the_page_is_open(page: Page, server: Running, project: str) -> None:
    page.open(project)
    assert "No requests yet" in page.text("#activity")
    call(server, server.credentials["project"].key)
    assert soon(lambda: "59 of 60 left" in page.text("#activity"))
    assert "onboarding" in page.text("#activity table")


def test_the_live_view_can_be_paused(page: Page, server: Running, project: str) -> None:
    page.open(project)
    page.click("button.pause")
    time.sleep(0.2)
    call(server, server.credentials["project"].key)
    time.sleep(2.2)
    assert "60 of 60 left" in page.text("#activity")
    page.click("button.pause")
    assert soon(lambda: "59 of 60 left" in page.text("#activity"))


def test_without_scripts_the_page_is_refreshed_by_hand(
    page: Page, server: Running, project: str
) -> None:
    page.open(project, scripts=False)
    call(server, server.credentials["project"].key)
    page.click("a.refresh")
    assert "59 of 60 left" in page.text("#activity")


def test_everything_that_is_used_has_a_name(page: Page, project: str) -> None:
    page.open(project)
    page.click("details.confirm summary")
    unnamed = [e.tag_name for e in page.all("a, button, summary") if not e.accessible_name]
    assert unnamed == []


def test_the_keyboard_is_enough(page: Page, server: Running, project: str) -> None:
    page.open(project)
    page.all("details.confirm summary")[0].send_keys("\ue007")  # Enter
    page.all("details.confirm button.danger")[0].send_keys("\ue007")
    assert soon(lambda: bool(page.all("#new-key")))
    assert call(server, page.text("#new-key")) == 200


@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_wider_than_the_window(
    page: Page, server: Running, team: str, width: int
) -> None:
    page.show(width, "dark")
    owner = server.server.store.owner(server.credentials["team"].id)
    assert owner is not None
    server.server.store.add_owner(replace(owner, name="Donaudampfschifffahrt" * 9, id=LONG))
    for url in (f"{server.base_url}/dashboard", team, f"{server.base_url}/dashboard/{LONG}"):
        page.open(url)
        assert page.overhang() <= 0
    page.show(1200, "light")


def test_nothing_is_asked_of_another_server(page: Page, server: Running, project: str) -> None:
    for url in (f"{server.base_url}/dashboard", project):
        page.open(url)
        assert all(one.startswith((server.base_url, "data:")) for one in page.requested())
        assert page.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(page: Page, server: Running, project: str, scheme: str) -> None:
    page.show(1200, scheme)
    call(server, server.credentials["project"].key)
    call(server, "nobody's")
    page.open(f"{server.base_url}/dashboard")
    faint = page.faint()
    page.open(project)
    page.click("details.confirm summary")
    faint += page.faint()
    page.click("details.confirm button.danger")
    assert faint + page.faint() == []
    page.show(1200, "light")
