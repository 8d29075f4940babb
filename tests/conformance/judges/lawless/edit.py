"""What a lawless edit is, and all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from conformance.history import History
from tests.conformance.judges.simulator import Phase

Edit = Callable[[History, Random], History | None]  # None: there is nothing to change


@dataclass(frozen=True)
class Lawless:
    """An edit, what it breaks, and what has to happen so that there is something to edit."""

    edit: Edit
    breaks: str
    needs: tuple[Phase, ...]


LAWLESS: list[Lawless] = []


def breaks(id: str, *needs: Phase) -> Callable[[Edit], Edit]:
    """Register an edit under the requirement that it breaks."""

    def register(edit: Edit) -> Edit:
        LAWLESS.append(Lawless(edit, id, needs))
        return edit

    return register
