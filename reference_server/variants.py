"""Servers that are unusual and lawful: what the suite must let pass.

Each docstring says what is unusual, and why it may be.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_server import errors
from reference_server.app import Call, Server
from reference_server.choice import ChoiceError, kebab
from reference_server.errors import Refusal
from reference_server.windows import Windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An unusual server."""

    name: str
    server: type[Server]

    @property
    def summary(self) -> str:
        """What is unusual about the server, and why it may be."""
        return (self.server.__doc__ or "").strip()


VARIANTS: dict[str, Variant] = {}


def variant(server: type[Server]) -> type[Server]:
    """Collect a class under its kebab-case name."""
    name = kebab(server)
    VARIANTS[name] = Variant(name=name, server=server)
    return server


def find(name: str) -> Variant:
    """Return the variant with this name; raise ChoiceError if there is none."""
    if name not in VARIANTS:
        raise ChoiceError(f"no variant is named {name}; --list-variants names them all")
    return VARIANTS[name]


class AlignedWindows(Windows):
    """Windows that begin with each full minute, or whatever the window's length is."""

    def end(self, start: float) -> int:
        return int((start // self.seconds + 1) * self.seconds)


@variant
class AlignsWindows(Server):
    """Its windows follow the clock (a fixed window need not begin with the first request)."""

    def make_windows(self) -> Windows:
        return AlignedWindows(self.limit, self.seconds)


@variant
class RefusesWrongKind(Server):
    """A key of the wrong kind is invalid, 401 ("cannot call" does not say how it is refused)."""

    def wrong_kind(self, _: Call) -> Refusal:
        return errors.unauthorized()


@variant
class EchoesPath(Server):
    """Its 404 repeats the path that was asked for (which the sender knows anyway)."""

    def message(self, call: Call, refusal: Refusal) -> str:
        if refusal.status == errors.not_found().status:
            return f"{call.request.url.path} not found"
        return super().message(call, refusal)
