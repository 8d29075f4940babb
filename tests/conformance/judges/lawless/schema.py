"""What openapi.yaml says."""

from __future__ import annotations

from random import Random

from conformance.history import History
from tests.conformance.judges import asking, phases
from tests.conformance.judges.builder import success
from tests.conformance.judges.changes import answered, chosen, some, with_changed
from tests.conformance.judges.lawless.edit import breaks


@breaks("schema.success-status", phases.mixed)
def a_success_has_another_status(history: History, chance: Random) -> History | None:
    one = chosen(history, chance, lambda one: one.status == 200)
    told = one and {"data": success(one.tags.operation or "", "project")}
    return with_changed(history, answered(one, 206, told)) if one else None


@breaks("schema.responses", phases.mixed)
def an_answer_is_against_its_schema(history: History, chance: Random) -> History | None:
    told = {"data": [{"executionId": 7}]}
    return some(
        history,
        chance,
        lambda one: one.succeeded and one.tags.operation == "listExecutions",
        lambda one: answered(one, 200, told),
    )


@breaks("schema.valid-accepted", asking.positive)
def a_valid_request_is_refused(history: History, chance: Random) -> History | None:
    return some(
        history,
        chance,
        lambda one: one.tags.generated and one.succeeded,
        lambda one: answered(one, 400),
    )
