import json

import pytest

from tests.reference_server.api import Api, answer, connect


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\r\n\r\n",
        b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"CONNECT example.com:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_in_the_one_format(api: Api, sent: bytes) -> None:
    with connect(api.running.base_url) as connection:
        connection.sendall(sent)
        status, fields, body = answer(connection)
    assert (status, fields["content-type"]) == (400, "application/json")
    assert json.loads(body)["error"]["code"] == "VALIDATION_ERROR"
    assert fields["x-ratelimit-limit"] == "60"
    assert fields["date"] == "tue, 14 nov 2023 22:13:20 gmt"


def test_a_target_that_is_no_path_is_an_unknown_route(api: Api) -> None:
    with connect(api.running.base_url) as connection:
        connection.sendall(b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(connection)[0] == 401


def test_a_client_that_goes_away_is_no_error(api: Api) -> None:
    with connect(api.running.base_url) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    assert api.send("GET", "/nowhere").status_code == 404
