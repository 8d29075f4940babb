from dataclasses import replace

import pytest

from conformance.report import text
from conformance.verdict import Verdict
from tests.conformance.judges.builder import anonymous, exchange
from tests.conformance.report.outcomes import failing, hostile, outcome, sound


def test_a_failure_tells_all_that_its_reader_needs() -> None:
    lines = text.lines(failing())
    start = lines.index(
        "FAILED auth.required (must): every operation without Authorization answers "
        "401 UNAUTHORIZED"
    )
    words = [line.split()[0] for line in lines[start + 1 : start + 8]]
    assert words == ["source", "reading", "expected", "observed", "2", "curl", "again"]


def test_quiet_leaves_failures_notes_and_the_verdict() -> None:
    noted = replace(failing(quiet=True), notes=("heed this",))
    lines = [line for line in text.lines(noted) if line and not line.startswith("  ")]
    failed, (note, verdict, reports) = lines[:-3], lines[-3:]
    assert failed
    assert all(line.startswith("FAILED ") for line in failed)
    assert (note, reports) == ("note: heed this", "reports: conformance-report/")
    assert verdict.startswith("nonconformant: ")


def test_quiet_leaves_why_nothing_was_decided() -> None:
    undecided = sound(quiet=True, only=("auth.required",), skip=())
    undecided = replace(undecided, verdicts=tuple(as_undecided(one) for one in undecided.verdicts))
    lines = text.lines(replace(undecided, verdict="inconclusive"))
    assert lines[0].startswith("INCONCLUSIVE auth.required")
    assert lines[1] == "  the hook printed nothing"


def as_undecided(one: Verdict) -> Verdict:
    return replace(one, outcome="inconclusive", reason="the hook printed nothing", findings=())


def test_nothing_that_was_sent_is_obeyed_or_begins_a_line() -> None:
    lines = text.lines(hostile())
    assert not any("\n" in line or "\x1b" in line or "\u202e" in line for line in lines)
    assert not any(line.lstrip().startswith("::") for line in lines)
    "\n".join(lines).encode()  # can be printed


def test_lines_are_of_bounded_length() -> None:
    assert max(map(len, text.lines(hostile()))) < 10_000


def test_of_a_long_path_the_beginning_is_shown_and_all_of_it_sent_by_curl() -> None:
    long = "a" * 1000
    found = outcome(exchange(200), anonymous(200, target=f"/api/v1/projects/{long}/executions"))
    lines = text.lines(found)
    (line,) = [line for line in lines if " as anonymous " in line]
    assert "aaa... (861 characters more) as anonymous  -> 200" in line
    assert any(long in line for line in lines if line.startswith("  curl "))


def test_of_many_failures_some_are_told_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    found = hostile()
    failed = [one.requirement for one in found.verdicts if one.outcome == "failed"]
    musts = [one.id for one in failed if one.level == "must"]
    monkeypatch.setattr(text, "FAILURES_SHOWN", 2)
    lines = text.lines(found)
    named = [line.split()[1] for line in lines if line.startswith("FAILED ")]
    assert sorted(named) == sorted(one.id for one in failed)
    assert named[: len(musts)] == musts  # what counts in the verdict comes first
    assert sum(line.startswith("  source ") for line in lines) == 2
    assert f"  {len(failed) - 2} more have failed; all that was seen is in " in "\n".join(lines)
