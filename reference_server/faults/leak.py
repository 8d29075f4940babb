"""leak: what an answer says of what exists."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import Betrays, addressed, foreign
from reference_server.faults.shapes import operation as asked_for
from reference_server.store import Owner

WHEREVER = ("leak.before-validation", "leak.unsupported-method", "leak.nested")

# leak.same-answer


@fault(breaks="leak.same-answer", also=("leak.before-validation", "leak.nested"))
class NamesForeign(Server):
    """Says of another's project or team that it is another's."""

    def wrong_owner(self, call: Call) -> Refusal:
        if self.store.owner(call.owner):
            return Refusal(HTTPStatus.NOT_FOUND, "Not accessible with this key")
        return super().wrong_owner(call)


@fault(breaks="leak.same-answer", seldom=True)
class LoadsBeforeRouting(Server):
    """Says of a page that it does not have that another's project or team has none such."""

    def no_route(self, call: Call) -> Refusal:
        owner = addressed(self, call)
        known = self.contract.match(call.request.scope["path"]) is not None
        if owner is None or known or owner.id == call.key.owner:
            return super().no_route(call)
        return Refusal(HTTPStatus.NOT_FOUND, f"This {owner.kind} has no such page")


@fault(breaks="leak.same-answer", seldom=True, elsewhere=("rate",))
class NamesForeignWhenLimited(Server):
    """Says to a key over its limit that it has no access besides, where something is another's."""

    def message(self, call: Call, refusal: Refusal) -> str:
        limited = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
        denied = " and access denied" if limited and foreign(self, call) else ""
        return super().message(call, refusal) + denied


@fault(
    breaks="leak.same-answer",
    also=(
        "leak.before-validation",
        "leak.nested",
        "error.code-matches",
        "scope.project-isolation",
        "scope.team-isolation",
    ),
)
class CodesForeign(Server):
    """Has another code for a project or team that is another's."""

    def wrong_owner(self, call: Call) -> Refusal:
        refusal = super().wrong_owner(call)
        return Hidden(refusal.message) if self.store.owner(call.owner) else refusal

    def code(self, refusal: Refusal) -> str:
        return "ACCESS_DENIED" if isinstance(refusal, Hidden) else super().code(refusal)


class Hidden(Refusal):
    """It exists, and the key does not reach it."""

    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, message)


@fault(breaks="leak.same-answer")
class NamesForeignForOneRoute(Server):
    """Says only in one operation of another's project that it is another's."""

    def wrong_owner(self, call: Call) -> Refusal:
        if call.operation.id == "getOnboarding" and self.store.owner(call.owner):
            return Refusal(HTTPStatus.NOT_FOUND, "No onboarding")
        return super().wrong_owner(call)


@fault(breaks="leak.same-answer", also=WHEREVER)
class AddsFieldToForeign(Betrays):
    """Names in a field the team that what was asked for belongs to."""

    async def betray(self, response: Response, owner: Owner) -> None:
        response.headers["X-Team-Id"] = owner.team or owner.id


@fault(breaks="leak.same-answer", also=WHEREVER)
class SetsCookieForForeign(Betrays):
    """Begins a session where there was something to deny."""

    async def betray(self, response: Response, owner: Owner) -> None:
        response.set_cookie("session", owner.id[:8])


@fault(breaks="leak.same-answer", also=WHEREVER)
class EndsForeignWithLine(Betrays):
    """Writes the 404 of another's with a line break at its end, as another part of it does."""

    async def betray(self, response: Response, _: Owner) -> None:
        response.body = bytes(response.body) + b"\n"
        response.headers["Content-Length"] = str(len(response.body))


@fault(breaks="leak.same-answer", also=WHEREVER)
class LetsAbsentBeCached(Betrays):
    """Lets the 404 of what is absent be cached, and not that of another's."""

    async def betray(self, response: Response, _: Owner) -> None:
        response.headers["Cache-Control"] = "no-store"


