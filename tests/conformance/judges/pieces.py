"""What the histories of several requirements are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate

from conformance.exchange import Exchange
from conformance.history import Event, History

from .builder import CONTRACT, UNIX, exchange, history
from .drained import LEFT, says
from .test_auth import OWN, presented
from .test_counting import left
from .test_error import refused
from .test_invalid import flawed
from .test_leak import SHAPES, TOLD, pair
from .test_scope import CREATED, nested, reaching
from .test_trail import created

Happenings = Sequence[Exchange | Event]


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What happens in the three histories of a requirement."""

    lawful: Happenings
    lawless: Happenings
    silent: Happenings
    named: tuple[int, ...]  # the numbers of the lawless exchanges that the findings point at

    def history(self, kind: str) -> History:
        """One of the three: lawful, lawless or silent."""
        happenings: Happenings = getattr(self, kind)
        return history(*happenings)


def no_key(form: str) -> Kinds:
    """A credential that is none; in silence, where the valid key is refused as well."""
    return Kinds(
        lawful=(OWN, presented(401, form)),
        lawless=(OWN, presented(200, form)),
        silent=(exchange(401), presented(401, form)),
        named=(1, 2),
    )


def accepted(own: Exchange, refusal: Exchange, limited: Exchange) -> Kinds:
    """A valid key on its own; in silence, with only a limit's answer."""
    return Kinds(lawful=(own,), lawless=(own, refusal), silent=(limited,), named=(1, 2))


def reach(control: Exchange, credential: str, resource: str) -> Kinds:
    """A key beyond its own; in silence, without a valid key's success there."""
    there = {"credential": credential, "resource": resource}
    return Kinds(
        lawful=(control, reaching(404, control, there)),
        lawless=(control, reaching(200, control, there)),
        silent=(reaching(404, control, there),),
        named=(1, 2),
    )


def invalid(defect: str) -> Kinds:
    """An invalid request; in silence, where a gateway failed before it was looked at."""
    return Kinds(
        lawful=(CREATED, flawed(400, defect)),
        lawless=(CREATED, flawed(202, defect)),
        silent=(CREATED, flawed(503, defect)),
        named=(2,),
    )


def errors(broken: Exchange) -> Kinds:
    """An error; in silence, only a gateway's, which passes."""
    return Kinds(lawful=(OWN, refused(404)), lawless=(OWN, broken), silent=PASSING, named=(2,))


def alike(shape: str) -> Kinds:
    """Another's resource and an absent one; in silence, only the one."""
    _, how = SHAPES[shape]
    return Kinds(
        lawful=pair(**how), lawless=pair(TOLD, **how), silent=pair(**how)[:1], named=(1, 2)
    )


def team(status: int) -> Exchange:
    """A list of its team's environments, with a team key."""
    return exchange(status, operation="listEnvironments", credential="team")


def runs(remaining: int) -> Exchange:
    """What is left after another endpoint than the usual one."""
    return left(remaining, operation="listTestRuns")


def absent(remaining: int, group: str | None = None) -> Exchange:
    """What is left after a request for what never was."""
    return left(remaining, 404, resource="absent", group=group)


def turn(remaining: int, credential: str = "project") -> Exchange:
    """What is left of a key that takes turns with another one."""
    return says(left=remaining, credential=credential, group="turns")


def both(status: int) -> Exchange:
    """Two credentials at once, of which one is valid."""
    return presented(status, "ambiguous:comma", level="hardening")


def echoing(message: str) -> Exchange:
    """A 404 with this message, to a request with a key in it."""
    sent = (("Authorization", "Bearer [key project#1]"),)
    body = {"error": {"code": "NOT_FOUND", "message": message}}
    return exchange(404, resource="foreign", sent_fields=sent, body=body)


UNSURE = exchange(503)  # which may have been counted, and may not
UNTOLD = exchange(200, credential="other_project", group="turns", fields={LEFT: None})
BARE = exchange(200, fields=dict.fromkeys(CONTRACT.rate_limit.fields))
PASSING = (exchange(503, body=b"<html>"), exchange(200, repeats=1))  # a gateway's, once only
STOPPED = {"Date": formatdate(UNIX, usegmt=True)}  # of a clock that stands still
REPLACED = {"error": {"code": "UNAUTHORIZED", "message": "This key was replaced"}}
UNWRITTEN = created(401, 17, credential="anonymous")
BELOW = nested(200, "own", "own")
CUT = b'{"da'  # the beginning of a body that was too long to be read
