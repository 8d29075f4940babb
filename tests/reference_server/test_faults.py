import asyncio
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import yaml

from reference_server.app import Server
from reference_server.choice import ChoiceError
from reference_server.contract import Contract
from reference_server.faults import FAULTS, Fault, find
from tests.reference_server.areas import AREAS, play

CATALOGUE = Path(__file__).parents[2] / "conformance" / "catalogue.yaml"
LEVELS = {each["id"]: each["level"] for each in yaml.safe_load(CATALOGUE.read_text("utf-8"))}

every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nobody sleep, and note for how long they would have."""
    naps: list[float] = []
    sleep = asyncio.sleep

    async def nap(seconds: float) -> None:
        naps.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", nap)
    return naps


@pytest.fixture(scope="module")
def sound(kept: Contract) -> Callable[[str], list[str]]:
    return cache(lambda area: play(area, Server, kept))


@every_fault
def test_a_fault_says_what_it_does_wrong(fault: Fault) -> None:
    assert fault.summary == inspect.cleandoc(fault.server.__doc__ or "")
    assert fault.summary.endswith(".")


@every_fault
def test_a_fault_names_known_requirements(fault: Fault) -> None:
    assert LEVELS.keys() >= {fault.breaks, *fault.also}
    assert fault.breaks not in fault.also


@pytest.mark.parametrize("requirement", LEVELS)
def test_every_requirement_has_a_fault(requirement: str) -> None:
    assert requirement in {fault.breaks for fault in FAULTS.values()}


@every_fault
def test_a_faulty_server_serves_and_is_seen_to_deviate(
    fault: Fault, kept: Contract, sound: Callable[[str], list[str]], slept: list[float]
) -> None:
    area = fault.breaks.partition(".")[0]
    expected, usual = sound(area), len(slept)
    seen = play(area, fault.server, kept)
    assert seen != expected or len(slept) > usual
    assert any(": 20" in each for each in seen)


@pytest.mark.parametrize("area", AREAS)
def test_a_sound_server_does_not_deviate(
    area: str, kept: Contract, sound: Callable[[str], list[str]]
) -> None:
    assert play(area, Server, kept) == sound(area)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ChoiceError, match="no fault is named nope"):
        find("nope")
