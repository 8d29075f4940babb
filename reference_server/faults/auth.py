"""auth: that a key is required, which one suffices, and that nothing comes before it."""

from __future__ import annotations

from reference_server import errors
from reference_server.app import Server
from reference_server.call import Call
from reference_server.errors import Refusal
from reference_server.faults.registry import fault
from reference_server.faults.shapes import LetsIn, Undocumented, forbidden, operation

# auth.required


@fault(breaks="auth.required", also=("auth.before-all", "leak.unauthenticated"))
class OpensOneList(LetsIn):
    """Lists bug reports to anyone."""

    def lets_in(self, call: Call) -> bool:
        asked = operation(self, call)
        return self.sent_nothing(call) and asked is not None and asked.id == "listBugReports"


@fault(breaks="auth.required", also=("auth.before-all", "leak.unauthenticated"))
class OpensReads(LetsIn):
    """Asks for a key where something is written only."""

    def lets_in(self, call: Call) -> bool:
        return self.sent_nothing(call) and call.request.method == "GET"


@fault(breaks="auth.required", also=("auth.before-all", "auth.unknown-key"), seldom=True)
class OpensPages(LetsIn):
    """Asks for no key where a page of a list is asked for, as its own pages do."""

    def lets_in(self, call: Call) -> bool:
        return self.sent_nothing(call) and "limit" in call.request.query_params


@fault(breaks="auth.required", also=("auth.before-all", "leak.unauthenticated"))
class OpensWebhooks(LetsIn):
    """Takes events from anyone, as they come from other systems."""

    def lets_in(self, call: Call) -> bool:
        asked = operation(self, call)
        return self.sent_nothing(call) and asked is not None and asked.collection == "events"


@fault(
    breaks="auth.required",
    also=(
        "error.documented-status",
        "error.code-matches",
        "error.unknown-method",
        "error.unknown-route",
    ),
)
class ForbidsWithoutKey(Undocumented):
    """Answers 403 to a request without an Authorization field."""

    def no_valid_key(self, call: Call) -> Refusal:
        missing = "authorization" not in call.request.headers
        return forbidden() if missing else super().no_valid_key(call)


@fault(
    breaks="auth.required",
    also=(
        "auth.before-all",
        "error.unknown-route",
    ),
)
class ValidatesMissingField(Server):
    """Answers 400 without an Authorization field, as to any other missing parameter."""

    def no_valid_key(self, call: Call) -> Refusal:
        if "authorization" not in call.request.headers:
            return errors.invalid("Missing header: Authorization")
        return super().no_valid_key(call)


# auth.project-key-accepted, auth.team-key-accepted


@fault(breaks="auth.project-key-accepted", also=("rotation.new-key-works",))
class WantsTeamKeyForTestRuns(Server):
    """Refuses project keys on one operation of their own project."""

    def validate(self, call: Call) -> None:
        if call.operation.id == "listTestRuns":
            raise errors.unauthorized()
        super().validate(call)


@fault(breaks="auth.project-key-accepted", also=("schema.valid-accepted", "rotation.new-key-works"))
class HidesProjectEvents(Server):
    """Was deployed without the documented route for a project's events."""

    def accepts_kind(self, call: Call) -> bool:
        return call.operation.id != "sendProjectEvent" and super().accepts_kind(call)


@fault(breaks="auth.team-key-accepted", also=("rotation.new-key-works",))
class RefusesTeamWrites(Server):
    """Treats team keys as read-only."""

    def validate(self, call: Call) -> None:
        if call.key.kind == "team" and call.operation.body:
            raise errors.unauthorized()
        super().validate(call)


@fault(breaks="auth.team-key-accepted", also=("schema.valid-accepted",))
class RejectsEnvironments(Server):
    """Takes every request for one environment for an invalid one."""

    def validate(self, call: Call) -> None:
        if call.operation.id == "getEnvironment":
            raise errors.invalid("environmentId: Input should be a valid integer")
        super().validate(call)


# auth.before-all


class LooksFirst(Server):
    """Looks at something before it looks for a key, and refuses what it does not like there."""

    def authenticate(self, call: Call) -> None:
        try:
            super().authenticate(call)
        except Refusal:
            if route := self.route(call):
                call.operation, call.ids = route
                self.look(call)
            raise

    def look(self, _: Call) -> None:
        """Refuse what is not as it should be."""


@fault(breaks="auth.before-all", also=("auth.unknown-key",))
class ValidatesBeforeRefusing(LooksFirst):
    """Answers 400 to an invalid body or parameter that came without a valid key."""

    def look(self, call: Call) -> None:
        self.validate(call)


@fault(breaks="auth.before-all")
class ReadsJsonFirst(LooksFirst):
    """Has a framework that refuses what is not JSON before any code of its own runs."""

    def look(self, call: Call) -> None:
        if call.operation.body:
            self.decode(call)


@fault(breaks="auth.before-all")
class ChecksMediaTypeFirst(LooksFirst):
    """Refuses another media type before it looks for a key."""

    def look(self, call: Call) -> None:
        if call.operation.body:
            self.validate_media_type(call)


@fault(
    breaks="auth.before-all",
    also=(
        "leak.unauthenticated",
        "auth.required",
    ),
)
class LooksUpBeforeRefusing(LooksFirst):
    """Answers 404 to who asks without a key for a project or team that does not exist."""

    def look(self, call: Call) -> None:
        if self.store.owner(call.owner) is None:
            raise errors.not_found()


@fault(breaks="auth.before-all", also=("leak.unauthenticated",), seldom=True)
class LooksUpForUnknownKeys(LooksFirst):
    """Answers 404 to a key that it does not know, for a project or team that does not exist."""

    def look(self, call: Call) -> None:
        if self.credential_of(call) and self.store.owner(call.owner) is None:
            raise errors.not_found()
