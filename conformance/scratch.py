"""A place for what Hypothesis keeps, which is else the folder that a command is called in."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator

STORAGE = "HYPOTHESIS_STORAGE_DIRECTORY"  # its tables of characters; no examples are kept


@contextlib.contextmanager
def scratch() -> Iterator[None]:
    """Keep it apart, of this process and those that it starts, unless somebody said where."""
    if STORAGE in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="bugzy-conformance-") as folder:
        os.environ[STORAGE] = folder
        try:
            yield
        finally:
            del os.environ[STORAGE]
