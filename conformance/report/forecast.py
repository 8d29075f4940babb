"""The plan for readers: a table, or JSON."""

from __future__ import annotations

import json
from collections import Counter

from conformance.plan import Plan


def as_json(plan: Plan) -> str:
    """The plan as a document that programs read."""
    return json.dumps(
        {
            "schema_version": 1,
            "requests": plan.total,
            "by_credential": plan.requests,
            "windows": plan.windows,
            "seconds": round(plan.seconds, 1),
            "latency_ms": round(plan.answer * 1000, 1),
            "keys_generated": plan.generated,
            "writes": plan.writes,
            "undecided": plan.undecided,
            "warnings": list(plan.warnings),
            "probes": [
                {
                    "id": one.id,
                    "phase": one.phase.name.lower(),
                    "spends": dict(one.spends),
                    "free": one.probe.free,
                    "serves": list(one.serves),
                }
                for one in plan.slots
            ],
        },
        indent=2,
    )


def as_text(plan: Plan) -> str:
    """The plan as lines for a terminal."""
    lines = [f"{'key':<20}{'requests':>9}{'windows':>9}"]
    for name, requests in plan.requests.items():
        lines.append(f"{name:<20}{requests:>9}{plan.windows.get(name, ''):>9}")
    if_so = f"where an answer takes {plan.answer * 1000:g} ms (--latency)"
    lines += ["", f"{plan.total} requests, about {plan.seconds:.0f} s {if_so}", ""]
    phases = Counter(one.phase.name.lower().replace("_", " ") for one in plan.slots)
    lines.append(
        "order: " + ", ".join(f"{name} ({count} probes)" for name, count in phases.items())
    )
    lines += _consequences(plan)
    if plan.undecided:
        lines += ["", "stays undecided, and what to add:"]
        lines += [f"  {id:<28}{needs}" for id, needs in sorted(plan.undecided.items())]
    if plan.warnings:
        lines += ["", "mend this first:"]
        lines += [f"  {warning}" for warning in plan.warnings]
    return "\n".join(lines)


def _consequences(plan: Plan) -> list[str]:
    written = "creates and changes things there" if plan.writes else "creates nothing there"
    keys = f"generates up to {plan.generated} keys" if plan.generated else "generates no key"
    lines = [f"{written}; {keys}"]
    if plan.ample is not None:
        more = f"allow {plan.ample} requests a second (safety.max_requests_per_second)"
        lines.append(f"tries less of some things, to end with its window; to try all, {more}")
    return lines
