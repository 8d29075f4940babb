"""Another contract: the suite and the reference server follow openapi.yaml without other code."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance import contract as contracts
from conformance import running
from conformance import target as targets
from conformance.outcome import Outcome
from conformance.target import Target
from reference_server import embedded

PREFIX = "acme_"
FIELDS = {name: f"Acme-{name.title()}" for name in ("limit", "remaining", "reset")}
SHOWN_BY = {  # what shows each change, if only one side follows it
    "prefix": ["rotation.key-form", "auth.project-key-accepted"],
    "limit": ["rate.limit-value", "rate.enforced"],
    "fields": ["rate.headers-present", "rate.remaining-counts"],
    "code": ["error.code-matches", "auth.required"],
    "base": ["auth.project-key-accepted", "error.unknown-route"],
}


def renamed(node: Any, names: Mapping[str, str]) -> Any:
    """The document with keys and texts replaced."""
    if isinstance(node, dict):
        return {names.get(str(k), k): renamed(v, names) for k, v in node.items()}
    if isinstance(node, list):
        return [renamed(one, names) for one in node]
    return names.get(node, node) if isinstance(node, str) else node


def change(document: dict[str, Any], what: str) -> dict[str, Any]:
    limit = document["x-rate-limit"]
    if what == "prefix":
        document["x-key-kinds"]["project"]["prefix"] = PREFIX
    elif what == "limit":
        limit |= {"limit": 40, "window-seconds": 30}
    elif what == "fields":
        return dict(renamed(document, {limit["headers"][name]: FIELDS[name] for name in FIELDS}))
    elif what == "code":
        return dict(renamed(document, {"UNAUTHORIZED": "NO_KEY"}))
    else:
        document["servers"][0]["url"] = "/v2"
    return document


@pytest.fixture(params=SHOWN_BY)
def what(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def other(tmp_path: Path, what: str) -> Path:
    document = yaml.safe_load(contracts.default_path().read_text(encoding="utf-8"))
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(change(document, what)), encoding="utf-8")
    return path


@pytest.fixture
def options(tmp_path: Path, what: str) -> dict[str, Any]:
    areas = {id.partition(".")[0] for id in SHOWN_BY[what]}
    return {"report_dir": str(tmp_path), "quiet": True, "only": sorted(areas)}


def run(target: Target) -> Outcome:
    return running.outcome(replace(target, thrifty=True))


def failed(outcome: Outcome) -> set[str]:
    return {one.requirement.id for one in outcome.verdicts if one.outcome == "failed"}


def test_both_sides_follow_it(other: Path, options: dict[str, Any]) -> None:
    with running.bundled({**options, "openapi": str(other)}) as target:
        outcome = run(target)
    assert (outcome.verdict, failed(outcome)) == ("conformant", set())


def test_a_server_that_does_not_follow_it_fails(
    other: Path, options: dict[str, Any], what: str
) -> None:
    with embedded.start(openapi=other) as server:
        keys = {name: {"id": c.id, "key": c.key} for name, c in server.credentials.items()}
        place = {"base_url": server.base_url, "control": server.control_url}
        outcome = run(targets.load(options, {}, keys | place))
    assert outcome.status in (1, 2)  # 2: nothing is where it should be, so no key was accepted
    assert failed(outcome) & set(SHOWN_BY[what])
