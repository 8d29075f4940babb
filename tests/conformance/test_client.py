import gzip
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.budget import Budget, ServerClock
from conformance.client import (
    LONGEST_BODY,
    LOST_AFTER,
    BudgetSpent,
    Call,
    Client,
    Settings,
    proxy_for,
)
from conformance.client import TargetLost as Lost
from conformance.clock import RealClock
from conformance.credential import bearer
from conformance.exchange import Tags
from conformance.history import Recorder
from conformance.keyring import Key
from conformance.pace import Pace
from conformance.secrets import Masker
from tests.conformance.judges.builder import CONTRACT
from tests.conformance.wire import Behaviour, answer, drip, flood, hang, raw, serving

SECRET = "bzy_proj_Zr7wQk2LmP9xTb4VnC8yHd3FsJ6gKe5R"
KEY = Key("project#1", "project", "project", SECRET)
GET = Call(method="GET", path="/x")
TIMEOUT = 0.4  # seconds
PATIENCE = 4.0  # seconds: more than any one request may take

Make = Callable[..., Client]


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Make:
    def make(url: str, **settings: Any) -> Client:
        masker = Masker()
        masker.register(SECRET, KEY.label)
        given = {"timeout": TIMEOUT, "local": True, "run": "ab12cd"} | settings
        client = Client(
            Settings(base=f"{url}/api/v1", **given),
            clock=RealClock(),
            pace=Pace(None),
            masker=masker,
            recorder=Recorder(),
            budget=Budget(CONTRACT.rate_limit, ServerClock(0)),
        )
        request.addfinalizer(client.close)
        return client

    return make


def test_an_exchange_is_recorded(make: Make) -> None:
    with serving(answer(b"[]", "201 Created", "X-A: b\r\n")) as wire:
        client = make(wire.url)
        found = client.send(replace(GET, query=(("a", "b c"),)))
    assert (found.number, found.request.target) == (1, "/api/v1/x?a=b+c")
    assert found.response is not None
    assert (found.status, found.response.body, found.response.value("x-a")) == (201, b"[]", "b")
    assert client._recorder.exchanges == [found]


# what a target may do


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (hang(), "ReadTimeout"),
        (drip(), "ReadTimeout"),
        (raw(b""), "RemoteProtocolError"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), "RemoteProtocolError"),
        (raw(b"SSH-2.0-OpenSSH_9.7\r\n\r\n"), "RemoteProtocolError"),
        (raw(b"HTTP/1.1 abc OK\r\n\r\n"), "RemoteProtocolError"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"), "RemoteProtocolError"),
        (answer(b"no gzip", fields="Content-Encoding: gzip\r\n"), "DecodingError"),
    ],
    ids=["hangs", "drips", "closes", "cuts", "no-http", "bad-status", "bad-length", "bad-gzip"],
)
def test_what_is_no_answer_ends_in_time(make: Make, behaviour: Behaviour, said: str) -> None:
    began = time.monotonic()
    with serving(behaviour) as wire:
        found = make(wire.url).attempt(GET)
    assert (found.response, (found.failure or "").partition(":")[0]) == (None, said)
    assert time.monotonic() - began < PATIENCE


def test_a_request_without_end_is_recorded_once(make: Make) -> None:
    with serving(drip(b"")) as wire:  # so slowly that no read ends, and no read times out
        client = make(wire.url)
        client.attempt(replace(GET, method="PUT", chunks=forever()))
        client.attempt(GET)
    assert [one.request.method for one in client._recorder.exchanges] == ["PUT", "GET"]


def forever() -> Iterator[bytes]:
    """A body that takes longer to send than anything may."""
    for _ in range(1000):
        yield b"x"
        threading.Event().wait(0.01)


def test_nobody_listens(make: Make) -> None:
    with serving(answer()) as wire:
        pass
    assert "ConnectError" in (make(wire.url).attempt(GET).failure or "")


@pytest.mark.parametrize("fields", ["", "Transfer-Encoding: identity\r\n"])
def test_a_body_without_end_is_cut(make: Make, fields: str) -> None:
    with serving(flood(fields=fields)) as wire:
        found = make(wire.url, timeout=PATIENCE).attempt(GET)
    if found.response is not None:
        assert (len(found.response.body), found.response.truncated) == (LONGEST_BODY, True)


def test_a_compressed_bomb_is_cut(make: Make) -> None:
    bomb = gzip.compress(b"\0" * 200 * LONGEST_BODY)
    with serving(answer(bomb, fields="Content-Encoding: gzip\r\n")) as wire:
        found = make(wire.url, timeout=PATIENCE).attempt(GET)
    assert found.response is not None
    assert (len(found.response.body), found.response.truncated) == (LONGEST_BODY, True)


def test_a_target_that_answers_nothing_is_lost(make: Make) -> None:
    with serving(raw(b"")) as wire:
        client = make(wire.url)
        for _ in range(LOST_AFTER - 1):
            client.attempt(GET)
        with pytest.raises(Lost, match=f"{LOST_AFTER} requests in a row got no answer: Remote"):
            client.attempt(GET)


