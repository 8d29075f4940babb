"""The proof: the suite run once per seeded fault, and which requirement caught each."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from multiprocessing import connection
from multiprocessing.queues import SimpleQueue
from typing import Any

from conformance.catalogue import requirements
from conformance.source import TargetError

LAZY = (20_000, 20, 50)  # allocations, and collections, before the next collection
THOROUGH = 3  # times as long as one that spares requests
TIMED = ("rate", "rotation")  # the areas that are about time


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run against a seeded fault, or, with nothing to break, a lawful variant."""

    name: str
    kind: str  # fault or variant
    breaks: str | None
    also: tuple[str, ...] = ()
    summary: str = ""
    thrifty: bool = True  # run as where a minute is short: with a third of the requests
    elsewhere: tuple[str, ...] = ()  # areas of other requirements, whose requests show it

    @property
    def areas(self) -> tuple[str, ...]:
        """Where a fault shows; none for a variant, which is to be accused of nothing anywhere."""
        if self.breaks is None:
            return ()
        own = (id.partition(".")[0] for id in (self.breaks, *self.also))
        return tuple(dict.fromkeys((*own, *self.elsewhere)))


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the suite said of it."""

    name: str
    kind: str
    breaks: str | None
    also: tuple[str, ...]
    failed: tuple[str, ...]  # requirements
    undecided: tuple[str, ...]
    status: int  # exit status of the run
    seconds: float
    problem: str | None = None  # why the run proves nothing

    @property
    def void(self) -> bool:
        """Whether the run proves nothing: the server did not start, or the suite broke."""
        return self.problem is not None

    @property
    def caught(self) -> bool:
        """Whether the fault's own requirement failed; for a variant: whether it passed."""
        if self.breaks is None:
            return not self.void and self.status == 0
        return not self.void and self.breaks in self.failed

    @property
    def stray(self) -> tuple[str, ...]:
        """Requirements that failed although the fault does not break them."""
        lawful = {self.breaks, *self.also}
        return tuple(id for id in self.failed if id not in lawful)

    @property
    def good(self) -> bool:
        """Whether the suite was right about it."""
        return self.caught and not self.stray


def faults(names: Iterable[str] = (), *, quick: bool = False) -> list[Trial]:
    """The trials of the faults named, or of all; quick: the first one of each requirement."""
    from reference_server.faults import FAULTS, find

    chosen = [find(name) for name in names] or list(FAULTS.values())
    if quick:
        first: dict[str, Any] = {}
        for one in chosen:
            first.setdefault(one.breaks, one)
        chosen = list(first.values())
    order = {one.id: place for place, one in enumerate(requirements())}
    chosen.sort(key=lambda one: order.get(one.breaks, len(order)))
    return [
        Trial(
            name=one.name,
            kind="fault",
            breaks=one.breaks,
            also=one.also,
            summary=one.summary,
            thrifty=not one.seldom,
            elsewhere=one.elsewhere,
        )
        for one in chosen
    ]


def variants() -> list[Trial]:
    """The trials of all lawful variants."""
    from reference_server.variants import VARIANTS

    return [
        Trial(
            name=one.name,
            kind="variant",
            breaks=None,
            also=one.lacks,
            summary=one.summary,
        )
        for one in VARIANTS.values()
    ]


def named(names: Iterable[str]) -> list[Trial]:
    """The trials of the faults and variants with these names; raises TargetError for another."""
    from reference_server.choice import unknown
    from reference_server.faults import FAULTS

    names = list(names)
    lawful = {trial.name: trial for trial in variants()}
    known = {**FAULTS, **lawful}
    for name in names:
        if name not in known:
            raise TargetError(str(unknown("fault or variant", name, known)))
    seeded = [name for name in names if name not in lawful]
    found = faults(seeded) if seeded else []
    return found + [lawful[name] for name in names if name in lawful]


def timed(trials: Iterable[Trial]) -> list[Trial]:
    """Those of the trials that are about time."""
    return [one for one in trials if one.breaks and one.breaks.partition(".")[0] in TIMED]


def run(
    trials: list[Trial], workers: int, *, everywhere: bool = False, real_time: bool = False
) -> Iterator[Result]:
    """Run the trials in processes of their own, and yield each result as it comes.

    *everywhere*: spare nothing: judge faults by every requirement, and not only in the areas where
    they show, and run all with as many requests as where windows are short.
    *real_time*: each against a server in a process of its own, whose clock nobody moves.
    """
    _prepare()
    context = multiprocessing.get_context("spawn" if sys.platform == "darwin" else "fork")
    places = context.SimpleQueue()
    for place in range(max(1, workers)):
        places.put(place)
    with ProcessPoolExecutor(max(1, workers), context, _settle, (places,)) as pool:
        futures = [
            pool.submit(attempt, replace(trial, thrifty=False), (), real_time)
            if everywhere
            else pool.submit(proved, trial, real_time)
            # the longest first: at the end no process is to wait for another's
            for trial in sorted(trials, key=_length, reverse=True)
        ]
        for future in as_completed(futures):
            yield future.result()


