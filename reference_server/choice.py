"""What goes wrong when a server is asked for that there is not, and how servers are named."""

import difflib
import re
from collections.abc import Collection


class ChoiceError(ValueError):
    """A fault, a variant or an OpenAPI file cannot be served; the message says why."""


def unknown(what: str, name: str, known: Collection[str]) -> ChoiceError:
    """What is wrong with a name that is none of those known, and what may have been meant."""
    near = difflib.get_close_matches(name, known, n=1)
    lists = " and ".join(f"--list-{each}s" for each in what.split(" or "))
    hint = f"did you mean {near[0]}?" if near else f"see bugzy-reference-server {lists}"
    return ChoiceError(f"no {what} is named {name}; {hint}")


def kebab(server: type) -> str:
    """Return the class's name as it is written on a command line."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", server.__name__).lower()
