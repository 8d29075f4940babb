"""The call: one request on its way through the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from reference_server.contract import Operation
from reference_server.keys import Key
from reference_server.store import Resource
from reference_server.windows import Window


@dataclass(kw_only=True)
class Call:
    """One request, and what has been found out about it on the way."""

    request: Request
    now: float  # when its body had arrived in full; the Date of its answer
    body: bytes = b""
    key: Key = field(init=False)
    window: Window | None = None  # None: not counted, as no valid key was sent
    operation: Operation = field(init=False)
    ids: Mapping[str, str] = field(default_factory=dict)  # the path's parameters
    resource: Resource | None = None  # the innermost one that the path names
    query: Mapping[str, Any] = field(default_factory=dict)
    content: Any = None  # the body, decoded

    @property
    def owner(self) -> str:
        """The id of the project or team that the path names."""
        return self.ids[self.operation.owner]
