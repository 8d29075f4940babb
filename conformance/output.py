"""Output: what is printed at the end, whether or not anybody still reads it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click


def say(lines: Iterable[str]) -> None:
    """Print lines to stdout. A reader who has left, or a full disk, changes no verdict."""
    try:
        click.echo("\n".join(lines))
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            said = f"the output cannot be written: {error.strerror}"
            click.echo(f"bugzy-conformance: {said}; the reports have all of it", err=True)
        _let_go()


def _let_go() -> None:
    """Send what is still buffered nowhere, as Python would try to write it again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
