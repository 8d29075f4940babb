"""The schedule, the inventory and the architecture that they rest on."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import conformance
from conformance import catalogue, contract, inventory, judges, plan, running, schedule, target
from conformance.finding import JUDGES
from conformance.probe import Phase
from conformance.source import TargetError
from conformance.target import PARTIES, Target

PACKAGE = Path(conformance.__file__).parent
PARTY = 'id = "{0}"\nkey = "bzy_{1}_0123456789abcdef0123456789abcdef"\n'


def described(tmp_path: Path, *parties: str, hooks: bool = False) -> Target:
    text = 'base_url = "http://127.0.0.1:1"\n'
    for name in parties:
        text += f"[{name}]\n" + PARTY.format(name, "team" if "team" in name else "proj")
    if hooks:
        text += '[hooks]\nregenerate_project_key = ["x"]\nshow_project_key = ["x"]\n'
    path = tmp_path / "target.toml"
    path.write_text(text, encoding="utf-8")
    return target.load({"target": str(path)}, {})


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return froms | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def test_judges_send_nothing() -> None:
    for path in (PACKAGE / "judges").glob("*.py"):
        assert not imports(path) & {"conformance.client", "conformance.bench", "httpx"}, path


def test_probes_judge_nothing() -> None:
    for path in (PACKAGE / "probes").glob("*.py"):
        assert not any(name.startswith("conformance.judges") for name in imports(path)), path


def test_the_server_does_not_know_the_suite() -> None:
    for path in (PACKAGE.parent / "reference_server").rglob("*.py"):
        assert not any(name.split(".")[0] == "conformance" for name in imports(path)), path


def test_an_exclusion_that_names_nothing_is_said(tmp_path: Path) -> None:
    narrow = replace(described(tmp_path, "project"), exclude=("listTestRun",))
    with pytest.raises(TargetError, match=r"listTestRun is not known; did you mean listTestRuns\?"):
        plan.make(narrow)
    project = tuple(one.id for one in contract.load().of_kind("project"))
    with pytest.raises(TargetError, match=r"exclude leaves no operation of a project"):
        plan.make(replace(narrow, exclude=project))


def test_the_plan_says_what_exclusions_leave_undecided(tmp_path: Path) -> None:
    teams = tuple(one.id for one in contract.load().of_kind("team"))
    narrow = replace(described(tmp_path, "project", "team"), exclude=teams)
    undecided = plan.make(narrow).undecided
    assert undecided["auth.team-key-accepted"] == contract.LEFT_OUT
    assert "team" not in plan.make(narrow).requests


def test_every_requirement_has_a_judge_and_a_probe() -> None:
    judges.load()
    ids = {one.id for one in catalogue.requirements()}
    served = {id for _, _, probe in inventory.functions() for id in probe.serves}
    assert set(JUDGES) == ids
    assert served <= ids
    assert ids - served <= {one.id for one in catalogue.requirements() if one.everywhere}


def test_the_plan_is_what_pytest_collects(tmp_path: Path) -> None:
    mine = described(tmp_path, "project")
    planned = [one.id for one in plan.make(mine).slots]
    assert len(planned) == len(set(planned))
    assert planned[0] == "auth.accepted[listExecutions]"


def test_a_lone_project_key_needs_two_windows_at_most(tmp_path: Path) -> None:
    made = plan.make(described(tmp_path, "project"))
    assert made.windows["project"] <= 2
    assert made.requests["project"] <= 125  # two windows of 60, and what is refused in them
    assert made.generated == 0
    assert "rotation.in-flight" in made.undecided
    assert "rate.enforced" not in made.undecided


@pytest.mark.parametrize(
    ("parties", "workers"),
    [(tuple(PARTIES), 0), (tuple(PARTIES), 2), (tuple(PARTIES), 4), (("project", "team"), 0)],
)
def test_hooks_save_a_second_window(tmp_path: Path, parties: tuple[str, ...], workers: int) -> None:
    mine = replace(described(tmp_path, *parties, hooks=True), workers=workers)
    hooks = {**mine.hooks, "generate_team_key": ("x",)}
    made = plan.make(replace(mine, hooks=hooks, allow_writes=True))
    assert made.seconds < 1.15 * contract.load().rate_limit.window


def test_a_plan_knows_what_is_waited_for_after_a_new_key(tmp_path: Path) -> None:
    mine = replace(described(tmp_path, "project", "team", hooks=True), only=("rotation.permanent",))
    window = contract.load().rate_limit.window
    long = plan.make(mine).seconds
    assert window / 2 < long < window
    assert long - plan.make(replace(mine, window=window / 2)).seconds == pytest.approx(window / 4)


def test_a_plan_knows_that_a_short_window_is_watched_from_its_start(tmp_path: Path) -> None:
    mine = described(tmp_path, "project", "other_project", hooks=True)
    short = plan.make(replace(mine, only=("rate.recovers",), window=8.0, limit=20)).seconds
    assert short > 2 * 8.0


def test_a_plan_knows_that_nothing_is_waited_for_with_a_bundled_server() -> None:
    made = plan.make(running.described({}))
    assert made.seconds == pytest.approx(plan.OVERHEAD + made.total * plan.EMBEDDED, rel=0.02)


def test_slow_answers_take_longer_than_the_window_unless_workers_share_them(tmp_path: Path) -> None:
    mine = described(tmp_path, *PARTIES, hooks=True)
    hooks = {**mine.hooks, "generate_team_key": ("x",)}
    mine = replace(mine, hooks=hooks, allow_writes=True, max_requests_per_second=20)
    alone, shared = (plan.make(replace(mine, workers=workers), 0.2) for workers in (1, 4))
    window = contract.load().rate_limit.window
    assert alone.seconds > 1.5 * window
    assert shared.seconds < 1.2 * window
    assert shared.requests == alone.requests
    assert (alone.answer, alone.seconds) > (plan.ANSWER, plan.make(mine).seconds)


@pytest.mark.parametrize("others", [(), ("other_project",)], ids=["alone", "beside another"])
def test_what_finds_no_room_gets_a_new_key_where_another_one_shows_the_reset(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    """Answers that are told apart take more requests than planned: no window is waited for."""
    made = plan.make(described(tmp_path, "project", *others, hooks=True))
    early = [one for one in made.slots if one.phase is Phase.OPEN and one.party == "project"]
    assert early
    assert {one.refill for one in early} == {bool(others)}


def test_phases_are_in_order(tmp_path: Path) -> None:
    made = plan.make(described(tmp_path, "project", "team", hooks=True))
    phases = [one.phase for one in made.slots]
    assert phases == sorted(phases)
    assert Phase.RECOVER in phases


def test_whoever_spends_a_key_owns_it(tmp_path: Path) -> None:
    mine = described(tmp_path, "project", "other_project", "team", "other_team")
    slots = [one for one, _ in inventory.slots(contract.load(), mine)]
    owners = {one.party: schedule.bin_of(one, 4, mine) for one in slots}
    assert len({schedule.bin_of(one, 4, mine) for one in slots if one.party == "project"}) == 1
    assert owners["project"] != owners["team"]


def test_only_the_owner_of_a_key_replaces_it(tmp_path: Path) -> None:
    given = described(tmp_path, "project", "team", "other_project", hooks=True)
    for workers in (0, 1, 2, 4):
        mine = replace(given, workers=workers)
        slots = [one for one, _ in inventory.slots(contract.load(), mine)]
        generating = [one for one in slots if one.probe.generates]
        assert generating
        for one in generating:
            assert set(one.spends) <= schedule.owned(one, mine), (one.id, workers)


def test_what_spends_several_keys_comes_last_in_its_phase(tmp_path: Path) -> None:
    mine = described(tmp_path, "project", "team", "other_project", hooks=True)
    order = plan.make(mine).slots
    several = {one.phase: len(one.spends) > 1 for one in order}  # the last one of each phase
    for phase in {one.phase for one in order if len(one.spends) > 1}:
        assert several[phase]


def test_help_is_quick_because_it_imports_little() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from conformance.cli import cli;"
        "CliRunner().invoke(cli, ['run', '--help']);"
        "print(*{'pytest', 'httpx', 'schemathesis', 'hypothesis', 'jinja2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
