"""One lawless thing each: what changes a lawful history so that one requirement is broken."""

from . import auth, error, leak, rate, rotation, schema, scope
from .edit import LAWLESS, Lawless

__all__ = ["LAWLESS", "Lawless", "auth", "error", "leak", "rate", "rotation", "schema", "scope"]
