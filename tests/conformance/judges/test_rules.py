"""Ways of counting that nearly all answers keep."""

from __future__ import annotations

from conformance.exchange import Exchange

from .test_counting import accused, left


def by_operation(*wrong: Exchange, count: int = 25) -> list[Exchange]:
    """What two operations with a counter each say is left, and after it what does not fit that."""
    both = ("listExecutions", "listTestRuns")
    asked = [left(59 - n, operation=name) for n in range(count) for name in both]
    return [*asked, *wrong, left(59 - count), left(59 - count, operation="listTestRuns")]


def test_a_rule_that_nearly_all_keep_is_the_rule() -> None:
    """As where a router takes what the suite calls an operation for no route of its own."""
    odd = left(59, 404, defect="path:projectId")
    assert accused(*by_operation()) == {"rate.all-endpoints"}
    assert accused(*by_operation(odd)) == {"rate.all-endpoints"}


def test_a_rule_that_many_break_is_none() -> None:
    assert accused(*by_operation(*[left(n) for n in (59, 20, 55, 21, 58)])) == {
        "rate.remaining-counts"
    }


def test_a_counter_that_has_room_where_the_key_is_refused_is_only_shown() -> None:
    def lane(remaining: int, number: int, status: int = 200) -> Exchange:
        return left(remaining, status, connection=f"127.0.0.1:{number}")

    shown = [lane(59 - n, number) for n in range(25) for number in (1, 2)]
    refused = [lane(0, number, 429) for number in (1, 2, 1, 2)]
    odd = lane(59, 1)
    assert "rate.no-bypass" in accused(*shown, odd, lane(34, 1), lane(34, 2))
    assert "rate.no-bypass" not in accused(*shown, odd, *refused)
