"""The pytest plugin: collects the probes, orders and runs them, hands on the history."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

LAST_WORDS = 0.5  # seconds that workers have to end when the run is interrupted

if TYPE_CHECKING:
    from conformance.bench import Bench
    from conformance.probe import Probe
    from conformance.schedule import Slot
    from conformance.session import Session

PROBES = Path(__file__).parent / "probes"
SESSION: pytest.StashKey[Session] = pytest.StashKey()
SLOT: pytest.StashKey[Slot] = pytest.StashKey()
PARTY: pytest.StashKey[str] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that no other plugin has; all else is in the target file or a variable."""
    group = parser.getgroup("bugzy-conformance")
    group.addoption("--bugzy-only", action="append", help="requirement or area to decide")
    group.addoption("--bugzy-skip", action="append", help="requirement or area to leave out")
    group.addoption("--bugzy-report-dir", help="where the reports go")


def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> None:
    """Options that name the target, unless another plugin has them: then they mean the same."""
    group = parser.getgroup("bugzy-conformance")
    for name, text in (
        ("base-url", "the deployment to test, without /api/v1"),
        ("target", "the target file (TOML)"),
    ):
        if not hasattr(early_config.known_args_namespace, name.replace("-", "_")):
            group.addoption(f"--{name}", help=text)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the probe modules, whose names pytest would not take for tests."""
    if file_path.parent != PROBES or file_path.suffix != ".py" or file_path.stem == "__init__":
        return None
    if _session(parent.config) is None:
        return None
    module: pytest.Module = pytest.Module.from_parent(parent, path=file_path)
    return module


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run if the command names the probes; otherwise stay out of the way."""
    if hasattr(config, "workerinput"):
        brief = config.workerinput.get("bugzy")
        if brief:
            from conformance.session import Session

            config.stash[SESSION] = Session.in_worker(brief, config.workerinput["workerid"])
    elif SESSION not in config.stash and _names_probes(config):
        config.stash[SESSION] = _session_of(config)


def _session_of(config: pytest.Config) -> Session:
    """The session of `pytest --pyargs conformance`; raises pytest's usage error."""
    from conformance.catalogue import UnknownRequirement
    from conformance.contract import ContractError
    from conformance.running import bundled_or_named
    from conformance.session import Session
    from conformance.source import TargetError

    options = {
        "base_url": config.getoption("base_url", None),
        "target": config.getoption("target", None),
        "only": config.getoption("bugzy_only", None),
        "skip": config.getoption("bugzy_skip", None),
        "report_dir": config.getoption("bugzy_report_dir", None),
    }
    cleanup = contextlib.ExitStack()
    config.add_cleanup(cleanup.close)
    try:
        return Session(cleanup.enter_context(bundled_or_named(options)))
    except (TargetError, ContractError, UnknownRequirement) as error:
        raise pytest.UsageError(str(error)) from None


def _names_probes(config: pytest.Config) -> bool:
    ours = ("conformance.probes", str(PROBES.parent))
    named = any(one == "conformance" or one.startswith(ours) for one in map(str, config.args))
    return named and bool(config.getoption("pyargs", False))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker the probes that spend its keys."""
    ours = _session(config)
    if ours is None:
        return None
    from conformance.bins import Bins

    return Bins(config, log, ours.bins(len(config.option.tx)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker what it needs: target, keys (in memory only) and first findings."""
    session = _session(node.config)
    if session is not None:
        node.workerinput["bugzy"] = session.brief()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Ask the target once with each key, before any probe runs."""
    ours = _session(session.config)
    if ours is not None and not ours.is_worker and not session.config.option.collectonly:
        ours.begin()


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, obj: object
) -> list[pytest.Item] | None:
    """Make nothing of a probe that serves nothing of what is sought: that is quick."""
    ours = _session(collector.config)
    if ours is None or not hasattr(obj, "__probe__"):
        return None
    return None if ours.wants(_probe(obj, ours)) else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one probe per operation or party."""
    ours = _session(metafunc.config)
    if ours is None or not hasattr(metafunc.function, "__probe__"):
        return
    probe = _probe(metafunc.function, ours)
    if "operation" in metafunc.fixturenames:
        where = [op for op in ours.contract.operations if op.kind in probe.kinds]
        operations = [op for op in where if probe.where(op)]
        metafunc.parametrize("operation", operations, ids=[op.id for op in operations])
    elif "party" in metafunc.fixturenames:
        metafunc.parametrize("party", probe.kinds)


