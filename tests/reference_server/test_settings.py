from collections.abc import Iterator

import pytest

from reference_server import keys
from reference_server.contract import Contract
from reference_server.settings import Settings
from reference_server.store import Owner, Store

PROJECT = Owner(id="p-1", name="Web", kind="project", team="t-1")
TEAM = Owner(id="t-1", name="QA", kind="team", team=None)


@pytest.fixture
def settings(kept: Contract) -> Iterator[Settings]:
    store = Store()
    store.add_owner(TEAM)
    store.add_owner(PROJECT)
    yield Settings(kept, store)
    store.close()


def valid(settings: Settings, *made: str) -> list[bool]:
    return [settings.store.key(keys.digest(each)) is not None for each in made]


def test_a_project_has_one_key_and_a_new_one_replaces_it(settings: Settings) -> None:
    old, new = settings.issue(PROJECT), settings.issue(PROJECT)
    assert valid(settings, old, new) == [False, True]


def test_a_team_has_several_keys(settings: Settings) -> None:
    one, other = settings.issue(TEAM), settings.issue(TEAM)
    assert valid(settings, one, other) == [True, True]


def test_only_the_beginning_of_a_key_stays_visible(settings: Settings) -> None:
    key = settings.issue(PROJECT)
    assert settings.display(PROJECT) == [f"{key[:13]}..."]
    assert key.startswith("bzy_proj_")


def test_the_key_that_is_shown_so_is_revoked_and_no_other(settings: Settings) -> None:
    one, other = settings.issue(TEAM), settings.issue(TEAM)
    assert settings.revoke(TEAM, settings.display(TEAM)[0])
    assert valid(settings, one, other) == [False, True]
    assert not settings.revoke(TEAM, "bzy_team_....")
