from typing import Any

import pytest

from conformance.history import Event
from conformance.judges import form

from .builder import event, exchange, issued, opinions

ROTATED = issued("project#2", "project#1")
OLD = exchange(200)  # with project#1, before it is replaced


def test_a_keys_form() -> None:
    assert opinions(form.key_malformed, ROTATED) == "passed"
    assert opinions(form.key_malformed, OLD) == "nothing"


@pytest.mark.parametrize("wrong", [{"prefixed": False}, {"same_as": "project#1"}])
def test_a_key_is_malformed(wrong: dict[str, Any]) -> None:
    assert opinions(form.key_malformed, issued("project#2", **wrong)) == "failed"
    assert opinions(form.key_malformed, issued("project#2", generated=False, **wrong)) == "nothing"


def shown(**data: Any) -> Event:
    facts = {"whole": False, "shown_length": 14, "prefix_length": 9, "tail_length": 0}
    return event("shown", key="project#2", key_length=49, **facts | data)


def test_a_prefix_of_the_key_is_shown() -> None:
    assert opinions(form.too_much_shown, shown()) == "passed"
    assert opinions(form.too_much_shown, exchange(401, form="shown")) == "passed"
    assert opinions(form.too_much_shown, ROTATED, OLD) == "nothing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"whole": True},
        {"shown_length": 47},
        {"shown_length": 9},
        {"tail_length": 4},
    ],
)
def test_more_or_less_than_a_prefix_is_shown(wrong: dict[str, Any]) -> None:
    assert opinions(form.too_much_shown, shown(**wrong)) == "failed"


def test_what_is_shown_can_be_used() -> None:
    assert opinions(form.too_much_shown, exchange(200, form="shown")) == "failed"
    assert opinions(form.too_much_shown, exchange(500, form="shown")) == "nothing"


def test_a_secret_is_long_enough() -> None:
    assert opinions(form.key_guessable, issued("project#2", secret_length=22)) == "passed"
    assert opinions(form.key_guessable, issued("project#2", prefixed=False)) == "nothing"


@pytest.mark.parametrize(
    "weak",
    [
        {"secret_length": 21},
        {"secret_length": 31, "hexadecimal": True},
        {"secret_length": 32, "hexadecimal": True, "alphabet": ["digit"], "distinct": 10},
        {"secret_length": 40, "hexadecimal": True, "distinct": 2},
    ],
)
def test_a_secret_is_guessable(weak: dict[str, Any]) -> None:
    assert opinions(form.key_guessable, issued("project#2", **weak)) == "failed"


def test_an_absent_operation_says_nothing_of_what_is_shown() -> None:
    absent = exchange(404, operation="listTestRuns")
    tried = exchange(404, operation="listTestRuns", form="shown")
    assert opinions(form.too_much_shown, absent, tried) == "nothing"
    assert opinions(form.too_much_shown, tried) == "failed"
