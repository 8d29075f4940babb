import pytest

from conformance import reach
from conformance.target import Party
from tests.conformance.judges.builder import CONTRACT, exchange
from tests.conformance.report.outcomes import KEY, TEAM_KEY

URL = "https://a.example.com"
PATH = "/api/v1/projects/p/executions"


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("ConnectError: refused", "is it running, is base_url right?"),
        ("ReadTimeout: timed out", "or does it need more time than --timeout gives it?"),
        ("[SSL: WRONG_VERSION_NUMBER]", "it speaks no TLS; write http://a.example.com"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED]", "in SSL_CERT_FILE, or give --insecure"),
    ],
)
def test_why_nothing_answers(failure: str, said: str) -> None:
    told = reach.unanswered(URL, failure)
    assert told.startswith(f"{URL} does not answer ({failure}): ")
    assert said in told


@pytest.mark.parametrize(
    ("base_url", "location", "said"),
    [
        (URL, f"https://b.example.com{PATH}?x=1", "redirects to https://b.example.com; write"),
        (URL, f"/bugzy{PATH}", "redirects to https://a.example.com/bugzy; write that as base_url"),
        (f"{URL}/old", f"https://b{PATH}", "redirects to https://b; write that as base_url"),
        (URL, "https://sso.example.com/login", "redirects to 'https://sso.example.com/login'; is"),
        (URL, f"https://b\x1b{PATH}", "redirects to 'https://b\\x1b/"),
    ],
)
def test_where_a_redirect_leads(base_url: str, location: str, said: str) -> None:
    path = base_url.removeprefix(URL) + PATH
    one = exchange(301, target=path, fields={"Location": location})
    assert (reach.moved(base_url, one) or "").startswith(said)


@pytest.mark.parametrize("status", [None, 200, 301, 404])
def test_what_leads_nowhere_is_no_redirect(status: int | None) -> None:
    assert reach.moved(URL, exchange(status)) is None


@pytest.mark.parametrize(
    ("key", "body", "said"),
    [
        (TEAM_KEY, b"{}", "it is a team key by its prefix bzy_team_; write a project's, which beg"),
        (KEY, b"<h1>", "no JSON came with it, so base_url is probably wrong: "),
        (KEY, b"{}", "does not belong to project.id, is revoked, or is of another deployment than"),
    ],
)
def test_why_a_key_is_refused(key: str, body: bytes, said: str) -> None:
    response = exchange(404, body=body).response
    assert response is not None
    assert said in reach.refusal(CONTRACT, Party("project", "project", "p", key), response)
