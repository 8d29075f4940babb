import pytest

from reference_server import errors
from reference_server.contract import Contract
from reference_server.errors import Refusal

REFUSALS = [
    errors.invalid("why"),
    errors.unauthorized(),
    errors.not_found(),
    errors.limited(7),
    errors.internal(),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: str(refusal.status))
def test_every_refusal_is_in_the_table(kept: Contract, refusal: Refusal) -> None:
    assert refusal.status in kept.codes
    assert refusal.message


def test_the_table_has_no_other(kept: Contract) -> None:
    assert {refusal.status for refusal in REFUSALS} == set(kept.codes)


def test_unauthorized_says_how_to_authenticate() -> None:
    assert errors.unauthorized().headers == {"WWW-Authenticate": "Bearer"}