@fault(breaks="leak.same-answer", also=WHEREVER)
class CachesForeign(Betrays):
    """Keeps the 404 of what is another's in a cache, and that of what is absent not."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept: set[str] = set()

    async def betray(self, response: Response, owner: Owner) -> None:
        if owner.id in self.kept:
            response.headers["X-Cache"] = "HIT"
        self.kept.add(owner.id)


@fault(breaks="leak.same-answer", also=WHEREVER)
class CachesAbsent(Server):
    """Keeps the 404 of a project or team that is absent in a cache, and that of another's not."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept: set[str] = set()

    async def finish(self, call: Call, response: Response) -> Response:
        path = call.request.scope["path"]
        if response.status_code == HTTPStatus.NOT_FOUND and addressed(self, call) is None:
            if path in self.kept:
                response.headers["X-Cache"] = "HIT"
            self.kept.add(path)
        return response


@fault(
    breaks="leak.same-answer",
    also=(
        "leak.before-validation",
        "leak.nested",
    ),
)
class PointsAtForeign(Server):
    """Ends the message about another's project or team with a space more."""

    def message(self, call: Call, refusal: Refusal) -> str:
        known = asked_for(self, call) and call.window and foreign(self, call)
        kind = known and call.ids and call.key.kind == call.operation.kind.name
        return super().message(call, refusal) + (" " if kind else "")


@fault(breaks="leak.same-answer", also=WHEREVER)
class OrdersForeignMembersOtherwise(Server):
    """Writes the message before the code where it is another's."""

    def envelope(self, call: Call, refusal: Refusal) -> object:
        if refusal.status != HTTPStatus.NOT_FOUND or not foreign(self, call):
            return super().envelope(call, refusal)
        return {"error": {"message": self.message(call, refusal), "code": self.code(refusal)}}


# leak.before-validation


@fault(
    breaks="leak.before-validation",
    also=("scope.project-isolation", "scope.team-isolation"),
)
class ValidatesForeign(Server):
    """Validates what is sent to another's project or team, not what is sent to an absent one."""

    def wrong_owner(self, call: Call) -> Refusal:
        if self.store.owner(call.owner):
            self.validate(call)
        return super().wrong_owner(call)


@fault(breaks="leak.before-validation")
class ValidatesAbsent(Server):
    """Validates what is sent to an absent project or team, and refuses another's at once."""

    def wrong_owner(self, call: Call) -> Refusal:
        if self.store.owner(call.owner) is None:
            self.validate(call)
        return super().wrong_owner(call)


@fault(
    breaks="leak.before-validation",
    also=("scope.project-isolation", "scope.team-isolation"),
)
class ReadsForeignJson(Server):
    """Reads the body of a request to another's project or team, which has to be JSON."""

    def wrong_owner(self, call: Call) -> Refusal:
        if self.store.owner(call.owner) and call.operation.body:
            self.decode(call)
        return super().wrong_owner(call)


# leak.nested


class BetraysNested(Server):
    """Answers otherwise where a nested resource is another's."""

    def no_resource(self, call: Call, resource_id: str) -> Refusal:
        exists = any(
            self.store.resource(owner.id, collection, resource_id)
            for owner in self.store.owners()
            for _, collection in call.operation.nested
        )
        return self.of_another(call) if exists else super().no_resource(call, resource_id)

    def of_another(self, _: Call) -> Refusal:
        """Return the answer to another's resource."""
        return errors.not_found()


@fault(breaks="leak.nested")
class NamesForeignNested(BetraysNested):
    """Says of another's execution or environment that it is not in this project or team."""

    def of_another(self, call: Call) -> Refusal:
        return Refusal(HTTPStatus.NOT_FOUND, f"Not in this {call.operation.kind.name}")


@fault(breaks="leak.nested")
class LinksForeignNested(BetraysNested):
    """Sends with the 404 of another's execution a link to where it is."""

    def of_another(self, _: Call) -> Refusal:
        refusal = errors.not_found()
        return Refusal(refusal.status, refusal.message, {"Link": "</docs/access>; rel=help"})


