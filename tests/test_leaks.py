"""No key, given or generated, is in anything that a failing run leaves behind or shows."""

import base64
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import running
from conformance import target as targets
from conformance.target import Target
from reference_server import embedded

ONLY = ["auth", "rotation"]
ECHOING = (  # what repeats keys, and xdist workers of a run
    ("repeats-key", 2),
    ("repeats-url", 0),
    ("repeats-key-in-field", 0),
    ("shows-whole-key", 0),
)


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may stand in a file: plain, URL-encoded, in hex, in base64."""
    raw = secret.encode()
    yield raw
    yield urllib.parse.quote(secret, safe="").encode()
    yield raw.hex().encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw + b"\0" * 3)
        yield encoded[4 if offset else 0 : 4 * ((offset + len(raw)) // 3)]


def artefacts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("fault", "workers"), ECHOING)
def test_no_key_is_left_anywhere(
    fault: str,
    workers: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    options = {"report_dir": str(tmp_path), "only": ONLY, "workers": workers, "hardening": True}
    with embedded.start(fault=fault) as server:
        keys = [one.key for one in server.credentials.values()]
        remember(server.server, keys, monkeypatch)
        assert running.run(described(server, options)) == 1
    left = artefacts(tmp_path) | {"terminal": "".join(capfd.readouterr()).encode()}
    assert len(keys) > 4
    assert {"report.json", "report.html", "history.ndjson", "history.har"} <= left.keys()
    secrets = [form for key in keys for form in forms(key.rpartition("_")[2])]
    assert [name for name, text in left.items() if any(form in text for form in secrets)] == []


def remember(server: Any, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep each key that the server generates."""
    rotate = server.rotate

    async def remembered(owner: Any) -> str:
        keys.append(await rotate(owner))
        return keys[-1]

    monkeypatch.setattr(server, "rotate", remembered)


def described(server: embedded.Running, options: dict[str, Any]) -> Target:
    """The target file's content, as the bundled run has it."""
    parties = {name: {"id": c.id, "key": c.key} for name, c in server.credentials.items()}
    place = {"base_url": server.base_url, "control": server.control_url}
    target = targets.load(options | {"allow_writes": True}, {}, parties | place)
    return replace(target, thrifty=True)


def test_what_is_searched_for_would_be_found() -> None:
    secret = "Zr7wQk2LmP9xTb4V"
    basic = base64.b64encode(f"api:bzy_proj_{secret}".encode())
    assert any(form in basic for form in forms(secret))
