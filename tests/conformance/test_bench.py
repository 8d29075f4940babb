"""The bench, its calls, its pool and the exhausting of keys, on a reference server at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from conformance import exhaust as exhausting
from conformance import model, running
from conformance.bench import AT_ONCE, Bench, Rig
from conformance.budget import Window
from conformance.client import Call
from conformance.contract import Operation
from conformance.created import identifiers
from conformance.credential import ANONYMOUS
from conformance.deployment import contract_of
from conformance.exchange import Exchange
from conformance.exhaust import OVER, exhaust
from conformance.history import Event, Recorder
from conformance.hooks import HookError
from conformance.pool import Pool
from conformance.probes import rate
from conformance.probes.rotation import overlapped
from conformance.target import Target
from conformance.waits import Impatient

LIMIT = 12
OPTIONS: dict[str, Any] = {"quiet": True}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server whose windows hold little."""
    with running.bundled(OPTIONS | {"report_dir": str(tmp_path_factory.mktemp("out"))}) as found:
        yield found


@pytest.fixture
def bench(target: Target) -> Iterator[Bench]:
    """A bench whose keys are new, so that their windows are."""
    made = bench_of(target)
    for party in ("project", "team"):
        made.generate(party)
    yield made
    made.close()


def bench_of(target: Target) -> Bench:
    rig = Rig(contract=contract_of(target), target=target, recorder=Recorder(), run="ab12cd")
    made = Bench(rig)
    made.take_keys()
    return made


def operation(bench: Bench, id: str = "listExecutions") -> Operation:
    return bench.contract.by_id[id]


def statuses(bench: Bench) -> list[int | None]:
    return [one.status for one in bench.recorder.exchanges]


# calls


def test_a_call_says_what_it_is(bench: Bench) -> None:
    call = bench.call(operation(bench, "getExecution"), "project", resource="foreign")
    assert (call.tags.operation, call.tags.resource, call.tags.nested) == (
        "getExecution",
        "foreign",
        "absent",
    )
    assert bench.target.parties["other_project"].id in call.path


def test_a_write_without_leave_is_invalid(target: Target) -> None:
    careful = bench_of(replace(target, allow_writes=False))
    create = operation(careful, "createExecution")
    assert create.body_validator is not None
    call = careful.call(create, "project")
    assert call.tags.defect == "body.missing:taskSlug"
    assert careful.call(create, ANONYMOUS).tags.defect is None
    careful.close()


def test_what_was_created_is_what_others_are_told_from(bench: Bench) -> None:
    made = bench.send(operation(bench, "createExecution"), "project")
    ((name, id),) = identifiers(made)
    assert name == "executionId"
    assert bench.call(operation(bench, "getExecution"), "project").path.endswith(id)


def test_ids_are_learnt_on_the_way(bench: Bench) -> None:
    bench.send(operation(bench), "project")
    call = bench.call(operation(bench, "getExecution"), "project")
    assert (call.tags.nested, bench.deliver(call).status) == ("own", 200)


def test_off_the_routes_there_is_no_operation(bench: Bench) -> None:
    call = bench.off_method("PATCH", operation(bench), "project", resource="own")
    assert (call.tags.operation, call.tags.defect) == (None, "method:PATCH")
    assert bench.deliver(call).status in bench.contract.codes


# keys and windows


def test_a_generated_key_replaces_the_other(bench: Bench) -> None:
    old = bench.key("project")
    bench.generate("project")
    assert [bench.send(operation(bench), one).status for one in (old, "project")] == [401, 200]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "nothing"),
        ("no key at all", "no key but: no key at all"),
        ("key bzy_proj_Ab3dEf6h", r"no key but: key \[17 characters\]"),
    ],
)
def test_an_answer_that_is_no_key_is_a_hooks_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    monkeypatch.setattr(bench.hooks, "call", lambda name, id: answer)
    said = f"^hooks.regenerate_project_key printed {said}; let it print the new key alone on"
    with pytest.raises(HookError, match=said):
        bench.generate("project")


def test_a_key_is_exhausted_to_its_first_refusal(bench: Bench) -> None:
    exhaust(bench, "project")
    limit = bench.contract.rate_limit.limit
    assert statuses(bench).count(429) == 1
    assert len(statuses(bench)) == limit + 1


def test_some_of_a_window_may_be_left(bench: Bench) -> None:
    exhaust(bench, "team", leave=7)
    key = bench.key("team")
    assert bench.budget.remaining(key.label, bench.clock.now()) == 7
    assert 429 not in statuses(bench)


