"""Judges: pure generators over a history, one module per area. They send nothing."""

from importlib import import_module

from conformance.catalogue import AREAS


def load() -> None:
    """Import every area's module, which registers its judges."""
    for area in AREAS:
        import_module(f"{__name__}.{area}")
