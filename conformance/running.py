"""Running: starts what has to be started, and hands the probes to pytest."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import target as targets
from conformance import variables
from conformance.source import TargetError
from conformance.target import Target

if TYPE_CHECKING:
    from conformance.outcome import Outcome

REQUESTS, SECONDS = 60, 6  # the rate limit of a server whose windows are waited for
INI = Path(__file__).parent / "probes" / "pytest.ini"


@contextlib.contextmanager
def bundled_or_named(options: Mapping[str, Any]) -> Iterator[Target]:
    """The target that the options name, or a bundled reference server, started for the run.

    Raises TargetError.
    """
    if targets.names_a_target(options):
        named = targets.load(options)
        if problem := named.shares_a_key:
            raise TargetError(problem)
        yield named
        return
    with bundled(options) as target:
        yield target


def described(options: Mapping[str, Any]) -> Target:
    """The target that would be run against; nothing is started."""
    if targets.names_a_target(options):
        return targets.load(options)
    description: dict[str, Any] = {
        name: {"id": f"{place}0000000-0000-4000-8000-000000000000", "key": f"bundled-{name}"}
        for place, name in enumerate(targets.PARTIES)
    }
    description |= {"base_url": "http://127.0.0.1", "control": "http://127.0.0.1/control"}
    return targets.load(_with_writes(options), described=description)


@contextlib.contextmanager
def bundled(options: Mapping[str, Any], **server: Any) -> Iterator[Target]:
    """A reference server on a free loopback port, and the target that describes it."""
    from conformance import contract as contracts
    from reference_server import embedded

    openapi = options.get("openapi") or os.environ.get(variables.named("openapi"))
    if openapi:
        server["openapi"] = contracts.load(Path(openapi)).source
    with embedded.start(**server) as running:
        description: dict[str, Any] = {
            name: {"id": one.id, "key": one.key} for name, one in running.credentials.items()
        }
        description |= {"base_url": running.base_url, "control": running.control_url}
        yield targets.load(_with_writes(options), described=description)


@contextlib.contextmanager
def apart(options: Mapping[str, Any], **server: str) -> Iterator[Target]:
    """A reference server in a process of its own, in real time, with windows of a few seconds.

    Raises RuntimeError if it does not start.
    """
    choice = [f"--{kind}={name}" for kind, name in server.items()]
    limit = f"{REQUESTS}/{SECONDS}"
    command = [sys.executable, "-m", "reference_server", "--port=0", f"--rate-limit={limit}"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(  # noqa: S603 - this package's own server
            [*command, *choice], stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            path = Path(folder) / "target.toml"
            path.write_text(_described(process), encoding="utf-8")
            yield targets.load(_with_writes(options) | {"target": str(path)})
        finally:
            process.terminate()


def _described(process: subprocess.Popen[str]) -> str:
    """The target file that a server prints when it starts."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("show_project_key"):  # the last of it
            return "".join(lines)
    raise RuntimeError("the server did not start")


UNUSED = (  # plugins of pytest's own that probes do without, and that look at each of them
    "cacheprovider",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "pastebin",
    "stepwise",
    "terminal",
    "threadexception",
    "unraisableexception",
    "warnings",
)


def _with_writes(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with leave to write: nobody minds what is created in a server of our own."""
    return dict(options) | {"allow_writes": True}


def run(target: Target) -> int:
    """Run the suite against a target, print the summary, and return the exit status."""
    from conformance.hooks import unfit
    from conformance.outcome import USAGE
    from conformance.output import say
    from conformance.report import summary

    for warning in unfit(target.hooks):
        print(f"bugzy-conformance: {warning}", file=sys.stderr)  # noqa: T201 - before it takes long
    found = outcome(target)
    if found.status == USAGE:
        raise TargetError(found.refused or "the target file is wrong")
    say(summary(found))
    return found.status


def outcome(target: Target, *, keep: bool = True) -> Outcome:
    """Run the suite against a target, and write the history and the reports unless told not to."""
    import pytest

    from conformance.plugin import SESSION
    from conformance.report.progress import Progress
    from conformance.session import Session

    session = Session(target, keep=keep)
    saved = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        session.progress = Progress(target, session.bench)
        pytest.main(_arguments(target), plugins=[_Holder(SESSION, session)])
    except KeyboardInterrupt:  # which came before pytest was ready for it, or after
        session.interrupt()
    finally:
        if saved is not None:
            os.environ["PYTEST_ADDOPTS"] = saved
        if session.progress is not None:
            session.progress.close()
    return session.finish()


class _Holder:
    """Gives pytest the session before the plugin would make one."""

    def __init__(self, key: Any, session: Any) -> None:
        self._key, self._session = key, session

    def pytest_cmdline_main(self, config: Any) -> None:
        """Called by pytest before any plugin is configured."""
        config.stash[self._key] = self._session


def _arguments(target: Target) -> list[str]:
    plugins = ("xdist.plugin", "conformance.plugin")
    return [
        "-c",
        str(INI),
        "--rootdir",
        str(INI.parent),
        "--disable-plugin-autoload",
        *(part for name in plugins for part in ("-p", name)),
        *(part for name in UNUSED for part in ("-p", f"no:{name}")),
        "-s",
        *(["-n", str(target.workers), "--dist", "loadscope"] if target.workers else []),
        "--pyargs",
        "conformance",
    ]
