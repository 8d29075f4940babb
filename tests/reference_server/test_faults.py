import inspect

import pytest

from reference_server.faults import FAULTS, Fault
from tests.reference_server.api import Serve


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_says_what_it_does_wrong(fault: Fault) -> None:
    assert fault.summary == inspect.cleandoc(fault.server.__doc__ or "")
    assert fault.summary.endswith(".")
    assert fault.breaks not in fault.also


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_server_still_serves(serve: Serve, name: str) -> None:
    response = serve(fault=name).send("GET", "/projects/{project}/executions")
    assert response.status_code == 200