def test_an_answer_in_between_finds_it_again(make: Make) -> None:
    silent = [raw(b"")] * (LOST_AFTER - 1)
    with serving(*silent, answer(), *silent, answer()) as wire:
        client = make(wire.url)
        statuses = [client.attempt(GET).status for _ in range(2 * LOST_AFTER)]
    assert statuses.count(200) == 2


# what is sent again, and what is not


@pytest.mark.parametrize("first", [raw(b""), answer(status="502 Bad Gateway")])
def test_a_lost_answer_is_asked_for_once_more(make: Make, first: Behaviour) -> None:
    with serving(first, answer()) as wire:
        client = make(wire.url)
        found = client.send(GET)
    assert (found.status, found.number, found.tags.repeats) == (200, 2, 1)
    assert len(client._recorder.exchanges) == 2


def test_it_is_asked_for_no_more_than_once(make: Make) -> None:
    with serving(raw(b"")) as wire:
        found = make(wire.url).send(GET)
    assert (found.response, found.number, len(wire.heads)) == (None, 2, 2)


@pytest.mark.parametrize("status", ["200 OK", "429 Too Many", "500 Oops", "404 Not Found"])
def test_an_answer_is_not_asked_for_again(make: Make, status: str) -> None:
    with serving(answer(status=status)) as wire:
        make(wire.url).send(GET)
    assert len(wire.heads) == 1


def test_no_redirect_is_followed(make: Make) -> None:
    with serving(answer(status="302 Found", fields="Location: /other\r\n")) as wire:
        found = make(wire.url).send(GET)
    assert (found.status, len(wire.heads)) == (302, 1)


def test_no_cookie_is_kept(make: Make) -> None:
    with serving(answer(fields="Set-Cookie: a=b; Path=/\r\n")) as wire:
        client = make(wire.url)
        client.send(GET)
        client.send(GET)
    assert "cookie" not in wire.heads[1].lower()


# what is sent


def test_a_request_says_whose_it_is(make: Make) -> None:
    with serving(answer()) as wire:
        make(wire.url, headers=(("X-Gate", "open"),)).send(GET)
    (head,) = wire.heads
    assert "bugzy-conformance/" in head
    assert "(run ab12cd; python" in head
    assert "X-Gate: open" in head


def test_a_proxy_of_the_environment_is_used(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(answer()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        found = make("http://staging.example", local=False).send(GET)
    assert found.status == 200
    assert proxy.heads[0].startswith("GET http://staging.example/api/v1/x ")


def test_a_host_may_be_left_to_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "staging.example")
    assert proxy_for("https://staging.example/api/v1") is None
    assert proxy_for("https://other.example/api/v1") == "http://proxy.example:3128"
    assert proxy_for("http://other.example/api/v1") is None


def test_a_proxy_may_be_named_without_a_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    assert proxy_for("https://other.example/api/v1") == "http://proxy.example:3128"


def test_what_a_call_says_is_said_once(make: Make) -> None:
    with serving(answer()) as wire:
        make(wire.url).send(replace(GET, fields=(("accept", "text/html"),)))
    assert wire.heads[0].lower().count("accept:") == 1


def test_no_more_is_sent_than_allowed(make: Make) -> None:
    with serving(answer()) as wire:
        client = make(wire.url, max_requests=2)
        client.send_at_once([GET, GET])
        with pytest.raises(BudgetSpent, match="--max-requests 2 is reached"):
            client.send(GET)
    assert len(wire.heads) == 2


def test_a_body_in_parts_is_sent_once(make: Make) -> None:
    call = replace(GET, method="POST", chunks=iter([b"ab", b"cd"]))
    with serving(raw(b"")) as wire:
        make(wire.url).send(call)
    assert len(wire.heads) == 1


def test_requests_at_once_overlap(make: Make) -> None:
    with serving(hang()) as wire:
        client = make(wire.url)
        began = time.monotonic()
        found = client.send_at_once([GET] * 5)
    assert len({one.number for one in found}) == 5
    assert time.monotonic() - began < 5 * TIMEOUT


def test_connections_are_named(make: Make) -> None:
    with serving(answer()) as wire:
        client = make(wire.url)
        one, other = (client.send(replace(GET, connection="fresh")) for _ in range(2))
    assert one.connection != other.connection
    assert (one.connection or "").startswith("127.0.0.1:")


# what is kept


def test_keys_are_masked_on_both_sides(make: Make) -> None:
    echo = answer(f'{{"you": "{SECRET}"}}'.encode(), fields=f"X-Key: {SECRET}\r\n")
    with serving(echo) as wire:
        found = make(wire.url).send(replace(GET, credential=bearer(KEY), tags=Tags(probe="x")))
    assert SECRET in wire.heads[0]
    assert SECRET not in str(found)
    assert found.response is not None
    assert found.response.json == {"you": "[key project#1]"}
    assert (found.tags.key, found.tags.credential, found.tags.probe) == (
        "project#1",
        "project",
        "x",
    )