def _probe(function: Any, ours: Session) -> Probe:
    """What a function of a probe module declares to be, in the time that this run has."""
    declared: Probe = function.__probe__
    return declared.in_time(thrifty=ours.bench.thrifty)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run, and order the rest by the schedule."""
    ours = _session(config)
    if ours is None:
        return
    by_id: dict[str, pytest.Item] = {}
    slots = []
    for item in items:
        if any(mark.name == "skip" for mark in item.iter_markers()):
            continue  # its parameter has no value: the deployment has no such operation
        one, party = _slot_of(item, ours)
        if ours.takes(one, party):
            by_id[one.id] = item
            item.stash[PARTY] = party
            slots.append(one)
    kept = []
    for one in ours.ordered(slots):
        item = by_id[one.id]
        item.stash[SLOT] = one
        kept.append(item)
    chosen = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = kept


def _slot_of(item: pytest.Item, ours: Session) -> tuple[Slot, str]:
    from conformance.schedule import slot, slot_id

    function = getattr(item, "function")  # noqa: B009 - pytest.Item does not declare it
    parameters = getattr(item, "callspec", None)
    given = parameters.params if parameters is not None else {}
    operation, party = given.get("operation"), given.get("party", "project")
    if operation is not None:
        party = operation.kind
    return slot(slot_id(item.nodeid), _probe(function, ours), party, ours.target), party


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The bench, with room made in the windows that the probe spends."""
    ours = _session(request.config)
    assert ours is not None
    one = request.node.stash[SLOT]
    with ours.during(one):
        yield ours.bench


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Record what keeps a probe from its work: that is not the probe's failure."""
    ours = _session(pyfuncitem.config)
    if ours is None:
        return (yield)
    with ours.hindrances(pyfuncitem.stash[SLOT], pyfuncitem.session):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same while room is made for it."""
    ours = _session(request.config)
    if ours is None or SLOT not in request.node.stash:
        return (yield)
    with ours.hindrances(request.node.stash[SLOT], request.session, reraise=True):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """Count a probe that is done as that: what it sent is judged later."""
    done = report.when == "call" and report.passed
    return ("probed", ".", "PROBED") if done and _session(config) is not None else None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Follow the progress, in the process that shows it."""
    from conformance.session import CURRENT

    if CURRENT is not None:
        CURRENT.reported(report)


def pytest_keyboard_interrupt() -> None:
    """Say in the history that the run was not complete, and leave workers little time to end.

    A signal to this process alone does not reach them.
    """
    from xdist.workermanage import NodeManager

    from conformance.session import CURRENT

    if CURRENT is not None:
        CURRENT.interrupt()
        NodeManager.EXIT_TIMEOUT = LAST_WORDS


def pytest_internalerror(excrepr: object) -> None:
    """What breaks pytest itself is the suite's own error too."""
    from conformance.session import CURRENT

    if CURRENT is not None:
        CURRENT.broken(str(excrepr))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Close the connections; in the main process, judge the history and write the reports."""
    ours = _session(session.config)
    if ours is None:
        return
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        ours.interrupt()
    ours.end()
    if not ours.is_worker and not session.config.option.collectonly:
        session.exitstatus = ours.conclude()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave what comes after this run alone: another one in the same process."""
    ours = _session(config)
    if ours is not None:
        ours.leave()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the verdicts below pytest's own lines."""
    ours = _session(terminalreporter.config)
    if ours is not None and not ours.is_worker:
        terminalreporter.write_line("")
        for line in ours.summary():
            terminalreporter.write_line(line)


def _session(config: pytest.Config) -> Session | None:
    return config.stash.get(SESSION, None)
