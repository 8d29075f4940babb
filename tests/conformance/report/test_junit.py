import xml.dom.minidom
import xml.etree.ElementTree as ET

from conformance.report import junit
from tests.conformance.report.outcomes import failing, hostile


def test_two_readers_see_one_case_per_requirement() -> None:
    text = junit.build(failing())
    suite = ET.fromstring(text).find("testsuite")
    assert suite is not None
    assert len(suite.findall("testcase")) == int(suite.get("tests", "0")) == 76
    dom = xml.dom.minidom.parseString(text)
    assert len(dom.getElementsByTagName("testcase")) == 76
    failures = dom.getElementsByTagName("failure")
    assert len(failures) == int(suite.get("failures", "0"))
    assert failures[0].parentNode.getAttribute("name") == "auth.required"


def test_what_is_undecided_is_skipped_and_says_why() -> None:
    suite = ET.fromstring(junit.build(failing())).find("testsuite")
    assert suite is not None
    skipped = [one.get("message", "") for one in suite.iter("skipped")]
    assert len(skipped) == int(suite.get("skipped", "0"))
    assert any(one.startswith("inconclusive: no request bore on it") for one in skipped)


def test_what_was_sent_is_text_of_bounded_length() -> None:
    text = junit.build(hostile())
    root = ET.fromstring(text)
    assert {one.tag for one in root.iter()} <= {
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "skipped",
    }
    assert len(text) < 1_000_000
