"""How to repeat what failed: a curl line with the key as a variable, and the command to use."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from conformance.report.har import origin_of

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.outcome import Outcome

MARK = re.compile(r"\[key ([a-z_]+)(?:#\d+)?\]")
LONGEST = 2000  # characters of a body in a curl line


def variable(party: str) -> str:
    """The variable that stands for a party's key."""
    return f"$BUGZY_{party.upper()}_KEY"


def curl(outcome: Outcome, exchange: Exchange) -> str:
    """The request as a curl line; keys are variables that the shell replaces."""
    request = exchange.request
    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", request.method]
    for name, value in request.fields:
        parts += ["-H", _quoted(f"{name}: {value}")]
    if request.body:
        parts += ["--data-binary", _quoted(request.body.decode("utf-8", "replace")[:LONGEST])]
    origin = origin_of(str(outcome.history.header.get("base_url") or ""))
    return " ".join([*parts, _quoted(origin + request.target)])


def _quoted(text: str) -> str:
    """Quoted for a POSIX shell, with variables for the masked keys."""
    if not MARK.search(text):
        return shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return '"' + MARK.sub(lambda found: variable(found[1]), escaped) + '"'


def again(outcome: Outcome, id: str) -> str:
    """The command that decides one requirement again."""
    target = outcome.target
    if outcome.files:
        files = " ".join(shlex.quote(str(one)) for one in outcome.files)
        return f"bugzy-conformance audit {files} --only {id}"
    parts = ["bugzy-conformance", "run"]
    if target.file is not None:
        parts += ["--target", shlex.quote(str(target.file))]
    elif target.control is None:
        parts += ["--base-url", shlex.quote(target.base_url)]
    if target.allow_writes and target.control is None:
        parts.append("--allow-writes")
    return " ".join([*parts, "--only", id, "--seed", str(target.seed)])
