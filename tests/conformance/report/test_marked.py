from conformance.report.marked import differences


def test_what_differs_is_marked_on_both_sides() -> None:
    expected, observed = differences("Reset 60, as announced", "Reset 63, as announced")
    assert ("60", True) in expected
    assert ("63", True) in observed
    assert "".join(text for text, _ in observed) == "Reset 63, as announced"


def test_texts_that_have_little_in_common_are_not_marked() -> None:
    assert differences("429 for the first", "a body") == (
        (("429 for the first", False),),
        (("a body", False),),
    )


def test_texts_too_long_to_compare_are_not_marked() -> None:
    assert differences("a " * 5000, "b")[0] == (("a " * 5000, False),)
