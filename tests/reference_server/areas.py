"""A fixed series of requests for each area.

Two servers that decide everything alike are seen alike; one that decides one thing otherwise, in
what its area is about, is not.
"""

from __future__ import annotations

import asyncio
import base64
import json

from reference_server.app import Server
from reference_server.contract import Contract
from tests.reference_server.api import ABSENT
from tests.reference_server.believed import before_all, believed
from tests.reference_server.lenient import lenient
from tests.reference_server.script import JSON, LIMIT, RUN, Script


async def auth(script: Script) -> None:
    """Come with every kind of credential, to what there is and what there is not."""
    own, runs = "/projects/{project}/onboarding", "/projects/{project}/executions"
    team = "/teams/{team}/environments"
    await script.send("GET", "/teams/{team}" + await script.nested("teams", "team"), "team")
    key, team_key = script.keys["project"], script.keys["team"]
    user = base64.b64encode(f"{key}:".encode()).decode()
    bearer, token = f"BEARER {key}", f"Token {key}"
    for value in (key, f"Basic {user}", token, f"bearer {key}", bearer, token):
        await script.send("GET", own, None, fields=[("authorization", value)])
    for value in (f"Bearer {key}, Bearer x", f"Bearer x, Bearer {key}", f"Bearer{key}", ""):
        await script.send("GET", own, None, fields=[("authorization", value)])
    for field, value in (
        ("x-api-key", key),
        ("cookie", f"token={key}"),
        ("proxy-authorization", f"Bearer {key}"),
    ):
        await script.send("GET", own, None, fields=[(field, value)])
    await script.send("GET", f"{own}?api_key={key}", None)
    await script.send("GET", f"{own}?access_token={key}", "undefined")
    form = [("content-type", "application/x-www-form-urlencoded")]
    await script.send("POST", runs, None, body=f"access_token={key}".encode(), fields=form)
    for member in ("api_key", "access_token"):
        stolen = json.dumps({"taskSlug": "x", member: key}).encode()
        await script.send("POST", runs, None, body=stolen)
    two = [("authorization", f"Bearer {each}") for each in (team_key, "x")]
    told = "/teams/{team}/webhooks/events"
    await script.send("POST", told, None, body=b'{"event_type": "x"}', fields=two)
    beside = [("authorization", "Basic eDp5"), ("authorization", f"Bearer {key}")]
    await script.send("GET", own, None, fields=beside)
    bare = [("authorization", "Bearer")]
    await script.send("GET", "/projects/{project}/test-runs", None, fields=bare)
    for odd in (
        key.upper(),
        key[:-1] + "!",
        key[:-1] + "~",
        key[:20],
        key[:13],
        key.replace("_", "-"),
        f"{key}.",
        f"{key}.x",
        f"{key}x",
        key[-40:],
        "bzy_proj_" + "a" * 40,
        "bzy_pat_" + "a" * 40,
        "undefined",
        "null",
        "a" * 3000,
        base64.b64encode(key.encode()).decode(),
    ):
        await script.send("GET", own, odd)
    await script.send("GET", team, "bzy_team_" + key[-40:])
    await script.send("GET", own, "bzy_proj_" + team_key[-40:])
    await believed(script)
    await before_all(script)


