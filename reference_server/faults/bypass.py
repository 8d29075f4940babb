"""rate: what gives a key another counter, or none."""

from __future__ import annotations

from collections.abc import Hashable

from reference_server.app import Server
from reference_server.call import Call
from reference_server.faults.counter import Exempts
from reference_server.faults.registry import fault
from reference_server.faults.shapes import (
    WITH_MANY_COUNTERS,
)

# rate.no-bypass


@fault(
    breaks="rate.no-bypass",
    also=(
        "rate.reset-stable",
        "rate.remaining-counts",
    ),
)
class CountsByForwardedFor(Server):
    """Keeps a window for each key and X-Forwarded-For, which anyone can write."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.headers.get("x-forwarded-for")


@fault(
    breaks="rate.no-bypass",
    also=("rate.recovers", "rate.before-work", "rate.reset-stable", "rate.remaining-counts"),
)
class CountsByAddressOfEnvoy(Server):
    """Keeps a window for each key and address that the proxy of its mesh tells, or anyone else."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.headers.get("x-envoy-external-address")


@fault(
    breaks="rate.no-bypass",
    also=(
        "rate.remaining-counts",
        "rate.concurrent",
        "rate.all-endpoints",
        "rate.reset-stable",
        "rate.enforced",
        "rate.before-work",
        "rate.recovers",
    ),
)
class CountsByConnection(Server):
    """Keeps a window for each key and connection."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.client


@fault(breaks="rate.no-bypass", also=WITH_MANY_COUNTERS)
class CountsByQuery(Server):
    """Keeps a window for each key and query string."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.url.query


@fault(
    breaks="rate.no-bypass",
    also=("rate.remaining-counts", "rate.enforced", "rate.reset-stable"),
    seldom=True,
)
class CountsQueriesOfOneRoute(Server):
    """Keeps a window of their own for reads of an execution that have a query."""

    def counter(self, call: Call) -> Hashable:
        route = self.route(call)
        reads = route is not None and route[0].id == "getExecution"
        return call.key.digest, call.request.url.query if reads else ""


@fault(
    breaks="rate.no-bypass",
    also=(
        "rate.remaining-counts",
        "rate.enforced",
        "rate.reset-stable",
    ),
)
class CountsByField(Server):
    """Keeps a window for each Authorization field, as it is spelled."""

    def counter(self, call: Call) -> Hashable:
        return call.request.headers.get("authorization")


@fault(breaks="rate.no-bypass", also=("rate.all-endpoints", *WITH_MANY_COUNTERS))
class CountsByMediaType(Server):
    """Keeps a window for each key and Content-Type."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.headers.get("content-type")


@fault(breaks="rate.no-bypass", also=("rate.remaining-counts", "rate.enforced"))
class ExemptsLoopback(Exempts):
    """Does not count what says that it was forwarded for its own machine."""

    def exempts(self, call: Call) -> bool:
        return call.request.headers.get("x-forwarded-for") == "127.0.0.1"


@fault(breaks="rate.no-bypass", also=("rate.remaining-counts", "rate.enforced"))
class ExemptsRealIp(Exempts):
    """Does not count what comes from its own machine, as the field X-Real-IP has it."""

    def exempts(self, call: Call) -> bool:
        return call.request.headers.get("x-real-ip") == "127.0.0.1"


@fault(breaks="rate.no-bypass", also=WITH_MANY_COUNTERS)
class CountsByCredential(Server):
    """Keeps a window for each Authorization field as it is written."""

    def counter(self, call: Call) -> Hashable:
        return call.key.digest, call.request.headers["authorization"]
