"""The files for CI systems: what can be known of them without those systems."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import plan as plans
from conformance import target as targets

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / ".deploy"
ACTION = ROOT / ".github" / "actions" / "bugzy-conformance" / "action.yml"
COMMANDS = {"run", "plan", "audit", "requirements", "faults", "init"}


@pytest.fixture(scope="module")
def action() -> Any:
    return yaml.safe_load(ACTION.read_text(encoding="utf-8"))


def step(action: Any, name: str) -> Any:
    (found,) = (one for one in action["runs"]["steps"] if one.get("name") == name)
    return found


def execute(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **variables}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, env=environ, check=False, capture_output=True, text=True)


@pytest.fixture
def runner(tmp_path: Path) -> dict[str, str]:
    """The variables of a job whose suite only says what it was called with, and fails."""
    programs = tmp_path / "bugzy-conformance" / "bin"
    programs.mkdir(parents=True)
    suite = programs / "bugzy-conformance"
    suite.write_text('#!/bin/sh\nprintf "<%s>" "$@"\nexit 1\n')
    suite.chmod(0o755)
    (programs / "python").symlink_to(sys.executable)
    files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    return {"RUNNER_TEMP": str(tmp_path), "REPORT_DIR": str(tmp_path / "out"), **files}


def test_the_action_lies_three_folders_below_the_project(action: Any) -> None:
    assert (ACTION.parent / "../../.." / "pyproject.toml").resolve() == ROOT / "pyproject.toml"
    assert '"$GITHUB_ACTION_PATH/../../.."' in step(action, "Install")["run"]


def test_the_action_puts_no_input_into_a_script(action: Any) -> None:
    scripts = [one.get("run", "") for one in action["runs"]["steps"]]
    assert not [script for script in scripts if "${{" in script]


def test_the_action_says_what_shell_each_script_is_for(action: Any) -> None:
    assert all(one.get("shell") == "bash" for one in action["runs"]["steps"] if "run" in one)


def test_the_action_runs_the_suite_and_fails_with_it(action: Any, runner: dict[str, str]) -> None:
    done = execute(step(action, "Run")["run"], TARGET="a b.toml", ARGS="--strict -n 2", **runner)
    out = runner["REPORT_DIR"]
    assert done.returncode == 1
    assert done.stdout == f"<run><--target><a b.toml><--report-dir><{out}><--strict><-n><2>"


def test_the_action_runs_without_further_arguments(action: Any, runner: dict[str, str]) -> None:
    done = execute(step(action, "Run")["run"], TARGET="t", ARGS="", **runner)
    assert done.stdout.endswith(f"<{runner['REPORT_DIR']}>")


def test_the_action_does_not_execute_its_arguments(action: Any, runner: dict[str, str]) -> None:
    done = execute(step(action, "Run")["run"], TARGET="t", ARGS="$(date) ;date", **runner)
    assert done.stdout.endswith("<$(date)><;date>")


def test_the_action_writes_the_summary_also_of_a_failed_run(
    action: Any, runner: dict[str, str]
) -> None:
    out = Path(runner["REPORT_DIR"])
    out.mkdir()
    (out / "report.md").write_text("# Nonconformant\n")
    (out / "report.json").write_text('{"verdict": "nonconformant"}')
    summary = step(action, "Summary")
    assert summary["if"] == step(action, "Upload")["if"] == "always()"
    assert execute(summary["run"], **runner).returncode == 0
    assert Path(runner["GITHUB_STEP_SUMMARY"]).read_text() == "# Nonconformant\n"
    assert Path(runner["GITHUB_OUTPUT"]).read_text() == "verdict=nonconformant\n"


def test_the_action_has_no_summary_where_there_are_no_reports(
    action: Any, runner: dict[str, str]
) -> None:
    assert execute(step(action, "Summary")["run"], **runner).returncode == 0


def test_the_workflows_are_yaml() -> None:
    files = list((ROOT / ".github" / "workflows").glob("*.yml"))
    assert all(yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"] for file in files)


def test_the_gitlab_job_keeps_the_reports() -> None:
    job = yaml.safe_load((DEPLOY / "gitlab-ci.yml").read_text(encoding="utf-8"))["conformance"]
    folder = str(targets.Target.report_dir)
    assert job["artifacts"]["paths"] == [f"{folder}/"]
    assert job["artifacts"]["reports"]["junit"] == f"{folder}/junit.xml"
    assert job["artifacts"]["when"] == "always"


def test_the_gitlab_job_calls_a_command_that_there_is() -> None:
    job = yaml.safe_load((DEPLOY / "gitlab-ci.yml").read_text(encoding="utf-8"))["conformance"]
    (line,) = job["script"]
    assert line.split()[:2] == ["bugzy-conformance", "run"]


def test_the_container_copies_what_the_wheel_is_built_from() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    assert names >= {"pyproject.toml", "README.md", "LICENSE", "openapi.yaml"}
    assert all((ROOT / name).exists() for name in names)


def test_the_container_does_not_run_as_root() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    last_stage = text.rpartition("FROM ")[2]
    assert re.search(r"^USER [1-9]", last_stage, re.MULTILINE)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> targets.Target:
    for name in targets.PARTIES:
        monkeypatch.setenv(f"BUGZY_{name.upper()}_KEY", f"key-of-{name}")
    return targets.load({"target": str(DEPLOY / "target.toml")})


def test_the_example_target_loads(example: targets.Target) -> None:
    assert set(example.parties) == set(targets.PARTIES)
    assert set(example.hooks) == set(targets.HOOKS)


def test_with_the_example_target_everything_can_be_decided(example: targets.Target) -> None:
    assert plans.make(example).undecided == {}


def test_the_example_target_holds_no_key() -> None:
    text = (DEPLOY / "target.toml").read_text(encoding="utf-8")
    assert all(value.startswith("env:") for value in re.findall(r'^key = "(.*)"', text, re.M))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_suite_completes_itself_in_a_shell(shell: str) -> None:
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("bash is missing")
    command = [sys.executable, "-m", "conformance"]
    environ = {**os.environ, "_BUGZY_CONFORMANCE_COMPLETE": f"{shell}_source"}
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    assert "_BUGZY_CONFORMANCE_COMPLETE" in done.stdout


def test_the_commands_are_completed() -> None:
    environ = {
        **os.environ,
        "_BUGZY_CONFORMANCE_COMPLETE": "bash_complete",
        "COMP_WORDS": "bugzy-conformance ",
        "COMP_CWORD": "1",
    }
    command = [sys.executable, "-m", "conformance"]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    assert {line.split(",")[1] for line in done.stdout.split()} >= COMMANDS