async def scope(script: Script) -> None:
    """Use each key on what is not its own, and look at what is there afterwards."""
    event = b'{"event_type": "x"}'
    await script.send("POST", "/projects/{other_project}/webhooks/events", body=event)
    await script.send("GET", "/projects/{project}/onboarding")
    for kind, name, list_, body in (
        ("projects", "project", "executions", RUN),
        ("teams", "team", "environments", b'{"name": "x"}'),
    ):
        other, cross = f"other_{name}", "team" if name == "project" else "project"
        nested = await script.nested(kind, other)
        invalid = body[:-1] + b', "more": 1}'
        await script.send("GET", f"/{kind}/{{{other}}}/{list_}", name)
        await script.send("POST", f"/{kind}/{{{other}}}/{list_}", name, body=body)
        await script.send("POST", f"/{kind}/{{{name}}}/{list_}", name, body=invalid)
        await script.send("POST", f"/{kind}/{{{name}}}/{list_}", name, body=b"{")
        await script.send("DELETE", f"/{kind}/{{{other}}}/{list_}", name)
        misspelled = body.replace(b"-", b"_")
        await script.send("POST", f"/{kind}/{{{name}}}/{list_}", name, body=misspelled)
        for stranger in (None, "bzy_proj_unknown"):
            await script.send("POST", f"/{kind}/{{{name}}}/{list_}", stranger, body=body)
        await script.send("GET", f"/{kind}/{{{name}}}/{list_}?limit=0", cross)
        await script.send("POST", f"/{kind}/{{{name}}}/{list_}", cross, body=body)
        await script.send("GET", f"/{kind}/{{{name}}}{nested}", name)
        await script.send("GET", f"/{kind}/{{{name}}}/{list_}?limit=9", name)
        await script.send("GET", f"/{kind}/{{{other}}}/{list_}", other)
    for name in ("project", "team"):
        await script.rotate(name)
    await script.send("GET", "/projects/{other_project}/bug-reports")
    capitals = script.ids["other_project"].upper()
    await script.send("GET", f"/projects/{capitals}/executions")
    mine = await script.nested("projects", "project")
    await script.send("GET", "/projects/{other_project}" + mine)
    for mine, theirs in (("team", "other_team"), ("other_team", "team")):
        nested = await script.nested("teams", theirs)
        await script.send("GET", f"/teams/{{{theirs}}}{nested}", mine)
        await script.send("GET", f"/teams/{{{theirs}}}{nested}", theirs.replace("team", "project"))
    event = b'{"event_type": "x"}'
    await script.send("POST", "/teams/{other_team}/webhooks/events", "team", body=event)
    other = json.dumps({"event_type": "x", "project_id": script.ids["other_project"]}).encode()
    await script.send("POST", "/teams/{team}/webhooks/events", "team", body=other)
    await mixed(script)


async def mixed(script: Script) -> None:
    """Name two projects or teams, of two kinds, in two spellings, in two requests at once."""
    runs, ids = "/executions?projectId=", script.ids
    await script.rotate()
    await script.send("GET", "/projects/{other_project}" + runs + ids["project"], "project")
    await script.send("GET", "/projects/{project}" + runs + ids["other_project"], "project")
    await script.send("GET", "/teams/{project}/automations", "project")
    other = ids["other_project"]
    escaped = f"/projects/{other[:-1]}%{ord(other[-1]):02X}/executions"
    await script.send("GET", escaped, "project")
    await script.send("GET", "/projects/{other_project}/executions", "other_project")


