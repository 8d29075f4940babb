"""The command line. Imports are paid where they are used, so that --help is quick."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from conformance import __version__, complete, interrupt

if TYPE_CHECKING:
    from conformance.draft import Question

Command = TypeVar("Command", bound=Callable[..., Any])

PART_OF_CATALOGUE: dict[str, Any] = {
    "multiple": True,
    "metavar": "ID|AREA",
    "shell_complete": complete.requirements,
}
FILE: dict[str, Any] = {"metavar": "FILE", "type": click.Path()}  # for which shells offer files
JUDGING_OPTIONS = (
    click.option("--openapi", **FILE, help="The contract, instead of the bundled one."),
    click.option(
        "--report-dir", **FILE | {"metavar": "DIR"}, help="Where reports go: conformance-report/."
    ),
    click.option("--only", **PART_OF_CATALOGUE, help="Decide only this; repeatable."),
    click.option("--skip", **PART_OF_CATALOGUE, help="Leave this out; repeatable."),
    click.option("--strict", is_flag=True, default=None, help="should counts in the verdict too."),
    click.option(
        "--hardening", is_flag=True, default=None, help="hardening counts in the verdict too."
    ),
    click.option("--waivers", **FILE, help="Known failures (TOML)."),
    click.option(
        "--quiet",
        is_flag=True,
        default=None,
        help="Only failures, notes, the verdict, and why there is none.",
    ),
    click.option("--no-color", is_flag=True, default=None, help="No colours."),
)
RUN_OPTIONS = (
    click.option("--target", **FILE, help="The target file (TOML)."),
    click.option("--base-url", metavar="URL", help="The deployment, without /api/v1."),
    *JUDGING_OPTIONS,
    click.option("-n", "workers", type=int, metavar="N", help="pytest-xdist workers."),
    click.option("--allow-writes", is_flag=True, default=None, help="May create things there."),
    click.option("--windows", type=int, metavar="N", help="Rate-limit windows to spend: 1."),
    click.option("--seed", type=int, metavar="N", help="Of all that is generated: 1."),
    click.option("--timeout", type=float, metavar="SECONDS", help="Per request: 10."),
    click.option("--max-requests", type=int, metavar="N", help="Stop after so many."),
    click.option("--insecure", is_flag=True, default=None, help="Do not verify TLS."),
    click.option(
        "--header", multiple=True, metavar="'Name: value'", help="For gateways; repeatable."
    ),
)
AUDIT_OPTIONS = (
    click.option("--target", **FILE, help="Its limit, exclusions, ids and keys."),
    click.option("--base-url", metavar="URL", help="Which deployment, if a HAR holds several."),
    *JUDGING_OPTIONS,
)
PARTY_HELP = {
    "project": "The project under test.",
    "other-project": "A project of another team.",
    "team": "The team that owns the project.",
    "other-team": "The team that owns the other project.",
}
INIT_OPTIONS = (
    click.option("--base-url", metavar="URL", help="The deployment, without /api/v1."),
    *(click.option(f"--{name}-id", metavar="ID", help=help) for name, help in PARTY_HELP.items()),
    *(
        click.option(f"--{name}-key-env", metavar="NAME", help="The variable with its key.")
        for name in PARTY_HELP
    ),
    click.option("--insecure", is_flag=True, help="Do not verify TLS."),
    click.option(
        "--header", multiple=True, metavar="'Name: value'", help="For the check only; repeatable."
    ),
    click.option("--check/--no-check", default=True, help="Send one request with each key."),
    click.option(
        "--output", default="target.toml", **FILE, show_default=True, help="Where to write."
    ),
    click.option("--force", is_flag=True, help="Replace the file."),
)


def options(*given: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Give a command several options, shown in this order."""

    def decorated(command: Command) -> Command:
        for option in reversed(given):
            command = option(command)
        return command

    return decorated


