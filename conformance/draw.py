"""What Hypothesis draws: tokens, ids, bodies, steps. Seeded, kept in no database, sent nowhere."""

from __future__ import annotations

import json
import random
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ENTROPY = 512  # bytes that a value is drawn from


def values(strategy: SearchStrategy[Any], seed: str, count: int) -> list[Any]:
    """Different values of a strategy, the same for the same seed."""
    from hypothesis import HealthCheck, given, settings

    found: list[Any] = []

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(value=strategy)
    def draw(value: Any) -> None:
        if value not in found:
            found.append(value)

    chance = random.Random(seed)
    for _ in range(count * 20):
        if len(found) >= count:
            break
        draw.hypothesis.fuzz_one_input(chance.randbytes(ENTROPY))  # type: ignore[attr-defined]
    return found[:count]


@cache
def tokens(prefixes: tuple[str, ...], seed: int, count: int) -> list[str]:
    """Bearer tokens (RFC 6750, 2.1) with one of the prefixes and without, none of them issued."""
    from hypothesis import strategies as st

    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
    secret = st.text(letters, min_size=8, max_size=64)
    prefix = st.sampled_from(["", *prefixes])
    drawn: list[str] = values(
        st.builds("".join, st.tuples(prefix, secret)), f"tokens/{seed}", count
    )
    return drawn


@cache
def identifiers(seed: int, count: int) -> list[str]:
    """Path segments that are no ids: of unreserved characters only (RFC 3986, 2.3)."""
    from hypothesis import strategies as st

    letters = "ABCDEFabcdef0123456789-_~"
    text = st.text(letters, min_size=1, max_size=40).filter(
        lambda value: len(value) not in (32, 36)
    )
    drawn: list[str] = values(text, f"identifiers/{seed}", count)
    return drawn


@cache
def documents(seed: int, count: int) -> list[bytes]:
    """JSON texts that are no object, so that no operation takes them."""
    from hypothesis import strategies as st

    leaves = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"))
    tree = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
    return [json.dumps(value).encode() for value in values(tree, f"documents/{seed}", count)]


@cache
def steps(seed: int, count: int) -> list[tuple[str, int, str]]:
    """What a model of keys does one after the other: with which key, in which place, to whose."""
    from hypothesis import strategies as st

    key = st.sampled_from(["new", "current", "current", "replaced", "replaced"])
    step = st.tuples(key, st.integers(0, 1000), st.sampled_from(["own", "foreign"]))
    (drawn,) = values(st.lists(step, min_size=count, max_size=count), f"steps/{seed}", 1)
    taken: list[tuple[str, int, str]] = drawn
    return taken
