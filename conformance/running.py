"""Running: starts what has to be started, and hands the probes to pytest."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance import target as targets
from conformance.target import Target

INI = Path(__file__).parent / "probes" / "pytest.ini"


@contextlib.contextmanager
def bundled_or_named(options: Mapping[str, Any]) -> Iterator[Target]:
    """The target that the options name, or a bundled reference server, started for the run."""
    if targets.names_a_target(options):
        yield targets.load(options)
        return
    with bundled(options) as target:
        yield target


@contextlib.contextmanager
def bundled(options: Mapping[str, Any], **server: Any) -> Iterator[Target]:
    """A reference server on a free loopback port, and the target that describes it."""
    from reference_server import embedded

    openapi = options.get("openapi") or os.environ.get(f"{targets.PREFIX}OPENAPI")
    if openapi:
        server["openapi"] = Path(openapi)
    with embedded.start(manual_clock=True, **server) as running:
        description: dict[str, Any] = {
            name: {"id": one.id, "key": one.key} for name, one in running.credentials.items()
        }
        description |= {"base_url": running.base_url, "control": running.control_url}
        yield targets.load({"allow_writes": True, **options}, bundled=description)


def run(target: Target) -> int:
    """Run the suite against a target, and return the exit status."""
    import pytest

    from conformance.plugin import SESSION
    from conformance.report.progress import Progress
    from conformance.session import Session

    session = Session(target)
    session.progress = Progress(target, session.bench)
    saved = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        pytest.main(_arguments(target), plugins=[_Holder(SESSION, session)])
    finally:
        if saved is not None:
            os.environ["PYTEST_ADDOPTS"] = saved
        session.progress.close()
    status = session.finish()
    for line in session.summary():
        print(line)  # noqa: T201 - the summary is the command's output
    return status


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
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "-s",
        *(["-n", str(target.workers), "--dist", "loadgroup"] if target.workers else []),
        "--pyargs",
        "conformance",
    ]
