from typing import Any

import pytest

from reference_server import mistake
from reference_server.contract import Contract

SECRET = "bzy_proj_" + "Zr7wQk2LmP9x" * 3
EVENT = {"event_type": "x"}


def said(kept: Contract, operation: str, body: Any) -> str:
    """What is said of the first mistake in a body."""
    (validator,) = (one.body for one in kept.operations if one.id == operation)
    assert validator
    return mistake.told(next(validator.iter_errors(body)))


@pytest.mark.parametrize(
    ("operation", "body", "words"),
    [
        ("createExecution", {"taskSlug": "a", "more": 1}, "more is not a known member"),
        ("createExecution", {}, "taskSlug is missing"),
        ("createExecution", [], "it is to be an object"),
        ("createExecution", {"taskSlug": 1}, "taskSlug is to be a string"),
        ("createExecution", {"taskSlug": ""}, "taskSlug is too short: 1 character at least"),
        (
            "createExecution",
            {"taskSlug": "a" * 65},
            "taskSlug is too long: 64 characters at most",
        ),
        (
            "createExecution",
            {"taskSlug": "A b"},
            "taskSlug does not match the pattern ^[a-z0-9]+(-[a-z0-9]+)*$",
        ),
        ("sendTeamEvent", EVENT | {"project_id": "x"}, "project_id is not in the format uuid"),
        ("putVariables", {"variables": {}}, "variables is to be an array"),
        (
            "putVariables",
            {"variables": [{"name": "A", "value": "b"}] * 101},
            "variables has too many entries: 100 at most",
        ),
        ("putVariables", {"variables": [{"name": "A"}]}, "variables[0].value is missing"),
        (
            "putVariables",
            {"variables": [{"name": "A", "value": "b", "more": 1}]},
            "variables[0].more is not a known member",
        ),
    ],
)
def test_the_member_is_named_in_plain_words(
    kept: Contract, operation: str, body: Any, words: str
) -> None:
    assert said(kept, operation, body) == words


@pytest.mark.parametrize(
    "name", [SECRET, "a" * 33, "", "a b", "<b>", "/etc/passwd.txt", "1", "\u00e9", "a\n"]
)
def test_a_name_that_may_be_anything_is_not_repeated(kept: Contract, name: str) -> None:
    assert said(kept, "createExecution", {"taskSlug": "a", name: 1}) == "it has an unknown member"
    body = {"variables": [{"name": "A", "value": "b", name: 1}]}
    assert said(kept, "putVariables", body) == "variables[0] has an unknown member"


@pytest.mark.parametrize("body", [{"taskSlug": SECRET}, {"taskSlug": [SECRET]}, SECRET])
def test_no_value_is_repeated(kept: Contract, body: Any) -> None:
    assert SECRET[:13] not in said(kept, "createExecution", body)
