import pytest

from reference_server import tokens
from reference_server.tokens import Forged, Tokens


def test_a_token_is_good_once() -> None:
    forms = Tokens()
    token = forms.issue()
    assert [forms.spend(token), forms.spend(token)] == [True, False]


def test_tokens_differ() -> None:
    forms = Tokens()
    assert forms.issue() != forms.issue()


@pytest.mark.parametrize("token", ["", ".", "a.b", "a.é"])
def test_what_was_never_issued_is_forged(token: str) -> None:
    with pytest.raises(Forged):
        Tokens().spend(token)


def test_another_process_knows_none_of_them() -> None:
    with pytest.raises(Forged):
        Tokens().spend(Tokens().issue())


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 2)
    forms = Tokens()
    first, second, third = (forms.issue() for _ in range(3))
    assert [forms.spend(one) for one in (first, second, third, third)] == [True, True, True, False]
