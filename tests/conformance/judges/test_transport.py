from dataclasses import replace

import pytest

from conformance.exchange import Exchange
from conformance.judges import transport

from .builder import exchange, opinions
from .test_leak import SHAPES, pair


@pytest.mark.parametrize("shape", SHAPES)
def test_the_two_are_sent_alike(shape: str) -> None:
    assert opinions(transport.framing_tells, *pair(**SHAPES[shape][1])) == "passed"


def test_the_spelling_of_fields_tells() -> None:
    spelled = [exchange(404, resource="foreign", group="pair:1", fields={"X-SHOWN": "1"})]
    plain = [exchange(404, resource="absent", group="pair:1", fields={"X-Shown": "1"})]
    assert opinions(transport.framing_tells, *spelled, *plain) == "failed"


def test_the_connection_tells_them_apart() -> None:
    closing, _ = pair()
    closed = exchange(404, resource="foreign", group="pair:1", fields={"Connection": "close"})
    assert (
        opinions(transport.framing_tells, closed, pair()[1]) == "passed"
    )  # it may just have ended
    assert opinions(transport.framing_tells, closed, pair()[1], closed, pair()[1]) == "failed"
    assert opinions(transport.framing_tells, closed, pair()[1], closing) == "passed"
    assert opinions(transport.framing_tells, exchange(200)) == "nothing"


def test_framing_that_varies_anyway_tells_nothing() -> None:
    closed = {"Connection": "close"}
    foreign = exchange(404, resource="foreign", group="pair:1", fields=closed)
    again = exchange(404, resource="absent", group="identical", fields=closed)
    assert opinions(transport.framing_tells, foreign, pair()[1], again) == "passed"


def asked_on(foreign: list[str], missing: list[str]) -> list[Exchange]:
    """Pairs of answers on these connections."""
    return [
        exchange(404, resource=resource, group=f"pair:{number}", connection=connection)
        for number, both in enumerate(zip(foreign, missing, strict=True))
        for resource, connection in zip(("absent", "foreign"), both[::-1], strict=True)
    ]


def test_a_connection_that_always_ends_tells() -> None:
    new, one = [f"c{number}" for number in range(6)], ["c"] * 6
    assert opinions(transport.connection_ends, *asked_on(new, new)) == "failed"
    assert opinions(transport.connection_ends, *asked_on(new[:4], new[:4])) == "nothing"
    assert opinions(transport.connection_ends, *asked_on(one, one)) == "nothing"


def test_connections_that_end_after_all_tell_nothing() -> None:
    new, more = [f"c{number}" for number in range(6)], [f"d{number}" for number in range(6)]
    assert opinions(transport.connection_ends, *asked_on(new, more)) == "nothing"


def test_the_reason_phrase_tells() -> None:
    foreign, missing = pair()
    assert foreign.response is not None
    told = replace(foreign, response=replace(foreign.response, reason="Forbidden"))
    assert opinions(transport.framing_tells, told, missing) == "failed"
