"""Calls: builds requests from an operation, a credential and the relation to what is addressed."""

from __future__ import annotations

import itertools
import urllib.parse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance import sample
from conformance.address import Addresses
from conformance.client import Call
from conformance.contract import Operation
from conformance.credential import Credential
from conformance.exchange import Fields, Tags, values
from conformance.target import Target


class Calls:
    """Builds calls, each with the tags that say what it is."""

    def __init__(self, target: Target, addresses: Addresses, run: str) -> None:
        self._target = target
        self._addresses = addresses
        self._run = run
        self._markers = itertools.count(1)
        self.probe = ""  # the probe at work
        self.own_nested: set[str] = set()  # nested ids that this run created

    def marker(self) -> str:
        """A text that no other request of any run holds."""
        return f"conformance-{self._run}-{next(self._markers)}"

    def mark_from(self, first: int) -> None:
        """Count markers from here on, apart from those of other workers."""
        self._markers = itertools.count(first)

    def to(
        self,
        operation: Operation,
        credential: Credential,
        *,
        resource: str = "own",
        nested: str | None = None,
        body: bytes | None = None,
        query: Any = (),
        path: str | None = None,
        fields: Fields = (),
        connection: str = "main",
        **tags: Any,
    ) -> Call:
        """A request to an operation; a write without permission is sent with an invalid body."""
        place, relations = self._place(operation, credential, resource, nested)
        if operation.body is not None:
            body, given, fields = self._body(operation, credential, body, fields)
            tags = {**given, **tags}
        return Call(
            method=operation.method,
            path=path or place,
            query=query,
            fields=fields,
            body=body,
            credential=credential,
            connection=connection,
            tags=self._tags(operation=operation.id, route=operation.path, **relations | tags),
        )

    def off_method(
        self,
        method: str,
        operation: Operation,
        credential: Credential,
        resource: str,
        nested: str | None = None,
    ) -> Call:
        """A request with a method that the operation's path lacks."""
        place, relations = self._place(operation, credential, resource, nested)
        call = self.off_route(method, place, credential)
        if call.body is not None and self._target.allow_writes:
            call = replace(call, body=self._like(operation))
        tags = self._tags(route=operation.path, defect=f"method:{method}", **relations)
        return _with(call, tags)

    def _like(self, operation: Operation) -> bytes:
        """A body that the path's own operations take, if they take any."""
        written = self._addresses.written(operation.path)
        return sample.dump(sample.body(written, self.marker())) if written else b"{}"

    def below(self, operation: Operation, credential: Credential, nested: str) -> Call:
        """A request to a route that does not exist, below a nested resource."""
        place, relations = self._place(operation, credential, "own", nested)
        call = self.off_route("GET", f"{place}/conformance-{self._run}", credential)
        return _with(call, self._tags(**relations | {"resource": "none"}))

    def off_route(self, method: str, path: str, credential: Credential, **tags: Any) -> Call:
        """A request to no documented operation; without leave to write, its body is no JSON."""
        made_up = b"{}" if self._target.allow_writes else b"{"
        body = made_up if method in ("POST", "PUT", "PATCH") else None
        return Call(
            method=method,
            path=path,
            body=body,
            fields=(("Content-Type", sample.JSON),) if body else (),
            credential=credential,
            tags=self._tags(**{"resource": "none"} | tags),
        )

    def may_write(self, operation: Operation) -> bool:
        """Whether a valid write may be sent with a valid key: it must not spoil what is there."""
        if not self._target.allow_writes:
            return False
        known = {self._addresses.nested_id(party, operation) for party in self._target.parties}
        return operation.method != "PUT" or bool(known & self.own_nested)

    def _place(
        self, operation: Operation, credential: Credential, resource: str, nested: str | None
    ) -> tuple[str, dict[str, Any]]:
        """The path, and the relations that it turned out to have."""
        owner = self._addresses.owner(operation, credential.name, resource)
        owner_id = self._target.parties[owner].id if owner else None
        relations: dict[str, Any] = {"resource": resource if owner else "absent", "nested": None}
        nested_id = None
        if operation.nested is not None:
            party = owner
            if nested is not None:
                party = self._addresses.owner(operation, credential.name, nested)
            nested_id = self._addresses.nested_id(party, operation)
            wanted = nested or ("own" if resource == "own" else resource)
            relations["nested"] = wanted if nested_id else "absent"
        return self._addresses.path(operation, owner_id, nested_id), relations

    def _body(
        self, operation: Operation, credential: Credential, body: bytes | None, fields: Fields
    ) -> tuple[bytes, Mapping[str, Any], Fields]:
        if not values((*fields, *credential.fields), "Content-Type"):
            fields = (*fields, ("Content-Type", sample.JSON))
        if body is not None:
            return body, {}, fields
        marker = self.marker()
        if credential.key is not None and not self.may_write(operation):
            defect, body = next(sample.invalid_bodies(operation, marker))
            return _holding(body, credential), {"defect": defect}, fields
        body = sample.dump(sample.body(operation, marker))
        return _holding(body, credential), {}, fields

    def _tags(self, **tags: Any) -> Tags:
        return Tags(**{"probe": self.probe} | tags)


def _holding(body: bytes, credential: Credential) -> bytes:
    """The body with a credential's members; or a form that consists of them (RFC 6750, 2.2)."""
    if values(credential.fields, "Content-Type"):
        return urllib.parse.urlencode(credential.body).encode()
    return sample.extended(body, credential.body)


def _with(call: Call, tags: Tags) -> Call:
    return replace(call, tags=tags)
