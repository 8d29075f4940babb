"""The list of faults: each class that a module of this package registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference_server.app import Server
from reference_server.choice import ChoiceError, kebab


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A faulty server, and which requirements it does not meet."""

    name: str
    server: type[Server]
    breaks: str
    also: tuple[str, ...]
    seldom: bool = False  # few requests show it: a run that spares requests misses it
    elsewhere: tuple[str, ...] = ()  # the areas besides its own whose requests show it

    @property
    def summary(self) -> str:
        """What the server does wrong."""
        return (self.server.__doc__ or "").strip()


FAULTS: dict[str, Fault] = {}


def fault(
    *,
    breaks: str,
    also: tuple[str, ...] = (),
    seldom: bool = False,
    elsewhere: tuple[str, ...] = (),
) -> Callable[[type[Server]], type[Server]]:
    """Collect a class under its kebab-case name.

    *breaks* is the requirement that must catch it, *also* those that cannot hold besides;
    *seldom* and *elsewhere* say which requests show it: see Fault.
    """

    def register(server: type[Server]) -> type[Server]:
        name = kebab(server)
        besides = tuple(each for each in dict.fromkeys(also) if each != breaks)
        FAULTS[name] = Fault(
            name=name,
            server=server,
            breaks=breaks,
            also=besides,
            seldom=seldom,
            elsewhere=elsewhere,
        )
        return server

    return register


def find(name: str) -> Fault:
    """Return the fault with this name; raise ChoiceError if there is none."""
    if name not in FAULTS:
        raise ChoiceError(
            f"no fault is named {name}; bugzy-reference-server --list-faults names them all"
        )
    return FAULTS[name]
