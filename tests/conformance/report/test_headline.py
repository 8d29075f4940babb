from dataclasses import replace

from conformance.outcome import Outcome
from conformance.report import badge
from conformance.report.headline import figures, headline
from tests.conformance.judges.builder import event, exchange
from tests.conformance.report.outcomes import failing, outcome, sound


def conformant(*left_out: str) -> Outcome:
    return sound(only=("auth.required", *left_out), skip=left_out)


def test_the_verdict_alone_where_it_says_all() -> None:
    assert headline(conformant()) == "conformant"
    assert headline(failing()) == "nonconformant"


def test_what_was_not_tested_limits_it() -> None:
    found = conformant("auth.unknown-key")
    assert (
        headline(found) == "conformant in what was tested, which 1 of 2 must requirements were not"
    )


def test_why_nothing_was_decided() -> None:
    untested = outcome(
        event("skipped", requirements=["rotation.permanent"], needs="add a hook"),
        only=("rotation.permanent",),
    )
    assert headline(untested) == "inconclusive, as nothing of what it was to decide was tested"
    found = outcome(exchange(200), only=("auth.required", "auth.project-key-accepted"))
    assert headline(found) == "inconclusive, as 1 of 2 must requirements stayed undecided"


def test_the_levels_that_decide_are_named() -> None:
    found = outcome(exchange(200), only=("auth",), strict=True)
    assert " of 12 must and should requirements stayed undecided" in headline(found)


def test_waivers_that_must_go_limit_it() -> None:
    found = replace(conformant(), complaints=("auth.required: no longer needed",))
    assert headline(found) == "conformant; waivers have to be mended"


def test_time_that_a_clock_skipped_was_not_waited_for() -> None:
    waited = event("waited", seconds=1.0), event("waited", seconds=59.0)
    assert "1.5 s (1.0 s of it waiting)" in figures(outcome(waited[0]))
    found = outcome(*waited)
    assert "1.5 s (60.0 s of waiting, which its clock skipped)" in figures(found)
    several = replace(found, target=replace(found.target, workers=4))
    assert "1.5 s (60.0 s of waiting, by several workers)" in figures(several)


def test_a_key_that_nobody_accepts_may_be_the_wrong_one() -> None:
    found = replace(sound(), status=2, verdict="inconclusive")
    assert headline(found) == "undecided, as no key was accepted"
    assert badge.build(found) | {"label": ""} == {
        "schemaVersion": 1,
        "label": "",
        "message": "key refused",
        "color": "yellow",
        "isError": False,
    }
