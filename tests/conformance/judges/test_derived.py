from dataclasses import replace

import pytest

from conformance.exchange import Exchange
from conformance.judges import leak
from conformance.judges.derived import derived

from .builder import CONTRACT, exchange, history, identifier, opinions

LIMIT = CONTRACT.rate_limit
OPERATIONS = {"project": "listExecutions", "team": "listEnvironments"}


def asked(
    resource: str, tag: str | None, *, credential: str = "project", group: str = "pair:1"
) -> Exchange:
    """A 404 with an ETag; each id that never was is another one."""
    operation, fields = OPERATIONS[credential], {"ETag": tag}
    one = exchange(
        404,
        operation=operation,
        credential=credential,
        resource=resource,
        group=group,
        fields=fields,
    )
    path = one.request.target.replace(identifier("absent"), identifier(tag or ""))
    return replace(one, request=replace(one.request, target=path))


def absent(*tags: str | None) -> list[Exchange]:
    return [asked("absent", tag, group=f"other:{tag}") for tag in tags]


def test_what_follows_from_the_id_tells_nothing() -> None:
    pair = [asked("foreign", "a"), asked("absent", "b")]
    assert opinions(leak.answers_differ, *pair) == "failed"
    assert opinions(leak.answers_differ, *pair, *absent("c")) == "passed"


def test_what_is_one_thing_for_all_that_is_anothers_tells() -> None:
    pair = [asked("foreign", "a"), asked("absent", "b"), *absent("c")]
    for tag, verdict in (("a", "failed"), ("d", "passed")):
        of_team = asked("foreign", tag, credential="team", group="pair:2")
        assert opinions(leak.answers_differ, *pair, of_team) == verdict


@pytest.mark.parametrize("tags", [("b", "b"), ("b", None)])
def test_what_is_one_thing_for_all_that_is_absent_tells(tags: tuple[str, str | None]) -> None:
    pair = [asked("foreign", "a"), *absent(*tags)]
    assert derived(history(*pair), LIMIT) == frozenset()


def test_without_anything_absent_nothing_is_known() -> None:
    assert derived(history(exchange(200), asked("foreign", "a")), LIMIT) == frozenset()
