import base64
import html
import json
import urllib.parse
from collections.abc import Callable

import pytest

from conformance.secrets import SHORTEST, Masker, in_fields

KEY = "bzy_proj_Zr7w&Qk2/L+mP\"9'xTb4VnC8yHd3"

FORMS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda key: urllib.parse.quote(key, safe=""),
    "form": urllib.parse.quote_plus,
    "json": lambda key: json.dumps(key)[1:-1],
    "html": html.escape,
    "hex": lambda key: key.encode().hex(),
    "one escaped for a URL": lambda key: key.replace("Q", "%51"),
    "escaped twice for a URL": lambda key: key.replace("_", "%255f"),
    "all escaped for a URL": lambda key: "".join(f"%{ord(one):02X}" for one in key),
    "one escaped for JSON": lambda key: json.dumps(key)[1:-1].replace("b", r"\u0062", 1),
    "escaped twice for JSON": lambda key: key.replace("_", r"\\u005F").replace('"', r"\\x22"),
    "one escaped for HTML": lambda key: key.replace("_", "&#95;").replace("Z", "&#x5a;"),
}


@pytest.fixture
def masker() -> Masker:
    masker = Masker()
    masker.register(KEY, "project#1")
    return masker


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_masked_in_every_form(masker: Masker, form: str) -> None:
    assert masker.text(f"a {FORMS[form](KEY)} b") == "a [key project#1] b"


@pytest.mark.parametrize("offset", range(6))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_is_masked_in_base64_wherever_it_begins(
    masker: Masker, encode: Callable[[bytes], bytes], offset: int
) -> None:
    encoded = encode(b"u" * offset + KEY.encode() + b":x")
    masked = masker.mask(encoded)
    assert b"[key project#1]" in masked
    assert len(masked) < len(b"[key project#1]") + 4 * (offset // 3 + 3)  # nothing but the ends


def test_a_basic_credential_is_masked(masker: Masker) -> None:
    value = base64.b64encode(f"api:{KEY}".encode()).decode()
    assert "[key project#1]" in masker.text(f"Basic {value}")


def test_what_is_escaped_and_no_key_stays_as_it_is(masker: Masker) -> None:
    text = r"%51 \u0062 &#95; &#233; %E9 caf\u00e9 100%"
    assert masker.text(text) == text


def test_the_longer_of_two_keys_is_masked_whole(masker: Masker) -> None:
    masker.register(KEY + "more", "project#2")
    assert masker.text(KEY + "more") == "[key project#2]"


def test_some_keys_are_masked_in_one_call_only(masker: Masker) -> None:
    assert masker.text("x tok-secret y", [("tok-secret", "forged")]) == "x [key forged] y"
    assert masker.text("x tok-secret y") == "x tok-secret y"


def test_what_is_too_short_to_be_a_secret_stays(masker: Masker) -> None:
    masker.register("a" * (SHORTEST - 1), "short")
    assert masker.text("a" * 20) == "a" * 20


def test_parts_are_clean_or_not(masker: Masker) -> None:
    assert masker.clean(["some", b"text"])
    assert not masker.clean(["some", KEY.encode()])


@pytest.mark.parametrize("texts", [[], [""], ["a", KEY], [f"a\0{KEY}", KEY], [KEY[:20], KEY[20:]]])
def test_texts_are_masked_together_as_each_alone(masker: Masker, texts: list[str]) -> None:
    assert masker.texts(texts) == [masker.text(text) for text in texts]


def test_keys_are_masked_while_another_is_registered(masker: Masker) -> None:
    forms, secrets = masker._forms, masker._secrets
    kept = [*forms], [*secrets]
    masker.register("another-secret", "project#2")
    assert ([*forms], [*secrets]) == kept  # whoever reads them meanwhile has them whole


def test_bytes_that_are_no_text_are_kept(masker: Masker) -> None:
    assert masker.mask(b"\xff" + KEY.encode() + b"\x00") == b"\xff[key project#1]\x00"
    assert masker.text("\udcff") == "\udcff"


def test_only_fields_that_say_so_hold_secrets() -> None:
    fields = [("Accept", "application/json"), ("Proxy-Authorization", "Basic dXNlcjpwYXNz")]
    told = dict(in_fields([*fields, ("Cookie", "session=abcdef123456")]))
    assert told["dXNlcjpwYXNz"] == "Proxy-Authorization"
    assert told["abcdef123456"] == "Cookie"
    assert "application/json" not in told
