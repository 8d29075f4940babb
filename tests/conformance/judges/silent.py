"""Further histories that prove nothing: what once passed for a proof."""

from __future__ import annotations

from collections.abc import Sequence

from .builder import anonymous, exchange, issued
from .drained import ROTATED
from .pieces import (
    Happenings,
)
from .test_auth import presented
from .test_rotation import DEAD, MEANWHILE, OLD, load

LOST = exchange(500, credential="other_project")
SILENT: Sequence[tuple[str, Happenings]] = (  # further histories that prove nothing
    ("auth.required", (exchange(401), anonymous(401))),
    ("auth.scheme-case", (presented(200, "scheme-case:bearer"),)),
    ("rotation.old-key-revoked", (exchange(500), ROTATED, DEAD)),
    ("rotation.permanent", (exchange(401), ROTATED, DEAD, DEAD)),
    ("rotation.under-load", (load(500, 1), MEANWHILE, load(401, 2.1))),
    ("rotation.only-own", (LOST, ROTATED, LOST)),
    ("rotation.entropy", (exchange(401), issued("project#1", generated=False))),
    ("rotation.same-as-unknown", (OLD, ROTATED, DEAD, exchange(429, group="unknown"))),
    ("error.not-in-success", (exchange(200, body=b'{"error": {"code": "X', truncated=True),)),
)
