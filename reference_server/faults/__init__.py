"""Servers that are wrong in one decision each: what the suite must catch.

A fault names the requirement that it breaks, and those that cannot hold besides (``also``). Its
docstring says what it does wrong; its name on the command line is the class's. A module holds
those of one area of the catalogue, in the catalogue's order; area rate has three. A new fault is a
class in one of them.
"""

from reference_server.faults import auth, counter, error, leak, limit, rate, rotation, schema, scope
from reference_server.faults.registry import FAULTS, Fault, fault, find

__all__ = [
    "FAULTS",
    "Fault",
    "auth",
    "counter",
    "error",
    "fault",
    "find",
    "leak",
    "limit",
    "rate",
    "rotation",
    "schema",
    "scope",
]