async def rotation(script: Script) -> None:
    """Generate keys, one after the other and two at once, and use what came before."""
    own, runs = "/projects/{project}/onboarding", "/projects/{project}/executions"
    old = script.keys["project"]
    await script.send("GET", own)
    for connection in (1, 3):
        await script.send("POST", runs, body=RUN, connection=connection, meanwhile=script.rotate)
    for field in (("transfer-encoding", "chunked"), ("expect", "100-continue")):
        await script.send("POST", runs, body=RUN, fields=[field], meanwhile=script.rotate)
    long = RUN[:-1] + b', "parameters": {"x": "' + b"a" * 5000 + b'"}}'
    length = [("content-length", str(len(long)))]
    await script.send("POST", runs, body=long, fields=length, meanwhile=script.rotate)
    script.seen.append(f"of {len(script.display('project')[-1])} characters")
    begun = {key[:13] for key in script.names if key.startswith("bzy_proj_")}
    script.seen.append(f"{len(begun)} beginnings")
    await script.send("GET", own, script.display("project")[-1])
    await script.rotate()
    for connection in (1, 2):
        await script.send("GET", own, connection=connection)
        await script.send("GET", own, old, connection=connection)
    lower = [("authorization", f"bearer {old}")]
    await script.send("GET", own, None, fields=lower)
    event = b'{"event_type": "x"}'
    await script.send("POST", "/projects/{project}/webhooks/events", body=event)
    await script.send("POST", runs, old, body=RUN)
    await script.send("POST", runs, old, body=b"[]")
    await script.send("GET", "/projects/{project}/test-runs", old)
    await script.send("GET", f"{runs}/{ABSENT}", old)
    await script.send("PATCH", own, old)
    await script.send("GET", own, old, fields=[("connection", "close")])
    await asyncio.gather(*(script.send("GET", own, old) for _ in range(6)))
    for name in ("other_project", "team"):
        await script.send("GET", "/nowhere", name)
    await script.rotate("team")
    beginning = "".join(script.display("project")[-1:]).rstrip(".") or "nothing"
    script.seen.append(f"its own is shown: {script.keys['project'].startswith(beginning)}")
    await script.send("GET", "/teams/{team}/automations", "team")
    for seconds in (40, 25):
        script.clock.advance(seconds)
        await script.send("GET", own, old)
    before = len(script.names)
    await asyncio.gather(script.rotate(), script.rotate())
    script.seen.append(f"{len(script.names) - before} new")
    rivals = [await script.send("GET", own, key) for key in list(script.names)[before:]]
    script.seen.append(str(sorted(each[:3] for each in rivals)))


async def rate(script: Script) -> None:
    """Use windows up in different ways, and wait for their end."""
    own, runs = "/projects/{project}/onboarding", "/projects/{project}/executions"
    other_own = own.replace("project}", "other_project}")
    await script.send("GET", own, None)
    named = json.dumps({"event_type": "x", "project_id": script.ids["project"]}).encode()
    await script.send("POST", "/teams/{team}/webhooks/events", "team", body=named)
    await script.send("GET", "/teams/{team}/automations", "team")
    script.clock.advance(1)
    await script.send("GET", runs + "?limit=0")
    await script.send("POST", runs, body=b'{"more": "' + b"a" * 20_000 + b'"}')
    await script.send("GET", own, connection=2)
    await script.send("POST", runs, body=RUN)
    await script.send("GET", "/nowhere")
    await script.send("PATCH", own)
    await script.send("GET", "/nowhere", "other_project")
    agent = [("user-agent", "other"), ("x-forwarded-for", "203.0.113.1")]
    agent.append(("x-envoy-external-address", "203.0.113.1"))
    await script.send("GET", own, fields=agent)
    await script.send(
        "GET", own, None, fields=[("authorization", f"bearer {script.keys['project']}")]
    )
    await script.send(
        "GET", "/projects/{project}" + await script.nested("projects", "project") + "?a=1"
    )
    await script.exhaust()
    await script.send("GET", "/projects/no-id/executions")
    await script.exhaust("team")
    event = f'{{"event_type": "x", "project_id": "{ABSENT}"}}'.encode()
    await script.send("POST", "/teams/{team}/webhooks/events", "team", body=event)
    await script.send("GET", own + "/")
    await script.send("GET", "/nowhere")
    await script.send("GET", "/projects/{absent}/onboarding")
    await script.send("POST", runs, body=RUN)
    await script.send("POST", runs, body=b"{")
    await script.send("GET", runs, "other_project")
    old = script.keys["project"]
    await script.rotate()
    await script.send("GET", runs)
    await script.send("GET", own, old)
    await script.send("GET", "/teams/{team}/automations", "team")
    await script.send("GET", "/projects/{other_project}/onboarding")
    await script.send("GET", other_own, "other_project")
    await script.exhaust()
    for seconds in (45, 14, 1, 15):
        script.clock.advance(seconds)
        await script.send("GET", own)
        await script.send("POST", runs, body=RUN)
        await script.send("GET", "/teams/{team}/automations", "team")
    await script.exhaust()
    used = script.keys["project"]
    await script.rotate()
    await script.send("POST", runs, used, body=RUN)
    answers = await asyncio.gather(*(script.send("GET", own) for _ in range(LIMIT + 4)))
    script.seen.append(str(sorted(each[:3] for each in answers)))
    await script.rotate()
    for _ in range(LIMIT):
        await script.send("POST", runs, body=RUN)
    other = runs.replace("project}", "other_project}")
    await script.send("POST", other, "other_project", body=b"{")
    for name in ("x-forwarded-for", "x-real-ip"):
        await script.send("GET", other, "other_project", fields=[(name, "127.0.0.1")])
    script.clock.advance(90)
    await script.send("GET", own)
    script.clock.advance(30)
    await script.exhaust()
    script.clock.advance(32)
    for _ in range(2):
        await script.send("GET", own)


