import json
from pathlib import Path

import jsonschema_rs
import pytest

from conformance import report
from conformance.outcome import Outcome
from conformance.report import document
from tests.conformance.report.outcomes import ID, failing, hostile, sound

SCHEMA = json.loads((Path(report.__file__).parent / "report.schema.json").read_text())


@pytest.mark.parametrize("found", [sound(), failing(), hostile()], ids=["sound", "bad", "hostile"])
def test_it_is_as_its_schema_says(found: Outcome) -> None:
    built = json.loads(json.dumps(document.build(found)))
    jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True).validate(built)


def test_a_finding_points_at_its_exchanges() -> None:
    built = document.build(failing())
    found = next(one for one in built["requirements"] if one["id"] == "auth.required")
    assert found["findings"] == [
        {
            "message": "200, expected 401 UNAUTHORIZED to listExecutions without Authorization",
            "expected": "401 UNAUTHORIZED to listExecutions without Authorization",
            "observed": "200",
            "exchanges": [2],
            "curl": f"curl -i https://staging.example.com/api/v1/projects/{ID}/executions",
        }
    ]


def test_traffic_is_counted_by_credential() -> None:
    assert document.build(failing())["traffic"] == {
        "requests": 4,
        "by_credential": {"project": 3, "anonymous": 1},
        "windows": {"project": 1},
    }
