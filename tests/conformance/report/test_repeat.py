import shlex
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.outcome import Outcome
from conformance.report.repeat import again, curl
from conformance.report.visible import INVISIBLE
from tests.conformance.judges.builder import exchange, issued
from tests.conformance.report.outcomes import outcome, sound

MASKED = (("Authorization", "Bearer [key project#2]"),)


def test_the_key_is_a_variable_of_the_shell() -> None:
    one = exchange(200, sent_fields=MASKED, target="/api/v1/x?a='b")
    assert curl(sound(), one) == (
        'curl -i -H "Authorization: Bearer $BUGZY_PROJECT_KEY" '
        """'https://staging.example.com/api/v1/x?a='"'"'b'"""
    )


def test_what_cannot_be_seen_survives_the_shell() -> None:
    """The line is run by bash: what it prints is what was sent."""
    body = "\r\n{'it\\n': \u00adé\u202e}"
    one = exchange(400, operation="createExecution", sent=body.encode())
    line = curl(sound(), one)
    assert not INVISIBLE.search(line)
    quoted = line.partition("--data-binary ")[2].rpartition(" ")[0]
    told = subprocess.run(["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True)
    assert told.stdout.decode() == body


def test_a_path_before_the_base_path_stands_once() -> None:
    found = sound()
    header = {**found.history.header, "base_url": "https://gateway.example.com/bugzy"}
    found = replace(found, history=replace(found.history, header=header))
    one = exchange(200, target="/bugzy/api/v1/x")
    assert curl(found, one).endswith(" https://gateway.example.com/bugzy/api/v1/x")


def test_fields_for_a_gateway_are_not_shown_but_named() -> None:
    found = sound()
    headers = (("X-Gateway", "secret"),)
    found = replace(found, target=replace(found.target, headers=headers))
    assert curl(found, exchange(200)).endswith(" # beside --header X-Gateway")


def asked(found: Outcome, **settings: Any) -> Outcome:
    """The same outcome of a target with these settings."""
    return replace(found, target=replace(found.target, **settings))


def test_a_certificate_that_is_not_verified_is_not_by_curl_either() -> None:
    assert curl(asked(sound(), insecure=True), exchange(200)).startswith("curl -i -k ")


def test_an_audit_is_repeated_as_an_audit() -> None:
    found = asked(replace(sound(), files=(Path("my recording.har"),)), given={})
    assert again(found, "rate.enforced") == (
        "bugzy-conformance audit 'my recording.har' --only rate.enforced "
        "--report-dir conformance-report/again"
    )


def test_an_audit_is_repeated_with_the_options_that_decide_it() -> None:
    given = {"strict": True, "openapi": "my api.yaml", "timeout": 3.0, "header": ("A: b",)}
    found = asked(sound(), given=given, headers=(("A", "b"),), file=Path("t.toml"))
    line = again(replace(found, files=(Path("r.har"),)), "rate.enforced")
    assert line.startswith(
        "bugzy-conformance audit r.har --target t.toml --openapi 'my api.yaml' --strict --only "
    )
    assert line.endswith("/again")


def test_a_run_is_repeated_where_and_as_it_was() -> None:
    given = {"base_url": "https://b", "timeout": 3.0, "insecure": True, "hardening": True}
    line = again(asked(sound(), given=given, file=Path("t.toml")), "rate.enforced")
    assert line.startswith(
        "bugzy-conformance run --target t.toml --base-url https://b --hardening --timeout 3.0 "
        "--insecure --only rate.enforced --seed 7 "
    )


def test_a_run_is_repeated_without_what_its_file_gives() -> None:
    found = asked(sound(), given={}, file=Path("t.toml"), strict=True, allow_writes=True)
    assert again(found, "x").startswith("bugzy-conformance run --target t.toml --only x --seed")


def test_leave_to_write_to_a_server_of_our_own_is_not_repeated() -> None:
    found = asked(sound(), given={"allow_writes": True}, control="http://127.0.0.1:1/control")
    assert again(found, "x").startswith("bugzy-conformance run --only x --seed")


def test_fields_for_a_gateway_are_named_beside_a_repetition() -> None:
    found = asked(sound(), given={"header": ("X-Gate: secret",)}, headers=(("X-Gate", "secret"),))
    assert again(found, "x").endswith("/again  # beside --header X-Gate")


def test_a_repetition_leaves_the_whole_report_alone() -> None:
    assert again(sound(), "rate.enforced").endswith(
        "--seed 7 --report-dir conformance-report/again"
    )


def test_the_variable_is_the_target_files_own() -> None:
    found = sound()
    mine = replace(found.target.parties["project"], variable="STAGING_KEY")
    found = replace(found, target=replace(found.target, parties={"project": mine}))
    assert '"Authorization: Bearer $STAGING_KEY"' in curl(found, exchange(200, sent_fields=MASKED))


def test_a_dead_key_is_replaced_before_it_is_decided_again() -> None:
    found = outcome(issued("project#2", "project#1"))
    file = Path("staging.toml")
    party = replace(found.target.parties["project"], variable="MY_KEY")
    target = replace(found.target, file=file, parties={"project": party})
    found = replace(found, target=target)
    line = again(found, "rate.enforced")
    assert shlex.split(line, comments=True)[-1] == "conformance-report/again"
    assert line.endswith("  # first put a new key into MY_KEY: the run replaced it")
