"""leak: what an answer tells besides what it says: by its cost, its time, its bytes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from http import HTTPStatus

from starlette.responses import Response, StreamingResponse

from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Betrays, addressed, foreign, names_project
from reference_server.store import Owner
from reference_server.variants.transport import Head, Rewrites

CAPITALS = b"capitals: yes"  # a note from betray to rewrite, which is never sent
PAUSE = 0.02  # seconds that a slower answer takes longer

# leak.same-cost


@fault(
    breaks="leak.same-cost",
    also=("rate.all-outcomes", "rate.remaining-counts", "rate.remaining-honest"),
)
class CountsForeignTwice(Betrays):
    """Counts a request for another's twice."""

    async def betray(self, response: Response, _: Owner) -> None:
        """Nothing is told in the answer itself."""

    async def finish(self, call: Call, response: Response) -> Response:
        missing = response.status_code == HTTPStatus.NOT_FOUND
        if missing and foreign(self, call) and call.window:
            call.window = self.windows.take(self.counter(call), call.now)
            response.headers.update(self.rate_fields(call))
        return response


@fault(
    breaks="leak.same-cost",
    also=(
        "rate.all-outcomes",
        "rate.remaining-counts",
        "rate.enforced",
    ),
)
class ForgivesAbsent(Server):
    """Does not count a request for a project or team that does not exist."""

    async def finish(self, call: Call, response: Response) -> Response:
        missing = response.status_code == HTTPStatus.NOT_FOUND
        if missing and call.window and call.ids and addressed(self, call) is None:
            back = replace(call.window, used=call.window.used - 1)
            call.window = self.windows.keep(self.counter(call), back)
            response.headers.update(self.rate_fields(call))
        return response


@fault(
    breaks="leak.same-cost",
    also=("rate.all-outcomes", "rate.remaining-counts", "rate.remaining-honest"),
)
class CountsNamedForeignTwice(Server):
    """Counts an event for another team's project once for each of the two."""

    def perform(self, call: Call) -> object:
        named = self.store.owner(call.content["project_id"]) if names_project(call) else None
        if named and named.team != call.owner:
            call.window = self.windows.take(self.counter(call), call.now)
        return super().perform(call)


# leak.timing


@fault(breaks="leak.timing")
class TakesLongerForForeign(Betrays):
    """Loads another's project or team with all that it has before it refuses."""

    async def betray(self, _response: Response, _owner: Owner) -> None:
        await asyncio.sleep(PAUSE)


@fault(breaks="leak.timing", seldom=True)
class TakesLongerForForeignWrites(TakesLongerForForeign):
    """Reads what is sent to another's project or team before it refuses it."""

    def concerns(self, call: Call, owner: Owner) -> bool:
        return bool(call.body) and super().concerns(call, owner)


@fault(breaks="leak.timing")
class TakesLongerForAbsent(Server):
    """Looks for an absent project or team in a second database."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code == HTTPStatus.NOT_FOUND and addressed(self, call) is None:
            await asyncio.sleep(PAUSE)
        return response


# leak.transport


@fault(breaks="leak.transport")
class ClosesAfterForeign(Betrays):
    """Closes the connection after a request for another's."""

    async def betray(self, response: Response, _: Owner) -> None:
        response.headers["Connection"] = "close"


@fault(breaks="leak.transport")
class OrdersForeignOtherwise(Betrays):
    """Writes the same fields in another order where it is another's."""

    async def betray(self, response: Response, _: Owner) -> None:
        response.raw_headers.reverse()


@fault(breaks="leak.transport")
class SpellsForeignInCapitals(Rewrites, Betrays):
    """Writes the names of fields in capitals where it is another's, and else in small letters."""

    async def betray(self, response: Response, _: Owner) -> None:
        response.headers["capitals"] = "yes"

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        if CAPITALS not in fields:
            return status, fields
        named = (line.partition(b":") for line in fields if line != CAPITALS)
        return status, [b"".join([name.upper(), *rest]) for name, *rest in named]


@fault(breaks="leak.transport")
class SaysForbiddenInPhrase(SpellsForeignInCapitals):
    """Writes a reason phrase of its own beside the 404 where it is another's."""

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        if CAPITALS not in fields:
            return status, fields
        kept = [line for line in fields if line != CAPITALS]
        return status.replace(b"Not Found", b"Forbidden"), kept


@fault(breaks="leak.transport")
class HangsUpOnForeign(SpellsForeignInCapitals):
    """Closes the connection after a request for another's, and does not say so."""

    async def betray(self, response: Response, owner: Owner) -> None:
        await super().betray(response, owner)
        response.headers["Connection"] = "close"

    def rewrite(self, status: bytes, fields: list[bytes]) -> Head:
        noted = (CAPITALS, b"connection: close") if CAPITALS in fields else ()
        return status, [line for line in fields if line not in noted]


@fault(breaks="leak.transport")
class ChunksForeign(Betrays):
    """Sends the answer about another's in chunks."""

    async def finish(self, call: Call, response: Response) -> Response:
        if response.status_code != HTTPStatus.NOT_FOUND or not foreign(self, call):
            return response
        return chunked(response)


def chunked(response: Response) -> Response:
    """Return a response that does not announce its length."""
    fields = {name: value for name, value in response.headers.items() if name != "content-length"}
    return StreamingResponse(iter([bytes(response.body)]), response.status_code, fields)
