"""Servers that are unusual and lawful: what the suite must let pass.

Each docstring says what is unusual, and where it is not obvious why it may be.
"""

from reference_server.variants import data, error, key, rate, transport
from reference_server.variants.registry import VARIANTS, Variant, find, variant

__all__ = [
    "VARIANTS",
    "Variant",
    "data",
    "error",
    "find",
    "key",
    "rate",
    "transport",
    "variant",
]
