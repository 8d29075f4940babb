"""Three short histories of each requirement: one that keeps it, one that breaks it, one of neither.

The silent one asks nearly the same as the lawful one, but lacks what a conclusion needs: the
positive control, an answer, or the other half of a comparison.
"""

from __future__ import annotations

from .builder import anonymous, exchange, issued, success
from .drained import DRAINED, END, LEFT, LIMIT, REFUSED, RESET, ROTATED, WHOLE, at_once, over, says
from .pieces import (
    BARE,
    BELOW,
    CUT,
    REPLACED,
    STOPPED,
    UNSURE,
    UNTOLD,
    UNWRITTEN,
    Kinds,
    absent,
    accepted,
    alike,
    both,
    echoing,
    errors,
    invalid,
    no_key,
    reach,
    runs,
    team,
    turn,
)
from .test_auth import OWN, presented
from .test_counting import left
from .test_error import refused
from .test_form import shown
from .test_invalid import flawed, lacking
from .test_invalid import unknown as unrouted
from .test_leak import TOLD, below, pair, stranger
from .test_recovery import EXHAUSTED, watched
from .test_rotation import CONTROL, DEAD, MEANWHILE, OLD, OTHER, load, new, tried, unknown, upload
from .test_schema import execution, generated, got
from .test_scope import CREATED, PROJECT, TEAM, nested
from .test_timing import timings
from .test_trail import created, listed

