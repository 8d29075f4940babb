"""What a shell offers as the rest of a word. What the words are is read only then."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, FishComplete, add_completion_class


@add_completion_class
class WholeFish(FishComplete):
    """For fish, with whole sentences: click cuts what a word means at its first comma."""

    source_template = FishComplete.source_template.replace('split ","', 'split --max 1 ","')


def requirements(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem[str]]:
    """The areas and requirements whose names begin so."""
    from conformance import catalogue

    words = dict.fromkeys(catalogue.AREAS, "every requirement of the area")
    words |= {one.id: one.title for one in catalogue.requirements()}
    return [
        CompletionItem(word, help=means) for word, means in words.items() if word.startswith(begun)
    ]


def servers(
    context: click.Context, parameter: click.Parameter, begun: str
) -> list[CompletionItem[str]]:
    """The seeded faults and lawful variants whose names begin so."""
    from reference_server import complete

    return [
        *complete.faults(context, parameter, begun),
        *complete.variants(context, parameter, begun),
    ]
