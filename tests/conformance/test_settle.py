import base64
from collections.abc import Mapping

from conformance.exchange import Exchange, Request, Response
from conformance.settle import settled
from conformance.target import Party
from tests.conformance.judges.builder import CONTRACT
from tests.conformance.report.outcomes import KEY, OTHER_KEY, TEAM_KEY

from .test_classify import AWAY, HOME, LIST, TEAM, bearer, request


def seen(
    status: int | None, target: str = LIST, key: str | None = KEY, method: str = "GET"
) -> tuple[int | None, Request]:
    return status, request(target, bearer(key) if key else None, method=method)


def recorded(
    *pairs: tuple[int | None, Request], parties: Mapping[str, Party] | None = None
) -> list[Exchange]:
    exchanges = [
        Exchange(
            number=number,
            request=sent,
            response=None if status is None else Response(status=status),
            started=float(number),
            ended=number + 0.5,
        )
        for number, (status, sent) in enumerate(pairs, 1)
    ]
    found, _ = settled(CONTRACT, exchanges, parties or {})
    return list(found)


def resources(*pairs: tuple[int | None, Request]) -> list[str]:
    return [one.tags.resource for one in recorded(*pairs)]


def test_where_a_key_succeeds_is_its_own() -> None:
    assert resources(seen(200), seen(404), seen(429)) == ["own", "own", "own"]


def test_of_another_id_that_is_not_found_nobody_knows_whose_it_is() -> None:
    elsewhere = LIST.replace(HOME, AWAY)
    assert resources(seen(200), seen(404, elsewhere), seen(200)) == ["own", "unknown", "own"]


def test_what_another_key_reaches_is_foreign() -> None:
    elsewhere = LIST.replace(HOME, AWAY)
    pairs = seen(200), seen(200, elsewhere, OTHER_KEY), seen(404, elsewhere), seen(200)
    assert resources(*pairs) == ["own", "own", "foreign", "own"]


def test_a_second_project_that_a_key_reaches_is_foreign() -> None:
    assert resources(seen(200), seen(200, LIST.replace(HOME, AWAY))) == ["own", "foreign"]


def test_another_kind_of_key_crosses() -> None:
    pairs = seen(200), seen(200, f"/api/v1/teams/{TEAM}/integrations", TEAM_KEY)
    crossing = seen(404, LIST, TEAM_KEY)
    again = seen(200, f"/api/v1/teams/{TEAM}/integrations", TEAM_KEY)
    assert resources(*pairs, crossing, again) == ["own", "own", "cross", "own"]


def test_a_key_that_never_succeeds_may_be_none() -> None:
    (one,) = recorded(seen(401))
    assert (one.tags.key, one.tags.form) == (None, "unknown")


def test_a_refusal_after_the_last_success_says_nothing() -> None:
    first, last = recorded(seen(200), seen(401))
    assert first.tags.key == "project#1"
    assert last.tags.key is None


def test_a_refusal_between_successes_is_one_of_a_valid_key() -> None:
    assert [one.tags.key for one in recorded(seen(200), seen(401), seen(200))] == ["project#1"] * 3


def test_a_target_names_keys_and_ids() -> None:
    parties = {
        "project": Party("project", "project", AWAY, OTHER_KEY),
        "other_project": Party("other_project", "project", HOME, KEY),
    }
    one, other = recorded(seen(200), seen(404, LIST.replace(HOME, AWAY)), parties=parties)
    assert (one.tags.key, one.tags.resource) == ("other_project#1", "own")
    assert other.tags.resource == "foreign"


def test_an_assumed_operation_that_is_never_found_is_not_there() -> None:
    one, other = recorded(seen(404, f"/api/v1/projects/{HOME}/test-runs"), seen(200))
    assert (one.tags.operation, other.tags.operation) == (None, "listExecutions")


def test_secrets_are_masked_in_every_form() -> None:
    encoded = base64.b64encode(f"ann:{KEY}".encode()).decode()
    sent = request(f"{LIST}?key={OTHER_KEY}", f"Basic {encoded}", ("Cookie", "sid=abc; b=d"))
    answer = Response(
        status=200,
        fields=(("Set-Cookie", "sid=xyz; Path=/"),),
        body=f'{{"apiKey": "{TEAM_KEY}"}}'.encode(),
    )
    one = Exchange(number=1, request=sent, response=answer, started=0.0, ended=1.0)
    (found,), _ = settled(CONTRACT, [one], {})
    text = repr(found)
    assert not any(secret in text for secret in (KEY, OTHER_KEY, TEAM_KEY, encoded, "abc", "xyz"))
    assert "sid=[masked]; b=[masked]" in text
    assert "sid=[masked]; Path=/" in text


def test_an_issued_event_tells_what_may_be_told_of_a_key() -> None:
    exchange = Exchange(
        number=1, request=request(LIST, bearer(KEY)), response=Response(status=200),
        started=3.0, ended=4.0,
    )  # fmt: skip
    _, (event,) = settled(CONTRACT, [exchange], {})
    assert (event.kind, event.started, event.data["key"]) == ("issued", 3.0, "project#1")
    assert event.data["generated"] is False
    assert KEY not in repr(event)


def test_what_a_target_names_exists() -> None:
    elsewhere = LIST.replace(HOME, AWAY)
    other = Party(name="other_project", kind="project", id=AWAY, key=None)
    found = recorded(seen(200), seen(404, elsewhere), seen(200), parties={"other_project": other})
    assert [one.tags.resource for one in found] == ["own", "foreign", "own"]


def test_what_only_anothers_list_shows_is_foreign_below_ones_own() -> None:
    listed = b'{"data": [{"executionId": "0b4c"}]}'
    elsewhere = request(LIST.replace(HOME, AWAY), bearer(OTHER_KEY))
    asked = request(f"{LIST}/0b4c", bearer(KEY))
    sent = (elsewhere, request(LIST, bearer(KEY)), asked, asked)
    bodies = (listed, b'{"data": []}', b"{}", b"{}")
    for mine, nested in ((b'{"data": []}', "foreign"), (listed, "own")):
        exchanges = [
            Exchange(
                number=number,
                request=one,
                response=Response(status=200, body=mine if number == 2 else body),
                started=float(number),
                ended=number + 0.5,
            )
            for number, (one, body) in enumerate(zip(sent, bodies, strict=True), 1)
        ]
        found, _ = settled(CONTRACT, exchanges, {})
        assert found[3].tags.nested == nested


def test_what_nearly_is_a_key_is_known_by_the_key() -> None:
    cut = seen(200, key=KEY[:-1])
    (first, nearly, last) = recorded(seen(200), cut, seen(200))
    assert (nearly.tags.form, nearly.tags.key) == ("altered:cut", first.tags.key)
    assert (first.tags.form, last.tags.form) == ("bearer", "bearer")


def test_no_credential_is_stored_however_short_it_is() -> None:
    fields = (("X-API-Key", "abc"), ("Proxy-Authorization", "Basic abc"), ("Authorization", "abc"))
    (found,) = recorded((401, Request(method="GET", target=LIST, fields=fields)))
    masked = ["[masked]", "Basic [masked]", "[masked]"]
    assert [value for _, value in found.request.fields] == masked
