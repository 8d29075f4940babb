from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reference_server.keys import Key
from reference_server.store import Owner, Resource, Store

PROJECT = Owner(id="p", kind="project", name="Project")


@pytest.fixture
def store() -> Iterator[Store]:
    with closing(Store()) as store:
        store.add_owner(PROJECT)
        yield store


def key(digest: str) -> Key:
    return Key(digest=digest, owner="p", kind="project", shown=f"bzy_proj_{digest}")


def resource(number: int, content: dict[str, int] | None = None) -> Resource:
    return Resource(id=str(number), owner="p", collection="things", content=content or {})


def test_a_replacing_key_revokes_those_before_it(store: Store) -> None:
    store.add_key(key("one"), replaces=True)
    store.add_key(key("two"), replaces=True)
    assert store.key("one") is None
    assert store.keys("p") == [key("two")]


def test_other_keys_live_side_by_side_until_revoked(store: Store) -> None:
    store.add_key(key("one"), replaces=False)
    store.add_key(key("two"), replaces=False)
    store.revoke(key("one"))
    assert store.keys("p") == [key("two")]


def test_a_key_that_cannot_be_kept_revokes_nothing(store: Store) -> None:
    store.add_key(key("one"), replaces=True)
    with pytest.raises(Exception, match="UNIQUE"):
        store.add_key(key("one"), replaces=True)
    assert store.key("one")


def test_resources_are_listed_newest_first(store: Store) -> None:
    for number in range(3):
        store.put(resource(number))
    assert [each.id for each in store.resources("p", "things")] == ["2", "1", "0"]
    assert [each.id for each in store.resources("p", "things", 2)] == ["2", "1"]


def test_putting_again_replaces_the_content(store: Store) -> None:
    store.put(resource(1, {"a": 1}))
    store.put(resource(1, {"a": 2}))
    assert store.resources("p", "things") == [resource(1, {"a": 2})]


def test_a_resource_is_found_where_it_belongs_only(store: Store) -> None:
    store.put(resource(1))
    assert store.resource("p", "things", "1") == resource(1)
    assert store.resource("q", "things", "1") is None
    assert store.resource("p", "others", "1") is None


def test_next_id_is_new_and_the_same_in_every_run(store: Store) -> None:
    first = store.next_id("p", "things")
    store.put(Resource(id=first, owner="p", collection="things", content={}))
    assert store.next_id("p", "things") not in (first, store.next_id("p", "others"))
    with closing(Store()) as another:
        assert another.next_id("p", "things") == first


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    with closing(Store(str(tmp_path / "db"))) as store:
        store.add_owner(PROJECT)
        store.add_key(key("one"), replaces=True)
    with closing(Store(str(tmp_path / "db"))) as again:
        assert again.keys("p") == [key("one")]
