"""An interrupt that leaves nothing to report on; without imports that could be interrupted."""

from __future__ import annotations

import sys
from typing import NoReturn

INCONCLUSIVE = 3  # exit status, as in outcome.py: a run that has no verdict


def leave() -> NoReturn:
    """Say that the command was interrupted, and end it."""
    sys.stderr.write("bugzy-conformance: interrupted before anything was decided\n")
    sys.exit(INCONCLUSIVE)
