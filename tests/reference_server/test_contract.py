from pathlib import Path

import pytest
import yaml

from reference_server import contract
from reference_server.contract import Contract, ContractError

SURFACE = {
    "listExecutions": ("GET", "/projects/{projectId}/executions", "project", 200),
    "createExecution": ("POST", "/projects/{projectId}/executions", "project", 202),
    "getExecution": ("GET", "/projects/{projectId}/executions/{executionId}", "project", 200),
    "listTestRuns": ("GET", "/projects/{projectId}/test-runs", "project", 200),
    "listBugReports": ("GET", "/projects/{projectId}/bug-reports", "project", 200),
    "getOnboarding": ("GET", "/projects/{projectId}/onboarding", "project", 200),
    "sendProjectEvent": ("POST", "/projects/{projectId}/webhooks/events", "project", 200),
    "listIntegrations": ("GET", "/teams/{teamId}/integrations", "team", 200),
    "listEnvironments": ("GET", "/teams/{teamId}/environments", "team", 200),
    "createEnvironment": ("POST", "/teams/{teamId}/environments", "team", 201),
    "getEnvironment": ("GET", "/teams/{teamId}/environments/{environmentId}", "team", 200),
    "putVariables": (
        "PUT",
        "/teams/{teamId}/environments/{environmentId}/variables",
        "team",
        200,
    ),
    "listAutomations": ("GET", "/teams/{teamId}/automations", "team", 200),
    "sendTeamEvent": ("POST", "/teams/{teamId}/webhooks/events", "team", 200),
}


def test_all_operations_are_read(kept: Contract) -> None:
    read = {
        each.id: (each.method, each.path, each.kind.name, each.success) for each in kept.operations
    }
    assert read == SURFACE


def test_the_extensions_are_read(kept: Contract) -> None:
    assert (kept.limit, kept.window_seconds, kept.base_path) == (60, 60, "/api/v1")
    assert {kind.prefix for kind in kept.kinds.values()} == {"bzy_proj_", "bzy_team_", "bzy_pat_"}
    assert [kind.name for kind in kept.kinds.values() if kind.replaces] == ["project"]
    assert kept.codes[429] == "RATE_LIMITED"


def test_match_finds_the_methods_and_parameters_of_a_path(kept: Contract) -> None:
    methods, ids = kept.match("/api/v1/projects/p/executions/e") or ({}, {})
    assert list(methods) == ["GET"]
    assert ids == {"projectId": "p", "executionId": "e"}


@pytest.mark.parametrize(
    "path",
    [
        "/projects/p/executions",
        "/api/v1/projects/p/executions/",
        "/api/v1/projects//executions",
        "*",
    ],
)
def test_match_finds_nothing_else(kept: Contract, path: str) -> None:
    assert kept.match(path) is None


def test_nested_parameters_know_their_collection(kept: Contract) -> None:
    nested = {each.id: list(each.nested) for each in kept.operations if list(each.nested)}
    assert nested == {
        "getExecution": [("executionId", "executions")],
        "getEnvironment": [("environmentId", "environments")],
        "putVariables": [("environmentId", "environments")],
    }


def test_limit_is_read_as_a_number(kept: Contract) -> None:
    (limit,) = next(each.query for each in kept.operations if each.id == "listExecutions")
    assert (limit.read([]), limit.read(["1"]), limit.read(["100"])) == (None, 1, 100)


@pytest.mark.parametrize(
    "text", ["0", "101", "-1", "1.5", "1e1", "", "x", "+5", " 5", "\u0665", "9" * 5000]
)
def test_limit_refuses_what_is_none(kept: Contract, text: str) -> None:
    (limit,) = next(each.query for each in kept.operations if each.id == "listExecutions")
    with pytest.raises(ValueError, match="limit"):
        limit.read([text])


def test_another_file_gives_another_contract(tmp_path: Path) -> None:
    document = yaml.safe_load(contract.find().read_text())
    document["x-rate-limit"]["headers"]["limit"] = "RateLimit-Limit"
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(document))
    assert Contract.read(tmp_path / "other.yaml").fields.limit == "RateLimit-Limit"


def test_a_file_that_lacks_something_is_named(tmp_path: Path) -> None:
    (tmp_path / "poor.yaml").write_text("openapi: 3.1.0\n")
    with pytest.raises(ContractError, match=r"poor\.yaml: 'x-rate-limit' is missing"):
        Contract.read(tmp_path / "poor.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"none\.yaml"):
        contract.find(tmp_path / "none.yaml")
