"""Lets ``python -m reference_server`` start the server."""

from reference_server.cli import main

main()