def _length(trial: Trial) -> float:
    """How long a trial takes, beside others: as many areas as it is run in, or all of them."""
    return len(trial.areas) * (1 if trial.thrifty else THOROUGH) or math.inf


def proved(trial: Trial, real_time: bool = False) -> Result:
    """What is said of a trial in its areas, sparing requests; with all of them, if that misses it.

    And of all areas, if that does too: some requirements are judged by what is sent for others.
    """
    for thrifty in (True, False) if trial.thrifty else (False,):
        result = attempt(replace(trial, thrifty=thrifty), trial.areas, real_time)
        if result.caught or not trial.areas:
            return result
    return attempt(replace(trial, thrifty=False), (), real_time)


def _settle(places: SimpleQueue[int]) -> None:
    """Let this process end with the one that started it, and keep to one processor.

    Its threads take turns, and wake one another faster where they need not move.
    """
    _end_with_parent()
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[places.get() % len(processors)]})


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, also if that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _prepare() -> None:
    """Pay once, before the processes part, for what all of them need: imports.

    What was imported will not be garbage: no collection needs to look through it again.
    """
    import gc
    from importlib import import_module

    for name in (
        "pytest",
        "xdist",
        "hypothesis",
        "schemathesis",
        "reference_server.embedded",
    ):
        import_module(name)
    gc.freeze()
    gc.set_threshold(*LAZY)  # of processes that end soon, and whose histories are no garbage yet


def attempt(trial: Trial, only: tuple[str, ...] = (), real_time: bool = False) -> Result:
    """Run the suite, or some of it, against one fault or variant, and say what it found."""
    started = time.monotonic()
    with _silence():
        outcome, problem = _outcome(trial, {"quiet": True, "only": only}, real_time)
    verdicts = outcome.verdicts if outcome is not None else ()
    errors = outcome.errors if outcome is not None else ()
    if errors:
        problem = errors[0].strip().splitlines()[-1]
    return Result(
        name=trial.name,
        kind=trial.kind,
        breaks=trial.breaks,
        also=trial.also,
        failed=tuple(one.requirement.id for one in verdicts if one.outcome == "failed"),
        undecided=tuple(
            one.requirement.id for one in verdicts if one.outcome in ("inconclusive", "not_tested")
        ),
        status=outcome.status if outcome is not None else 70,
        seconds=round(time.monotonic() - started, 2),
        problem=problem,
    )


def _outcome(trial: Trial, options: dict[str, Any], real_time: bool) -> tuple[Any, str | None]:
    from conformance import running

    server = running.apart if real_time else running.bundled
    try:
        with server(options, **{trial.kind: trial.name}) as target:
            outcome = running.outcome(replace(target, thrifty=trial.thrifty), keep=False)
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"
    if outcome is not None and not outcome.history.exchanges:
        return outcome, "nothing was sent"
    return outcome, None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the runs' own output away from the table."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def document(results: Iterable[Result]) -> dict[str, Any]:
    """The matrix as data."""
    rows = sorted(results, key=lambda one: (one.kind, one.breaks or "", one.name))
    return {
        "schema_version": 1,
        "good": all(one.good for one in rows),
        "trials": [
            asdict(one) | {"caught": one.caught, "void": one.void, "stray": list(one.stray)}
            for one in rows
        ],
    }


def table(results: Iterable[Result]) -> str:
    """The matrix as text: one line a fault, those that went wrong marked."""
    rows = sorted(results, key=lambda one: (one.kind, one.breaks or "", one.name))
    width = max((len(one.name) for one in rows), default=4)
    lines = [f"{_word(one):<9}{one.name:<{width}}  {_told(one)}" for one in rows]
    good = sum(one.good for one in rows)
    return "\n".join([*lines, "", f"{good} of {len(rows)} as they should be"])


def _word(one: Result) -> str:
    if one.void:
        return "VOID"
    if one.kind == "variant":
        return "passed" if one.good else "ACCUSED"
    return "caught" if one.good else "STRAY" if one.caught else "SURVIVED"


def _told(one: Result) -> str:
    if one.void:
        return one.problem or ""
    own = f"{one.breaks} " if one.breaks else ""
    stray = f"wrongly accused of {', '.join(one.stray)}" if one.stray else ""
    doubt = f"undecided {', '.join(one.undecided)}" if one.kind == "variant" else ""
    return f"{own}{stray}{doubt if one.undecided else ''}".strip()
