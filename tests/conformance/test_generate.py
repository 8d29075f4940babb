import json
import urllib.parse
from itertools import islice

import pytest

from conformance import draw, generate
from conformance.generate import LONGEST_BODY, Case
from tests.conformance.judges.builder import CONTRACT, identifier

PROJECT = identifier("project")
COUNT = 40


def drawn(kind: str, seed: int = 1, count: int = COUNT) -> list[Case]:
    return list(islice(generate.cases(CONTRACT, kind, seed, PROJECT), count))


@pytest.fixture(scope="module", params=["project", "team"])
def cases(request: pytest.FixtureRequest) -> list[Case]:
    return drawn(request.param)


def valid(case: Case) -> bool:
    """Whether a case is as the schemas ask, query and body."""
    for name, value in urllib.parse.parse_qsl(case.query, keep_blank_values=True):
        schema = case.operation.query[name]
        if not (value.isdigit() and schema["minimum"] <= int(value) <= schema["maximum"]):
            return False
    validator = case.operation.body_validator
    return validator is None or validator.is_valid(json.loads(case.body or b""))


def test_cases_are_what_they_say(cases: list[Case]) -> None:
    assert [case for case in cases if valid(case) != case.positive] == []
    assert {case.positive for case in cases} == {True, False}


def test_only_invalid_ones_name_a_defect(cases: list[Case]) -> None:
    assert all((case.defect is None) == case.positive for case in cases)


def test_every_operation_that_leaves_a_choice_is_in_turn(cases: list[Case]) -> None:
    of_kind = CONTRACT.of_kind(cases[0].operation.kind)
    chosen = {operation.id for operation in of_kind if operation.query or operation.body}
    assert {case.operation.id for case in cases} == chosen


def test_no_case_is_sent_twice_or_is_too_long(cases: list[Case]) -> None:
    sent = [(case.operation.id, case.query, case.body) for case in cases]
    assert len(set(sent)) == len(sent)
    assert max(len(case.body or b"") for case in cases) <= LONGEST_BODY


def test_a_valid_body_names_a_project_that_exists(cases: list[Case]) -> None:
    for case in cases:
        body = json.loads(case.body or b"{}")
        if case.positive and isinstance(body, dict) and "project_id" in body:
            assert body["project_id"] == PROJECT


def test_the_same_seed_gives_the_same_cases() -> None:
    assert drawn("team", 3, 12) == drawn("team", 3, 12)
    assert drawn("team", 3, 12) != drawn("team", 4, 12)


# what Hypothesis draws besides

PREFIXES = tuple(kind.prefix for kind in CONTRACT.kinds.values())


def test_tokens_are_seeded_and_differ() -> None:
    found = draw.tokens(PREFIXES, 1, 8)
    assert found == draw.tokens(PREFIXES, 1, 8)
    assert len(set(found)) == 8
    assert found != draw.tokens(PREFIXES, 2, 8)


def test_identifiers_are_no_ids() -> None:
    found = draw.identifiers(1, 8)
    assert len(found) == 8
    assert all(urllib.parse.quote(id, safe="~") == id and len(id) != 36 for id in found)


def test_documents_are_json_and_no_objects() -> None:
    found = [json.loads(text) for text in draw.documents(1, 10)]
    assert len(found) == 10
    assert not any(isinstance(document, dict) for document in found)
