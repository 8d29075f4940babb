"""A session: one run in one process, from the first request to the reports."""

from __future__ import annotations

import contextlib
import datetime
import json
import pickle
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from conformance import __version__, inventory, reach, schedule, waiver
from conformance.bench import Bench, Rig, new_run
from conformance.catalogue import sought
from conformance.client import BudgetSpent, TargetLost
from conformance.contract import Contract
from conformance.deployment import contract_of, fitted
from conformance.history import Event, History, Recorder, numbered, read
from conformance.hooks import HookError
from conformance.outcome import Outcome, judged
from conformance.pace import spared
from conformance.probe import Lacking, Phase, Probe
from conformance.target import Party, Target
from conformance.waits import Impatient

if TYPE_CHECKING:
    import pytest

    from conformance.report.progress import Progress

CURRENT: Session | None = None
NUMBERS_PER_WORKER = 1_000_000
SHOWS = 5  # requests that a key has left, so that taking it where it must not be taken shows


class Stop(Exception):
    """The run must end now; the message says why."""


class Session:
    """Runs probes on a bench, and turns what they recorded into an outcome."""

    def __init__(
        self, target: Target, *, run: str | None = None, worker: int = -1, keep: bool = True
    ) -> None:
        self.contract: Contract = contract_of(target)
        self.target = target = fitted(target, self.contract)
        self.is_worker = worker >= 0
        self._notes_left = True  # one process says what is left out, not each
        self.outcome: Outcome | None = None
        self.progress: Progress | None = None
        self.refused: str | None = None  # why no probe with a key makes sense
        self._left: list[schedule.Left] = []
        self._stopped: str | None = None
        self._errors: list[str] = []
        self._started_at = datetime.datetime.now(datetime.UTC)
        self._started = time.monotonic()
        self._unix_offset = time.time() - time.monotonic()
        self._sought = sought(target.only, target.skip)
        if target.waivers is not None:
            waiver.load(target.waivers)  # what is wrong with them is said before anything is sent
        run = run or new_run()
        self._file = self._opened(run, worker) if keep else None  # None: no file is written at all
        recorder = Recorder(self._file, spare=not self.is_worker)
        self.bench = Bench(
            Rig(
                contract=self.contract,
                target=target,
                recorder=recorder,
                run=run,
                pace=self._pace_file(run) if target.workers else None,
            )
        )
        self.bench.take_keys(record=not self.is_worker)
        self.bench.client.number_from((worker + 1) * NUMBERS_PER_WORKER)
        if not self.is_worker:
            _set_current(self)

    # --- workers

    def brief(self) -> dict[str, Any]:
        """What a worker needs, as plain data: it goes over a pipe, not to a file."""
        return {
            "target": pickle.dumps(self.target),
            "run": self.bench.run,
            "refused": self.refused,
            "bench": json.dumps(self.bench.brief()),
        }

    @classmethod
    def in_worker(cls, brief: dict[str, Any], worker: str) -> Session:
        """The session of an xdist worker."""
        from conformance.report.progress import Progress

        number = int(worker.removeprefix("gw"))
        target = pickle.loads(brief["target"])  # noqa: S301 - from our own main process
        session = cls(target, run=brief["run"], worker=number)
        session.refused = brief["refused"]
        session._notes_left = number == 0
        session.bench.learn_brief(json.loads(brief["bench"]), number + 1)
        session.progress = Progress(target, session.bench, live=False)
        return session

    # --- the plan

    def takes(self, one: schedule.Slot, party: str) -> bool:
        """Whether a probe runs; one that lacks something is noted with what to add."""
        if self.refused and not self._shows_refusals(one):
            return False
        if not self.wants(one):
            return False
        lack = schedule.missing(one, party, self.contract, self.target)
        if lack:
            self._left.append(schedule.Left(id=one.id, serves=one.serves, needs=lack))
        return lack is None

    def wants(self, one: schedule.Slot | Probe) -> bool:
        """Whether a probe serves what is sought; the positive controls always do."""
        return one.phase is Phase.ACCEPT or bool(self._sought & set(one.serves))

    def _shows_refusals(self, one: schedule.Slot) -> bool:
        """Whether a probe shows what is refused, and makes nothing with other keys meanwhile."""
        name, _, operation = one.id.rstrip("]").partition("[")
        writes = operation in self.contract.by_id and self.contract.by_id[operation].writes
        return name == "auth.anonymous" or (name == "auth.accepted" and not writes)

    def ordered(self, slots: Iterable[schedule.Slot]) -> list[schedule.Slot]:
        """The slots in the order of the schedule."""
        order = schedule.ordered(slots, self.contract, self.target)
        if self._notes_left:
            self._note_planned(order)
        return order

    def bins(self, workers: int) -> dict[str, str]:
        """The worker that each probe belongs to."""
        every = (one for one, _ in inventory.slots(self.contract, self.target))
        return {one.id: schedule.bin_of(one, workers, self.target) for one in every}

    def _note_planned(self, order: Iterable[schedule.Slot]) -> None:
        """Say which requirements some probe serves, and what to add for the probes left out."""
        now = self.bench.clock.now()
        every = (one for one, _ in inventory.slots(self.contract, self.target))
        self._left += schedule.unserved(every, inventory.served())
        served = sorted({id for one in order for id in one.serves})
        planned = Event(kind="planned", started=now, ended=now, data={"requirements": served})
        self.bench.recorder.event(planned)
        for one in self._left:
            data = {"probe": one.id, "requirements": list(one.serves), "needs": one.needs}
            self.bench.recorder.event(Event(kind="skipped", started=now, ended=now, data=data))
        self._left.clear()
        for id, needs in schedule.undecidable(self.target):
            self.bench.note("lacking", now, requirements=[id], needs=needs)

    # --- running

    def begin(self) -> None:
        """Ask the target once with each key: does it answer, and is the key accepted?"""
        if self.target.workers:  # not sooner: whatever ends the run from here on removes it again
            self._pace_file(self.bench.run).touch()
        if self.progress is not None and self.target.control is None:
            self.progress.first(self.target.base_url)
        try:
            accepted = {p.name: self._reaches(p) for p in self._keyed()}
        except (TargetLost, BudgetSpent) as error:
            self._stopped = str(error)
            return
        if not accepted["project"]:
            self.refused = self._why_refused()
        if self.target.control is None:
            self._save_requests()

    def _save_requests(self) -> None:
        """Let every probe save requests, here and in the workers, where all would take too long."""
        asked = self.bench.recorder.exchanges
        answer = min(one.ended - one.started for one in asked)  # the first ones may warm it up
        if why := spared(self.contract, self.target, answer):
            self.target = replace(self.target, thrifty=True)
            self.bench.thrifty = True
            self.bench.note("spared", self.bench.clock.now(), why=why)

    def _why_refused(self) -> str:
        first = next(one for one in self.bench.recorder.exchanges if one.response is not None)
        where = f"{self.target.file}: " if self.target.file else ""
        if moved := reach.moved(self.target.base_url, first):
            return f"{where}base_url {moved}"
        assert first.response is not None
        hint = reach.refusal(self.contract, self.target.parties["project"], first.response)
        said = f"{first.status} {first.code or ''}".strip()
        return f"{where}project.key was refused with {said}: {hint}"

    def _keyed(self) -> list[Party]:
        return [party for party in self.target.parties.values() if party.key is not None]

    def _reaches(self, party: Party) -> bool:
        """Whether a read of its own answers the party's key as if it knew it."""
        unanswered = 0
        for operation in self.bench.addresses.teaching(party.kind):
            exchange = self.bench.send(operation, party.name, probe="preflight")
            if exchange.response is None:
                unanswered += 1
                failure = exchange.failure or ""
                if unanswered == 2 or reach.hangs(failure):  # which was asked twice already
                    raise TargetLost(reach.unanswered(self.target.base_url, failure))
            elif exchange.status not in (401, 403, 404, *reach.MOVED):
                return True
        return False

    @contextlib.contextmanager
    def during(self, one: schedule.Slot) -> Iterator[None]:
        """Make room in the windows that a probe spends."""
        if self._stopped:
            raise Stop(self._stopped)
        if one.phase is not Phase.FREE:
            self.bench.flush()
        self.bench.owned = schedule.owned(one, self.target)
        self.bench.client.pace.first = "project" in self.bench.owned  # it has most to do
        self.bench.calls.probe = one.id.partition("[")[0]
        for party, count in one.spends.items():
            if one.makes_room:
                late = one.phase > Phase.ROTATE
                self.bench.ensure(party, count, refill=one.refill, late=late)
        early = schedule.rotates_early(self.target, one.party)
        if one.phase is Phase.FREE and early and self.bench.may_generate(one.party):
            self.bench.ensure(one.party, SHOWS, refill=True)
        yield

    @contextlib.contextmanager
    def hindrances(
        self, one: schedule.Slot, pytest_session: pytest.Session, *, reraise: bool = False
    ) -> Iterator[None]:
        """Record what keeps a probe from its work; end the run when the target is lost."""
        try:
            yield
        except (TargetLost, BudgetSpent, Stop) as error:
            self._stopped = str(error)
            pytest_session.shouldstop = str(error)
            self._hindered(one, str(error), skip=reraise)
        except (HookError, Impatient) as error:
            self._hindered(one, str(error), skip=reraise)
        except Lacking as error:
            self._lacks(one, f"leave in {error} (operations.exclude)")

    def _lacks(self, one: schedule.Slot, needs: str) -> None:
        now = self.bench.clock.now()
        data = {"probe": one.id, "requirements": list(one.serves), "needs": needs}
        self.bench.recorder.event(Event(kind="lacking", started=now, ended=now, data=data))

    def _hindered(self, one: schedule.Slot, reason: str, *, skip: bool) -> None:
        now = self.bench.clock.now()
        data = {"probe": one.id, "requirements": list(one.serves), "reason": reason}
        self.bench.recorder.event(Event(kind="hindered", started=now, ended=now, data=data))
        if skip:
            import pytest

            pytest.skip(reason)

    def reported(self, report: pytest.TestReport) -> None:
        """Note a probe that failed, which is the suite's own error, and show the progress."""
        if report.failed:
            self.broken(f"{report.nodeid}\n{report.longreprtext}")
        if self.progress is not None and report.when == "call":
            self.progress.probe(report.nodeid)

    def broken(self, error: str) -> None:
        """Note an error of the suite's own, without the keys that it may show."""
        self._errors.append(self.bench.masker.text(error))

    def interrupt(self, reason: str = "interrupted") -> None:
        """Say why the run ends before its time."""
        self._stopped = self._stopped or reason

    # --- the end

    def end(self) -> None:
        """Close connections, and, in a worker, the part of the history that is its own."""
        try:
            if not self._stopped:
                self.bench.flush()
        except (TargetLost, BudgetSpent) as error:
            self._stopped = str(error)
        self.bench.close()
        if self._stopped:
            now = self.bench.clock.now()
            event = Event(kind="stopped", started=now, ended=now, data={"reason": self._stopped})
            self.bench.recorder.event(event)
        if self.is_worker and self._file is not None:
            self._file.close()

    def conclude(self) -> int:
        """Judge what was recorded, write the reports, and return the exit status."""
        history = self.history()
        self.outcome = judged(
            self.contract,
            history,
            self.target,
            errors=tuple(self._errors),
            refused=self.refused,
        )
        if self._file is not None:
            from conformance import report  # which workers need not wait for

            with contextlib.suppress(OSError):  # a full disk: what the file lacks is in the history
                self._file.close()
            self.outcome = report.kept(self.outcome)
        return self.outcome.status

    def leave(self) -> None:
        """Be no longer the session that hooks find, and leave nothing but reports."""
        if CURRENT is self:
            _set_current(None)
        if not self.is_worker:  # whose own part comes too late, if the run was interrupted
            for path in self.target.report_dir.glob(f".{self.bench.run}*"):
                path.unlink(missing_ok=True)

    def finish(self) -> Outcome:
        """The outcome; judge what there is, if the run did not come to that."""
        if self.outcome is None:
            self.end()
            self.conclude()
            self.leave()
        assert self.outcome is not None
        return self.outcome

    def history(self) -> History:
        """The whole history, the workers' parts included."""
        parts = [History(tuple(self.bench.recorder.exchanges), tuple(self.bench.recorder.events))]
        for path in sorted(self.target.report_dir.glob(f".{self.bench.run}-*.ndjson")):
            parts.append(read(path))
            path.unlink()
        events = sorted(
            (event for part in parts for event in part.events), key=lambda event: event.started
        )
        reasons = [event.data["reason"] for event in events if event.kind == "stopped"]
        return History(
            exchanges=numbered(one for part in parts for one in part.exchanges),
            events=tuple(events),
            header=self._header(),
            footer={
                "complete": not reasons and not self.refused,
                "reason": reasons[0] if reasons else self.refused,
                "duration": round(time.monotonic() - self._started, 3),
            },
        )

    def summary(self) -> list[str]:
        """The verdicts, as lines for a terminal."""
        from conformance.report import summary

        return summary(self.outcome) if self.outcome is not None else []

    def _header(self) -> dict[str, Any]:
        limit = self.contract.rate_limit
        return {
            "suite": "bugzy-conformance",
            "version": __version__,
            "run": self.bench.run,
            "marker": f"conformance-{self.bench.run}",
            "seed": self.target.seed,
            "contract": self.contract.digest,
            "base_url": self.target.base_url,
            "started_at": self._started_at.isoformat(timespec="seconds"),
            "limit": limit.limit,
            "window": limit.window,
            "allow_writes": self.target.allow_writes,
            "parties": {name: party.id for name, party in self.target.parties.items()},
            "unix_offset": self._unix_offset,
            "settings": self.target.settings,
        }

    def _pace_file(self, run: str) -> Path:
        """The file in which the workers of a run keep one pace together."""
        return self.target.report_dir / f".{run}.pace"

    def _opened(self, run: str, worker: int) -> TextIO | None:
        folder = self.target.report_dir
        if worker >= 0:
            return (folder / f".{run}-{worker}.ndjson").open("w", encoding="utf-8")
        from conformance import report  # which workers need not wait for

        report.make(folder)
        report.clear(folder)
        return (folder / "history.ndjson").open("w", encoding="utf-8")


def _set_current(session: Session | None) -> None:
    """Let hooks that pytest calls without a configuration find the session."""
    global CURRENT
    CURRENT = session
