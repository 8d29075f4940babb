"""Judges: pure generators over a history, by area and within it by idea. They send nothing."""

import pkgutil
from importlib import import_module


def load() -> None:
    """Import every module, which registers its judges."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