class Commands(click.Group):
    """Commands that say that they were interrupted; a run's status is then that of no verdict."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, its imports included."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            interrupt.leave()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bugzy-conformance")
def cli() -> None:
    """Decide whether a deployment of the Bugzy API keeps its contract."""


@cli.command()
@options(*RUN_OPTIONS)
def run(**given: Any) -> None:
    """Decide every requirement against a target; without one, against the bundled server."""
    from conformance import running
    from conformance.scratch import scratch

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a cancelled job has reports
    with _usage_errors(), scratch(), running.bundled_or_named(given) as target:
        status = running.run(target)
    sys.exit(status)


@cli.command()
@options(*RUN_OPTIONS)
@click.option(
    "--latency",
    type=click.FloatRange(min=0),
    default=1.0,
    metavar="MS",
    show_default=True,
    help="What an answer takes there, in milliseconds.",
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def plan(form: str, latency: float, **options: Any) -> None:
    """Say what would be sent, with which keys, and what stays undecided. Sends nothing."""
    from conformance import plan as plans
    from conformance import running
    from conformance.report import forecast

    with _usage_errors():
        made = plans.make(running.described(options), latency / 1000)
        click.echo(forecast.as_json(made) if form == "json" else forecast.as_text(made))


@cli.command()
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    shell_complete=complete.servers,
    help="Only this fault or variant; repeatable.",
)
@click.option("-n", "workers", type=int, default=1, metavar="N", help="Processes.")
@click.option("--quick", is_flag=True, help="One fault per requirement.")
@click.option("--variants/--no-variants", default=True, help="The lawful variants too.")
@click.option(
    "--everywhere",
    is_flag=True,
    help="Judge each fault by every requirement, as --only does, and run each variant with as many "
    "requests as where windows are short; without it, a fault is judged in the areas of those that "
    "it breaks, and every variant is run as where windows are long.",
)
@click.option(
    "--real-time",
    is_flag=True,
    help="Those of the areas rate and rotation, against servers in processes of their own, with "
    "windows of a few seconds that are waited for.",
)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def faults(
    only: tuple[str, ...],
    workers: int,
    quick: bool,
    variants: bool,
    everywhere: bool,
    real_time: bool,
    form: str,
) -> None:
    """Prove the suite: run it once per seeded fault, and say which requirement caught it."""
    import json

    from conformance import proof
    from conformance.scratch import scratch

    with _usage_errors():
        trials = proof.named(only) if only else proof.faults(quick=quick)
    if real_time:
        trials = proof.timed(trials)
    elif variants and not only and not quick:
        trials = proof.variants() + trials  # what takes long is not begun last
    everywhere = everywhere or bool(only)
    results = []
    with scratch():
        for result in proof.run(trials, workers, everywhere=everywhere, real_time=real_time):
            results.append(result)
            if form == "table":
                click.echo(f"{len(results)}/{len(trials)} {result.name}", err=True)
    click.echo(
        json.dumps(proof.document(results), indent=2) if form == "json" else proof.table(results)
    )
    sys.exit(0 if all(result.good for result in results) else 1)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
@options(*AUDIT_OPTIONS)
def audit(files: tuple[str, ...], **given: Any) -> None:
    """Judge recorded traffic: history files of the suite, or HAR files. Sends nothing."""
    from pathlib import Path

    from conformance import report
    from conformance.audit import audit as audited
    from conformance.output import say

    with _usage_errors():
        outcome = audited([Path(one) for one in files], given)
        say(report.summary(outcome))
        sys.exit(outcome.status)


@cli.command()
@click.argument("name", required=False, metavar="[ID|AREA]", shell_complete=complete.requirements)
@click.option("--format", "form", type=click.Choice(["table", "json", "markdown"]), default="table")
def requirements(name: str | None, form: str) -> None:
    """Show the catalogue, an area of it, or everything about one requirement."""
    from conformance.catalogue import AREAS, select
    from conformance.report import about, table

    with _usage_errors():
        if name is None or name in AREAS:
            click.echo(table.catalogue(form, select([name]) if name else None))
        else:
            click.echo(about.as_json(name) if form == "json" else about.as_text(name))


@cli.command()
@options(*INIT_OPTIONS)
def init(output: str, force: bool, check: bool, header: tuple[str, ...], **given: Any) -> None:
    """Write a target file. What is not given is asked for; keys stay in variables."""
    from pathlib import Path

    from conformance import draft as drafts

    with _usage_errors():
        path = Path(output)
        drafts.suit(path, force=force)
        draft = drafts.drafted(given, _ask)
        checked = []
        for one in drafts.check(draft, options={"header": header}) if check else ():
            click.echo(f"{one.name:<14} {one.says}")
            checked.append(one)
        if status := max((drafts.STATUS[one.verdict] for one in checked), default=0):
            click.echo("Nothing was written; --no-check writes the file all the same:", err=True)
            click.echo(f"{draft.command()} --no-check --output {shlex.quote(output)}", err=True)
            sys.exit(status)
        drafts.write(draft, path, force=force)
        if warning := drafts.warning(checked):
            click.echo(warning, err=True)
        click.echo(f"Wrote {path}. Next: bugzy-conformance plan --target {path}")


def _ask(question: Question) -> str:
    """Ask on the terminal, again where an answer cannot be taken."""
    from conformance import draft as drafts
    from conformance.source import TargetError

    def checked(text: str) -> str:
        try:
            return question.check(text.strip())
        except TargetError as error:
            raise click.UsageError(str(error)) from None

    default = question.default
    try:
        return str(
            click.prompt(
                question.text,
                default=default,
                show_default=bool(default),
                value_proc=checked,
                err=True,
            )
        )
    except click.Abort:
        click.echo(err=True)  # the question's line ends nowhere else
        raise drafts.unanswered(question.option) from None


class _usage_errors:  # noqa: N801 - reads as a context manager
    """Turns what a user can mend into one line and status 2."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, (SystemExit, click.exceptions.Exit)):
            return
        from conformance.catalogue import UnknownRequirement
        from conformance.contract import ContractError
        from conformance.history import HistoryError
        from conformance.source import TargetError

        known = (TargetError, ContractError, UnknownRequirement, HistoryError)
        if isinstance(error, known):
            click.echo(f"bugzy-conformance: {error}", err=True)
            sys.exit(2)
