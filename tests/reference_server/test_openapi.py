from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from reference_server import contract

DOCUMENT: dict[str, Any] = yaml.safe_load(contract.find().read_text())
RATE_FIELDS = set(DOCUMENT["x-rate-limit"]["headers"].values())


def operations() -> Iterator[dict[str, Any]]:
    for item in DOCUMENT["paths"].values():
        yield from (item[method] for method in contract.METHODS if method in item)


def responses(operation: dict[str, Any]) -> dict[str, Any]:
    shared = DOCUMENT["components"]["responses"]
    return {
        status: shared[response["$ref"].rsplit("/")[-1]] if "$ref" in response else response
        for status, response in operation["responses"].items()
    }


every_operation = pytest.mark.parametrize(
    "operation", list(operations()), ids=lambda each: each["operationId"]
)


def test_it_is_openapi() -> None:
    validate(DOCUMENT)


@every_operation
def test_every_response_carries_the_rate_limit(operation: dict[str, Any]) -> None:
    for response in responses(operation).values():
        assert set(response["headers"]) >= RATE_FIELDS


@every_operation
def test_every_error_has_its_code(operation: dict[str, Any]) -> None:
    codes = {
        status: response["content"]["application/json"]["schema"]["properties"]["error"][
            "properties"
        ]
        for status, response in responses(operation).items()
        if not status.startswith("2")
    }
    assert {status: each["code"]["const"] for status, each in codes.items()} == DOCUMENT[
        "x-error-codes"
    ]


@every_operation
def test_every_operation_says_who_may_call_it_and_how_sure_that_is(
    operation: dict[str, Any],
) -> None:
    assert operation["security"] == [{f"{operation['x-key-kind']}Key": []}]
    assert operation["x-status"] in ("documented", "assumed")
