"""error: requests that are never answered, where the server answers nearly all others."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conformance.contract import Contract
from conformance.exchange import Exchange
from conformance.finding import Finding, Opinion, judges
from conformance.history import History
from conformance.judges import words
from conformance.judges.select import LAYER, grouped, place

RARE = 0.01  # of all requests: what gets lost on the way by chance
ENOUGH = 2  # times that the same went unanswered


@judges("error.malformed-json")
def malformed_json(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield bodies that are not JSON and are never answered."""
    yield from _unanswered(history, "json.")


@judges("error.invalid-body")
def invalid_body(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield bodies against the schema that are never answered."""
    yield from _unanswered(history, "body.", "generated: body")


@judges("error.invalid-parameters")
def invalid_parameters(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield parameters against the schema that are never answered."""
    yield from _unanswered(history, "query.", "path:", "generated: query")


@judges("error.media-type")
def media_type(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield bodies of other media types that are never answered."""
    yield from _unanswered(history, "media.")


@judges("error.unknown-method")
def unknown_method(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield methods that a path lacks and that are never answered."""
    yield from _unanswered(history, "method:")


@judges("error.no-server-error")
def unusual(contract: Contract, history: History) -> Iterator[Opinion]:
    """Yield what is unusual, though not wrong, and is never answered."""
    yield from _unanswered(history, "unusual:", "twice", "repeated")


def _unanswered(history: History, *defects: str) -> Iterator[Finding]:
    for ones in _silent(history):
        defect = ones[0].tags.defect or ""
        if defect.startswith(defects):
            yield Finding(
                expected=f"an answer to {words.defect(ones[0])}, on {place(ones[0])}",
                observed=f"none, {len(ones)} times: {ones[0].failure}",
                exchanges=ones[:ENOUGH],
            )


@lru_cache(maxsize=8)
def _silent(history: History) -> tuple[tuple[Exchange, ...], ...]:
    """Alike requests of which none was answered, if others were, then and later, nearly all."""
    asked = [one for one in history.exchanges if one.request.method not in LAYER]
    alike = grouped(asked, _asked).values()
    silent = [ones for ones in alike if not any(one.response for one in ones)]
    lost = sum(one.response is None for one in asked) - sum(map(len, silent))
    last = max((one.started for one in history.answered), default=0.0)
    found = [ones for ones in silent if len(ones) >= ENOUGH and ones[-1].ended < last]
    return tuple(found) if lost <= RARE * len(asked) else ()


def _asked(one: Exchange) -> tuple[str | None, ...]:
    tags = one.tags
    return one.request.method, tags.route, tags.defect, tags.form, tags.resource, tags.nested
