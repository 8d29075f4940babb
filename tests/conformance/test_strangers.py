"""Servers that keep nothing: none is taken for conformant, and each is told what it breaks."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance import pace
from conformance.cli import cli
from reference_server import embedded
from reference_server.clock import RealClock

KEY = "bzy_proj_0123456789abcdef0123456789abcdef"


@contextlib.contextmanager
def answering(status: int, page: str = "", leads: str = "") -> Iterator[str]:
    """A server that gives one answer to everything: JSON, a page, or the same path elsewhere."""
    document = {"data": []} if status == 200 else {"error": {"code": "X", "message": "no"}}
    type = "text/html" if page else "application/json"

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = (page or json.dumps(document)).encode()
            self.send_response(status)
            self.send_header("Content-Type", type)
            if leads:
                self.send_header("Location", leads + self.path)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        # the library names them so
        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextlib.contextmanager
def closing() -> Iterator[str]:
    """A server that closes every connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def close() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()

        threading.Thread(target=close, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def run(tmp_path: Path, url: str, key: str = KEY, id: str = "p1") -> Result:
    file = tmp_path / "target.toml"
    file.write_text(
        f'base_url = "{url}"\n[project]\nid = "{id}"\nkey = "{key}"\n'
        "[rate_limit]\nlimit = 60\nwindow_seconds = 2\n[safety]\nmax_requests_per_second = 1000\n",
        encoding="utf-8",
    )
    arguments = [
        "run",
        "--target",
        str(file),
        "--report-dir",
        str(tmp_path / "out"),
        "--timeout",
        "3",
    ]
    return CliRunner().invoke(cli, arguments)


def failed(tmp_path: Path) -> set[str]:
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    return {one["id"] for one in report["requirements"] if one["outcome"] == "failed"}


@pytest.mark.parametrize(
    ("status", "broken"),
    [
        (200, {"auth.required", "rate.headers-present", "error.unknown-route"}),
        (401, {"auth.project-key-accepted", "rate.headers-present"}),
        (404, {"auth.required", "auth.project-key-accepted"}),
    ],
)
def test_one_answer_to_everything(
    tmp_path: Path, status: int, broken: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "THOROUGH", 100_000)  # so that a whole run is a short one
    with answering(status) as url:
        result = run(tmp_path, url)
    assert result.exit_code == 1
    assert broken <= failed(tmp_path)
    assert "FAILED rate.headers-present (must)" in result.output


def test_no_answer_to_anything(tmp_path: Path) -> None:
    with closing() as url:
        result = run(tmp_path, url)
    assert result.exit_code == 3
    assert f"{url} does not answer" in result.output
    assert "NOT TESTED" not in result.output
    assert failed(tmp_path) == set()


def test_a_server_that_leads_elsewhere_is_accused_and_where_is_said(tmp_path: Path) -> None:
    with answering(301, leads="https://b.example.com") as url:
        result = run(tmp_path, url)
    assert result.exit_code == 1
    assert "base_url redirects to https://b.example.com; write that as base_url" in result.output


def test_a_page_that_is_not_found_is_no_fault_of_the_key(tmp_path: Path) -> None:
    with answering(404, page="<h1>Not here</h1>") as url:
        result = run(tmp_path, url)
    assert "project.key was refused with 404: no JSON came with it, so base_url" in result.output


def test_a_key_that_a_sound_server_does_not_know(tmp_path: Path) -> None:
    with embedded.start(clock=RealClock()) as server:
        result = run(tmp_path, server.base_url, id=server.credentials["project"].id)
    assert result.exit_code == 2
    assert "project.key was refused with 401 UNAUTHORIZED" in result.output
    assert KEY not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--only", "rate.enforce"], "did you mean rate.enforced?"),
        (["run", "--target", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["run", "--base-url", "nonsense"], "--base-url is 'nonsense'"),
        (["requirements", "rate.nothing"], "no requirement or area is called"),
        (["faults", "--only", "no-such"], "no fault or variant is named no-such"),
        (["audit", "nowhere.ndjson"], "nowhere.ndjson"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert len(result.output.strip().splitlines()) == 1
