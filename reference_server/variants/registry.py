"""The list of variants: each class that a module of this package registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference_server.app import Server
from reference_server.choice import ChoiceError, kebab


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An unusual server, and the hardening requirements that it need not meet."""

    name: str
    server: type[Server]
    lacks: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What is unusual about the server, and why it may be."""
        return (self.server.__doc__ or "").strip()


VARIANTS: dict[str, Variant] = {}


def variant(*, lacks: tuple[str, ...] = ()) -> Callable[[type[Server]], type[Server]]:
    """Collect a class under its kebab-case name."""

    def register(server: type[Server]) -> type[Server]:
        name = kebab(server)
        VARIANTS[name] = Variant(name=name, server=server, lacks=lacks)
        return server

    return register


def find(name: str) -> Variant:
    """Return the variant with this name; raise ChoiceError if there is none."""
    if name not in VARIANTS:
        raise ChoiceError(
            f"no variant is named {name}; bugzy-reference-server --list-variants names them all"
        )
    return VARIANTS[name]
