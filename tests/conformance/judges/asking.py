"""What probes ask of a simulated deployment beyond its limit, one after the other in any order.

Other credentials, invalid requests, what is another's or one level down, and times.
"""

from __future__ import annotations

from typing import Any

from .builder import MARKER, event
from .simulator import INVALID, OPERATIONS, Phase, Simulation

NO_KEYS = (
    "scheme:basic",
    "scheme:token",
    "query:api_key",
    "cookie:token",
    "field:X-API-Key",
    "body:token",
    "altered:last-cut",
    "altered:display-prefix",
    "prefix:team",
    "ambiguous:comma",
)
FORGED = ("forged:project", "forged:personal", "malformed:empty")
ROUTE = "/projects/{projectId}/executions"
FLAWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("createExecution", {"defect": "json.cut", "sent": b'{"taskSlug'}),
    ("createExecution", {"defect": INVALID["createExecution"]}),
    ("createExecution", {"defect": "media.text"}),
    ("listExecutions", {"defect": "query.low:limit", "query": "limit=0"}),
)
LACKING = {"route": ROUTE, "method": "DELETE", "defect": "method:DELETE"}


def disguised(run: Simulation) -> None:
    """A valid key in other forms, and what never was one, beside the key itself."""
    run.send("listExecutions", "project")
    for form in run.chance.sample(NO_KEYS, len(NO_KEYS)):
        run.send("listExecutions", "project", form=form)
    for form in FORGED:
        run.send("listExecutions", "forged", form=form, key=None)
    run.send("listExecutions", "project", form="scheme-case:bearer")


def keyless(run: Simulation) -> None:
    """Who has no key asks for what is there and what is not, in valid and invalid ways."""
    run.send("listExecutions", "project")
    for resource in ("own", "absent", "foreign", "own", "absent"):
        run.send("listExecutions", "anonymous", resource=resource)
        run.send("getExecution", "anonymous", resource=resource, nested=resource)
    run.send("createExecution", "anonymous")
    for operation, flaw in FLAWS:
        run.send(operation, "anonymous", **flaw)


def flawed(run: Simulation) -> None:
    """Each invalid request, an unknown route and a method that the path lacks; then a write."""
    run.rotate("project")
    for operation, flaw in run.chance.sample(FLAWS, len(FLAWS)):
        run.send(operation, "project", **flaw)
    run.send(None, "project", resource="none")
    run.send(None, "project", **LACKING)
    run.send("createExecution", "project")


def positive(run: Simulation) -> None:
    """What was generated as valid."""
    run.rotate("project")
    for operation in OPERATIONS["project"]:
        run.send(operation, "project", generated="positive")


def crossing(run: Simulation) -> None:
    """Keys on what is of the other kind, and of another of their own."""
    for party, other in (("project", "team"), ("team", "project")):
        run.rotate(party)
        run.send(OPERATIONS[party][0], party)
        run.send(OPERATIONS[other][0], f"other_{other}")
        run.send(OPERATIONS[other][0], party, resource="cross")
        run.send(OPERATIONS[party][0], party, resource="foreign")
    run.send("sendTeamEvent", "team")


def deeper(run: Simulation) -> None:
    """What is one level down: one's own, another's and what is not there."""
    run.rotate("project")
    group = f"pair:{run.chance.random()}"
    run.send("getExecution", "project")
    for nested, name in (("foreign", group), ("absent", group), ("absent", "identical")):
        run.send("getExecution", "project", nested=nested, group=name)
    run.send("getExecution", "project", resource="foreign", nested="foreign")


def flawed_pairs(run: Simulation) -> None:
    """Another's and an absent one, with an invalid body and by a method that they lack."""
    shapes: tuple[tuple[str | None, dict[str, Any]], ...] = (
        ("createExecution", {"defect": INVALID["createExecution"]}),
        (None, LACKING),
    )
    for operation, how in shapes:
        run.rotate("project")
        run.send("listExecutions", "project")
        group = f"pair:{run.chance.random()}"
        for relation, name in (("foreign", group), ("absent", group), ("absent", "identical")):
            run.send(operation, "project", resource=relation, group=name, **how)


def timed(run: Simulation) -> None:
    """Another's and an absent one in turn, with time between."""
    for number in range(12):
        if number % 3 == 0:
            run.rotate("project")
        for resource in ("foreign", "absent"):
            run.send("listExecutions", "project", resource=resource, group="timing")
            run.wait(1)


def refused_writes(run: Simulation) -> None:
    """Writes without a key and to what is another's, between writes and lists."""
    for party in ("project", "other_project"):
        run.rotate(party)
        run.send("createExecution", party, sent=marked(run))
    run.send("createExecution", "anonymous", sent=marked(run))
    run.send("createExecution", "project", resource="foreign", sent=marked(run))
    for party in ("project", "other_project"):
        run.send("listExecutions", party)


def marked(run: Simulation) -> dict[str, str]:
    """A body that no other request sends."""
    run.written += 1
    return {"taskSlug": f"{MARKER}-{run.written + 5000}"}


def settings(run: Simulation) -> None:
    """Look at the page of settings after a new key, and try what it shows."""
    run.rotate("project")
    facts = {"whole": False, "shown_length": 14, "prefix_length": 9, "tail_length": 0}
    key = run.key("project")
    run.happened.append(
        event("shown", started=run.now, ended=run.now + 0.01, key=key, key_length=49, **facts)
    )
    run.wait(0.02)
    run.send("listExecutions", "project", form="shown")
    run.send("listExecutions", "project")


ASKING: tuple[Phase, ...] = (
    disguised,
    keyless,
    flawed,
    positive,
    crossing,
    deeper,
    flawed_pairs,
    timed,
    refused_writes,
    settings,
)
