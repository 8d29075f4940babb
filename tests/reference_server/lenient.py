"""What lenient readers take: part of the series of area error."""

from __future__ import annotations

import json

from tests.reference_server.script import JSON, RUN, Script


async def lenient(script: Script) -> None:
    """Send what some readers take, and fields that others cannot read."""
    own, runs = "/projects/{project}/test-runs", "/projects/{project}/executions"
    await script.rotate()
    await script.send("GET", own, fields=[("if-modified-since", "never")])
    for body in (
        b"# x\n" + RUN,
        b'{"taskSlug": "x", "parameters": {"x": 0x1}}',
        b'{"taskSlug": "x", "parameters": {"x": [1,]}}',
        b'{"TASKSLUG": "x"}',
        b'{"taskSlug": "x", "more": null}',
        b'{"taskSlug": "X"}',
    ):
        await script.send("POST", runs, body=body)
    event = b'{"event_type": "x"}'
    await script.send("POST", "/projects/{project}/webhooks/events/x", body=event)
    await script.rotate()
    await script.send("POST", runs, body=RUN, fields=[JSON, ("content-encoding", "gzip")])
    await script.send("POST", runs, body=RUN, fields=[JSON, ("origin", "https://x.example")])
    nested = await script.nested("projects", "project")
    await script.send("GET", "/projects/{project}" + nested.replace("-", ""))
    plain = script.ids["project"].replace("-", "")
    event = json.dumps({"event_type": "x", "project_id": plain}).encode()
    await script.send("POST", "/teams/{team}/webhooks/events", "team", body=event)
