import datetime
from pathlib import Path

import pytest

from conformance import waiver as waivers
from conformance.catalogue import requirement
from conformance.source import TargetError
from conformance.verdict import Verdict
from conformance.waiver import Waiver

DAY = datetime.date(2027, 1, 31)
GOOD = """\
[[waiver]]
id = "rate.enforced"
reason = "the limiter is being replaced"
link = "https://tracker.example.com/1"
expires = 2027-01-31
"""
MINE = Waiver("rate.enforced", "known", "https://x", DAY)


def load(tmp_path: Path, text: str) -> tuple[Waiver, ...]:
    path = tmp_path / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    return waivers.load(path)


def test_a_waiver_is_read(tmp_path: Path) -> None:
    (found,) = load(tmp_path, GOOD)
    assert (found.id, found.expires) == ("rate.enforced", DAY)
    assert load(tmp_path, GOOD.replace("-31", "-31T00:00:00Z")) == (found,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[waiver]]", "waiver 1: id is missing"),
        (GOOD.replace("2027-01-31", '"soon"'), "expires is missing or of another type; write a d"),
        (GOOD.replace('"the limiter is being replaced"', '""'), "reason is missing"),
        (GOOD + GOOD.replace("enforced", "enforcd"), "waiver 2: no requirement.*rate.enforced?"),
        (
            GOOD.replace(".enforced", ""),
            "'rate' is an area; write one requirement's id, as in rate.",
        ),
        (GOOD + "more = 1\n", "more is not known; write id, reason, link, expires"),
        (GOOD + GOOD, "waiver 2: rate.enforced is waived twice"),
        ("waiver = 1", "write each waiver as a "),
        (GOOD + "[other]\n", "write each waiver as a "),
        ("[", "not TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        load(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot be read: No such file"):
        waivers.load(tmp_path / "nothing.toml")


def applied(outcome: str, today: datetime.date, mine: Waiver = MINE) -> tuple[str, list[str]]:
    verdict = Verdict(requirement=requirement("rate.enforced"), outcome=outcome)
    (found,), complaints = waivers.apply([verdict], [mine], today)
    return found.outcome, list(complaints)


@pytest.mark.parametrize(
    ("outcome", "days", "becomes", "complaint"),
    [
        ("failed", 0, "waived", None),
        ("failed", 1, "failed", "the waiver of rate.enforced expired on 2027-01-31"),
        ("passed", 1, "passed", "the waiver of rate.enforced expired on 2027-01-31"),
        ("passed", 0, "passed", "the waiver of rate.enforced is no longer needed: it passed"),
        ("inconclusive", 0, "inconclusive", None),
        ("not_tested", 0, "not_tested", None),
    ],
)
def test_a_waiver_is_strict_both_ways(
    outcome: str, days: int, becomes: str, complaint: str | None
) -> None:
    found = applied(outcome, DAY + datetime.timedelta(days=days))
    assert found == (becomes, [complaint] if complaint else [])


def test_a_waiver_excuses_nothing_else() -> None:
    other = Waiver("rate.recovers", "known", "https://x", DAY)
    assert applied("failed", DAY, other) == ("failed", [])
