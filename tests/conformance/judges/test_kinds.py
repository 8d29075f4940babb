"""Every requirement passes on one history, fails on another, and a third proves nothing of it."""

import pytest

from conformance.catalogue import requirement, requirements
from conformance.verdict import Verdict, decide

from .builder import CONTRACT, history
from .kinds import KINDS
from .pieces import Happenings
from .silent import SILENT


def verdict(id: str, kind: str) -> Verdict:
    """What is said of a requirement after its history of this kind."""
    (found,) = decide(CONTRACT, KINDS[id].history(kind), [requirement(id)])
    assert found.error is None
    return found


def test_every_requirement_has_its_three_histories() -> None:
    assert list(KINDS) == [one.id for one in requirements()]


@pytest.mark.parametrize("id", KINDS)
def test_the_lawful_one_passes(id: str) -> None:
    found = verdict(id, "lawful")
    assert (found.outcome, found.findings) == ("passed", ())


@pytest.mark.parametrize("id", KINDS)
def test_the_lawless_one_fails_and_says_where(id: str) -> None:
    found = verdict(id, "lawless")
    numbers = {one.number for finding in found.findings for one in finding.exchanges}
    assert (found.outcome, numbers) == ("failed", set(KINDS[id].named))


@pytest.mark.parametrize("id", KINDS)
def test_the_silent_one_proves_nothing(id: str) -> None:
    found = verdict(id, "silent")
    assert (found.outcome, found.findings) == ("inconclusive", ())


@pytest.mark.parametrize("id", KINDS)
def test_the_lawful_one_breaks_nothing_else(id: str) -> None:
    verdicts = decide(CONTRACT, KINDS[id].history("lawful"), requirements())
    assert [one.requirement.id for one in verdicts if one.findings or one.error] == []


@pytest.mark.parametrize(("id", "happenings"), SILENT)
def test_what_shows_no_more_proves_nothing_either(id: str, happenings: Happenings) -> None:
    (found,) = decide(CONTRACT, history(*happenings), [requirement(id)])
    assert (found.outcome, found.findings) == ("inconclusive", ())
