"""rate: what is counted, and what is counted together."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import (
    UUID,
    WITH_MANY_COUNTERS,
    RemembersKeys,
    addressed,
    operation,
)
from reference_server.windows import Window

# rate.per-key


@fault(
    breaks="rate.per-key",
    also=(
        "rate.remaining-counts",
        "rate.new-key-window",
        "rate.remaining-honest",
        "rate.recovers",
        "rate.refusal-headers",
    ),
)
class CountsPerAddress(Server):
    """Keeps a window for each address."""

    def counter(self, call: Call) -> Hashable:
        return call.request.client.host if call.request.client else None


@fault(
    breaks="rate.per-key",
    also=(
        "rate.remaining-counts",
        "rate.new-key-window",
        "rate.remaining-honest",
        "rate.recovers",
        "rate.refusal-headers",
    ),
)
class CountsPerKind(Server):
    """Keeps one window for all project keys, and one for all team keys."""

    def counter(self, call: Call) -> Hashable:
        return call.key.kind


@fault(
    breaks="rate.per-key",
    also=(
        "rate.remaining-counts",
        "rate.new-key-window",
        "rate.remaining-honest",
        "rate.recovers",
        "rate.refusal-headers",
    ),
)
class CountsPerTeam(Server):
    """Keeps one window for a team and its projects."""

    def counter(self, call: Call) -> Hashable:
        owner = self.store.owner(call.key.owner)
        return owner.team or owner.id if owner else None


@fault(breaks="rate.per-key", also=("rate.remaining-counts", "rate.remaining-honest"))
class ChargesTeam(Server):
    """Charges a project's requests to the keys of its team, too."""

    async def take(self, call: Call) -> Window:
        owner = self.store.owner(call.key.owner)
        for key in self.store.keys(owner.team) if owner and owner.team else ():
            self.windows.take(key.digest, call.now)
        return await super().take(call)


@fault(breaks="rate.per-key", also=("rate.remaining-counts", "rate.remaining-honest"))
class ChargesTeamForCreations(ChargesTeam):
    """Charges what a project's key creates to the keys of its team, too."""

    async def take(self, call: Call) -> Window:
        creates = call.request.method == "POST"
        return await (ChargesTeam if creates else Server).take(self, call)


@fault(breaks="rate.per-key", also=("rate.remaining-counts", "rate.remaining-honest"))
class ChargesVictim(Server):
    """Charges a request to the keys of the project or team that it is about, too."""

    async def take(self, call: Call) -> Window:
        window, owner = await super().take(call), addressed(self, call)
        if window.admitted and owner and owner.id != call.key.owner:
            for key in self.store.keys(owner.id):
                self.windows.take(key.digest, call.now)
        return window


@fault(
    breaks="rate.per-key",
    also=("rate.remaining-counts", "rate.remaining-honest"),
    seldom=True,
    elsewhere=("schema",),
)
class ChargesProjectOfEvent(Server):
    """Charges a team's event to the key of the project that it is for, too."""

    def reaches(self, team_id: str, project_id: str) -> bool:
        for key in self.store.keys(project_id):
            self.windows.take(key.digest, self.now())
        return super().reaches(team_id, project_id)


@fault(breaks="rate.per-key", also=("rate.remaining-counts", "rate.remaining-honest"))
class ChargesNamed(Server):
    """Charges requests without a valid key to the project or team that they name."""

    def no_valid_key(self, call: Call) -> Refusal:
        owner = addressed(self, call)
        for key in self.store.keys(owner.id) if owner else ():
            self.windows.take(key.digest, call.now)
        return super().no_valid_key(call)


@fault(breaks="rate.per-key", also=("rate.remaining-counts", "rate.remaining-honest"))
class ChargesSuccessor(RemembersKeys):
    """Charges requests with a replaced key to the one that replaced it."""

    def no_valid_key(self, call: Call) -> Refusal:
        if old := self.old_key(call):
            for key in self.store.keys(old.key.owner):
                self.windows.take(key.digest, call.now)
        return super().no_valid_key(call)


# rate.all-endpoints, rate.all-outcomes


class Exempts(Server):
    """Does not count some requests."""

    async def take(self, call: Call) -> Window:
        if self.exempts(call):
            window = self.windows.peek(self.counter(call), call.now)
            return replace(window, used=min(window.used, window.limit))
        return await super().take(call)

    def exempts(self, _: Call) -> bool:
        """Whether a request costs nothing."""
        return False


