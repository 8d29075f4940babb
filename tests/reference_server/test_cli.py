import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from reference_server import http
from reference_server.cli import main
from reference_server.faults import FAULTS
from reference_server.variants import VARIANTS
from tests.reference_server.api import answer, connect

Start = Callable[..., tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture
def start() -> Iterator[Start]:
    processes = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        command = [sys.executable, "-m", "reference_server", "--port", "0", *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process, tomllib.loads(printed(process))

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def printed(process: subprocess.Popen[str]) -> str:
    """Read what is printed at the start, which ends with the last hook."""
    assert process.stdout
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith(("show_project_key", "# project")):
            return text
    raise AssertionError(text)


def onboarding(target: dict[str, Any], key: str) -> int:
    url = f"{target['base_url']}/api/v1/projects/{target['project']['id']}/onboarding"
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(url, headers=headers, trust_env=False).status_code


def test_it_prints_a_target_file_that_works(start: Start) -> None:
    _, target = start("--rate-limit", "1/60")
    key = target["project"]["key"]
    assert [onboarding(target, key), onboarding(target, key)] == [200, 429]
    assert target["rate_limit"] == {"limit": 1, "window_seconds": 60}


def test_its_hooks_work(start: Start) -> None:
    _, target = start()
    hook = [
        part.format(id=target["project"]["id"])
        for part in target["hooks"]["regenerate_project_key"]
    ]
    key = httpx.post(hook[-1], trust_env=False).text.strip()
    assert (onboarding(target, target["project"]["key"]), onboarding(target, key)) == (401, 200)


def test_a_killed_server_loses_no_key_that_was_shown(start: Start, tmp_path: Path) -> None:
    process, first = start("--db", str(tmp_path / "db"))
    url = f"{first['base_url']}/control/projects/{first['project']['id']}/keys"
    key = httpx.post(url, trust_env=False).text.strip()
    process.kill()
    process.wait()
    again = subprocess.Popen(
        [sys.executable, "-m", "reference_server", "--port", "0", "--db", str(tmp_path / "db")],
        stdout=subprocess.PIPE,
        text=True,
    )
    with again:
        base_url = printed(again).splitlines()[0].removeprefix("# Serving ").removesuffix("/api/v1")
        target = {**first, "base_url": base_url}
        answers = onboarding(target, key), onboarding(target, first["project"]["key"])
        again.kill()
    assert answers == (200, 401)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_it_ends_quietly_when_interrupted(start: Start) -> None:
    process, _ = start()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0


@pytest.mark.parametrize("fields", ["Ho st: x", "Connection: Upgrade\r\nUpgrade: websocket"])
def test_nothing_is_said_of_what_was_refused(start: Start, fields: str) -> None:
    process, target = start()
    with connect(target["base_url"]) as connection:
        connection.sendall(f"GET /x HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n".encode())
        assert answer(connection)[0] in (400, 401)
    process.terminate()
    assert process.communicate(timeout=10)[1] == ""


def test_faults_and_variants_are_listed() -> None:
    faults = CliRunner().invoke(main, ["--list-faults"]).output.splitlines()
    variants = CliRunner().invoke(main, ["--list-variants"]).output.splitlines()
    assert [line.split()[0] for line in faults] == list(FAULTS)
    assert [line.split()[0] for line in variants] == list(VARIANTS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "nope"],
        ["--variant", "nope"],
        ["--rate-limit", "60"],
        ["--rate-limit", "0/60"],
        ["--port", "70000"],
        ["--openapi", "nope.yaml"],
        ["--openapi", __file__],
        ["--db", "no/such/directory/db"],
    ],
)
def test_a_wrong_call_is_an_error_that_says_so(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Error: " in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fault", "nver-refuses"], "named nver-refuses; did you mean never-refuses?"),
        (["--variant", "aligns-window"], "did you mean aligns-windows?"),
        (["--variant", "zz"], "named zz; see bugzy-reference-server --list-variants"),
        (["--db", "no/such/db"], "--db no/such/db: unable to open database file; give a file"),
        (["--db", __file__], f"--db {__file__}: file is not a database; give a file"),
    ],
)
def test_what_may_have_been_meant_is_said(arguments: list[str], said: str) -> None:
    assert said in CliRunner().invoke(main, arguments).output


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with http.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        result = CliRunner().invoke(main, ["--port", str(port)])
    assert result.exit_code == 2
    assert result.output == (
        f"Error: 127.0.0.1 port {port} is in use; give another --port, or 0 for a free one\n"
    )


def test_an_address_that_is_not_this_machines_is_named_with_what_to_do() -> None:
    result = CliRunner().invoke(main, ["--host", "192.0.2.1", "--port", "0"])
    assert result.exit_code == 2
    assert result.output.startswith("Error: cannot listen on 192.0.2.1 port 0: ")
    assert result.output.endswith("; give another --host or --port\n")
