import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NoReturn
from unittest.mock import Mock

import pytest
from click.testing import CliRunner, Result

from conformance import __version__
from conformance.__main__ import main
from conformance.catalogue import requirements
from conformance.cli import cli
from reference_server.__main__ import main as serve


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_its_version() -> None:
    assert __version__ in call("--version").output


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_and_option_is_explained(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    options = [one for one in cli.commands[command].params if one.param_type_name == "option"]
    assert all(getattr(one, "help", None) for one in options if one.name != "form")


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_what_may_be_repeated_is_said_to_be(command: str) -> None:
    many = [one for one in cli.commands[command].params if one.multiple]
    assert all("repeatable" in (getattr(one, "help", None) or "") for one in many)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "requirements", "rate.enforced"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith("rate.enforced (must): the first request over the limit")


def test_the_catalogue_is_data() -> None:
    found = json.loads(call("requirements", "--format", "json").output)
    assert [one["id"] for one in found] == [one.id for one in requirements()]
    assert set(found[0]) == {"id", "level", "everywhere", "title", "source", "reading"}


def test_the_catalogue_is_a_table() -> None:
    table = call("requirements").output.splitlines()
    markdown = call("requirements", "--format", "markdown").output.splitlines()
    assert len(table) == len(requirements()) == len(markdown) - 2


def test_an_area_is_its_rows_of_the_catalogue() -> None:
    mine = [one for one in requirements() if one.area == "rate"]
    found = json.loads(call("requirements", "rate", "--format", "json").output)
    assert [one["id"] for one in found] == [one.id for one in mine]
    table = call("requirements", "rate").output.splitlines()
    markdown = call("requirements", "rate", "--format", "markdown").output.splitlines()
    assert len(table) == len(mine) == len(markdown) - 2
    assert all(line.startswith("rate.") for line in table)


def test_the_help_says_that_an_area_may_be_named() -> None:
    assert "[ID|AREA]" in call("requirements", "--help").output


def test_a_plan_is_data() -> None:
    found = json.loads(call("plan", "--format", "json").output)
    assert found["requests"] == sum(found["by_credential"].values())
    assert (found["undecided"], found["writes"]) == ({}, True)
    assert {id for probe in found["probes"] for id in probe["serves"]} > {"rate.enforced"}


def test_a_plan_says_what_to_add(folder: Path) -> None:
    (folder / "t.toml").write_text(
        'base_url = "http://127.0.0.1:9"\n[project]\nid = "p"\nkey = "bzy_proj_x"\n',
        encoding="utf-8",
    )
    result = call("plan", "--target", "t.toml")
    assert "creates nothing there; generates no key" in result.output
    assert "add hooks.regenerate_project_key" in result.output
    assert "bzy_proj_x" not in result.output
    assert "tries less" not in result.output
    assert "mend this" not in result.output
    with (folder / "t.toml").open("a", encoding="utf-8") as file:
        file.write('[hooks]\nshow_project_key = ["./nothing"]\n')
    assert (
        "first:\n  hooks.show_project_key: ./nothing does not exist"
        in call("plan", "--target", "t.toml").output
    )
    assert json.loads(call("plan", "--target", "t.toml", "--format", "json").output)["warnings"]
    with (folder / "t.toml").open("a", encoding="utf-8") as file:
        file.write("[safety]\nmax_requests_per_second = 20\n")
    assert "to try all, allow " in call("plan", "--target", "t.toml").output


def test_parties_that_share_a_key_are_run_against_nothing(folder: Path) -> None:
    party = '[{}]\nid = "{}"\nkey = "bzy_proj_x"\n'
    (folder / "t.toml").write_text(
        'base_url = "http://127.0.0.1:9"\n'
        + party.format("project", "p")
        + party.format("team", "t"),
        encoding="utf-8",
    )
    result = call("run", "--target", "t.toml")
    assert (result.exit_code, result.output) == (
        2,
        "bugzy-conformance: t.toml: team.key is the same as project.key; write the key of team\n",
    )
    assert "  t.toml: team.key is the same as" in call("plan", "--target", "t.toml").output


def test_a_hook_that_cannot_be_run_is_said_before_the_run(folder: Path) -> None:
    (folder / "t.toml").write_text(
        'base_url = "http://127.0.0.1:9"\n[project]\nid = "p"\nkey = "bzy_proj_x"\n'
        '[hooks]\nshow_project_key = ["./nothing"]\n',
        encoding="utf-8",
    )
    said = call("run", "--target", "t.toml", "--only", "rotation").stderr.splitlines()
    assert said[0].startswith("bugzy-conformance: hooks.show_project_key: ./nothing does not exist")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "--base-url", "http://x"], "project.id is missing"),
        (["plan", "--only", "rat"], "'rat'; did you mean rate?"),
        (["plan", "--openapi", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["run", "--openapi", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "--openapi", "no.yaml"], "no.yaml: not YAML: while parsing"),
        (["run", "--skip", "rat"], "'rat'; did you mean rate?"),
        (["run", "--only", "schema", "--skip", "schema"], "leave no requirement to decide"),
        (["run", "--header", "x", "--base-url", "http://x"], "project.id is missing"),
        (["run", "--openapi", "t.toml"], "t.toml: no bugzy contract: it is no OpenAPI document"),
        (["faults", "--only", "nver-refuses"], "named nver-refuses; did you mean never-refuses?"),
        (["faults", "--only", "aligns-window"], "did you mean aligns-windows?"),
        (
            ["faults", "--only", "zz"],
            "see bugzy-reference-server --list-faults and --list-variants",
        ),
        (["run", "--windows", "0"], "--windows is 0; write a number above 0"),
        (["run", "--report-dir", "no.yaml/x"], "--report-dir no.yaml/x: cannot be made: Not a"),
        (["plan", "--only", "schema", "--skip", "schema"], "--only and --skip leave no"),
        (["plan", "--waivers", "nowhere.toml"], "nowhere.toml: cannot be read: No such file"),
        (["run", "--waivers", "nowhere.toml"], "nowhere.toml: cannot be read: No such file"),
        (["audit", "empty.ndjson", "--only", "rat"], "did you mean rate?"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    folder: Path, arguments: list[str], said: str
) -> None:
    (folder / "empty.ndjson").write_text('{"type": "header"}\n', encoding="utf-8")
    (folder / "no.yaml").write_text("a: [\nb", encoding="utf-8")
    (folder / "t.toml").write_text('base_url = "http://x"', encoding="utf-8")
    result = call(*arguments)
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1), result.output
    assert result.output.startswith("bugzy-conformance: ")
    assert said in result.output


