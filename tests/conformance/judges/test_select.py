from dataclasses import replace

from conformance.exchange import Exchange
from conformance.judges import select

from .builder import CONTRACT, MARKER, anonymous, exchange, history, issued


def test_a_control_is_the_right_key_accepted_on_its_own() -> None:
    found = history(exchange(404, resource="foreign"), exchange(200), exchange(200))
    assert select.control(CONTRACT, found)["listExecutions"].number == 2


def test_a_documented_400_is_a_control() -> None:
    found = history(exchange(400, operation="createExecution", defect="body.missing:taskSlug"))
    assert select.controls(CONTRACT, found) == {"createExecution"}


def test_a_malformed_id_is_no_control_and_makes_nothing_absent() -> None:
    def astray(status: int) -> Exchange:
        return exchange(
            status, operation="getEnvironment", credential="team", defect="path:environmentId"
        )

    assert not select.controls(CONTRACT, history(astray(400)))
    assert not select.absent(CONTRACT, history(astray(404)))


def test_a_gateways_failure_that_did_not_come_again_is_passing() -> None:
    found = history(exchange(503), exchange(200, repeats=1))
    assert [one.number for one in select.judgeable(CONTRACT, found)] == [2]


def test_a_gateways_failure_that_came_again_is_judged() -> None:
    found = history(exchange(503), exchange(503, repeats=1))
    assert [one.number for one in select.judgeable(CONTRACT, found)] == [1, 2]


def test_what_an_absent_operation_answers_is_left_out() -> None:
    found = history(exchange(404, operation="listTestRuns"), exchange(404, resource="foreign"))
    assert [one.number for one in select.judgeable(CONTRACT, found)] == [2]


def test_an_operation_below_nothing_known_is_absent_too() -> None:
    def environment(status: int, nested: str) -> Exchange:
        return exchange(status, operation="getEnvironment", credential="team", nested=nested)

    unknown, known = environment(404, "absent"), environment(200, "own")
    assert select.absent(CONTRACT, history(unknown)) == {"getEnvironment"}
    assert not select.absent(CONTRACT, history(unknown, known))


def test_methods_of_the_http_layer_are_left_out() -> None:
    found = history(exchange(405, operation=None, method="OPTIONS", defect="method:OPTIONS"))
    assert not list(select.judgeable(CONTRACT, found))


def test_only_hardening_judges_see_hardening_traffic() -> None:
    found = history(exchange(200, level="hardening"))
    assert not list(select.judgeable(CONTRACT, found))
    assert list(select.judgeable(CONTRACT, found, hardening=True))


def test_limits_and_other_spellings_settle_nothing() -> None:
    found = history(exchange(429), exchange(404, twist="slash"), exchange(200, twist="query"))
    assert [one.number for _, one in select.settled(CONTRACT, found)] == [3]


def test_an_error_without_a_code_contradicts_no_status() -> None:
    bare, wrong = exchange(401, body={}), exchange(401, body={"error": {"code": "NO"}})
    assert select.answers(CONTRACT, bare, 401)
    assert not select.answers(CONTRACT, wrong, 401)


def test_a_key_is_live_until_its_successor_is_asked_for() -> None:
    found = history(exchange(200), issued("project#2", "project#1"), exchange(401))
    lives = select.Lives(found)
    assert [lives.live(one) for one in found.exchanges] == [True, False]
    assert lives.dead(found.exchanges[1])


def test_a_generated_key_that_is_shut_out_is_not_known() -> None:
    new = {"key": "project#2"}
    found = history(
        issued("project#2", "project#1"),
        exchange(401, **new),
        exchange(401, form="altered:last-cut", **new),
        exchange(200, **new),
    )
    lives = select.Lives(found)
    assert [lives.known(one) for one in found.exchanges] == [False, True, True]


def test_the_place_is_named_in_the_documents_words() -> None:
    unknown = exchange(404, operation=None, resource="none")
    lacking = replace(unknown.tags, route="/projects/{projectId}/executions")
    assert select.place(anonymous(401)) == "listExecutions"
    assert select.place(unknown) == "GET an unknown route"
    assert select.place(replace(unknown, tags=lacking)).endswith("/executions")


def test_the_builder_is_a_sound_server() -> None:
    one = exchange(201, operation="createEnvironment", credential="team")
    assert one.request.body == f'{{"name": "{MARKER}-1"}}'.encode()
    assert one.response is not None
    assert CONTRACT.by_id["createEnvironment"].success_validator.is_valid(one.response.json)


def test_a_key_to_which_nothing_is_known_is_not_recognised() -> None:
    both = ("listExecutions", "listTestRuns")
    unknown, nothing = (
        [exchange(status, operation=name) for name in both] for status in (401, 404)
    )
    for asked in (unknown, nothing, [*unknown, exchange(429)]):
        assert select.unrecognised(CONTRACT, history(*asked)) == {"project#1"}
    for asked in (unknown[:1], [*nothing, exchange(200)], [*unknown, exchange(400)]):
        assert not select.unrecognised(CONTRACT, history(*asked))


def test_an_operation_that_is_not_there_may_be_answered_by_a_framework() -> None:
    page = exchange(404, operation="listTestRuns", body=b"<h1>Not Found</h1>")
    assert select.absent(CONTRACT, history(page)) == {"listTestRuns"}
    other = exchange(404, operation="listTestRuns", body={"error": {"code": "X", "message": "x"}})
    assert not select.absent(CONTRACT, history(other))


def test_an_operation_that_no_given_key_is_for_may_be_absent_to_strangers() -> None:
    def stranger(status: int, operation: str = "listIntegrations") -> Exchange:
        return anonymous(status, operation=operation)

    assert select.absent(CONTRACT, history(stranger(404), stranger(404))) == {"listIntegrations"}
    assert select.absent(CONTRACT, history(stranger(404), stranger(401))) == set()
    assert select.absent(CONTRACT, history(stranger(404, "sendTeamEvent"))) == set()
    own = exchange(200, operation="listIntegrations", credential="team", key="team#1")
    assert select.absent(CONTRACT, history(own, stranger(404))) == set()
