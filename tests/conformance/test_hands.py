import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest

from conformance.hands import Hands

SOON = 5.0  # seconds: a deadline, not a pause
T = TypeVar("T")


def same(found: T) -> T:
    return found


def submitted(hands: Hands, work: Callable[[], Any]) -> Future[Any]:
    return hands.submit(work, same)


def test_work_is_done_in_another_thread() -> None:
    found = submitted(Hands(), threading.get_ident).result(SOON)
    assert found != threading.get_ident()


def test_a_free_hand_is_used_again() -> None:
    hands = Hands()
    used = {submitted(hands, threading.get_ident).result(SOON) for _ in range(9)}
    assert len(used) == 1


def test_a_hand_that_is_held_holds_no_other() -> None:
    hands, held = Hands(), threading.Event()
    slow = submitted(hands, lambda: held.wait(SOON))
    assert submitted(hands, lambda: 7).result(SOON) == 7
    held.set()
    assert slow.result(SOON)


def test_something_is_done_with_what_comes_of_it() -> None:
    assert Hands().submit(lambda: 7, lambda found: found + 1).result(SOON) == 8


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_raised_is_raised_where_it_is_asked_for(place: int) -> None:
    hands = Hands()
    steps: list[Callable[..., Any]] = [lambda: 7, same]
    steps[place] = lambda *_: 1 // 0
    with pytest.raises(ZeroDivisionError):
        hands.submit(*steps).result(SOON)
    assert submitted(hands, lambda: 7).result(SOON) == 7


def test_what_nobody_waits_for_any_more_goes_nowhere() -> None:
    hands, held = Hands(), threading.Event()
    seen: list[bool] = []
    thread = submitted(hands, threading.current_thread).result(SOON)
    given_up = hands.submit(lambda: held.wait(SOON), lambda found: (seen.append(found), found)[1])
    assert given_up.cancel()
    hands.close()
    held.set()
    thread.join(SOON)
    assert seen == []


def test_hands_that_are_let_go_end() -> None:
    hands, held = Hands(), threading.Event()
    free = submitted(hands, threading.current_thread).result(SOON)
    slow = submitted(hands, lambda: held.wait(SOON) and threading.current_thread())
    hands.close()
    held.set()
    for thread in (free, slow.result(SOON)):
        thread.join(SOON)
        assert not thread.is_alive()
