import time

import httpx
import pytest

from reference_server import embedded
from tests.reference_server.api import Serve, connect


def test_servers_run_side_by_side(serve: Serve) -> None:
    one, two = serve(), serve()
    path = "/projects/{project}/onboarding"
    assert one.send("GET", path).is_success
    assert two.send("GET", path, one.keys["project"]).status_code == 401


def test_only_the_secrets_differ_between_runs(serve: Serve) -> None:
    one, two = serve(), serve()
    assert one.ids == two.ids
    assert one.keys["project"] != two.keys["project"]


def test_it_starts_and_stops_at_once_even_with_a_request_under_way() -> None:
    begun = time.monotonic()
    with embedded.start() as running, connect(running.base_url) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        url = running.base_url
    assert time.monotonic() - begun < 2
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_limit_and_window_are_as_asked(serve: Serve) -> None:
    response = serve(limit=2, window=10).send("GET", "/nowhere")
    assert response.headers["x-ratelimit-limit"] == "2"
    assert response.headers["x-ratelimit-reset"] == "1700000010"