def test_a_key_without_a_limit_is_given_up(target: Target, tmp_path: Path) -> None:
    with running.bundled(OPTIONS | {"report_dir": str(tmp_path)}, fault="never-refuses") as one:
        bench = bench_of(one)
        exhaust(bench, "project")
        sent = len(bench.recorder.exchanges)
        exhaust(bench, "project")
        bench.close()
    assert len(bench.recorder.exchanges) == sent <= 2 * (60 + OVER)


def test_a_window_that_ends_between_two_batches_does_not_count(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight requests of it were used, and eight of the next one, so Remaining is the same."""
    together = bench.client.send_at_once

    def late(calls: list[Call]) -> list[Exchange]:
        if len(bench.recorder.exchanges) == AT_ONCE:
            bench.clock.sleep(bench.contract.rate_limit.window + 3)
        bench.client.latency = 1.0  # so that several are sent at once
        return together(calls)

    monkeypatch.setattr(bench.client, "send_at_once", late)
    bench.client.latency = 1.0
    exhaust(bench, "project")
    assert bench.budget.exhausted(bench.key("project").label, bench.clock.now())


@pytest.mark.parametrize(
    ("left", "ends", "anew"),
    [(59, 61.0, True), (59, 1.5, False), (29, 61.0, False)],
    ids=["moved on", "rose, and Reset stood", "fell, and Reset slid"],
)
def test_a_window_that_began_soon_after_another_is_seen_by_its_reset(
    bench: Bench, left: int, ends: float, anew: bool
) -> None:
    """The clock is not sure that a Reset has come, as Date is given in whole seconds."""
    label, now = bench.key("project").label, bench.clock.now()
    before = Window(remaining=30, ends=now + 1.0)
    bench.budget.learn({label: replace(before, remaining=left, ends=now + ends)})
    assert exhausting._starts_anew(bench, label, before, count=1, began=now - 2.0) is anew


def test_a_key_is_still_refused_after_a_reset_that_was_rounded_down(tmp_path: Path) -> None:
    options = OPTIONS | {"report_dir": str(tmp_path)}
    with running.bundled(options, variant="rounds-reset-down") as one:
        bench = bench_of(one)
        label = bench.key("project").label
        exhaust(bench, "project")
        bench.wait_until(bench.budget.reopens(label, bench.clock.now()), "a Reset too early")
        exhaust(bench, "project")
        bench.close()
    assert bench.budget.exhausted(label, bench.clock.now())


def test_room_is_made_by_a_new_key_or_by_waiting(bench: Bench) -> None:
    exhaust(bench, "project", leave=2)
    old = bench.key("project")
    bench.ensure("project", 5, refill=True)
    assert bench.key("project") != old
    exhaust(bench, "team", leave=2)
    bench.ensure("team", 5)
    assert [event.kind for event in bench.recorder.events].count("waited") == 1
    assert bench.send(operation(bench, "listEnvironments"), "team").succeeded


def test_waiting_for_long_windows_has_an_end(bench: Bench) -> None:
    bench.waits.most = 0
    exhaust(bench, "other_project")
    with pytest.raises(Impatient, match="other_project#1: its next window: not waited for"):
        bench.ensure("other_project", 5)


@pytest.mark.parametrize(
    ("said", "seconds"), [(5, 5.1), (61, 61.1), (62, 62.1), (3600, 60.1)], ids=str
)
def test_how_long_a_refusal_says_to_wait(bench: Bench, said: int, seconds: float) -> None:
    """Whole seconds may say a little more than a window; much more is no window of this limit."""
    refused = bench.send(operation(bench), ANONYMOUS)
    assert refused.response is not None
    told = replace(refused.response, fields=(("Retry-After", str(said)),))
    moment = bench.told(replace(refused, response=told)) - bench.clock.now()
    assert moment == pytest.approx(seconds, abs=0.5)


def test_another_worker_goes_on_from_there(bench: Bench, target: Target) -> None:
    exhaust(bench, "project", leave=3)
    other = bench_of(target)
    other.learn_brief(bench.brief(), 1)
    assert other.budget.remaining(bench.key("project").label, bench.clock.now()) == 3
    assert other.calls.marker() != bench.calls.marker()
    other.close()


def test_the_model_tags_the_keys_it_replaced(bench: Bench) -> None:
    model.drive(bench)
    by_group = {
        group: [one for one in bench.recorder.exchanges if one.tags.group == group]
        for group in ("model", "replaced")
    }
    assert {one.status for one in by_group["replaced"]} == {401}
    assert all(one.status != 401 for one in by_group["model"])
    assert len(bench.recorder.exchanges) <= model.STEPS[bench.thrifty]


def test_a_hook_that_fails_ends_the_model_as_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is tried again to see whether it fails again."""
    asked: list[str] = []

    def fail(name: str, id: str) -> str:
        asked.append(name)
        raise HookError("hooks.regenerate_project_key: ended with status 22")

    monkeypatch.setattr(bench.hooks, "call", fail)
    with pytest.raises(HookError, match="status 22"):
        model.drive(bench)
    assert len(asked) == 1


WATCHED = rate.MANY_REFUSED + len(rate.WATCHES) + 1


@pytest.mark.parametrize(("passed", "watched"), [(61, 0), (5, WATCHED)])
def test_a_long_window_that_is_over_is_not_waited_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, passed: float, watched: int
) -> None:
    monkeypatch.setattr(Bench, "window_is_short", False)
    exhaust(bench, "team")
    bench.wait_until(bench.clock.now() + passed, "time passes")
    rate.test_recovery(bench, "team")
    groups = Counter(one.tags.group for one in bench.recorder.exchanges)
    assert (groups["watch"], groups["after-reset"]) == (watched, 2)


