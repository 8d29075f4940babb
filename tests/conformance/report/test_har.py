import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema_rs

from conformance.exchange import Request, Response
from conformance.history import History
from conformance.report import har
from tests.conformance.judges.builder import exchange, issued
from tests.conformance.report.outcomes import failing, hostile, outcome

SCHEMA = json.loads(Path(__file__).with_name("har-1.2.schema.json").read_text())


def exported(history: History) -> Any:
    return json.loads(json.dumps(har.build(history)))


def rich() -> History:
    """Everything that an exchange may hold."""
    return outcome(
        exchange(200, query="a=1&a=%20&b", repeats=None, group="pair:1", twist="query"),
        exchange(200, body=b"\xff\x00", sent=b"\xfe", truncated=True, connection=None),
        exchange(302, fields={"Location": "/elsewhere", "X-Twice": ["1", "2"]}, repeats=1),
        exchange(None, sent="ü"),
        issued("project#2", "project#1"),
    ).history


def test_an_import_of_an_export_loses_nothing() -> None:
    for history in (rich(), failing().history, hostile(1).history):
        again = har.restore(exported(history)["log"])
        assert again.exchanges == history.exchanges
        assert again.events == history.events
        assert (again.header, again.footer) == (history.header, history.footer)


def test_it_is_as_the_specification_says() -> None:
    validator = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
    for history in (rich(), failing().history, hostile(1).history):
        validator.validate(exported(history))


def test_a_reader_of_har_sees_what_was_sent() -> None:
    entry = exported(rich())["log"]["entries"][0]
    assert entry["request"]["url"].startswith("https://staging.example.com/api/v1/projects/")
    assert entry["request"]["queryString"] == [
        {"name": "a", "value": "1"},
        {"name": "a", "value": " "},
        {"name": "b", "value": ""},
    ]
    began = datetime.datetime.fromisoformat(entry["startedDateTime"])
    assert began == datetime.datetime.fromtimestamp(1_700_000_000, datetime.UTC)
    assert entry["time"] == sum(entry["timings"].values()) == 50
    assert entry["response"]["status"] == 200
    assert json.loads(entry["response"]["content"]["text"])["data"]


def test_no_answer_is_what_browsers_write() -> None:
    entry = exported(rich())["log"]["entries"][3]
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "ReadTimeout: no answer"


def test_a_har_of_others_is_not_taken_for_an_export() -> None:
    log = exported(rich())["log"]
    del log["entries"][0][har.MEMBER]
    assert not har.is_own(log)


def test_a_target_that_looks_like_a_url_survives() -> None:
    odd = exchange(200, target="/api/v1//http://x/?u=https://y/z#f")
    log = exported(outcome(odd).history)["log"]
    assert har.restore(log).exchanges[0].request.target == odd.request.target


def test_a_body_without_bytes_is_no_body() -> None:
    request = Request(method="GET", target="/", body=b"")
    assert "postData" not in har._request(request, "", Response(status=200))
