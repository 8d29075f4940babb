from conformance.report import badge
from tests.conformance.report.outcomes import failing, sound


def test_it_says_how_many_failed() -> None:
    assert badge.build(failing()) == {
        "schemaVersion": 1,
        "label": "Bugzy API",
        "message": "2 of 66 failed",
        "color": "red",
        "isError": True,
    }


def test_it_says_what_is_undecided() -> None:
    assert badge.build(sound())["message"] == "inconclusive"
