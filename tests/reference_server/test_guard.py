import asyncio

import httpx
import pytest

from reference_server.embedded import Running


def ask(running: Running, client: str, host: str, **headers: str) -> int:
    async def status() -> int:
        transport = httpx.ASGITransport(running.server, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
            return (await http.get("/control/clock", headers=headers)).status_code

    return asyncio.run(status())


@pytest.mark.parametrize(
    ("client", "host"),
    [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000"), ("127.0.0.1", "localhost")],
)
def test_programs_on_this_machine_are_let_in(running: Running, client: str, host: str) -> None:
    assert ask(running, client, host) == 200


@pytest.mark.parametrize(
    ("client", "host"), [("192.0.2.1", "127.0.0.1"), ("127.0.0.1", "attacker.example")]
)
def test_others_are_not(running: Running, client: str, host: str) -> None:
    assert ask(running, client, host) == 403


def test_pages_of_other_sites_are_not(running: Running) -> None:
    assert ask(running, "127.0.0.1", "localhost", Origin="https://attacker.example") == 403