# the pool


@pytest.mark.parametrize("kind", ["project", "team"])
def test_the_pool_never_runs_dry(bench: Bench, kind: str) -> None:
    calls = list(islice(Pool(bench, kind).calls(kind, 250), 250))
    assert len(calls) == 250
    assert {call.credential.name for call in calls} == {kind}
    assert {call.tags.generated for call in calls} == {None, "positive", "negative"}


def test_without_leave_to_write_the_pool_writes_nothing(target: Target) -> None:
    careful = bench_of(replace(target, allow_writes=False))
    for call in islice(Pool(careful, "project").calls("project", 100), 100):
        assert call.method == "GET" or call.tags.defect
    careful.close()


def test_of_a_key_of_another_worker_only_a_new_window_has_room(bench: Bench) -> None:
    bench.send(operation(bench), "project")
    bench.learn_brief(bench.brief(), 1)
    bench.owned = frozenset()
    ends = bench.budget.reopens(bench.key("project").label, bench.clock.now())
    assert not bench.may_generate("project")
    bench.ensure("project", 1)
    assert bench.clock.now() < ends
    bench.ensure("project", 1, refill=True, late=True)
    assert bench.clock.now() >= ends


# calls without a valid key


def test_where_answers_are_slow_calls_wait_for_others(bench: Bench) -> None:
    sent = len(bench.recorder.exchanges)
    bench.sometime([bench.call(operation(bench), ANONYMOUS)])
    assert len(bench.recorder.exchanges) == sent + 1
    bench.client.latency = 1.0
    bench.sometime([bench.call(operation(bench), ANONYMOUS)] * 3)
    assert len(bench.recorder.exchanges) == sent + 1
    bench.sometime([bench.call(operation(bench), ANONYMOUS)] * 5)
    assert len(bench.recorder.exchanges) == sent + 9
    bench.client.latency = 1.0
    bench.sometime([bench.call(operation(bench), ANONYMOUS)])
    bench.flush()
    assert len(bench.recorder.exchanges) == sent + 10


def test_what_a_gateway_answers_is_asked_again_also_when_sent_together(tmp_path: Path) -> None:
    options = OPTIONS | {"report_dir": str(tmp_path), "allow_writes": True}
    with running.bundled(options, fault="answers-bad-gateway") as one:
        bench = bench_of(one)
        bench.client.latency = 1.0  # so that several are sent at once
        write = operation(bench, "createExecution")
        broken = [bench.call(write, "project", body=b"{", defect="json.cut") for _ in range(2)]
        bench.together(broken)
        bench.close()
    answered = bench.recorder.exchanges
    assert [one.status for one in answered] == [502] * 4
    firsts = {one.number for one in answered if one.tags.repeats is None}
    assert {one.tags.repeats for one in answered} == {None, *firsts}


# keys generated at once


@pytest.mark.parametrize(
    ("spans", "rivals"),
    [(((1, 3), (2, 4)), True), (((2, 4), (1, 3)), True), (((1, 2), (3, 4)), False)],
)
def test_rivals_are_keys_of_which_neither_was_shown_first(
    bench: Bench, spans: tuple[tuple[float, float], ...], rivals: bool
) -> None:
    for started, ended in spans:
        bench.recorder.event(Event(kind="issued", started=started, ended=ended, data={}))
    assert overlapped(bench) is rivals
