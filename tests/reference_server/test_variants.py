import pytest

from reference_server.variants import VARIANTS
from reference_server.variants.rate import AlignedWindows
from tests.reference_server.api import Serve


def test_aligned_windows_end_with_the_minute() -> None:
    windows = AlignedWindows(1, 60)
    assert windows.take("key", 130.5).reset == 180
    assert windows.take("key", 180.0).reset == 240


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_serves(serve: Serve, name: str) -> None:
    response = serve(variant=name).send("GET", "/projects/{project}/executions")
    assert response.status_code == 200


def test_refuses_wrong_kind(serve: Serve) -> None:
    api = serve(variant="refuses-wrong-kind")
    assert api.send("GET", "/teams/{team}/automations").status_code == 401


def test_echoes_path(serve: Serve) -> None:
    message = serve(variant="echoes-path").send("GET", "/nowhere").json()["error"]["message"]
    assert message == "/api/v1/nowhere not found"
