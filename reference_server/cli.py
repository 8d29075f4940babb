"""The command line: starts a server, and prints once what is needed to use it.

The server's modules are imported where a command needs them, so that --help answers at once.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import re
import socket
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reference_server import complete

if TYPE_CHECKING:
    from reference_server.app import Server
    from reference_server.seed import Credential

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class WrongCall(click.ClickException):
    """No server can be had as asked for; the status is that of an option that click refuses."""

    exit_code = 2


def rate_limit(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, int] | tuple[None, None]:
    """Return the numbers of --rate-limit, for which the contract's stand otherwise."""
    if value is None:
        return None, None
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not like 60/60: requests/seconds", ctx, param)
    return int(match[1]), int(match[2])


def list_faults(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the faults, for --list-faults."""
    if wanted and not ctx.resilient_parsing:
        from reference_server.faults import FAULTS

        _print_table((each.name, f"{each.summary} [{each.breaks}]") for each in FAULTS.values())
        ctx.exit()


def list_variants(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print the variants, for --list-variants."""
    if wanted and not ctx.resilient_parsing:
        from reference_server.variants import VARIANTS

        _print_table((each.name, each.summary) for each in VARIANTS.values())
        ctx.exit()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    type=click.IntRange(0, 65535),
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--rate-limit",
    metavar="N/SECONDS",
    callback=rate_limit,
    help="Another limit than the contract's, as in 60/60.",
)
@click.option(
    "--db", default=":memory:", help="SQLite file to keep everything in.  [default: none]"
)
@click.option(
    "--fault",
    metavar="NAME",
    shell_complete=complete.faults,
    help="Be wrong in one way; see --list-faults.",
)
@click.option(
    "--variant",
    metavar="NAME",
    shell_complete=complete.variants,
    help="Be lawful but unusual; see --list-variants.",
)
@click.option(
    "--seed-data/--no-seed-data", default=True, show_default=True, help="Two teams, a project each."
)
@click.option("--openapi", type=FILE, help="Another contract than the bundled openapi.yaml.")
@click.option(
    "--list-faults",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=list_faults,
    help="Name the faults and exit.",
)
@click.option(
    "--list-variants",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=list_variants,
    help="Name the variants and exit.",
)
def main(
    host: str,
    port: int,
    rate_limit: tuple[int, int] | tuple[None, None],
    seed_data: bool,
    **options: Any,
) -> None:
    """Serve a small, complete implementation of the Bugzy API's contract."""
    from reference_server import factory, http, seed
    from reference_server.choice import ChoiceError
    from reference_server.clock import RealClock

    limit, window = rate_limit
    try:
        server = factory.create(RealClock(), limit=limit, window=window, **options)
    except (ChoiceError, OSError) as problem:
        raise WrongCall(str(problem)) from problem
    except sqlite3.Error as problem:
        told = f"--db {options['db']}: {problem}; give a file of this server's, or a new one"
        raise WrongCall(f"{told} in a folder that exists") from problem
    listener = _listening(host, port)
    credentials = seed.plant(server) if seed_data else {}
    logging.basicConfig(level=logging.WARNING)
    with contextlib.suppress(KeyboardInterrupt):
        click.echo(greeting(server, http.url(listener), credentials))
        http.run(server, listener)


def _listening(host: str, port: int) -> socket.socket:
    from reference_server import http

    try:
        return http.listen(host, port)
    except OSError as problem:
        raise WrongCall(_unheard(host, port, problem)) from problem


def _unheard(host: str, port: int, problem: OSError) -> str:
    """Why nothing listens at the address, and what to give instead."""
    if problem.errno == errno.EADDRINUSE:
        return f"{host} port {port} is in use; give another --port, or 0 for a free one"
    return f"cannot listen on {host} port {port}: {problem.strerror}; give another --host or --port"


def greeting(server: Server, base_url: str, credentials: Mapping[str, Credential]) -> str:
    """Return what is printed at the start: a target file, with all that a shell needs besides."""
    lines = [
        f"# Serving {base_url}{server.contract.base_path}",
        f"# Rate limit per key: {server.limit} requests in {server.seconds} s",
        f"# Dashboard {base_url}/dashboard, control plane {base_url}/control",
        "# (both without authentication, and only for programs on this machine)",
        *_target(server, base_url, credentials),
    ]
    if not credentials:
        ids = (f"# {owner.kind} {owner.id} ({owner.name})" for owner in server.store.owners())
        lines += ["# No keys are shown: each was, when it was generated.", *ids]
    return "\n".join(lines)


def _target(server: Server, base_url: str, credentials: Mapping[str, Credential]) -> Iterable[str]:
    if not credentials:
        return
    yield "# A target file for bugzy-conformance run --target FILE; the keys are shown only now."
    yield f'base_url = "{base_url}"'
    for name, credential in credentials.items():
        yield from ("", f"[{name}]", f'id = "{credential.id}"', f'key = "{credential.key}"')
    documented = server.contract.limit, server.contract.window_seconds
    if (server.limit, server.seconds) != documented:
        yield from ("", "[rate_limit]")
        yield from (f"limit = {server.limit}", f"window_seconds = {server.seconds}")
    yield from ("", "[hooks]")
    for hook, arguments, kind in (
        ("regenerate_project_key", '"-X", "POST", ', "project"),
        ("generate_team_key", '"-X", "POST", ', "team"),
        ("show_project_key", "", "project"),
    ):
        yield f'{hook} = ["curl", "-fsS", {arguments}"{base_url}/control/{kind}s/{{id}}/keys"]'


def _print_table(rows: Iterable[tuple[str, str]]) -> None:
    table = list(rows)
    width = max(len(name) for name, _ in table)
    for name, text in table:
        click.echo(f"{name:{width}}  {' '.join(text.split())}")