async def error(script: Script) -> None:
    """Make every mistake."""
    own, runs = "/projects/{project}/test-runs", "/projects/{project}/executions"
    await script.send("GET", own, None)
    await script.send("GET", own, "undefined")
    await script.send("GET", own, "bzy_é")
    await script.send("GET", "/nowhere", fields=[("accept", "text/html, */*;q=0.1")])
    for body in (
        b"{",
        b"{}{}",
        b"",
        b"[]",
        b'"text"',
        b'{"taskSlug": null}',
        b'{"taskSlug": 7}',
        b'{"taskSlug": "' + b"a" * 65 + b'"}',
        b'{"taskSlug": "x", "more": 1}',
        b'{"parameters": {}}',
        b'{"taskSlug": "run_tests"}',
        b'{"taskSlug": "x", "__proto__": {}}',
        b'{"taskSlug": "x", "parameters": {"x": null, "y": "isn\'t"}}',
        b'{"taskSlug": "x", "parameters": {"x": 1e999}}',
        b'{"taskSlug": "x", "parameters": {"x": "\xff"}}',
        b'{"taskSlug": "x", "parameters": {"x": "\\u0000"}}',
        b'{"taskSlug": "x", "parameters": {"x": NaN}}',
        b'{"taskSlug": "x", "parameters": {"x": 18446744073709551616}}',
        b'{"taskSlug": "\\x"}',
        b'{"taskSlug": "x"}\0',
        b'{"taskSlug": "x", "parameters": ' + b'{"x": ' * 24 + b"1" + b"}" * 25,
    ):
        await script.send("POST", runs, body=body, fields=[JSON])
        await script.rotate()
    for media_type in ("text/plain", "application/xml", "application/json; charset=none"):
        await script.send("POST", runs, body=RUN, fields=[("content-type", media_type)])
    form = [("content-type", "application/x-www-form-urlencoded")]
    await script.send("POST", runs, body=b"taskSlug=x", fields=form)
    await script.send("POST", runs, body=RUN, typed=False)
    await script.rotate()
    for limit in ("0", "ten", "10ten", str(10**20), ""):
        await script.send("GET", f"{own}?limit={limit}")
    await script.send("GET", "/projects/{project}/nowhere")
    await script.send("GET", "/projects/{project}/onboarding/nowhere")
    for path in ("/projects/x/test-runs", "/projects/isn't/test-runs", "/nowhere"):
        await script.send("GET", path)
    await script.rotate()
    await script.send("GET", f"{own}?limit=1&limit=2")
    await script.send("GET", own, fields=[("x-forwarded-for", "203.0.113.1, 203.0.113.2")])
    await lenient(script)
    await script.send("DELETE", own)
    await script.send("PUT", runs, body=RUN)
    await script.send("POST", "/projects/{project}/webhooks/events", body=b'{"event_type": "x"}')
    await script.send("POST", "/teams/{team}/environments", "team", body=b'{"name": "staging"}')
    variables = "/teams/{team}" + await script.nested("teams", "team") + "/variables"
    for times in (2, 101):
        many = json.dumps({"variables": [{"name": "X", "value": ""}] * times}).encode()
        await script.send("PUT", variables, "team", body=many)
    await script.exhaust()


