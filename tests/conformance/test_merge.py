from typing import Any

import pytest

from conformance.history import History
from conformance.merge import merged
from tests.conformance.judges.builder import exchange, issued
from tests.conformance.report.outcomes import outcome


def run(name: str, **header: Any) -> History:
    """The history of a run, which rotated the project's key."""
    seen = outcome(exchange(200), issued("project#2", "project#1"), exchange(200, key="project#2"))
    return History(
        seen.history.exchanges,
        seen.history.events,
        {**seen.history.header, "run": name} | header,
        seen.history.footer,
    )


def test_keys_of_two_runs_are_kept_apart() -> None:
    found = merged([run("a"), run("b", unix_offset=1_700_000_100.0)])
    assert [one.tags.key for one in found.exchanges] == [
        "project#1",
        "project#2",
        "project#3",
        "project#4",
    ]
    assert [one.number for one in found.exchanges] == [1, 2, 3, 4]
    assert found.events[-1].data["replaces"] == "project#3"
    assert found.exchanges[2].started - found.exchanges[0].started == pytest.approx(100)


def test_parts_of_one_run_share_their_keys() -> None:
    found = merged([run("a"), run("a")])
    assert {one.tags.key for one in found.exchanges} == {"project#1", "project#2"}
