from dataclasses import replace
from pathlib import Path

from conformance.report.spent import dead_keys, spent_keys
from tests.conformance.judges.builder import issued
from tests.conformance.report.outcomes import outcome, sound


def test_keys_that_are_dead_are_named() -> None:
    found = outcome(issued("project#2", "project#1"), issued("project#3", "project#2"))
    found = replace(found, target=replace(found.target, file=Path("staging.toml")))
    assert spent_keys(found) == [
        "the key of [project] was replaced 2 times: the one in staging.toml is dead, "
        "so generate another before the next run"
    ]
    assert spent_keys(replace(found, files=(Path("history.ndjson"),))) == []
    assert spent_keys(sound()) == []


def test_a_team_keeps_its_keys() -> None:
    found = outcome(issued("team#2"))
    team = replace(found.target.parties["project"], name="team", kind="team")
    found = replace(found, target=replace(found.target, parties={"team": team}))
    assert spent_keys(found) == [
        "a key was generated once for [team]: revoke those that nobody needs"
    ]
    assert dead_keys(found) == []
