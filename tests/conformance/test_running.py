import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from conformance import contract as contracts
from conformance import history as histories
from conformance import plan as plans
from conformance import running, session, variables
from conformance import target as targets
from conformance.catalogue import requirements
from conformance.outcome import Outcome, judged
from conformance.report import document
from reference_server import embedded
from reference_server.clock import RealClock

SMALL = {"quiet": True, "only": ["schema.valid-accepted"]}
REPORTS = {
    "report.json",
    "report.html",
    "report.md",
    "junit.xml",
    "badge.json",
    "history.ndjson",
    "history.har",
}
DEADLINE = 60  # seconds


def ran(folder: Path, **options: Any) -> Outcome:
    with running.bundled(SMALL | {"report_dir": str(folder)} | options) as target:
        return running.outcome(target)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What a run of everything came to."""
    return ran(tmp_path_factory.mktemp("whole"), only=[])


def test_the_reference_server_conforms(whole: Outcome) -> None:
    assert (whole.verdict, whole.status, whole.errors) == ("conformant", 0, ())
    outcomes = {one.requirement.id: one.outcome for one in whole.verdicts}
    assert outcomes == {one.id: "passed" for one in requirements()}


def test_every_report_is_written(whole: Outcome) -> None:
    folder = whole.target.report_dir
    assert {path.name for path in folder.iterdir()} == REPORTS
    assert json.loads((folder / "report.json").read_text("utf-8"))["verdict"] == "conformant"


def test_a_history_is_judged_the_same_again(whole: Outcome) -> None:
    again = histories.read(whole.target.report_dir / "history.ndjson")
    assert judged(whole.contract, again, whole.target).verdicts == whole.verdicts


def test_a_plan_foresees_the_windows_of_new_keys(tmp_path: Path) -> None:
    outcome = ran(tmp_path, only=["rotation"])
    took = document.windows(outcome)["project"]
    assert plans.make(outcome.target).windows["project"] == pytest.approx(took, rel=0.2)


def test_two_runs_send_the_same(tmp_path: Path) -> None:
    one, other = (ran(tmp_path, seed=7) for _ in range(2))
    assert len(bodies(one)) > 5
    assert bodies(one) == bodies(other)


def bodies(outcome: Outcome) -> list[tuple[str, str]]:
    """What was sent, without what a run has of its own."""
    sign = r"\\u[4-9][0-9a-f]{3}"  # a name of one letter, which another run does not repeat
    run = re.compile(f"{outcome.history.header['run']}|{sign}", re.IGNORECASE)
    sent = [one.request for one in outcome.history.exchanges if one.tags.generated]
    return [(one.method, run.sub("", one.body.decode())) for one in sent]


def test_no_more_is_sent_than_allowed(tmp_path: Path) -> None:
    outcome = ran(tmp_path, only=[], max_requests=40)
    assert len(outcome.history.exchanges) == 40
    assert outcome.history.footer["reason"] == "--max-requests 40 is reached"
    assert outcome.verdict == "inconclusive"


def test_other_options_of_pytest_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    assert ran(tmp_path).status == 0
    assert os.environ["PYTEST_ADDOPTS"] == "--no-such-option"


def test_a_run_leaves_no_session_behind(tmp_path: Path) -> None:
    ran(tmp_path)
    assert session.CURRENT is None


def test_what_a_target_lacks_is_not_tested(tmp_path: Path) -> None:
    only = ["rotation.in-flight", "scope.team-isolation", "auth.required"]
    with running.bundled(SMALL | {"report_dir": str(tmp_path), "only": only}) as target:
        alone = {"project": target.parties["project"]}
        outcome = running.outcome(replace(target, parties=alone, control=None))
    reasons = {one.requirement.id: (one.outcome, one.reason) for one in outcome.verdicts}
    assert reasons["rotation.in-flight"] == ("not_tested", "add hooks.regenerate_project_key")
    assert reasons["scope.team-isolation"][0] == "not_tested"
    assert reasons["auth.required"] == ("passed", None)


TEAMS = [one.id for one in contracts.load().of_kind("team")]
NESTED = [one.id for one in contracts.load().operations if one.nested is not None]


@pytest.mark.parametrize(
    ("excluded", "untested"),
    [
        ([one.id for one in contracts.load().operations if not one.documented], set()),
        ([*TEAMS, *NESTED], {"auth.team-key-accepted", "scope.team-isolation", "scope.nested"}),
    ],
    ids=["what is only assumed", "teams, and what is nested"],
)
def test_operations_that_a_deployment_lacks_are_left_out(
    excluded: list[str], untested: set[str]
) -> None:
    with running.bundled({"quiet": True}) as target:
        narrow = replace(target, exclude=tuple(excluded), thrifty=True)
        outcome = running.outcome(narrow, keep=False)
    assert (outcome.verdict, outcome.errors) == ("conformant", ())
    left = {one.requirement.id: one.reason for one in outcome.verdicts if one.outcome != "passed"}
    assert untested <= set(left)
    assert not left or untested
    assert all("(operations.exclude)" in (reason or "") for reason in left.values()), left


def test_a_key_whose_reset_is_to_be_seen_is_kept_until_then() -> None:
    chosen = {"quiet": True, "only": ("auth.header-only", "rate.enforced", "rate.recovers")}
    with running.bundled(chosen) as target:
        parties = {name: target.parties[name] for name in ("project", "team")}
        found = running.outcome(replace(target, parties=parties), keep=False).history
    seen = next(one for one in found.exchanges if one.tags.group == "after-reset")
    issued = [one for one in found.events if one.kind == "issued" and one.data["party"] == "team"]
    assert seen.tags.key == issued[0].data["key"]


def test_a_disk_that_is_full_at_the_end_is_said_beside_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr("conformance.report.histories.write", Mock(side_effect=full))
    outcome = ran(tmp_path)
    said = f"--report-dir {tmp_path}: cannot be written: No space left on device"
    assert (outcome.verdict, outcome.errors, outcome.status) == ("conformant", (said,), 70)


def test_a_run_interrupted_before_pytest_began_leaves_reports_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.report.progress.Progress", Mock(side_effect=KeyboardInterrupt))
    assert ran(tmp_path, workers=2).history.footer["reason"] == "interrupted"
    assert {path.name for path in tmp_path.iterdir()} == REPORTS
    assert session.CURRENT is None


def test_a_session_that_has_not_begun_has_no_file_of_its_workers(tmp_path: Path) -> None:
    with running.bundled(SMALL | {"report_dir": str(tmp_path), "workers": 2}) as target:
        made = session.Session(target)
        assert {path.name for path in tmp_path.iterdir()} == {"history.ndjson"}
        made.finish()
    assert {path.name for path in tmp_path.iterdir()} == REPORTS


def test_the_summary_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = SMALL | {"report_dir": str(tmp_path), "quiet": False}
    with running.bundled(options) as target:
        assert running.run(target) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "schema    1 passed" in lines
    assert lines[-1] == f"reports: {tmp_path}/"


def test_a_server_in_a_process_of_its_own() -> None:
    with running.apart({"quiet": True, "only": ("auth.required",)}, fault="opens-reads") as target:
        assert target.control is None
        assert target.window == running.SECONDS
        outcome = running.outcome(target, keep=False)
    assert [one.outcome for one in outcome.verdicts] == ["failed"]


def test_a_server_that_does_not_start_apart() -> None:
    with pytest.raises(RuntimeError, match="did not start"), running.apart({}, fault="nobody"):
        raise AssertionError("it started")


def test_a_target_can_be_described_without_a_server() -> None:
    found = running.described({})
    assert [found.has_key(name) for name in found.parties] == [True] * 4
    assert found.control is not None


def test_a_target_that_hangs_is_given_up_after_one_request_and_its_repeat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        given = {"base_url": url, "timeout": 0.2, "report_dir": str(tmp_path)}
        mine = {"PROJECT_ID": "p", "PROJECT_KEY": "bzy_proj_x"}
        environ = {variables.named(name): value for name, value in mine.items()}
        outcome = running.outcome(targets.load(given, environ))
    assert len(outcome.history.exchanges) == 2
    assert f"{url} does not answer" in outcome.history.footer["reason"]
    assert "--timeout" in outcome.history.footer["reason"]
    assert capsys.readouterr().err == f"asking {url} once with each key\n"


# a server of its own, in real time


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """The target file of a server whose window is long."""
    with embedded.start(clock=RealClock()) as server:
        project = server.credentials["project"]
        path = tmp_path / "target.toml"
        path.write_text(
            f'base_url = "{server.base_url}"\n'
            f'[project]\nid = "{project.id}"\nkey = "{project.key}"\n',
            encoding="utf-8",
        )
        yield path


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_writes_its_reports(file: Path, sent: signal.Signals) -> None:
    folder = file.parent / "out"
    folder.mkdir()
    (folder / "report.html").write_text("of an earlier run", encoding="utf-8")
    command = [sys.executable, "-m", "conformance", "run", "--target", str(file)]
    process = subprocess.Popen(
        [*command, "--report-dir", str(folder)], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith(b"asking http://127.0.0.1:")
    assert b"requests and" in process.stderr.readline()
    assert not (folder / "report.html").exists()
    process.send_signal(sent)
    process.communicate(timeout=DEADLINE)
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (report["verdict"], process.returncode) == ("inconclusive", 3)
    assert (report["complete"], report["reason"]) == (False, "interrupted")
    assert tomllib.loads(file.read_text("utf-8"))["project"]["key"] not in str(report)
