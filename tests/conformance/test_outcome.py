from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import JUDGES, Opinion
from conformance.history import History
from conformance.outcome import Outcome, judged
from tests.conformance.judges.builder import CONTRACT, anonymous, exchange, history
from tests.conformance.report.outcomes import target

ONLY = ("auth.required",)
SOUND = (exchange(200), anonymous(401))
OPEN = (exchange(200), anonymous(200))
WAIVER = """\
[[waiver]]
id = "auth.required"
reason = "known"
link = "https://x"
expires = {}
"""


def found(
    *seen: Exchange, footer: dict[str, Any] | None = None, refused: str | None = None, **how: Any
) -> Outcome:
    seen_so = history(*seen, footer=footer)
    return judged(CONTRACT, seen_so, target(**{"only": ONLY} | how), refused=refused)


def test_conformant_is_0() -> None:
    assert (found(*SOUND).verdict, found(*SOUND).status) == ("conformant", 0)


def test_nonconformant_is_1() -> None:
    assert (found(*OPEN).verdict, found(*OPEN).status) == ("nonconformant", 1)


def test_inconclusive_is_3() -> None:
    assert found().status == 3
    assert found(*SOUND, footer={"complete": False, "reason": "lost"}).status == 3


def test_a_refused_key_is_the_callers_error() -> None:
    outcome = found(exchange(401), refused="no such key")
    assert (outcome.status, outcome.verdict) == (2, "inconclusive")


def test_a_refused_key_excuses_no_failure() -> None:
    assert found(*OPEN, refused="no such key").status == 1


def test_an_error_of_the_suite_is_70(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(contract: Contract, history: History) -> Iterator[Opinion]:
        raise ZeroDivisionError
        yield

    monkeypatch.setitem(JUDGES, ONLY[0], [broken])
    outcome = found(*OPEN)
    assert (outcome.status, outcome.verdicts[0].outcome) == (70, "inconclusive")
    assert "ZeroDivisionError" in outcome.errors[0]


@pytest.mark.parametrize(
    ("seen", "expires", "status", "verdict"),
    [
        (OPEN, "2999-01-01", 0, "conformant"),
        (OPEN, "2001-01-01", 1, "nonconformant"),
        (SOUND, "2999-01-01", 1, "conformant"),
        (SOUND, "2001-01-01", 1, "conformant"),
    ],
)
def test_a_waiver_must_be_needed_and_fresh(
    tmp_path: Path, seen: tuple[Exchange, ...], expires: str, status: int, verdict: str
) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(WAIVER.format(expires), encoding="utf-8")
    outcome = found(*seen, waivers=path)
    assert (outcome.status, outcome.verdict) == (status, verdict)


def test_other_levels_gate_when_asked() -> None:
    unchallenged = anonymous(401, fields={"WWW-Authenticate": None})
    seen = {"only": ("auth.challenge", "auth.required")}
    assert found(exchange(200), unchallenged, **seen).status == 0
    assert found(exchange(200), unchallenged, strict=True, **seen).status == 1


def test_where_nothing_that_gates_was_chosen_it_has_to_be_decided() -> None:
    unchallenged = anonymous(401, fields={"WWW-Authenticate": None})
    only = {"only": ("auth.challenge",)}
    assert found(exchange(200), unchallenged, **only).verdict == "conformant"
    assert found(exchange(200), unchallenged, strict=True, **only).verdict == "nonconformant"
    assert found(exchange(200), **only).verdict == "inconclusive"


def test_what_is_skipped_is_said() -> None:
    outcome = found(*OPEN, only=("auth.required", "auth.challenge"), skip=("auth.required",))
    reasons = {one.requirement.id: one.reason for one in outcome.verdicts}
    assert reasons["auth.required"] == "left out by --skip"
