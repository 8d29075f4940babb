import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import credential as credentials
from conformance.credential import Credential
from conformance.keyring import Key
from tests.conformance.judges.builder import CONTRACT

SECRET = "Zr7wQk2LmP9xTb4VnC8yHd3FsJ6gKe5R"
KEY = Key("project#1", "project", "project", f"bzy_proj_{SECRET}")
letters = st.text("abcXYZ019_-", min_size=1, max_size=40)


def presented(credential: Credential) -> str:
    """The token of a Bearer credential."""
    ((name, value),) = credential.fields
    assert (name, value[:6]) == ("Authorization", "Bearer")
    return value[7:]


def test_a_key_as_documented() -> None:
    found = credentials.bearer(KEY)
    assert (found.name, found.key, found.form) == ("project", "project#1", "bearer")
    assert presented(found) == KEY.value


@given(secret=letters, seed=st.integers(0, 9))
def test_an_altered_key_is_never_the_key(secret: str, seed: int) -> None:
    key = Key("project#1", "project", "project", "bzy_proj_" + secret)
    found = list(credentials.altered(CONTRACT, key, random.Random(seed)))
    tokens = [presented(one) for one in found]
    assert key.value not in tokens
    assert len(set(tokens)) == len(tokens)


def test_every_way_to_alter_a_key_is_tried_on_an_ordinary_one() -> None:
    found = list(credentials.altered(CONTRACT, KEY, random.Random(1)))
    assert len({one.form for one in found}) == len(found) >= 25
    assert {one.key for one in found} == {"project#1"}


def test_a_key_without_a_secret_is_not_altered() -> None:
    bare = Key("project#1", "project", "project", "bzy_proj_")
    assert list(credentials.altered(CONTRACT, bare, random.Random(1))) == []


def test_other_schemes_hold_the_key_but_are_not_bearer() -> None:
    for one in credentials.other_schemes(KEY):
        ((name, value),) = one.fields
        shown = value
        if value.startswith("Basic ") and KEY.value not in value:
            shown = base64.b64decode(value[6:]).decode()
        assert (name, KEY.value in shown) == ("Authorization", True)
        assert not value.lower().startswith("bearer ")


@pytest.mark.parametrize(
    "place", [credentials.in_query, credentials.in_cookies, credentials.in_fields]
)
def test_elsewhere_is_not_the_authorization_field(place: object) -> None:
    assert callable(place)
    for one in place(KEY):
        assert "Authorization" not in [name for name, _ in one.fields]
        assert KEY.value in str((one.fields, one.query))


def test_the_body_gets_a_member() -> None:
    assert all(KEY.value in str(one.body) for one in credentials.in_body(KEY))


def test_every_undocumented_place_at_once() -> None:
    one = credentials.elsewhere(KEY)
    assert "Authorization" not in [name for name, _ in one.fields]
    assert one.query


def test_the_secret_under_the_other_prefixes() -> None:
    every = credentials.exchanged(CONTRACT, KEY, lambda _: False)
    found = {one.form: presented(one) for one in every}
    prefixes = {name: kind.prefix for name, kind in CONTRACT.kinds.items() if name != "project"}
    assert found == {f"prefix:{name}": prefix + SECRET for name, prefix in prefixes.items()}


def test_a_secret_that_is_of_another_key_as_well_is_no_forgery() -> None:
    others = credentials.exchanged(CONTRACT, KEY, lambda value: value.startswith("bzy_team_"))
    assert [one.form for one in others] == ["prefix:personal"]


@pytest.mark.parametrize("kind", CONTRACT.kinds)
def test_a_forged_key_looks_like_a_real_one(kind: str) -> None:
    one = credentials.forged(CONTRACT, kind, random.Random(1), SECRET)
    assert presented(one).startswith(CONTRACT.kinds[kind].prefix)
    assert len(presented(one)) == len(CONTRACT.kinds[kind].prefix) + len(SECRET)


def test_a_malformed_token_can_be_sent() -> None:
    for one in credentials.malformed(CONTRACT, "project"):
        assert one.fields[0][1].isprintable()
        assert one.fields[0][1] == one.fields[0][1].strip()


def test_two_credentials_are_ambiguous_with_the_key_among_them() -> None:
    for one in credentials.ambiguous(KEY, "bzy_proj_other"):
        assert KEY.value in str(one.fields)
        sent = ", ".join(value for _, value in one.fields)
        assert sent.count("bzy_proj_") + sent.count("Basic ") == 2


def test_a_long_token_is_masked_in_what_is_recorded() -> None:
    assert credentials.token(SECRET, name="forged", form="x").secrets == ((SECRET, "forged"),)
    assert credentials.token("short", name="forged", form="x").secrets == ()
