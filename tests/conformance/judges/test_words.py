"""What a request was, in words."""

from typing import Any

import pytest

from conformance.judges import words
from tests.conformance.judges.builder import exchange


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("body.missing:taskSlug", "a body without taskSlug (body.missing:taskSlug)"),
        ("body.pattern-case:name", "another form of name (body.pattern-case:name)"),
        ("query.low:limit", "an invalid limit in the query (query.low:limit)"),
        ("json.cut", "a body that is not JSON (json.cut)"),
        ("unusual:deep", "unusual:deep"),
        (None, ""),
    ],
)
def test_a_defect_is_told_with_its_name(name: str | None, said: str) -> None:
    assert words.defect(exchange(400, defect=name)) == said


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, "its own project"),
        ({"resource": "foreign"}, "another project"),
        ({"resource": "absent"}, "a project that does not exist"),
        ({"resource": "own", "nested": "foreign"}, "its own project, another's resource below it"),
        ({"resource": "foreign", "nested": "foreign"}, "another project"),
        ({"operation": "listEnvironments", "resource": "foreign"}, "another team"),
    ],
)
def test_what_is_addressed_is_told_by_whose_it_is(tags: dict[str, Any], said: str) -> None:
    assert words.addressed(exchange(404, **tags)) == said


def test_without_a_key_it_is_told_whether_it_exists() -> None:
    assert words.existing(exchange(401, resource="absent")) == "a project that does not exist"
    assert words.existing(exchange(401)) == "a project that exists"
