from typing import Any

from conformance.exchange import Exchange
from conformance.judges import referred

from .builder import exchange, identifier, opinions


def event(status: int, nested: str, **how: Any) -> Exchange:
    """An event of a team that names a project of another team, or one that is nowhere."""
    sent = {"event_type": "deployment", "project_id": identifier(nested)}
    return exchange(
        status,
        operation="sendTeamEvent",
        credential="team",
        nested=nested,
        sent=sent,
        group="pair:1",
        **how,
    )


def test_anothers_is_not_found() -> None:
    assert opinions(referred.anothers_is_taken, event(404, "foreign"), event(404, "absent")) == (
        "nothing"
    )


def test_anothers_is_taken() -> None:
    asked = event(200, "foreign"), event(404, "absent")
    assert opinions(referred.anothers_is_taken, *asked) == "failed"


def test_who_looks_at_neither_takes_both() -> None:
    for asked in ((event(200, "foreign"), event(200, "absent")), (event(200, "foreign"),)):
        assert opinions(referred.anothers_is_taken, *asked) == "nothing"
