"""How to repeat what failed: a curl line with the key as a variable, and the command to use."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.report.har import origin_of
from conformance.report.shell import expression
from conformance.report.spent import dead_keys
from conformance.report.visible import INVISIBLE

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.outcome import Outcome

MARK = re.compile(r"\[key ([a-z_]+)(?:#\d+)?\]")
AGAIN = "again"  # where the reports of a repetition go: they must not replace the whole one's
LONGEST = 2000  # characters of a body that stands in a curl line


def curl(outcome: Outcome, exchange: Exchange) -> str:
    """The request as a curl line; keys are variables that the shell replaces."""
    request = exchange.request

    def quoted(text: str) -> str:
        return _quoted(text, lambda party: expression(outcome, party, exchange.tags))

    parts = ["curl", "-i"]
    if request.method != "GET":
        parts += ["-X", request.method]
    for name, value in request.fields:
        parts += ["-H", quoted(f"{name}: {value}")]
    body = request.body.decode("utf-8", "replace")
    left_out = len(body) > LONGEST
    if body:
        parts += ["--data-binary", "@body" if left_out else quoted(body)]
    origin = origin_of(str(outcome.history.header.get("base_url") or ""))
    parts.append(quoted(origin + request.target))
    if outcome.target.headers:
        names = ", ".join(name for name, _ in outcome.target.headers)
        parts.append(f"# beside --header {names}")
    if left_out:
        parts.append(f"# body: the {len(request.body)} bytes of exchange {exchange.number}")
    return " ".join(parts)


def _quoted(text: str, expression: Callable[[str], str]) -> str:
    """Quoted for a POSIX shell, with what stands for the masked keys."""
    if not MARK.search(text):
        return _escaped(text) if INVISIBLE.search(text) else shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return '"' + MARK.sub(lambda found: expression(found[1]), escaped) + '"'


def _escaped(text: str) -> str:
    """Quoted so that what cannot be seen survives being copied (POSIX.1-2024, 2.2.4)."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + INVISIBLE.sub(lambda found: _bytes(found[0]), plain) + "'"


def _bytes(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", "replace"))


def again(outcome: Outcome, id: str) -> str:
    """The command that decides one requirement again, and what it needs before, as a comment."""
    target = outcome.target
    if outcome.files:
        files = " ".join(shlex.quote(str(one)) for one in outcome.files)
        folder = shlex.quote(str(target.report_dir / AGAIN))
        return f"bugzy-conformance audit {files} --only {id} --report-dir {folder}"
    parts = ["bugzy-conformance", "run"]
    if target.file is not None:
        parts += ["--target", shlex.quote(str(target.file))]
    elif target.control is None:
        parts += ["--base-url", shlex.quote(target.base_url)]
    if target.allow_writes and target.control is None:
        parts.append("--allow-writes")
    parts += ["--only", id, "--seed", str(target.seed)]
    parts += ["--report-dir", shlex.quote(str(target.report_dir / AGAIN))]
    dead = dead_keys(outcome)
    if dead:
        parts.append(f" # first put a new key into {', '.join(dead)}: the run replaced it")
    return " ".join(parts)
