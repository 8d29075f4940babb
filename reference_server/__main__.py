"""The command: the console script, and `python -m reference_server`."""

from __future__ import annotations

import sys


def main() -> None:
    """Start a server. It may be interrupted while it is loaded, and says so as click does."""
    try:
        from reference_server import cli

        cli.main(prog_name="bugzy-reference-server")
    except KeyboardInterrupt:
        sys.exit("Aborted!")


if __name__ == "__main__":
    main()
