from collections import Counter

import pytest

from conformance.catalogue import (
    AREAS,
    LEVELS,
    UnknownRequirement,
    requirement,
    requirements,
    select,
    sought,
)


def test_ids_are_unique_and_in_the_order_of_the_areas() -> None:
    ids = [one.id for one in requirements()]
    assert max(Counter(ids).values()) == 1
    assert ids == sorted(ids, key=lambda id: AREAS.index(id.partition(".")[0]))


def test_every_entry_is_filled_in() -> None:
    for one in requirements():
        assert one.level in LEVELS
        assert all((one.title, one.source, one.reading))


def test_areas_and_ids_select() -> None:
    chosen = select(["schema", "rate.enforced", "schema.responses"])
    assert next(one.id for one in chosen) == "rate.enforced"
    assert {one.area for one in chosen} == {"rate", "schema"}
    assert len(chosen) == 4


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rate.enforce", "'rate.enforce'; did you mean rate.enforced?"),
        ("rat", "did you mean rate?"),
        ("zzzz", "`bugzy-conformance requirements` lists them."),
        ("", "`bugzy-conformance requirements` lists them."),
    ],
)
def test_an_unknown_name_is_an_error(name: str, said: str) -> None:
    with pytest.raises(UnknownRequirement) as raised:
        select([name])
    assert said in str(raised.value)


def test_one_requirement_by_its_id() -> None:
    assert requirement("rate.enforced").level == "must"
    with pytest.raises(UnknownRequirement, match=r"did you mean rate.enforced\?"):
        requirement("rate.enforcd")


def test_an_area_is_sought_as_a_whole() -> None:
    """A judge of one requirement weighs what the others' probes show."""
    assert sought(["auth.required"], []) == {one.id for one in select(["auth"])}
    assert sought(["auth.required"], ["auth.pat-unavailable"]) == {
        one.id for one in select(["auth"]) if one.id != "auth.pat-unavailable"
    }


def test_everything_is_sought_for_what_every_answer_bears_on() -> None:
    every = {one.id for one in requirements()}
    assert sought(["error.envelope"], []) == sought([], []) == every
    assert sought(["error"], []) == {one.id for one in select(["error"])}
    assert sought(["error.envelope"], ["rotation"]) == every - {
        one.id for one in select(["rotation"])
    }
