"""What is in a list before a refused request is there afterwards too."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.exchange import Exchange
from conformance.judges import gone

from .builder import exchange, opinions, success

ITEM = success("createExecution", "project")


def listed(*items: Any, query: str = "limit=100") -> Exchange:
    return exchange(200, body={"data": list(items)}, query=query)


def removing(status: int, **how: Any) -> Exchange:
    """A DELETE of the item, which the contract does not have."""
    target = f"{exchange(200).request.target}/{ITEM['executionId']}"
    tags = {"operation": None, "route": "/projects/{projectId}/executions/{executionId}"}
    return exchange(status, method="DELETE", target=target, defect="method:DELETE", **tags | how)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refused_request_removes_nothing(status: int) -> None:
    refused = removing(status, credential="other_project", resource="foreign")
    assert opinions(gone.resource_gone, listed(ITEM), refused, listed(ITEM)) == "nothing"
    assert opinions(gone.resource_gone, listed(ITEM), refused, listed()) == "failed"


def test_what_was_not_refused_may_remove() -> None:
    assert opinions(gone.resource_gone, listed(ITEM), removing(200), listed()) == "nothing"
    asked = [listed(ITEM), removing(404), removing(200), listed()]
    assert opinions(gone.resource_gone, *asked) == "nothing"


def test_what_nobody_addressed_may_vanish() -> None:
    other = {**ITEM, "executionId": "another"}
    assert opinions(gone.resource_gone, listed(other), removing(404), listed()) == "nothing"


def test_what_was_made_is_missed_where_such_things_are_listed() -> None:
    make = exchange(202, operation="createExecution", body={"data": ITEM})
    other = {**ITEM, "executionId": "another"}
    more = exchange(202, operation="createExecution", body={"data": other})
    asked = [make, more, removing(404)]
    assert opinions(gone.resource_gone, *asked, listed(other)) == "failed"
    assert opinions(gone.resource_gone, *asked, listed()) == "nothing"


def test_a_page_may_show_something_else() -> None:
    other = {**ITEM, "executionId": "another"}
    page = listed(other, query="limit=1")
    assert opinions(gone.resource_gone, listed(ITEM), removing(404), page) == "nothing"
    page = listed(other, query="")
    assert opinions(gone.resource_gone, listed(ITEM), removing(404), page) == "nothing"


def test_where_the_old_makes_room_for_the_new_nothing_was_removed() -> None:
    other, newest = {**ITEM, "executionId": "another"}, {**ITEM, "executionId": "newest"}
    before, after = listed(other, ITEM), listed(newest)
    assert opinions(gone.resource_gone, before, removing(404), after) == "nothing"
    assert opinions(gone.resource_gone, before, removing(404), listed(other, newest)) == "failed"
