"""The command line: `python -m tests.benchmarks time|rivals|steady|table`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tests.benchmarks import rivals as rivalry
from tests.benchmarks import steady as repetition
from tests.benchmarks import table as tables
from tests.benchmarks import timing
from tests.readme import README, filled

RESULTS = Path(__file__).with_name("results.json")


class Results:
    """What has been measured, kept from one run of this script to the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: dict[str, Any] = {"time": {}, "rivals": {}}
        if path.exists():
            self.found |= json.loads(path.read_text(encoding="utf-8"))

    def keep(self, group: str, name: str, result: dict[str, Any], **facts: Any) -> None:
        """Add a result, or replace the one of its name."""
        self.found[group][name] = result
        self.found |= {"machine": tables.machine(), **facts}
        self._path.write_text(json.dumps(self.found, indent=1) + "\n", encoding="utf-8")

    def show(self) -> None:
        """Print the tables, and write them to the README."""
        table = tables.rendered(self.found)
        text = filled(README.read_text(encoding="utf-8"), "benchmarks", table)
        README.write_text(text, encoding="utf-8")
        click.echo(table)


@click.group()
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="Kept here.")
@click.pass_context
def main(context: click.Context, results: Path) -> None:
    """Measure how quick the suite is; the README's table is written from what was measured."""
    context.obj = Results(results)


@main.command()
@click.option("--latency", type=int, multiple=True, metavar="MS", help="Only 0, 50 or 200.")
@click.option("--credentials", type=int, multiple=True, metavar="N", help="Only 1, 2 or 4.")
@click.option("--workers", type=int, multiple=True, metavar="N", help="Only 1 or 4.")
@click.option("--window", type=float, default=60.0, metavar="SECONDS", help="Of the rate limit.")
@click.option("--reports", type=click.Path(path_type=Path), help="Keep each run's reports here.")
@click.pass_obj
def time(
    results: Results,
    latency: tuple[int, ...],
    credentials: tuple[int, ...],
    workers: tuple[int, ...],
    window: float,
    reports: Path | None,
) -> None:
    """Run the suite in real time: requests, seconds, and the plan beside them."""
    for case in timing.chosen(latency, credentials, workers):
        folder = reports / case.name.replace(",", "").replace(" ", "-") if reports else None
        result = timing.measured(case, window, folder)
        click.echo(f"{case.name}: {json.dumps(result)}", err=True)
        results.keep("time", case.name, result)
    results.show()


@main.command()
@click.option("--faults", "count", default=20, metavar="N", help="How many of the 20.")
@click.option("--max-time", default=300, metavar="SECONDS", help="For each run of the fuzzer.")
@click.pass_obj
def rivals(results: Results, count: int, max_time: int) -> None:
    """Run the suite and schemathesis side by side, on a sound server and on faulty ones."""
    for name, result in rivalry.compared(rivalry.FAULTS[:count], max_time):
        click.echo(f"{name}: {json.dumps(result)}", err=True)
        results.keep("rivals", name, result, rival=tables.rival(), most=max_time)
    results.show()


@main.command()
@click.option("--runs", default=10, metavar="N", help="For each kind of window.")
@click.option("--window", type=float, default=5.0, metavar="SECONDS", help="Of the rate limit.")
@click.option("--load", default=2, metavar="N", help="Processes that keep the machine busy.")
def steady(runs: int, window: float, load: int) -> None:
    """Run the suite again and again on a busy machine: are the verdicts the same?"""
    found = []
    for one in repetition.repeated(runs, window, load):
        found.append(one)
        click.echo(f"{one.windows}: {one.verdict}, {one.seconds:.1f} s {one.stray or ''}", err=True)
    click.echo(repetition.counted(found))


@main.command()
@click.pass_obj
def table(results: Results) -> None:
    """Write the table again from what was measured."""
    results.show()


if __name__ == "__main__":
    main()
