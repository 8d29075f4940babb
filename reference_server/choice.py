"""What goes wrong when a server is asked for that there is not, and how servers are named."""

import re


class ChoiceError(ValueError):
    """A fault, a variant or an OpenAPI file cannot be served; the message says why."""


def kebab(server: type) -> str:
    """Return the class's name as it is written on a command line."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", server.__name__).lower()
