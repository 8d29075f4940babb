"""Features: what requests are told apart by, where counts and costs are explained."""

from __future__ import annotations

import re
from collections.abc import Hashable

from conformance.exchange import Exchange

OWNER_ID = re.compile(r"/(?:projects|teams)/([^/?]+)")


def method(one: Exchange) -> Hashable:
    """The request's method."""
    return one.request.method


def route(one: Exchange) -> Hashable:
    """The path's template."""
    return one.tags.route or ""


def operation(one: Exchange) -> Hashable:
    """The path's template and the method."""
    return route(one), method(one)


def path(one: Exchange) -> Hashable:
    """The path itself."""
    return one.request.path


def query(one: Exchange) -> Hashable:
    """What follows the path."""
    return one.request.target.partition("?")[2]


def is_error(one: Exchange) -> Hashable:
    """Whether it was answered with an error."""
    return (one.status or 0) >= 400


def owner(one: Exchange) -> str | None:
    """The id of the project or team in the path."""
    found = OWNER_ID.search(one.request.target)
    return found[1].lower() if found else None
