import re

from conformance.report import markdown
from tests.conformance.report.outcomes import failing, hostile, sound


def test_it_says_what_was_expected_and_observed() -> None:
    text = markdown.build(failing())
    assert "nonconformant" in text.splitlines()[0]
    assert "- expected `401 UNAUTHORIZED to listExecutions without Authorization`" in text
    assert "  observed `200`" in text
    assert "bugzy-conformance run --base-url https://staging.example.com --only auth.req" in text


def test_undecided_requirements_stand_with_their_reason() -> None:
    text = markdown.build(sound())
    assert "### Inconclusive" in text
    assert "- `no request bore on it`: `auth.bearer-only`" in text


def test_nothing_that_was_sent_is_markup() -> None:
    text = markdown.build(hostile())
    outside = re.sub(r"(?ms)^(`{3,})$.*?^\1$|(`+)(?!`).*?(?<!`)\2(?!`)", "", text)
    assert "script" in text
    assert "<script" not in outside
    assert "\x1b" not in text


def test_backticks_do_not_end_a_code_span() -> None:
    assert markdown.code("a ``b`` c") == "``` a ``b`` c ```"


def test_it_is_short() -> None:
    assert len(markdown.build(hostile())) < 200_000
