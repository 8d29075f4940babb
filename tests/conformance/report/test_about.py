import json

import pytest
from click.testing import CliRunner, Result

from conformance import inventory
from conformance.catalogue import UnknownRequirement, requirements
from conformance.cli import cli
from conformance.report.about import about, as_json, as_text
from reference_server.faults import FAULTS

IDS = [one.id for one in requirements()]


def shown(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["requirements", *arguments])


def test_everything_about_a_requirement_is_shown() -> None:
    text = as_text("rotation.shown-once")
    for part in (
        "rotation.shown-once (must): ",
        "API Keys, Generating a Project Key",
        "rotation.shown: ",
        "hooks.show_project_key",
        "shows-whole-key: ",
        "bugzy-conformance run --only rotation.shown-once",
    ):
        assert part in text


@pytest.mark.parametrize("id", IDS)
def test_each_has_a_fault_that_proves_it_and_a_probe_or_every_answer(id: str) -> None:
    found = about(id)
    assert any(fault.own for fault in found.faults)
    assert found.probes or found.requirement.everywhere
    assert ("judged on every answer" in as_text(id)) == found.requirement.everywhere


def test_no_probe_and_no_fault_is_left_out() -> None:
    every = [about(id) for id in IDS]
    probes = {probe.name for one in every for probe in one.probes}
    assert len(probes) == len(list(inventory.functions()))
    assert {fault.name for one in every for fault in one.faults if fault.own} == set(FAULTS)


def test_needs_name_parties_of_the_target_file() -> None:
    names = ("project", "other_project", "team", "other_team", "hooks", "safety")
    needs = {need for id in IDS for probe in about(id).probes for need in probe.needs}
    assert {need.partition(".")[0] for need in needs} <= set(names)


def test_no_line_is_too_long_for_a_terminal() -> None:
    assert max(len(line) for id in IDS for line in as_text(id).splitlines()[1:]) <= 100


def test_programs_get_the_same() -> None:
    document = json.loads(as_json("auth.challenge"))
    assert document["level"] == "should"
    assert "omits-challenge" in {fault["name"] for fault in document["faults"]}


def test_the_command_shows_one_requirement() -> None:
    assert shown("auth.challenge").output.strip() == as_text("auth.challenge")
    assert json.loads(shown("auth.challenge", "--format", "json").output)["id"] == "auth.challenge"


def test_an_unknown_id_is_a_usage_error() -> None:
    with pytest.raises(UnknownRequirement):
        about("auth.nothing")
    assert shown("auth.chalenge").exit_code == 2
