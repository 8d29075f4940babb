from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from reference_server import contract, embedded
from reference_server.contract import Contract
from reference_server.embedded import Running
from tests.reference_server.api import Api, Serve
from tests.reference_server.manual import ManualClock


@pytest.fixture(scope="session")
def kept() -> Contract:
    return Contract.read(contract.find())


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers as they are asked for, at a time that stands still; stop them in the end."""
    with ExitStack() as stack:

        def start(**options: Any) -> Api:
            running = embedded.start(**{"clock": ManualClock(), **options})
            api = Api(stack.enter_context(running))
            stack.callback(api.client.close)
            return api

        yield start


@pytest.fixture
def api(serve: Serve) -> Api:
    return serve()


@pytest.fixture
def running(api: Api) -> Running:
    return api.running


@pytest.fixture
def clock(running: Running) -> ManualClock:
    assert isinstance(running.server.clock, ManualClock)
    return running.server.clock
