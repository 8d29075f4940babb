"""What a run created, by the answers to its writes."""

from __future__ import annotations

from conformance.created import created

from .judges.builder import CONTRACT, anonymous, exchange, history


def test_what_keys_made_is_listed_with_its_ids() -> None:
    seen = history(
        exchange(202, operation="createExecution"),
        exchange(201, operation="createEnvironment", credential="team", key="team#1"),
        exchange(202, operation="createExecution", group="under-load"),
    )
    assert [(one.operation, one.party, one.name) for one in created(CONTRACT, seen)] == [
        ("createExecution", "project", "executionId"),
        ("createEnvironment", "team", "environmentId"),
        ("createExecution", "project", "executionId"),
    ]


def test_what_was_refused_or_only_read_is_not() -> None:
    seen = history(
        exchange(400, operation="createExecution"),
        exchange(None, operation="createExecution"),
        anonymous(401, operation="createExecution"),
        exchange(200),
    )
    assert list(created(CONTRACT, seen)) == []


def test_it_says_whose_it_is() -> None:
    (one,) = created(CONTRACT, history(exchange(202, operation="createExecution")))
    assert str(one) == f"createExecution (project): executionId {one.id}"
