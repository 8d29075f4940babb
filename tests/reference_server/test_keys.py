import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server import keys

PREFIX = "bzy_proj_"


def test_a_key_has_its_prefix_and_a_long_secret() -> None:
    key = keys.generate(PREFIX)
    assert key.startswith(PREFIX)
    assert len(key) >= len(PREFIX) + 32
    assert key[len(PREFIX) :].isalnum()


def test_no_two_keys_are_alike() -> None:
    assert len({keys.generate(PREFIX) for _ in range(100)}) == 100


@given(st.text())
def test_only_the_very_key_matches_its_hash(other: str) -> None:
    key = keys.generate(PREFIX)
    assert keys.matches(key, keys.digest(key))
    assert not keys.matches(other, keys.digest(key))


def test_prefix_and_four_characters_are_shown() -> None:
    assert keys.shown("bzy_proj_abc1defg", PREFIX) == "bzy_proj_abc1"


@pytest.mark.parametrize("field", ["Bearer abc", "bearer abc", "BEARER   abc", " Bearer abc\t"])
def test_bearer_takes_one_token_in_any_letter_case(field: str) -> None:
    assert keys.bearer(field) == "abc"


@pytest.mark.parametrize(
    "field",
    ["", "abc", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,Bearer b", "Bearerabc"],
)
def test_bearer_takes_nothing_else(field: str) -> None:
    assert keys.bearer(field) is None
