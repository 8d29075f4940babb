import base64
import json
import random
import re
import string
import subprocess
import sys
import urllib.parse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import history as histories
from conformance.audit import COUNTED, audit
from conformance.history import HistoryError
from conformance.outcome import Outcome
from conformance.report import har
from conformance.source import TargetError
from tests.conformance.judges.builder import exchange, history
from tests.conformance.report.outcomes import outcome
from tests.conformance.test_recording import entry, saved

# A run of a faulty server, and, beside its reports, every key that it ever held.
RUN = """
import sys
from dataclasses import replace
from conformance import keyring, running

added = keyring.Keyring.add

def add(self, party, value, *rest, **options):
    with open(sys.argv[2], "a") as file:
        print(value, file=file)
    return added(self, party, value, *rest, **options)

keyring.Keyring.add = add
with running.bundled({"report_dir": sys.argv[1]}, fault="names-foreign") as target:
    sys.exit(running.run(replace(target, thrifty=True)))
"""
REPORTS = {
    "report.json",
    "report.html",
    "report.md",
    "junit.xml",
    "badge.json",
    "history.ndjson",
    "history.har",
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a failing run: its reports, its output, and the keys beside it."""
    folder = tmp_path_factory.mktemp("failing")
    reports, keys = folder / "reports", folder / "keys"
    command = [sys.executable, "-c", RUN, str(reports), str(keys)]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr.decode()[-2000:]
    (reports / "output").write_bytes(done.stdout + done.stderr)
    return reports


def verdicts(report: Any) -> dict[str, Any]:
    """What a report.json decides, and why."""
    return {
        one["id"]: (one["outcome"], one["reason"], one["exchanges_judged"], one["findings"])
        for one in report["requirements"]
    }


def read(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())


def test_all_reports_are_written(failed: Path) -> None:
    assert {one.name for one in failed.iterdir()} >= REPORTS


def test_no_key_is_in_any_report_or_in_the_output(failed: Path) -> None:
    keys = failed.with_name("keys").read_text().split()
    assert len(keys) > 4
    for path in failed.iterdir():
        content = path.read_bytes()
        for key in keys:
            for form in forms(key):
                assert form not in content, f"{path.name} holds {key[:12]}..."


def forms(key: str) -> list[bytes]:
    """A key plain, as in a URL, and in base64, alone and beside a colon."""
    encoded = [base64.b64encode(text.encode()) for text in (key, f"{key}:", f":{key}")]
    return [key.encode(), urllib.parse.quote(key, safe="").encode(), *encoded]


@pytest.mark.parametrize("name", ["history.ndjson", "history.har"])
def test_an_audit_of_a_run_comes_to_the_same(failed: Path, tmp_path: Path, name: str) -> None:
    found = audit([failed / name], {"report_dir": str(tmp_path)})
    run, audited = read(failed), read(tmp_path)
    assert found.status == run["exit_status"] == 1
    assert verdicts(audited) == verdicts(run)
    assert audited["traffic"] == run["traffic"]
    assert {one.name for one in tmp_path.iterdir()} == REPORTS


def test_what_a_browser_would_have_recorded_accuses_nobody(failed: Path, tmp_path: Path) -> None:
    """The fault shows in pairs of requests that nobody can tell for such in a recording."""
    path = stranger(failed / "history.ndjson", tmp_path / "browser.har")
    found = audit([path], {"report_dir": str(tmp_path)})
    assert [one.requirement.id for one in found.verdicts if one.outcome == "failed"] == []
    assert found.verdict == "conformant"
    passed = {one.requirement.id for one in found.verdicts if one.outcome == "passed"}
    assert {"auth.required", "rate.headers-form", "error.envelope", "schema.responses"} <= passed
    assert {"auth.team-key-accepted", "scope.project-isolation"} <= passed
    kept = {one.outcome for one in found.verdicts if one.requirement.area == "leak"}
    assert kept == {"not_tested"}


def stranger(source: Path, path: Path) -> Path:
    """The recording that a browser would have made of a run's plain requests."""
    whole = histories.read(source)
    plain = [one for one in whole.exchanges if one.tags.form in ("bearer", "none")]
    log = har.build(replace(whole, exchanges=tuple(plain)))["log"]
    del log[har.MEMBER]
    for one in log["entries"]:
        del one[har.MEMBER]
    rng = random.Random(1)
    keys: dict[str, str] = {}

    def key(found: re.Match[str]) -> str:
        prefix = "bzy_team_" if "team" in found[1] else "bzy_proj_"
        letters = rng.choices(string.ascii_letters + string.digits, k=40)
        return keys.setdefault(found[1], prefix + "".join(letters))

    text = re.sub(r"\[key ([a-z_]+#\d+)\]", key, json.dumps({"log": log}))
    path.write_text(text, encoding="utf-8")
    return path


# --- without a run


def audited(folder: Path, *entries: dict[str, Any], **options: Any) -> Outcome:
    path = saved(folder / "x.har", *entries)
    return audit([path], {"report_dir": str(folder / "reports"), **options})


def counted(remaining: int, second: int, status: int = 200) -> dict[str, Any]:
    found = entry(status, second=second)
    found["response"]["headers"] += [
        {"name": "x-ratelimit-limit", "value": "60"},
        {"name": "x-ratelimit-remaining", "value": str(remaining)},
        {"name": "x-ratelimit-reset", "value": "1767323100"},
    ]
    return found


def outcomes(found: Outcome) -> dict[str, str]:
    return {one.requirement.id: one.outcome for one in found.verdicts}


def test_a_count_that_others_took_part_in_is_left_undecided(tmp_path: Path) -> None:
    found = audited(tmp_path, counted(59, 0), counted(50, 1), counted(49, 2))
    (verdict,) = [v for v in found.verdicts if v.requirement.id == "rate.remaining-counts"]
    assert verdict.outcome == "not_tested"
    assert "8 requests are missing between exchanges 1 and 2" in (verdict.reason or "")


def test_a_count_that_is_whole_is_judged(tmp_path: Path) -> None:
    found = audited(tmp_path, *(counted(59 - number, number) for number in range(5)))
    assert outcomes(found)["rate.remaining-counts"] == "passed"


def test_a_count_that_no_missing_request_explains_is_a_failure(tmp_path: Path) -> None:
    found = audited(tmp_path, *(counted(40, number) for number in range(5)))
    failed = {one.requirement.id for one in found.verdicts if one.outcome == "failed"}
    assert failed & set(COUNTED)


def test_a_refusal_too_early_may_be_the_doing_of_others(tmp_path: Path) -> None:
    found = audited(tmp_path, counted(30, 0), counted(0, 1, status=429))
    assert outcomes(found)["rate.remaining-honest"] == "not_tested"


def test_a_broken_envelope_is_found_in_any_recording(tmp_path: Path) -> None:
    found = audited(tmp_path, entry(), entry(404, second=1))
    assert outcomes(found)["error.envelope"] == "failed"
    assert found.status == 1


def test_a_huge_and_hostile_body_is_only_text(tmp_path: Path) -> None:
    bad = entry(500, second=1)
    bad["response"]["content"]["text"] = "<script>alert(1)</script>\x1b[2J\u202e" * 150_000
    audited(tmp_path, entry(), bad)
    page = (tmp_path / "reports" / "report.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J\\u202e" in page
    assert len(page) < 3_000_000


def test_a_target_file_needs_no_keys(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text(
        'base_url = "https://staging.example.com"\n'
        '[project]\nid = "p"\nkey = "env:BUGZY_UNSET"\n'
        "[rate_limit]\nlimit = 7\nwindow_seconds = 3\n"
        '[operations]\nexclude = ["listTestRuns"]\n'
    )
    found = audited(tmp_path, counted(59, 0), target=str(file))
    assert (found.contract.rate_limit.limit, found.contract.rate_limit.window) == (7, 3)
    assert "listTestRuns" not in found.contract.by_id
    assert outcomes(found)["rate.limit-value"] == "failed"


def test_the_settings_of_the_run_are_kept_unless_others_are_given(tmp_path: Path) -> None:
    seen = replace(
        outcome(exchange(200)).history,
        header={"settings": {"only": ["auth"], "skip": [], "exclude": ["getOnboarding"]}},
    )
    path = tmp_path / "h.ndjson"
    histories.write(seen, path)
    kept = audit([path], {"report_dir": str(tmp_path / "a")})
    assert {one.requirement.area for one in kept.verdicts} == {"auth"}
    assert "getOnboarding" not in kept.contract.by_id
    given = audit([path], {"report_dir": str(tmp_path / "b"), "only": ("rate",)})
    assert {one.requirement.area for one in given.verdicts} == {"rate"}


def test_the_history_is_not_written_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    histories.write(history(exchange(200), footer={"odd": 1}), path)
    before = path.read_bytes()
    audit([path], {"report_dir": str(tmp_path)})
    assert path.read_bytes() == before


def test_another_contract_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "h.ndjson"
    histories.write(history(exchange(200), header={"contract": "0" * 64}), path)
    found = audit([path], {"report_dir": str(tmp_path)})
    assert "another openapi.yaml" in found.notes[0]


def test_a_url_that_chooses_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "h.ndjson"
    histories.write(history(exchange(200), header={"base_url": "https://a"}), path)
    options = {"report_dir": str(tmp_path), "base_url": "https://b"}
    assert audit([path], options).notes == (
        "--base-url https://b is not heeded: the history is of https://a, and all of it is judged",
    )
    assert audit([path], options | {"base_url": "https://a/"}).notes == ()


def test_bad_calls_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be read"):
        audit([tmp_path / "missing"], {})
    with pytest.raises(TargetError, match="--base-url holds an @"):
        audited(tmp_path, entry(), base_url="https://me:hush@x")
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError, match=r"--report-dir .*file: cannot be made"):
        audited(tmp_path, entry(), report_dir=str(tmp_path / "file"))
