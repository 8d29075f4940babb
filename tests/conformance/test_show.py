import base64

import pytest

from conformance import show
from conformance.keyring import Key
from tests.conformance.judges.builder import CONTRACT

SECRET = "Zr7wQk2LmP9xTb4V"
KEY = Key("project#1", "project", "project", f"bzy_proj_{SECRET}")


@pytest.mark.parametrize(
    ("answer", "shown", "whole", "tail"),
    [
        ("bzy_proj_Zr7w...", 13, False, 0),
        ("API key: bzy_proj_Zr7w", 13, False, 0),
        ("bzy_proj_Zr7w...b4V", 13, False, 3),
        ("bzy_proj_********b4V", 9, False, 3),
        (f"bzy_proj_{SECRET}", 25, True, 0),
        ("********", 0, False, 0),
        ("", 0, False, 0),
    ],
)
def test_how_much_of_a_key_is_shown(answer: str, shown: int, whole: bool, tail: int) -> None:
    found = show.facts(answer, KEY, CONTRACT)
    assert (found["shown_length"], found["whole"], found["tail_length"]) == (shown, whole, tail)
    assert (found["prefix_length"], found["key_length"]) == (9, 25)
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("page", "tail"),
    [
        ("bzy_proj_Zr7w... of 1b4V0c-9f21", 0),
        ("bzy_proj_Zr7w..., id 09fxTb4V", 0),
        ("bzy_proj_Zr7w..., ends in xTb4V", 5),
        ("bzy_proj_Zr7wxxxxxxP9xTb4V", 7),
        ("bzy_proj_Zr7w <b>9xTb4V</b>", 6),
    ],
)
def test_a_few_letters_within_a_word_are_chance(page: str, tail: int) -> None:
    assert show.facts(page, KEY, CONTRACT)["tail_length"] == tail


def test_a_secret_without_its_prefix_is_the_whole_key() -> None:
    assert show.facts(SECRET, KEY, CONTRACT)["whole"]


def test_a_key_in_another_form_is_the_whole_key() -> None:
    encoded = base64.b64encode(KEY.value.encode()).decode()
    assert show.facts(f"bzy_proj_Zr7w... {encoded}", KEY, CONTRACT)["whole"]


@pytest.mark.parametrize(
    ("answer", "tried"),
    [
        ("bzy_proj_Zr7w...", ["bzy_proj_Zr7w", "bzy_proj_Zr7w..."]),
        ("bzy_proj_Z", []),
        ("key bzy_proj_other1 end", ["bzy_proj_other1"]),
        (KEY.value, []),
    ],
)
def test_what_a_reader_could_try(answer: str, tried: list[str]) -> None:
    assert show.texts(answer, KEY, CONTRACT) == tried