KINDS: dict[str, Kinds] = {
    "auth.required": Kinds(
        lawful=(OWN, anonymous(401)),
        lawless=(OWN, anonymous(200)),
        silent=(OWN, anonymous(429)),
        named=(2,),
    ),
    "auth.bearer-only": no_key("scheme:basic"),
    "auth.header-only": no_key("query:api_key"),
    "auth.unknown-key": no_key("forged:project"),
    "auth.exact-match": no_key("altered:last-cut"),
    "auth.prefix-bound": no_key("prefix:team"),
    "auth.pat-unavailable": no_key("forged:personal"),
    "auth.project-key-accepted": accepted(OWN, exchange(404), exchange(429)),
    "auth.team-key-accepted": accepted(team(200), team(401), team(429)),
    "auth.before-all": Kinds(
        lawful=(
            anonymous(401),
            anonymous(401, resource="absent"),
            anonymous(401, defect="query.low:limit"),
        ),
        lawless=(anonymous(401), anonymous(400, defect="query.low:limit")),
        # the answer to a sound request for what exists is missing
        silent=(anonymous(401, resource="absent"), anonymous(401, defect="query.low:limit")),
        named=(1, 2),
    ),
    "auth.scheme-case": Kinds(
        lawful=(OWN, presented(200, "scheme-case:bearer")),
        lawless=(OWN, presented(401, "scheme-case:bearer")),
        silent=(exchange(401), presented(401, "scheme-case:bearer")),
        named=(1, 2),
    ),
    "auth.challenge": Kinds(
        lawful=(anonymous(401),),
        lawless=(anonymous(401, fields={"WWW-Authenticate": None}),),
        silent=(anonymous(429, fields={"WWW-Authenticate": "Bearer"}),),
        named=(1,),
    ),
    "auth.ambiguous": Kinds(
        lawful=(OWN, both(401)),
        lawless=(OWN, both(200)),
        silent=(exchange(401), both(401)),
        named=(2,),
    ),
    "auth.not-echoed": Kinds(
        lawful=(echoing("Resource not found"),),
        lawless=(echoing("not with [key project#1]"),),
        silent=(anonymous(401),),  # no key was sent
        named=(1,),
    ),
    "scope.project-isolation": reach(PROJECT, "project", "foreign"),
    "scope.team-isolation": reach(TEAM, "team", "foreign"),
    "scope.project-key-on-team": reach(TEAM, "project", "cross"),
    "scope.team-key-on-project": reach(PROJECT, "team", "cross"),
    "scope.nested": Kinds(
        lawful=(BELOW, nested(404, "own", "foreign")),
        lawless=(BELOW, nested(200, "own", "foreign")),
        silent=(nested(404, "own", "foreign"),),
        named=(1, 2),
    ),
    "scope.no-side-effect": Kinds(
        lawful=(created(202, 1), UNWRITTEN, listed(1)),
        lawless=(created(202, 1), UNWRITTEN, listed(1, 17)),
        silent=(created(202, 1), UNWRITTEN, listed()),  # it hides what was accepted, so all
        named=(2, 3),
    ),
    "scope.own-only": Kinds(
        lawful=(OWN, exchange(200, credential="other_project")),
        lawless=(
            OWN,
            exchange(
                200,
                credential="other_project",
                body={"data": success("listExecutions", "project")},
            ),
        ),
        silent=(OWN, exchange(200, credential="other_project", body={"data": []})),
        named=(1, 2),
    ),
    "rotation.new-key-works": Kinds(
        lawful=(OLD, ROTATED, new(200)),
        lawless=(OLD, ROTATED, new(401)),
        silent=(OLD, ROTATED, new(None)),
        named=(2,),
    ),
    "rotation.old-key-revoked": Kinds(
        lawful=(OLD, ROTATED, DEAD),
        lawless=(OLD, ROTATED, exchange(200)),
        silent=(exchange(401), ROTATED, DEAD),  # the key never worked
        named=(2,),
    ),
    "rotation.permanent": Kinds(
        lawful=(OLD, ROTATED, DEAD, exchange(401, started=70, connection="127.0.0.1:5001")),
        lawless=(OLD, ROTATED, DEAD, exchange(200, started=70)),
        silent=(OLD, ROTATED, DEAD, exchange(429, started=70)),
        named=(3,),
    ),
    "rotation.in-flight": Kinds(
        lawful=(CONTROL, upload(401), MEANWHILE),
        lawless=(CONTROL, upload(202), MEANWHILE),
        silent=(upload(401), MEANWHILE),  # no undisturbed upload was as slow
        named=(2,),
    ),
    "rotation.under-load": Kinds(
        lawful=(load(200, 1), MEANWHILE, load(401, 2.1)),
        lawless=(load(200, 1), MEANWHILE, load(200, 2.1)),
        silent=(load(401, 1), MEANWHILE, load(401, 2.1)),
        named=(1, 2),
    ),
    "rotation.only-own": Kinds(
        lawful=(OTHER, ROTATED, OTHER),
        lawless=(OTHER, ROTATED, exchange(401, credential="other_project")),
        silent=(ROTATED, OTHER),  # whether it worked before is not known
        named=(1, 2),
    ),
    "rotation.one-survivor": Kinds(
        lawful=tried(401, 200),
        lawless=tried(200, 200),
        silent=tried(503, 200),
        named=(1, 2),
    ),
    "rotation.key-form": Kinds(
        lawful=(OLD, ROTATED),
        lawless=(OLD, issued("project#2", "project#1", same_as="project#1")),
        silent=(OLD,),  # the key was given, not generated
        named=(),
    ),
    "rotation.shown-once": Kinds(
        lawful=(ROTATED, shown(), exchange(401, form="shown")),
        lawless=(ROTATED, shown(), exchange(200, form="shown")),
        silent=(ROTATED, exchange(429, form="shown")),
        named=(1,),
    ),
    "rotation.same-as-unknown": Kinds(
        lawful=(OLD, ROTATED, DEAD, unknown()),
        lawless=(OLD, ROTATED, exchange(401, body=REPLACED), unknown()),
        silent=(OLD, ROTATED, DEAD, unknown(resource="absent")),  # asked for something else
        named=(2, 3),
    ),
    "rotation.entropy": Kinds(
        lawful=(issued("project#2", secret_length=22),),
        lawless=(issued("project#2", secret_length=21),),
        silent=(issued("project#2", secret_length=22, prefixed=False),),  # where does it begin?
        named=(),
    ),
    "rate.headers-present": Kinds(
        lawful=(OWN, anonymous(401)),
        lawless=(OWN, anonymous(401, fields={RESET: None})),
        silent=(exchange(503), exchange(None, repeats=1)),
        named=(2,),
    ),
    "rate.headers-form": Kinds(
        lawful=(OWN,), lawless=(OWN, says(left="59.0")), silent=(BARE,), named=(2,)
    ),
    "rate.limit-value": Kinds(
        lawful=(OWN,), lawless=(exchange(200, fields={LIMIT: "100"}),), silent=(BARE,), named=(1,)
    ),
    "rate.remaining-counts": Kinds(
        lawful=(left(59), left(58)),
        lawless=(left(59), left(59), left(58)),
        silent=(left(59), UNSURE, left(58)),
        named=(1, 2),
    ),
    "rate.remaining-honest": Kinds(
        lawful=EXHAUSTED,
        lawless=(*DRAINED[:50], REFUSED),
        silent=DRAINED[:50],  # nobody asked for the rest
        named=(1, 51),
    ),
    "rate.reset-timestamp": Kinds(
        lawful=(says(reset=END),),
        lawless=(says(reset=60),),
        silent=(exchange(200, fields=STOPPED), exchange(200, fields=STOPPED, started=30)),
        named=(1,),
    ),
    "rate.reset-stable": Kinds(
        lawful=(says(reset=END), says(reset=END, started=20)),
        lawless=(says(reset=END), says(reset=END + 5, started=20)),
        silent=(says(reset=END), says(reset=END)),  # at once: it had no time to move
        named=(1, 2),
    ),
    "rate.enforced": Kinds(
        lawful=EXHAUSTED,
        lawless=(*DRAINED, exchange(200)),
        silent=(*DRAINED, exchange(None)),
        named=(WHOLE, WHOLE + 1),
    ),
    "rate.refusal-headers": Kinds(
        lawful=EXHAUSTED,
        lawless=(*DRAINED, says(429, left=3)),
        silent=(REFUSED,),  # of a window that nobody has seen
        named=(WHOLE + 1,),
    ),
    "rate.recovers": Kinds(
        lawful=(*EXHAUSTED, watched(429, 58), watched(200, 61)),
        lawless=(*EXHAUSTED, watched(429, 58), watched(429, 65, left=0, reset=END)),
        silent=(*EXHAUSTED, watched(429, 58), exchange(None, started=61, ended=62)),
        named=(WHOLE + 2, WHOLE + 3),
    ),
    "rate.refusals-free": Kinds(
        lawful=(*EXHAUSTED, watched(429, 30)),
        lawless=(*EXHAUSTED, watched(429, 30, left=0, reset=END + 30)),
        silent=EXHAUSTED,  # one refusal has none before it to be pushed by
        named=(WHOLE, WHOLE + 2),
    ),
    "rate.per-key": Kinds(
        lawful=(turn(59), turn(59, "other_project"), turn(58), turn(58, "other_project")),
        lawless=(turn(59), turn(58, "other_project"), turn(57), turn(56, "other_project")),
        silent=(turn(59), UNTOLD, turn(58)),
        named=(1, 2, 3, 4),
    ),
    "rate.all-endpoints": Kinds(
        lawful=(left(59), runs(58), left(57)),
        lawless=(left(59), runs(59), left(58), runs(58)),
        silent=(left(59), UNSURE, runs(58)),
        named=(1, 2, 3, 4),
    ),
    "rate.all-outcomes": Kinds(
        lawful=(left(59), absent(58), left(57, 400, defect="query.low:limit", query="limit=0")),
        lawless=(left(59), absent(59), left(58), absent(58)),
        silent=(left(59), UNSURE, absent(58)),
        named=(1, 2, 3, 4),
    ),
    "rate.concurrent": Kinds(
        lawful=at_once(80, WHOLE),
        lawless=at_once(80, WHOLE + 1),
        silent=at_once(20, 20),  # within the limit
        named=(20, 80),
    ),
    "rate.no-bypass": Kinds(
        lawful=(*EXHAUSTED, over(twist="query")),
        lawless=(*EXHAUSTED, over(200, twist="query", fields={LEFT: "59"})),
        silent=(*EXHAUSTED, over(200, twist="query", started=61)),  # in the next window
        named=(WHOLE, WHOLE + 1, WHOLE + 2),
    ),
    "rate.before-work": Kinds(
        lawful=(*EXHAUSTED, over(operation="createExecution", defect="json.cut")),
        lawless=(*EXHAUSTED, over(400, operation="createExecution", defect="json.cut")),
        silent=(*EXHAUSTED, over(400, operation="createExecution", defect="json.cut", started=61)),
        named=(WHOLE + 1, WHOLE + 2),
    ),
    "rate.new-key-window": Kinds(
        lawful=(OLD, ROTATED, new(200)),
        lawless=(OLD, ROTATED, says(left=58, key="project#2")),
        silent=(OLD, ROTATED, new(None), says(left=58, key="project#2")),
        named=(2,),
    ),
    "rate.revoked-is-401": Kinds(
        lawful=(*EXHAUSTED, ROTATED, DEAD),
        lawless=(*EXHAUSTED, ROTATED, REFUSED),
        silent=(*EXHAUSTED, ROTATED, exchange(401, started=70)),  # no longer exhausted
        named=(WHOLE + 1, WHOLE + 2),
    ),
    "rate.retry-after": Kinds(
        lawful=(*DRAINED, exchange(429, fields={"Retry-After": "54"})),
        lawless=(*DRAINED, exchange(429, fields={"Retry-After": "1"})),
        silent=(*DRAINED, anonymous(429, fields={"Retry-After": "1"})),  # of another window
        named=(WHOLE + 1,),
    ),
    "error.envelope": Kinds(
        lawful=(OWN, refused(404)),
        lawless=(OWN, refused(404, message="")),
        silent=(OWN, exchange(404, resource="foreign", body=CUT, truncated=True)),
        named=(2,),
    ),
    "error.content-type": errors(anonymous(401, fields={"Content-Type": "text/plain"})),
    "error.code-matches": Kinds(
        lawful=(OWN, refused(404)),
        lawless=(OWN, refused(404, "FORBIDDEN")),
        silent=(OWN, refused(404, None)),  # without a code
        named=(2,),
    ),
    "error.documented-status": errors(refused(403, "FORBIDDEN")),
    "error.malformed-json": invalid("json.cut"),
    "error.invalid-body": invalid("body.missing:taskSlug"),
    "error.invalid-parameters": Kinds(
        lawful=(OWN, exchange(400, defect="query.low:limit", query="limit=0")),
        lawless=(OWN, exchange(200, defect="query.low:limit", query="limit=0")),
        silent=(OWN, exchange(503, defect="query.low:limit", query="limit=0")),
        named=(2,),
    ),
    "error.media-type": invalid("media.text"),
    "error.unknown-route": Kinds(
        lawful=(OWN, unrouted(404)),
        lawless=(OWN, unrouted(400)),
        silent=(OWN, unrouted(503)),
        named=(2,),
    ),
    "error.unknown-method": Kinds(
        lawful=(OWN, lacking(404)),
        lawless=(OWN, lacking(405)),
        silent=(OWN, lacking(503)),
        named=(2,),
    ),
    "error.no-server-error": Kinds(
        lawful=(OWN, flawed(400, "json.cut")),
        lawless=(OWN, flawed(500, "json.cut")),
        silent=(exchange(503), exchange(None, repeats=1)),
        named=(2,),
    ),
    "error.not-in-success": Kinds(
        lawful=(OWN,),
        lawless=(exchange(200, body=TOLD),),
        silent=(refused(404),),  # no success
        named=(1,),
    ),
    "error.no-internals": errors(refused(404, message="KeyError: 'projectId'")),
    "leak.same-answer": alike("plain"),
    "leak.before-validation": alike("invalid"),
    "leak.nested": Kinds(lawful=below(), lawless=below(TOLD), silent=below()[:1], named=(1, 2)),
    "leak.unsupported-method": alike("method"),
    "leak.unauthenticated": Kinds(
        lawful=(stranger("own"), stranger("foreign"), stranger("absent")),
        lawless=(stranger("own"), anonymous(404, resource="absent")),
        silent=(stranger("own"), stranger("foreign")),  # both exist
        named=(1, 2),
    ),
    "leak.same-cost": Kinds(
        lawful=(OWN, *pair()),
        lawless=(
            left(59),
            left(58, 404, resource="foreign", group="pair:1"),
            absent(58, group="pair:1"),
            left(57),
            absent(57, group="pair:2"),
        ),
        silent=(pair()[0], UNSURE, pair()[1]),  # what either of them cost is not known
        named=(2, 3),
    ),
    "leak.timing": Kinds(
        lawful=timings(0), lawless=timings(0.05), silent=timings(0, count=4), named=(1, 2)
    ),
    "leak.transport": Kinds(
        lawful=pair(),
        lawless=2 * (*pair(fields={"Connection": "close"})[:1], *pair()[1:]),
        silent=pair()[:1],
        named=(1, 2),
    ),
    "schema.responses": Kinds(
        lawful=(got(execution()),),
        lawless=(got(execution(status="done")),),
        silent=(got(CUT, truncated=True),),
        named=(1,),
    ),
    "schema.success-status": Kinds(
        lawful=(CREATED,),
        lawless=(exchange(200, operation="createExecution"),),
        silent=(flawed(400, "body.missing:taskSlug"),),  # no success
        named=(1,),
    ),
    "schema.valid-accepted": Kinds(
        lawful=(OWN, generated(200)),
        lawless=(OWN, generated(400)),
        silent=(OWN, generated(503)),
        named=(2,),
    ),
}