@fault(breaks="leak.nested")
class NamesParentOfNothing(Server):
    """Says of an unknown route below an execution whether the execution exists."""

    def no_route(self, call: Call) -> Refusal:
        parts = call.request.scope["path"].split("/")
        unknown = self.contract.match(call.request.scope["path"]) is None
        if unknown and any(self.exists(each) for each in parts):
            return Refusal(HTTPStatus.NOT_FOUND, "Nothing of this name")
        return super().no_route(call)

    def exists(self, resource_id: str) -> bool:
        """Whether an execution or environment has this id."""
        return any(
            self.store.resource(owner.id, collection, resource_id)
            for owner in self.store.owners()
            for collection in ("executions", "environments")
        )


@fault(breaks="leak.nested", also=("leak.same-answer", "leak.before-validation"))
class NamesNestedOfForeign(Server):
    """Says of what another's project or team has that it is another's, and of nothing else."""

    def wrong_owner(self, call: Call) -> Refusal:
        nested = ((collection, call.ids[name]) for name, collection in call.operation.nested)
        if any(self.store.resource(call.owner, *each) for each in nested):
            return Refusal(HTTPStatus.NOT_FOUND, "Not accessible with this key")
        return super().wrong_owner(call)


# leak.unsupported-method


@fault(breaks="leak.unsupported-method")
class AllowsForeignMethods(Server):
    """Says which methods a path has, if its project or team exists."""

    def no_route(self, call: Call) -> Refusal:
        refusal = super().no_route(call)
        found = self.contract.match(call.request.scope["path"])
        if found and addressed(self, call):
            return Refusal(refusal.status, refusal.message, {"Allow": ", ".join(found[0])})
        return refusal


@fault(breaks="leak.unsupported-method")
class RefusesForeignMethods(Server):
    """Answers 400 to a method that a path lacks, if its project or team exists."""

    def no_route(self, call: Call) -> Refusal:
        if self.contract.match(call.request.scope["path"]) and addressed(self, call):
            return errors.invalid("The method is not supported here")
        return super().no_route(call)


@fault(breaks="leak.unsupported-method")
class NamesForeignForDelete(Server):
    """Says of another's project or team that it cannot be deleted with this key."""

    def no_route(self, call: Call) -> Refusal:
        if call.request.method == "DELETE" and foreign(self, call):
            return Refusal(HTTPStatus.NOT_FOUND, "Not deleted")
        return super().no_route(call)


@fault(breaks="leak.unsupported-method", also=("leak.nested",), seldom=True)
class NamesForeignNestedForMethods(Server):
    """Says of another's execution, under one's own project, that a method is not for it."""

    def no_route(self, call: Call) -> Refusal:
        _, ids = self.contract.match(call.request.scope["path"]) or ({}, {})
        own = call.key.owner in ids.values()
        if own and any(self.is_others(call, each) for each in ids.values()):
            return Refusal(HTTPStatus.NOT_FOUND, "Not for this method")
        return super().no_route(call)

    def is_others(self, call: Call, resource_id: str) -> bool:
        """Whether an execution or environment of somebody else has this id."""
        return any(
            self.store.resource(owner.id, collection, resource_id)
            for owner in self.store.owners()
            for collection in ("executions", "environments")
            if owner.id != call.key.owner
        )


@fault(breaks="leak.nested")
class TellsReferredProjects(Server):
    """Refuses an event for another team's project, and takes one for a project that is nowhere."""

    def reaches(self, team_id: str, project_id: str) -> bool:
        project = self.store.owner(project_id)
        return project is None or project.team == team_id


@fault(breaks="leak.before-validation", seldom=True)
class LooksAtMembersFirst(Server):
    """Refuses a body with unknown members to another's before it looks whose that is."""

    def wrong_owner(self, call: Call) -> Refusal:
        try:
            betrays = self.store.owner(call.owner) is not None and self.knows_not(call)
        except Refusal:  # it is no JSON
            betrays = False
        return errors.invalid("Unknown member") if betrays else super().wrong_owner(call)

    def knows_not(self, call: Call) -> bool:
        """Whether the body has a member that nobody asked for."""
        mistakes = call.operation.body.iter_errors(self.decode(call)) if call.operation.body else ()
        return any(one.schema_path[-1] == "additionalProperties" for one in mistakes)
