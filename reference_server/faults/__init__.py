"""Servers that are wrong in one decision each: what the suite must catch.

A fault names the requirement that it breaks, and those that cannot hold besides (``also``). Its
docstring says what it does wrong; its name on the command line is the class's. A module holds
those of one area of the catalogue, or of one idea in it, in the catalogue's order. A new fault is a
class in one of them.
"""

# One line for each area of the catalogue, in its order: so --list-faults names the faults.
# isort: off
from reference_server.faults import auth, bearer, token, believed
from reference_server.faults import scope, effects, listing, mixed
from reference_server.faults import rotation, issued, race
from reference_server.faults import omitted, rate, counter, bypass, order, limit, recovery, sliding
from reference_server.faults import error, invalid, lenient, route
from reference_server.faults import leak, keyless, channel
from reference_server.faults import schema

# isort: on
from reference_server.faults.registry import FAULTS, Fault, fault, find

__all__ = [
    "FAULTS",
    "Fault",
    "auth",
    "bearer",
    "believed",
    "bypass",
    "channel",
    "counter",
    "effects",
    "error",
    "fault",
    "find",
    "invalid",
    "issued",
    "keyless",
    "leak",
    "lenient",
    "limit",
    "listing",
    "mixed",
    "omitted",
    "order",
    "race",
    "rate",
    "recovery",
    "rotation",
    "route",
    "schema",
    "scope",
    "sliding",
    "token",
]