@pytest.mark.parametrize("arguments", [["rn"], ["run", "--windows", "x"], ["run", "--nope"]])
def test_what_click_refuses_has_status_2_too(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


def test_an_error_of_the_suites_own_is_not_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.plan.make", lambda target: 1 // 0)
    monkeypatch.setattr(sys, "argv", ["bugzy-conformance", "plan"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 70


def test_an_interrupted_command_has_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.running.bundled_or_named", Mock(side_effect=KeyboardInterrupt))
    result = call("run")
    assert (result.exit_code, result.output) == (
        3,
        "bugzy-conformance: interrupted before anything was decided\n",
    )


class InterruptedLoading(ModuleType):
    def __getattr__(self, name: str) -> NoReturn:
        raise KeyboardInterrupt if name in ("cli", "main") else AttributeError(name)


@pytest.mark.parametrize(
    ("package", "start", "status"),
    [
        ("conformance.cli", main, 3),
        ("reference_server.cli", serve, "Aborted!"),
    ],
)
def test_a_command_may_be_interrupted_while_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch, package: str, start: Callable[[], None], status: int | str
) -> None:
    loading = InterruptedLoading(package)
    monkeypatch.setitem(sys.modules, package, loading)
    monkeypatch.setattr(package, loading, raising=False)
    with pytest.raises(SystemExit) as ended:
        start()
    assert ended.value.code == status


def test_the_console_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bugzy-conformance", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