@fault(breaks="rate.all-endpoints", also=WITH_MANY_COUNTERS)
class CountsByPath(Server):
    """Keeps a window for each key and path."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.scope["path"]


@fault(breaks="rate.all-endpoints", also=WITH_MANY_COUNTERS)
class CountsByRoute(Server):
    """Keeps a window for each key and route; only paths with well-formed ids are of a route."""

    def counter(self, call: Call) -> Hashable:
        route = self.route(call)
        strict = route is not None and all(UUID.fullmatch(id) for id in route[1].values())
        return call.key.digest, route[0].id if route and strict else None


@fault(breaks="rate.all-endpoints", also=(*WITH_MANY_COUNTERS, "rate.refusals-free"))
class CountsByMethod(Server):
    """Keeps a window for each key and method."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.method


@fault(
    breaks="rate.all-endpoints", also=("rate.remaining-counts", "rate.before-work", "rate.enforced")
)
class ExemptsOnboarding(Exempts):
    """Does not count one operation, which its own pages poll."""

    def exempts(self, call: Call) -> bool:
        asked = operation(self, call)
        return asked is not None and asked.id == "getOnboarding"


@fault(
    breaks="rate.all-endpoints",
    also=(
        "rate.remaining-counts",
        "rate.before-work",
        "rate.enforced",
        "rate.no-bypass",
        "rate.recovers",
        "rate.concurrent",
        "rate.per-key",
    ),
)
class ExemptsReads(Exempts):
    """Counts only what writes."""

    def exempts(self, call: Call) -> bool:
        return call.request.method == "GET"


@fault(
    breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.before-work", "rate.enforced")
)
class ExemptsUnknownRoutes(Exempts):
    """Counts in its routes, so not where there is none."""

    def exempts(self, call: Call) -> bool:
        return operation(self, call) is None


@fault(
    breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.before-work", "rate.enforced")
)
class ExemptsLackingMethods(Exempts):
    """Counts in the methods that its routes have: a path without the method asked for is free."""

    def exempts(self, call: Call) -> bool:
        known = self.contract.match(call.request.scope["path"]) is not None
        return known and operation(self, call) is None


class Refunds(Server):
    """Takes back the count of some requests once it knows their outcome."""

    async def finish(self, call: Call, response: Response) -> Response:
        if call.window and call.window.admitted and self.refunds(call, response.status_code):
            back = replace(call.window, used=call.window.used - 1)
            call.window = self.windows.keep(self.counter(call), back)
            response.headers.update(self.rate_fields(call))
        return response

    def refunds(self, _call: Call, _status: int) -> bool:
        """Whether a request that was answered like this costs nothing."""
        return False


@fault(
    breaks="rate.all-outcomes",
    also=("rate.remaining-counts", "rate.concurrent", "rate.all-endpoints"),
)
class CountsSuccessesOnly(Refunds):
    """Counts what succeeds."""

    def refunds(self, _: Call, status: int) -> bool:
        return status >= HTTPStatus.BAD_REQUEST


@fault(breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.concurrent"))
class RefundsInvalid(Refunds):
    """Does not count what it answers with 400."""

    def refunds(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.BAD_REQUEST


@fault(breaks="rate.all-outcomes", also=("rate.remaining-counts", "rate.concurrent"))
class RefundsNotFound(Refunds):
    """Does not count what it answers with 404."""

    def refunds(self, _: Call, status: int) -> bool:
        return status == HTTPStatus.NOT_FOUND


@fault(breaks="rate.all-outcomes", also=("rate.remaining-counts",), seldom=True)
class RefundsMalformedJson(Server):
    """Does not count a request whose body turns out not to be JSON."""

    def decode(self, call: Call) -> Any:
        try:
            return super().decode(call)
        except Refusal:
            assert call.window
            back = replace(call.window, used=call.window.used - 1)
            call.window = self.windows.keep(self.counter(call), back)
            raise


# rate.new-key-window


@fault(
    breaks="rate.new-key-window",
    also=(
        "rate.remaining-counts",
        "rate.refusal-headers",
    ),
)
class CountsByOwner(Server):
    """Keeps a window for each project or team: a new key goes on with the old one's."""

    def counter(self, call: Call) -> Hashable:
        return call.key.owner


@fault(breaks="rate.new-key-window")
class BeginsWithHalf(Server):
    """Admits half of the limit in the first window of a key."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.known: set[Hashable] = set()

    async def take(self, call: Call) -> Window:
        counter = self.counter(call)
        if counter not in self.known:
            self.known.add(counter)
            window = self.windows.peek(counter, call.now)
            self.windows.keep(counter, replace(window, used=window.limit // 2))
        return await super().take(call)


@fault(breaks="rate.all-outcomes", also=("rate.headers-present", "rate.before-work"))
class SkipsUnknownRoutes(Server):
    """Looks for the route first: what has none is not counted, and is told nothing."""

    async def count(self, call: Call) -> None:
        if self.contract.match(call.request.scope["path"]):
            await super().count(call)

    async def finish(self, call: Call, response: Response) -> Response:
        if not self.contract.match(call.request.scope["path"]):
            for name in self.rate_fields(call):
                del response.headers[name]
        return response
