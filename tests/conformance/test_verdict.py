from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance import verdict
from conformance.catalogue import Requirement
from conformance.contract import LEFT_OUT, Contract
from conformance.finding import JUDGES, Doubt, Evidence, Finding, Judge, Need, Opinion
from conformance.history import Event, History
from conformance.verdict import Gate, Verdict

from .judges.builder import CONTRACT, event, exchange, history

MINE = Requirement(id="rate.mine", level="must", title="it is so", source="here", reading="so")
SEEN = Evidence((exchange(200, number=1),), note="p 0.5")
WRONG = Finding(expected="this", observed="that", exchanges=(exchange(200, number=2),))


def judge(*opinions: Opinion) -> Judge:
    """A judge that has these opinions of any history."""

    def says(contract: Contract, history: History) -> Iterator[Opinion]:
        yield from opinions

    return says


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What opinions add up to, in a history with these events, header and footer."""

    def decide(*opinions: Opinion, events: tuple[Event, ...] = (), **how: Any) -> Verdict:
        monkeypatch.setitem(JUDGES, "rate.mine", [judge(*opinions)])
        (found,) = verdict.decide(CONTRACT, history(events=events, **how), [MINE])
        return found

    return decide


def test_evidence_without_a_finding_is_a_pass(decided: Any) -> None:
    found = decided(SEEN, SEEN)
    assert (found.outcome, found.exchanges_judged, found.note) == ("passed", 1, "p 0.5")


def test_worst_wins(decided: Any) -> None:
    assert decided(SEEN, Doubt("unclear")).outcome == "inconclusive"
    assert decided(SEEN, Doubt("unclear"), WRONG).outcome == "failed"


def test_doubts_are_told_once_each(decided: Any) -> None:
    assert decided(Doubt("a"), Doubt("b"), Doubt("a")).reason == "a; b"


def test_findings_are_counted_up_to_a_bound(decided: Any) -> None:
    assert len(decided(*[WRONG] * 99).findings) == verdict.MOST_FINDINGS


def test_no_evidence_is_no_pass(decided: Any) -> None:
    found = decided()
    assert (found.outcome, found.reason) == ("inconclusive", "no request bore on it")


def test_a_run_that_ended_early_says_why(decided: Any) -> None:
    assert decided(footer={"reason": "no power"}).reason == "the run ended early: no power"


def test_a_recording_without_evidence_tests_nothing(decided: Any) -> None:
    assert decided(header={"recorded": True}).outcome == "not_tested"


def skipped(needs: str) -> Event:
    return event("skipped", started=0, ended=0, requirements=["rate.mine"], needs=needs)


def hindered(reason: str) -> Event:
    return event("hindered", started=0, ended=0, requirements=["rate.mine"], reason=reason)


def test_what_a_target_lacks_is_named(decided: Any) -> None:
    found = decided(events=(skipped("add a key"), skipped("add a key")))
    assert (found.outcome, found.reason) == ("not_tested", "add a key")


def test_what_another_need_includes_is_not_named(decided: Any) -> None:
    both = skipped("add [team] with its id"), skipped("add [team] with its id and key")
    assert decided(events=both).reason == "add [team] with its id and key"


def test_where_nothing_bore_on_it_what_failed_may_be_why(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(MINE, id="rate.other")
    monkeypatch.setitem(JUDGES, "rate.mine", [judge()])
    monkeypatch.setitem(JUDGES, "rate.other", [judge(WRONG)])
    found, _ = verdict.decide(CONTRACT, history(), [MINE, other])
    assert found.reason == "no request bore on it; what failed may be why: rate.other"


def test_what_was_left_out_explains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(MINE, id="rate.other")
    monkeypatch.setitem(JUDGES, "rate.mine", [judge()])
    monkeypatch.setitem(JUDGES, "rate.other", [judge(WRONG)])
    found, skipped = verdict.decide(CONTRACT, history(), [MINE, other], {"rate.other": "skipped"})
    assert found.reason == "no request bore on it"
    assert (skipped.outcome, skipped.reason) == ("not_tested", "skipped")


def test_what_hindered_a_probe_is_named(decided: Any) -> None:
    planned = event("planned", started=0, ended=0, requirements=["rate.mine"])
    found = decided(events=(skipped("add a key"), planned, hindered("it hung")))
    assert (found.outcome, found.reason) == ("inconclusive", "it hung")


def test_what_a_probe_found_lacking_is_not_tested(decided: Any) -> None:
    planned = event("planned", started=0, ended=0, requirements=["rate.mine"])
    lacking = event("lacking", requirements=["rate.mine"], needs="leave in a list")
    found = decided(events=(planned, lacking))
    assert (found.outcome, found.reason) == ("not_tested", "leave in a list")
    assert decided(SEEN, events=(planned, lacking)).outcome == "passed"


def test_what_a_judge_wants_for_evidence_is_not_tested(decided: Any) -> None:
    shorter = Need("a shorter list")
    found = decided(shorter, shorter)
    assert (found.outcome, found.reason) == ("not_tested", "a shorter list")
    assert decided(shorter, header={"recorded": True}).reason == "a shorter list"
    beside = decided(SEEN, shorter, shorter)
    assert (beside.outcome, beside.note) == ("passed", "p 0.5; in part: a shorter list")
    assert decided(shorter, Doubt("unclear")).outcome == "inconclusive"
    assert decided(shorter, WRONG).outcome == "failed"


def test_where_operations_are_left_out_nothing_need_bear_on_it(decided: Any) -> None:
    found = decided(header={"settings": {"exclude": ["getExecution"]}})
    assert (found.outcome, found.reason) == ("not_tested", LEFT_OUT)


def test_evidence_outweighs_a_skip(decided: Any) -> None:
    assert decided(SEEN, events=(skipped("add a key"),)).outcome == "passed"


def test_a_judge_that_raises_is_the_suites_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(contract: Contract, history: History) -> Iterator[Opinion]:
        yield WRONG
        raise ZeroDivisionError

    monkeypatch.setitem(JUDGES, "rate.mine", [broken])
    (found,) = verdict.decide(CONTRACT, history(), [MINE])
    assert found.outcome == "inconclusive"
    assert "ZeroDivisionError" in (found.error or "")


# the whole


def outcome(level: str, outcome: str) -> Verdict:
    return Verdict(requirement=Requirement("x.y", level, "t", "s", "r"), outcome=outcome)


def overall(*verdicts: Verdict, complete: bool = True, **gate: bool) -> str:
    return verdict.overall(verdicts, history(footer={"complete": complete}), Gate(**gate))


PASSED = outcome("must", "passed")


def test_all_that_counts_has_passed() -> None:
    assert overall(PASSED, outcome("must", "not_tested")) == "conformant"
    assert overall(outcome("must", "waived")) == "conformant"


def test_green_on_nothing_is_not_green() -> None:
    assert overall() == "inconclusive"
    assert overall(outcome("must", "not_tested")) == "inconclusive"
    assert overall(PASSED, complete=False) == "inconclusive"
    assert overall(PASSED, outcome("must", "inconclusive")) == "inconclusive"


@pytest.mark.parametrize(("level", "option"), [("should", "strict"), ("hardening", "hardening")])
def test_other_levels_count_when_asked(level: str, option: str) -> None:
    failed = outcome(level, "failed")
    assert overall(PASSED, failed) == "conformant"
    assert overall(PASSED, failed, **{option: True}) == "nonconformant"


def test_a_failure_counts_in_a_run_that_ended_early() -> None:
    assert overall(outcome("must", "failed"), PASSED, complete=False) == "nonconformant"
