"""scope: what a refused write leaves behind."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Tries(Server):
    """Does what is then refused."""

    def try_to(self, call: Call) -> None:
        """Do the operation's work, if the request is valid but for who sends it."""
        try:
            self.validate(call)
            self.perform(call)
        except Refusal:
            return


@fault(breaks="scope.project-isolation", seldom=True)
class DeniesKeyForForeignMethods(Server):
    """Says that a key is none where a method is lacking, unless the project is the key's own."""

    def no_route(self, call: Call) -> Refusal:
        _, ids = self.contract.match(call.request.scope["path"]) or ({}, {})
        if call.key.kind == "project" and ids and call.key.owner not in ids.values():
            return errors.unauthorized()
        return super().no_route(call)


@fault(breaks="scope.no-side-effect")
class WritesBeforeRefusing(Tries):
    """Does what was asked and only then finds that it was another's project or team."""

    def wrong_owner(self, call: Call) -> Refusal:
        refusal = super().wrong_owner(call)
        if self.store.owner(call.owner) and call.operation.id.startswith("create"):
            self.try_to(call)
        return refusal


@fault(breaks="scope.no-side-effect", seldom=True)
class KeepsInvalid(Server):
    """Keeps a new execution or environment before it has validated the whole body."""

    def validate_body(self, call: Call) -> None:
        try:
            super().validate_body(call)
        except Refusal:
            if isinstance(call.content, dict) and valid_name(call):
                self.perform(call)
            raise


def valid_name(call: Call) -> bool:
    """Whether a body has the text that its operation's work needs."""
    names = {"createExecution": "taskSlug", "createEnvironment": "name"}
    text = call.content.get(names.get(call.operation.id))
    return isinstance(text, str) and len(text) <= 64 and SLUG.fullmatch(text) is not None


@fault(breaks="scope.no-side-effect", seldom=True)
class RunsWhatIsNoJson(Server):
    """Runs the usual task where a new execution's body cannot be read, and refuses it besides."""

    def decode(self, call: Call) -> Any:
        try:
            return super().decode(call)
        except Refusal:
            if call.operation.id == "createExecution":
                call.content = {"taskSlug": "run-tests"}
                self.perform(call)
            raise


@fault(breaks="scope.no-side-effect", seldom=True)
class RunsForMisspelledTask(Server):
    """Runs the usual task where the name of one is misspelled, and refuses it besides."""

    def wrong_body(self, call: Call, found: ValidationError) -> Refusal:
        refusal = super().wrong_body(call, found)
        misspelled = isinstance(found.kind, ValidationErrorKind.Pattern)
        if misspelled and call.operation.id == "createExecution":
            call.content = {"taskSlug": "run-tests"}
            self.perform(call)
        return refusal


@fault(breaks="scope.no-side-effect", seldom=True)
class QueuesBeforeAuthenticating(Tries):
    """Puts a valid write into its queue before it has looked at the key."""

    def no_valid_key(self, call: Call) -> Refusal:
        if route := self.route(call):
            call.operation, call.ids = route
            if self.store.owner(call.owner) and call.operation.id.startswith("create"):
                self.try_to(call)
        return super().no_valid_key(call)


@fault(breaks="scope.no-side-effect", seldom=True)
class RunsForUnknownKeys(Server):
    """Runs the usual task for whoever brings a key, and looks afterwards whether there is one."""

    def no_valid_key(self, call: Call) -> Refusal:
        route = self.route(call) if self.credential_of(call) else None
        if route is not None and route[0].id == "createExecution":
            call.operation, call.ids = route
            if self.store.owner(call.owner):
                call.content = {"taskSlug": "run-tests"}
                self.perform(call)
        return super().no_valid_key(call)


@fault(breaks="scope.no-side-effect", seldom=True)
class RunsForeignEvents(Server):
    """Runs what an event asks for before it looks whose project the event is for."""

    def wrong_owner(self, call: Call) -> Refusal:
        if call.operation.id == "sendProjectEvent" and self.store.owner(call.owner):
            executions = self.store.resources(call.owner, "executions")
            new = self.store.next_id(call.owner, "executions")
            content = {**executions[0].content, "executionId": new}
            self.store.put(replace(executions[0], id=new, content=content))
        return super().wrong_owner(call)


@fault(breaks="scope.no-side-effect", seldom=True)
class NotesForeignEvents(Server):
    """Notes in the onboarding of a key's own project that it sent an event to another's."""

    def wrong_owner(self, call: Call) -> Refusal:
        if call.operation.id == "sendProjectEvent" and call.key.kind == "project":
            [old] = self.store.resources(call.key.owner, "onboarding")
            steps = [*old.content["completedSteps"], "send_event"]
            self.store.put(replace(old, content={**old.content, "completedSteps": steps}))
        return super().wrong_owner(call)
