import gzip
import inspect
import json
from pathlib import Path

import httpx
import pytest
import yaml

from reference_server import contract
from reference_server.choice import ChoiceError
from reference_server.contract import Contract
from reference_server.variants import VARIANTS, Variant, find
from reference_server.variants.data import ASSUMED
from reference_server.variants.rate import AlignedWindows, FractionalWindows
from tests.reference_server.api import Api, Serve, answer, connect
from tests.reference_server.manual import ManualClock

CATALOGUE = Path(__file__).parents[2] / "conformance" / "catalogue.yaml"
LEVELS = {each["id"]: each["level"] for each in yaml.safe_load(CATALOGUE.read_text("utf-8"))}
OWN = "/projects/{project}/executions"


def reset(response: httpx.Response) -> int:
    return int(response.headers["x-ratelimit-reset"])


def raw(api: Api) -> bytes:
    """Return a response as it is on the wire."""
    key = api.keys["project"]
    with connect(api.running.base_url) as connection:
        path = api.path("/api/v1" + OWN)
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_variant_says_what_is_unusual(variant: Variant) -> None:
    assert variant.summary == inspect.cleandoc(variant.server.__doc__ or "")
    assert variant.summary.endswith(".")
    assert all(LEVELS[each] == "hardening" for each in variant.lacks)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_serves(serve: Serve, name: str) -> None:
    api = serve(variant=name)
    assert api.send("GET", OWN).status_code == 200
    assert api.send("GET", OWN, key=None).json()["error"]["code"] == "UNAUTHORIZED"
    assert api.send("GET", "/nowhere").json()["error"]["code"] == "NOT_FOUND"


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(ChoiceError, match="no variant is named nope"):
        find("nope")


def test_aligned_windows_end_with_the_minute() -> None:
    windows = AlignedWindows(1, 60)
    assert windows.take("key", 130.5).reset == 180
    assert windows.take("key", 180.0).reset == 240


def test_fractional_windows_end_within_the_second_after_their_reset() -> None:
    windows = FractionalWindows(1, 60)
    assert windows.take("key", 100.5).reset == 160
    assert windows.take("key", 160.8).used == 2
    assert windows.take("key", 161.0).used == 1


def test_refuses_wrong_kind(serve: Serve) -> None:
    api = serve(variant="refuses-wrong-kind")
    assert api.send("GET", "/teams/{team}/automations").status_code == 401


@pytest.mark.parametrize(("name", "status"), [("replaces-team-keys", 401), ("sends-charset", 200)])
def test_replaces_team_keys(serve: Serve, name: str, status: int) -> None:
    api = serve(variant=name)
    old = api.keys["team"]
    api.generate("team")
    assert api.send("GET", "/teams/{team}/automations", old).status_code == status


@pytest.mark.parametrize(("name", "hour"), [("is-an-hour-ahead", 3600), ("is-an-hour-late", -3600)])
def test_skewed_clocks_skew_date_and_reset(serve: Serve, name: str, hour: int) -> None:
    skewed, sound = serve(variant=name).send("GET", OWN), serve().send("GET", OWN)
    assert reset(skewed) - reset(sound) == hour
    assert skewed.headers["date"] != sound.headers["date"]


def test_limits_strangers(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reference_server.variants.rate.STRANGERS", 2)
    api = serve(variant="limits-strangers")
    answers = [api.send("GET", OWN, key=None) for _ in range(3)]
    assert [each.status_code for each in answers] == [401, 401, 429]
    assert api.send("GET", OWN).status_code == 200


def test_echoes_path(serve: Serve) -> None:
    message = serve(variant="echoes-path").send("GET", "/nowhere").json()["error"]["message"]
    assert message == "/api/v1/nowhere not found"


def test_the_assumed_operations_are_those_of_the_contract() -> None:
    paths = yaml.safe_load(contract.find().read_text("utf-8"))["paths"].values()
    operations = [each for path in paths for each in path.values() if isinstance(each, dict)]
    assumed = {each["operationId"] for each in operations if each.get("x-status") == "assumed"}
    assert assumed == ASSUMED


def test_lacks_assumed(serve: Serve, kept: Contract) -> None:
    api = serve(variant="lacks-assumed")
    assert api.send("GET", "/projects/{project}/test-runs").status_code == 404


def test_pretty_prints(serve: Serve) -> None:
    text = serve(variant="pretty-prints").send("GET", OWN).text
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize("limit", ["%2B1", "1.0", "%201"])
def test_reads_numbers_leniently(serve: Serve, limit: str) -> None:
    response = serve(variant="reads-numbers-leniently").send("GET", f"{OWN}?limit={limit}")
    assert len(response.json()["data"]) == 1


def test_heads_are_written_otherwise(serve: Serve) -> None:
    assert b"\r\nX-RATELIMIT-LIMIT: 60\r\n" in raw(serve(variant="writes-fields-in-capitals"))
    assert raw(serve(variant="omits-reasons")).startswith(b"HTTP/1.1 200 \r\ndate:  \t")


def test_speaks_old_http(serve: Serve) -> None:
    head, _, body = raw(serve(variant="speaks-old-http")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"content-length" not in head
    assert len(json.loads(body)["data"]) == 2


def test_sends_chunks(serve: Serve) -> None:
    response = serve(variant="sends-chunks").send("GET", OWN)
    assert response.headers["transfer-encoding"] == "chunked"
    assert len(response.json()["data"]) == 2


def test_compresses_for_those_who_take_it(serve: Serve) -> None:
    api = serve(variant="compresses")
    assert api.send("GET", OWN).headers["content-encoding"] == "gzip"
    with connect(api.running.base_url) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        assert b"UNAUTHORIZED" in gzip.decompress(answer(connection)[2])
    assert "content-encoding" not in api.send("GET", OWN, headers={"Accept-Encoding": "x"}).headers


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("tolerates-slash", OWN + "/", 200),
        ("redirects-slash", OWN + "/", 308),
        ("tolerates-capitals", OWN.replace("projects", "Projects"), 200),
        ("refuses-odd-ids", "/projects/x/executions", 400),
        ("refuses-unknown-parameters", OWN + "?page=1", 400),
    ],
)
def test_paths_and_parameters(serve: Serve, name: str, path: str, status: int) -> None:
    response = serve(variant=name).send("GET", path)
    assert response.status_code == status
    assert response.headers["x-ratelimit-remaining"] == "59"


def test_the_clock_that_a_variant_skews_can_be_moved(serve: Serve) -> None:
    api = serve(variant="is-an-hour-late", clock=ManualClock(7200.5))
    assert reset(api.send("GET", OWN)) == 3661
