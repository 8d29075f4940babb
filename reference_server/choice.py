"""What goes wrong when a server is asked for that there is not."""


class ChoiceError(ValueError):
    """A fault, a variant or an OpenAPI file cannot be served; the message says why."""
