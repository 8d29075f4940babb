from __future__ import annotations

import pytest

from conformance.nearly import nearly
from tests.conformance.judges.builder import CONTRACT
from tests.conformance.report.outcomes import KEY, OTHER_KEY

TEAM = CONTRACT.kinds["team"].prefix
PROJECT = CONTRACT.kinds["project"].prefix


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (KEY[:-1], "altered:cut"),
        (KEY + "x", "altered:extended"),
        (KEY.swapcase(), "altered:case"),
        (KEY.replace(PROJECT, TEAM), "prefix:team"),
    ],
)
def test_a_text_that_is_used_less_is_known_by_the_key(text: str, form: str) -> None:
    assert nearly(CONTRACT, [KEY, text, KEY], []) == {text: (KEY, form)}


def test_another_key_is_not_nearly_the_same() -> None:
    assert nearly(CONTRACT, [KEY, OTHER_KEY, KEY], []) == {}


def test_who_mistypes_a_key_again_and_again_makes_no_key_of_it() -> None:
    wrong = KEY[:-1]
    assert nearly(CONTRACT, [wrong, wrong, KEY], [KEY]) == {wrong: (KEY, "altered:cut")}
