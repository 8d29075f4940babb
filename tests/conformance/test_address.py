import uuid
from typing import Any

import pytest

from conformance.address import Addresses
from conformance.target import PARTIES, Party, Target
from tests.conformance.judges.builder import CONTRACT, identifier, success

OWN = CONTRACT.by_id["listExecutions"]
TEAMS = CONTRACT.by_id["listEnvironments"]
NESTED = CONTRACT.by_id["getExecution"]


def addresses(*names: str) -> Addresses:
    parties = {name: Party(name, PARTIES[name], identifier(name)) for name in names or PARTIES}
    return Addresses(CONTRACT, Target(base_url="http://x", parties=parties))


@pytest.mark.parametrize(
    ("credential", "relation", "owner"),
    [
        ("project", "own", "project"),
        ("project", "foreign", "other_project"),
        ("project", "absent", None),
        ("other_project", "own", "other_project"),
        ("other_project", "foreign", "project"),
        ("team", "cross", "project"),
        ("team", "cross-foreign", "other_project"),
        ("anonymous", "own", "project"),
        ("anonymous", "foreign", "other_project"),
        ("forged", "own", "project"),
    ],
)
def test_a_relation_leads_to_a_party(credential: str, relation: str, owner: str | None) -> None:
    assert addresses().owner(OWN, credential, relation) == owner


def test_a_party_that_is_not_given_is_nobody() -> None:
    assert addresses("project").owner(OWN, "project", "foreign") is None
    assert addresses("project").owner(TEAMS, "project", "cross") is None


def test_absent_ids_are_well_formed_and_new() -> None:
    mine = addresses()
    made = [mine.absent() for _ in range(99)]
    assert len(set(made)) == 99
    assert {uuid.UUID(one).version for one in made} == {4}


def test_the_same_seed_gives_the_same_absent_ids() -> None:
    assert addresses().absent() == addresses().absent()


def test_a_path_has_every_id() -> None:
    assert addresses().path(NESTED, "p", "e") == "/projects/p/executions/e"
    assert "{" not in addresses().path(NESTED, None, None)


def test_ids_are_learnt_from_a_list() -> None:
    mine = addresses()
    mine.learn(OWN, "project", {"data": success("listExecutions", "project")})
    known = mine.nested_id("project", NESTED)
    assert known == success("listExecutions", "project")[0]["executionId"]
    assert mine.nested_id("other_project", NESTED) is None


@pytest.mark.parametrize(
    "document",
    [None, [], {"data": "x"}, {"data": [7]}, {"data": [{"executionId": "../x"}]}, {"data": [{}]}],
)
def test_nothing_is_learnt_from_nonsense(document: Any) -> None:
    mine = addresses()
    mine.learn(OWN, "project", document)
    assert mine.nested == {}


def test_reads_that_teach_come_first() -> None:
    first, *rest = addresses().teaching("project")
    assert first == OWN
    assert not any(one.writes or one.nested for one in rest)
