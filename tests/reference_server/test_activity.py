import pytest

from reference_server import activity, keys
from reference_server.activity import KEPT
from tests.reference_server.api import Api


def statuses(api: Api, key: str | None) -> list[int]:
    digest = keys.digest(key) if key else None
    return [one.status for one in api.running.server.activity.of(digest)]


def test_requests_are_kept_by_their_key_newest_first(api: Api) -> None:
    api.send("GET", "/projects/{project}/onboarding")
    api.send("GET", "/projects/{absent}/onboarding")
    api.send("GET", "/projects/{project}/onboarding", None)
    assert statuses(api, api.keys["project"]) == [404, 200]
    assert statuses(api, api.keys["team"]) == []
    assert statuses(api, None) == [401]


def test_only_the_last_are_kept(api: Api) -> None:
    for _ in range(KEPT + 1):
        api.send("GET", "/nothing", None)
    api.send("GET", "/projects/{project}/onboarding", None)
    assert statuses(api, None) == [401] * KEPT


def test_only_so_many_keys_are_followed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "KEYS", 2)
    for key in ("project", "team", "other_team"):
        api.send("GET", "/nothing", key)
    assert statuses(api, api.keys["project"]) == []
    assert statuses(api, api.keys["other_team"]) == [404]


def test_neither_a_key_nor_a_query_is_kept(api: Api) -> None:
    api.send("GET", "/x/{}?key={}".format(api.keys["project"], api.keys["team"]), None)
    (seen,) = api.running.server.activity.of(None)
    assert seen.path == "/api/v1/x/bzy_proj_..."


def test_a_long_path_is_cut(api: Api) -> None:
    api.send("GET", "/" + "x" * 3000)
    (seen,) = api.running.server.activity.of(keys.digest(api.keys["project"]))
    assert len(seen.path) == activity.LONGEST_PATH
