from __future__ import annotations

from conformance.judges import survivors

from .builder import exchange, findings, opinions

RECORDED = {"recorded": True}
ONE, OTHER = exchange(200), exchange(200, key="project#2")


def test_a_key_replaces_another() -> None:
    assert opinions(survivors.older_key_lives, ONE, ONE, OTHER, OTHER, header=RECORDED) == "nothing"


def test_a_key_lives_on() -> None:
    (found,) = findings(survivors.older_key_lives, ONE, OTHER, ONE, header=RECORDED)
    assert [one.number for one in found.exchanges] == [1, 2, 3]


def test_what_is_refused_or_of_a_team_proves_nothing() -> None:
    refused = exchange(401)
    assert opinions(survivors.older_key_lives, ONE, OTHER, refused, header=RECORDED) == "nothing"
    team = {"operation": "listEnvironments", "credential": "team"}
    first, other = exchange(200, **team), exchange(200, key="team#2", **team)
    assert opinions(survivors.older_key_lives, first, other, first, header=RECORDED) == "nothing"


def test_of_a_run_other_judges_decide() -> None:
    assert opinions(survivors.older_key_lives, ONE, OTHER, ONE) == "nothing"
