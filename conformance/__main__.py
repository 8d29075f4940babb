"""The command: the console script, and `python -m conformance`."""

from __future__ import annotations

import sys

from conformance import interrupt

INTERNAL = 70  # exit status, as in outcome.py


def main() -> None:
    """Run the command line. What it does not expect is the suite's own error, never the target's.

    Loading it takes a moment in which it may be interrupted, and so is part of it.
    """
    try:
        from conformance.cli import cli

        cli(prog_name="bugzy-conformance")
    except KeyboardInterrupt:
        interrupt.leave()
    except Exception:
        import traceback

        traceback.print_exc()
        sys.exit(INTERNAL)


if __name__ == "__main__":
    main()
