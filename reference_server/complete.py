"""What a shell offers as the rest of a server's name, from the lists that are read only then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from reference_server.faults import Fault
    from reference_server.variants import Variant


def faults(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem[str]]:
    """The faults whose names begin so."""
    from reference_server.faults import FAULTS

    return _beginning(begun, FAULTS)


def variants(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem[str]]:
    """The variants whose names begin so."""
    from reference_server.variants import VARIANTS

    return _beginning(begun, VARIANTS)


def _beginning(
    begun: str, known: Mapping[str, Fault] | Mapping[str, Variant]
) -> list[CompletionItem[str]]:
    return [
        CompletionItem(name, help=" ".join(each.summary.split()))
        for name, each in known.items()
        if name.startswith(begun)
    ]
