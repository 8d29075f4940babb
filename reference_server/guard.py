"""Who may act as the person at the dashboard: without a login, only programs on this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[[Request], Awaitable[Response]]


def local(endpoint: Endpoint) -> Endpoint:
    """Refuse the endpoint to other machines, and to other sites' pages in a browser on this one."""

    async def guarded(request: Request) -> Response:
        if not (_is_local(request) and _is_same_site(request)):
            raise HTTPException(403, "Only for programs on this machine\n")
        return await endpoint(request)

    return guarded


def _is_local(request: Request) -> bool:
    # The name too: a site can let its own name lead to a loopback address.
    peer = request.client.host if request.client else None
    return _is_loopback(peer) and _is_loopback(request.url.hostname)


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _is_same_site(request: Request) -> bool:
    own = f"{request.url.scheme}://{request.url.netloc}"
    return request.headers.get("origin", own) == own
