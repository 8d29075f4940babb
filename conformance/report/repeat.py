"""How to repeat what failed: a curl line with the key as a variable, and the command to use."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from conformance.origin import flag
from conformance.report.har import origin_of
from conformance.report.shell import expression
from conformance.report.spent import dead_keys
from conformance.report.visible import INVISIBLE

if TYPE_CHECKING:
    from conformance.exchange import Exchange
    from conformance.outcome import Outcome
    from conformance.target import Target

MARK = re.compile(r"\[key ([a-z_]+)(?:#\d+)?\]")
BASIC = re.compile(
    rf"Basic (?P<before>[A-Za-z0-9+/]*)(?P<key>{MARK.pattern})(?P<after>[A-Za-z0-9+/=]*)"
)
AGAIN = "again"  # where the reports of a repetition go: they must not replace the whole one's
JUDGING = ("base_url", "openapi", "waivers", "strict", "hardening")
SENDING = ("windows", "timeout", "max_requests", "insecure", "allow_writes")
REPEATED = {"audit": JUDGING, "run": JUDGING + SENDING}  # options that decide it, by command
LONGEST = 2000  # characters of a body that stands in a curl line


def curl(outcome: Outcome, exchange: Exchange) -> str:
    """The request as a curl line; keys are variables that the shell replaces."""
    request = exchange.request

    def quoted(text: str) -> str:
        return _quoted(text, lambda party: expression(outcome, party, exchange.tags))

    parts = ["curl", "-i", *(["-k"] if outcome.target.insecure else [])]
    if request.method != "GET":
        parts += ["-X", request.method]
    for name, value in request.fields:
        parts += [_field(name, value, quoted)]
    body = request.body.decode("utf-8", "replace")
    left_out = len(body) > LONGEST
    if body:
        parts += ["--data-binary", "@body" if left_out else quoted(body)]
    origin = origin_of(str(outcome.history.header.get("base_url") or ""))
    parts.append(quoted(origin + request.target))
    if outcome.target.headers:
        parts.append(f"# {_beside(outcome)}")
    if left_out:
        parts.append(f"# body: the {len(request.body)} bytes of exchange {exchange.number}")
    return " ".join(parts)


def _field(name: str, value: str, quoted: Callable[[str], str]) -> str:
    """A field as an option of curl; Basic credentials as what they are made of (RFC 7617, 2)."""
    if made := _basic(value):
        return f"-u {quoted(made)}"
    return "-H " + quoted(f"{name}: {value}" if value else f"{name};")  # so curl sends it empty


def _basic(value: str) -> str | None:
    """User and password, where a key that is one of both is masked in their base64."""
    found = BASIC.fullmatch(value)
    if found is None or not (found["before"] or found["after"]):
        return None
    before = base64.b64decode(found["before"] + "A" * (-len(found["before"]) % 4))
    user = before[: len(found["before"]) * 6 // 8].decode("latin-1")
    return f"{user}{found['key']}" if user else f"{found['key']}:"


def _quoted(text: str, expression: Callable[[str], str]) -> str:
    """Quoted for a POSIX shell, with what stands for the masked keys."""
    if not MARK.search(text):
        return _escaped(text) if INVISIBLE.search(text) else shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return '"' + MARK.sub(lambda found: _bounded(expression(found[1]), found), escaped) + '"'


def _bounded(expression: str, found: re.Match[str]) -> str:
    """The expression, kept apart from a letter that follows."""
    follows = found.string[found.end() : found.end() + 1]
    return re.sub(r"^\$(\w+)$", r"${\1}", expression) if re.match(r"\w", follows) else expression


def _escaped(text: str) -> str:
    """Quoted so that what cannot be seen survives being copied (POSIX.1-2024, 2.2.4)."""
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + INVISIBLE.sub(lambda found: _bytes(found[0]), plain) + "'"


def _bytes(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", "replace"))


def again(outcome: Outcome, id: str) -> str:
    """The command that decides one requirement again, and what it needs besides, as a comment."""
    target = outcome.target
    command = "audit" if outcome.files else "run"
    parts = ["bugzy-conformance", command, *(shlex.quote(str(one)) for one in outcome.files)]
    if target.file is not None:
        parts += ["--target", shlex.quote(str(target.file))]
    for name in REPEATED[command]:
        parts += _option(target, name)
    parts += ["--only", id]
    parts += [] if outcome.files else ["--seed", str(target.seed)]
    parts += ["--report-dir", shlex.quote(str(target.report_dir / AGAIN))]
    needs = "; ".join(_needs(outcome))
    return " ".join([*parts, *([f" # {needs}"] if needs else [])])


def _option(target: Target, name: str) -> list[str]:
    """An option as it was given, unless a server of our own is started in any case."""
    value = target.given.get(name)
    if not value or (name == "allow_writes" and target.control is not None):
        return []
    return [flag(name)] if value is True else [flag(name), shlex.quote(str(value))]


def _needs(outcome: Outcome) -> Iterator[str]:
    """What the command needs that must not be shown, or has to be done before."""
    if not outcome.files and outcome.target.given.get("header"):
        yield _beside(outcome)
    if dead := dead_keys(outcome):
        yield f"first put a new key into {', '.join(dead)}: the run replaced it"


def _beside(outcome: Outcome) -> str:
    return f"beside --header {', '.join(name for name, _ in outcome.target.headers)}"
