"""What is sent to who may be believed without a key: part of the series of area auth."""

from __future__ import annotations

import base64
import json

from reference_server import keys
from tests.reference_server.script import RUN, Script


async def believed(script: Script) -> None:
    """Come with what may be taken for a key, or believed beside one."""
    own, runs = "/projects/{project}/onboarding", "/projects/{project}/executions"
    key = script.keys["project"]
    alone, strange = base64.b64encode(key.encode()).decode(), ("authorization", "Basic eDp5")
    for fields in (
        [("x-forwarded-for", "127.0.0.1")],
        [("accept", "text/html, */*;q=0.1")],
        [("authorization", f"OAuth {key}")],
        [("authorization", f"Basic {alone}")],
        [strange, ("x-api-key", key)],
        [("authorization", f'Bearer token="{key}"')],
    ):
        await script.send("GET", own, None, fields=fields)
    for token in ("é", keys.digest(key), f"{key[:14]}-{key[14:]}", key.removeprefix("bzy_")):
        await script.send("GET", own, token)
    await script.send("GET", "/PROJECTS/{project}/ONBOARDING", None)
    told = "/projects/{project}/webhooks/events"
    hook = [("x-webhook-secret", key)]
    await script.send("POST", told, None, body=b'{"event_type": "x"}', fields=hook)
    await script.send("GET", f"{runs}/no-id", None)
    await script.send("POST", runs, None, body=b'{"more": "' + b"a" * 20_000 + b'"}')


async def before_all(script: Script) -> None:
    """Come without a key to what there is and what there is not, and with one to some of it."""
    own, runs = "/projects/{project}/onboarding", "/projects/{project}/executions"
    events, team = "/projects/{project}/webhooks/events", "/teams/{team}/environments"
    key, team_key = script.keys["project"], script.keys["team"]
    stolen = json.dumps({"taskSlug": "x", "access_token": key}).encode()
    for path in (own, "/projects/{project}/bug-reports", "/projects/{absent}/onboarding"):
        await script.send("GET", path, None)
    variables = "/teams/{team}" + await script.nested("teams", "team") + "/variables"
    lower = [("authorization", f"bearer {team_key}")]
    await script.send("PUT", variables, None, body=b'{"variables": []}', fields=lower)
    for body in (RUN, b"{", b"{}"):
        await script.send("POST", runs, None, body=body)
    await script.send("POST", events, None, body=b'{"event_type": "x"}')
    await script.send("POST", runs, None, body=RUN, fields=[("content-type", "text/plain")])
    await script.send("GET", runs + "?limit=0", None)
    await script.send("GET", "/projects/{project}/test-runs")
    await script.send("POST", events, body=b'{"event_type": "x"}')
    await script.send("POST", events, body=b'{"event_type": "x", "more": 1}')
    await script.send("POST", team, "team", body=b'{"name": "x"}')
    await script.send("PUT", variables, "team", body=b'{"variables": []}')
    await script.send("GET", "/projects/{absent}/onboarding", "undefined")
    await script.rotate()
    await script.send("GET", "/projects/{absent}/onboarding", key)
    other = "other_project"
    await script.send("GET", f"/nowhere?api_key={key}", other)
    await script.send("POST", "/projects/{other_project}/executions", other, body=stolen)