async def leak(script: Script) -> None:
    """Ask for another's and for what never was, in every way."""
    runs, onboarding = "/projects/{{{}}}/executions", "/projects/{{{}}}/onboarding"
    await script.send("GET", "/projects/{project}/executions")
    for who in ("other_project", "absent"):
        await script.rotate()
        await script.send("GET", onboarding.format(who))
        await script.send("GET", f"{runs.format(who)}?limit=0")
        await script.send("DELETE", onboarding.format(who))
        await script.send("PATCH", onboarding.format(who))
        for body in (b"{}", b"{", RUN[:-1] + b', "more": 1}'):
            await script.send("POST", runs.format(who), body=body)
        await script.send("GET", onboarding.format(who), None)
        basic = [("authorization", "Basic eDp5")]
        await script.send("GET", onboarding.format(who), None, fields=basic)
        await script.send("GET", f"/projects/{{{who}}}/nowhere")
    foreign = await script.nested("projects", "other_project")
    for nested in (foreign, f"/executions/{ABSENT}"):
        await script.send("GET", "/projects/{project}" + nested)
        await script.send("GET", "/projects/{project}" + nested + "/logs")
    await script.rotate()
    for nested in (foreign, f"/executions/{ABSENT}"):
        await script.send("GET", "/projects/{other_project}" + nested)
        await script.send("DELETE", "/projects/{project}" + nested)
    for who in (script.ids["other_project"], ABSENT):
        event = json.dumps({"event_type": "x", "project_id": who}).encode()
        await script.send("POST", "/teams/{team}/webhooks/events", "team", body=event)
    await script.exhaust()
    await script.send("GET", onboarding.format("other_project"))


async def schema(script: Script) -> None:
    """Do what is valid."""
    runs = "/projects/{project}/executions"
    await script.send("GET", runs)
    await script.send("GET", runs + "?limit=100")
    for body in (
        RUN,
        b'{"taskSlug": "' + b"a" * 64 + b'"}',
        b'{"taskSlug": "x", "parameters": {}}',
        b' {"taskSlug": "x"}',
    ):
        await script.send("POST", runs, body=body)
    for media in ("application/json; charset=utf-8", "APPLICATION/JSON"):
        await script.send("POST", runs, body=RUN, fields=[("content-type", media)])
    await script.send("GET", runs, fields=[("accept", "text/html, */*;q=0.1")])
    await script.send(
        "POST", runs, body=RUN[:-1] + b', "parameters": {"x": "' + b"a" * 4000 + b'"}}'
    )
    await script.send("POST", "/projects/{project}/webhooks/events", body=b'{"event_type": "x"}')
    variables = "/teams/{team}" + await script.nested("teams", "team") + "/variables"
    for value in ("x", "é", "a" * 5000):
        body = json.dumps({"variables": [{"name": "A", "value": value}]}).encode()
        await script.send("PUT", variables, "team", body=body)
    await script.send("PUT", variables, "team", body=b'{"variables": []}')
    for length in (64, 1):
        name = json.dumps({"name": "é" * length}, ensure_ascii=False).encode()
        await script.send("POST", "/teams/{team}/environments", "team", body=name)


AREAS = {each.__name__: each for each in (auth, scope, rotation, rate, error, leak, schema)}


def play(area: str, server: type[Server], contract: Contract) -> list[str]:
    """Return what is seen of a server when an area's requests are sent to it."""
    script = Script(server, contract)
    asyncio.run(AREAS[area](script))
    return script.seen
