from pathlib import Path

import pytest
import yaml

from conformance import contract as contracts
from conformance.contract import ContractError, load
from tests.conformance.judges.builder import CONTRACT, identifier


def test_it_reads_the_bundled_file() -> None:
    assert CONTRACT.base_path == "/api/v1"
    assert (CONTRACT.rate_limit.limit, CONTRACT.rate_limit.window) == (60, 60)
    assert CONTRACT.codes[429] == "RATE_LIMITED"
    assert {kind.prefix for kind in CONTRACT.kinds.values()} == {
        "bzy_proj_",
        "bzy_team_",
        "bzy_pat_",
    }


@pytest.mark.parametrize("kind", ["project", "team"])
def test_every_kind_of_key_has_operations(kind: str) -> None:
    assert {op.owner for op in CONTRACT.of_kind(kind)} == {f"{kind}Id"}


def test_a_path_leads_to_its_operation() -> None:
    path = f"/projects/{identifier('x')}/executions"
    found = CONTRACT.match("POST", path)
    assert found is not None
    assert (found.id, found.writes, found.lists) == ("createExecution", True, False)
    assert CONTRACT.match("DELETE", path) is None


def test_a_key_is_known_by_its_prefix() -> None:
    kind = CONTRACT.kind_of("bzy_team_x")
    assert kind is not None
    assert (kind.name, kind.available) == ("team", True)
    assert CONTRACT.kind_of("else") is None


def test_what_a_deployment_lacks_is_left_out() -> None:
    narrow = CONTRACT.narrowed(frozenset({"listBugReports"}))
    assert set(CONTRACT.by_id) - set(narrow.by_id) == {"listBugReports"}


def test_a_deployment_may_have_another_limit() -> None:
    assert CONTRACT.limited(5, 2.5).rate_limit.fields == CONTRACT.rate_limit.fields
    assert CONTRACT.limited(5, 2.5).rate_limit.limit == 5


@pytest.mark.parametrize(
    "lacking",
    ["x-key-kinds", "x-rate-limit", "x-error-codes", "servers", "paths"],
)
def test_what_is_missing_is_named(tmp_path: Path, lacking: str) -> None:
    document = yaml.safe_load(contracts.default_path().read_text(encoding="utf-8"))
    del document[lacking]
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ContractError, match=rf"openapi.yaml: no bugzy contract: .*{lacking}"):
        load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "not YAML"),
        ("", "no bugzy contract: it is no OpenAPI document"),
        ('base_url = "x"', "no bugzy contract: it is no OpenAPI document"),
        ("x-key-kinds: 7", "no bugzy contract: something in it is not as in the bundled"),
    ],
)
def test_what_is_no_contract(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=said):
        load(path)


def test_a_contract_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="No such file"):
        load(tmp_path / "openapi.yaml")
