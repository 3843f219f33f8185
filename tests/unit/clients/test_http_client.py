from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.clients.http import Http
from hormesis.clients.session.answer import FullAnswer, Nothing
from hormesis.clients.session.call import Call
from hormesis.clients.session.outcome import outcome_of
from hormesis.clients.session.transport import Transport
from hormesis.clients.steps.http_user import HttpUser
from hormesis.host.http_trouble import HttpDisconnected, HttpRefused, HttpTimeout, HttpTrouble
from tests.unit.clients.fake_user import FakeUser

pytestmark = pytest.mark.anyio

CLAIM = {
    "name": "claim",
    "post": "/claim",
    "json": {"bot_id": "{{user.load}}-{{user.number}}", "nth": "{{iteration}}"},
    "expect": {"status": [200, 204]},
    "take": {"job": "job.id", "attempt": "job.attempt"},
    "record": {"job": "{{job}}", "attempt": "{{attempt}}"},
}
COMPLETE = {
    "name": "complete",
    "post": "/jobs/{{job}}/complete",
    "json": {"attempt": "{{attempt}}"},
    "when": "{{job}}",
    "record": {"job": "{{job}}"},
}
JOB = b'{"job": {"id": "j/1", "attempt": 2}}'


class FakeTransport:
    """Answers in turn; keeps what it was asked."""

    prepared: Mapping[str, Any] = {}
    sent = received = 0

    def __init__(self, user: FakeUser, *answers: FullAnswer | HttpTrouble) -> None:
        self.user = user
        self.answers = list(answers)
        self.asked: list[tuple[str, str, bytes | None]] = []
        self.headers: list[Mapping[str, str] | None] = []
        self.idle: list[Any] = []
        self.connects = 0
        self.closed = False

    def prepare(self, method: str) -> None:
        pass

    def age(self) -> None:
        pass

    async def connect(self, timeout_s: float) -> None:
        self.connects += 1
        if self.answers and isinstance(self.answers[0], HttpRefused):
            raise self.answers[0]

    async def play(self, call: Call, asked_ns: int, first: Any) -> FullAnswer:
        self.asked.append((call.method, call.url, call.body))
        kind = {"Content-Type": call.content_type} if call.content_type else {}
        self.headers.append({**kind, **(call.headers or {})})
        answer = self.answers.pop(0)
        if isinstance(answer, HttpTrouble):
            real = Transport(self.user, "", {}, verify=True, connections=1)
            return real.nothing(call, call.url, asked_ns, answer, 0)
        answer.ended, answer.word = outcome_of(call.method, answer.status, call.expect)
        return answer

    async def close(self) -> None:
        self.closed = True


def answer(status: int, body: bytes = b"") -> FullAnswer:
    made = FullAnswer(Nothing(0, 0), status, "", "")
    made.body = body
    return made


def kind(*steps: Mapping[str, Any], **more: Any) -> Http:
    return Http.model_validate({"base": "http://here:1/api", "steps": steps, **more})


def client_of(kind: Http, user: FakeUser, *answers: FullAnswer | HttpTrouble) -> Any:
    client = kind.make(user)
    assert isinstance(client, HttpUser)
    fake: Any = FakeTransport(user, *answers)
    client._session.transport = fake
    return client


def fake_of(client: Any) -> FakeTransport:
    fake: FakeTransport = client._session.transport
    return fake


async def test_a_claim_is_taken_recorded_and_completed() -> None:
    user = FakeUser()
    client = client_of(kind(CLAIM, COMPLETE), user, answer(200, JOB), answer(200, b"{}"))
    await client.iterate()
    asked = fake_of(client).asked
    assert asked[0] == ("POST", "/claim", b'{"bot_id": "claims-1", "nth": 1}')
    assert asked[1] == ("POST", "/jobs/j%2F1/complete", b'{"attempt": 2}')
    assert fake_of(client).headers[0] == {"Content-Type": "application/json"}
    assert [one.value for one in user.ops] == [{"job": "j/1", "attempt": 2}, {"job": "j/1"}]
    assert user.told() == [("claim", "ok", ""), ("complete", "ok", "")]
    assert user.pauses == []


async def test_nothing_there_is_ok_records_nothing_and_skips_the_rest() -> None:
    user = FakeUser()
    client = client_of(
        kind(CLAIM, COMPLETE), user, answer(200, JOB), answer(200), answer(204)
    )
    await client.iterate()
    await client.iterate()
    assert user.told()[2:] == [("claim", "ok", "")]
    assert user.ops[2].value == {}


@pytest.mark.parametrize(
    ("trouble", "outcome", "error"),
    [
        (HttpRefused("", sent=False), "fail", "refused"),
        (HttpTimeout("", sent=False), "fail", "connect-timeout"),
        (HttpTimeout("", sent=True), "info", "timeout"),
        (HttpDisconnected("", sent=True), "info", "disconnected"),
        (HttpDisconnected("", sent=False), "fail", "disconnected"),
    ],
)
async def test_no_answer(trouble: HttpTrouble, outcome: str, error: str) -> None:
    user = FakeUser()
    client = client_of(kind(CLAIM, COMPLETE), user, answer(200, JOB), answer(200), trouble)
    await client.iterate()
    await client.iterate()
    assert user.told()[2:] == [("claim", outcome, error)]
    assert user.ops[2].value == {}, "an older answer's job must not be recorded again"
    (pause,) = user.pauses
    assert 0.05 <= pause <= 0.15


@pytest.mark.parametrize(
    ("first", "outcome", "error"),
    [
        (HttpDisconnected("", sent=True), "info", "disconnected"),
        (HttpTimeout("", sent=True), "info", "timeout"),
        (HttpRefused("", sent=False), "fail", "refused"),
    ],
)
async def test_a_step_may_go_on_without_an_answer(
    first: HttpTrouble, outcome: str, error: str
) -> None:
    user = FakeUser()
    lost = {**CLAIM, "json": {"key": "{{key}}"}, "continue_on_error": True, "think": "3s"}
    again = {"name": "again", "post": "/claim", "json": {"key": "{{key}}"}}
    steps = kind(lost, COMPLETE, again, vars={"key": "{{uuid}}"})
    client = client_of(steps, user, answer(200, JOB), answer(200), answer(200), first, answer(200))
    await client.iterate()
    await client.iterate()
    assert user.told()[3:] == [("claim", outcome, error), ("again", "ok", "")]
    assert user.ops[3].value == {}, "what was not answered took nothing"
    first_asked, second_asked = fake_of(client).asked[3:]
    assert first_asked == second_asked
    _, backoff, think = user.pauses
    assert 0.05 <= backoff <= 0.15
    assert think == 3


async def test_a_quick_step_may_go_on_as_well_and_a_later_one_ends_it() -> None:
    user = FakeUser()
    steps = kind(
        {"name": "look", "get": "/look", "repeat": 2, "continue_on_error": True},
        {"name": "ask", "get": "/ask"},
        {"name": "never", "get": "/never"},
    )
    client = client_of(steps, user, answer(503), answer(200), answer(503))
    await client.iterate()
    assert [(name, outcome) for name, outcome, _ in user.told()] == [
        ("look", "fail"),
        ("look", "ok"),
        ("ask", "fail"),
    ]
    assert len(user.pauses) == 2


async def test_back_off_is_seeded() -> None:
    pauses = []
    for _ in range(2):
        user = FakeUser(seed=3)
        await client_of(kind(CLAIM), user, answer(500)).iterate()
        pauses.append(user.pauses)
    assert pauses[0] == pauses[1]


async def test_a_request_that_is_always_the_same_takes_the_short_way() -> None:
    user = FakeUser()
    client = client_of(kind({"name": "a", "get": "/a"}), user, answer(200), answer(302, b"why"))
    await client.iterate()
    await client.iterate()
    assert user.told() == [("a", "ok", ""), ("a", "fail", "http-302")]
    assert user.ops[1].value == {"answer": "why"}
    assert len(user.pauses) == 1


async def test_an_iteration_in_which_nothing_is_due_pauses() -> None:
    user = FakeUser()
    client = client_of(kind({**COMPLETE, "take": {"job": "id", "attempt": "n"}}), user)
    await client.iterate()
    assert user.ops == []
    assert len(user.pauses) == 1


async def test_unless_plays_a_step_once() -> None:
    user = FakeUser()
    login = {"name": "login", "post": "/login", "take": {"token": "t"}, "unless": "{{token}}"}
    read = {"name": "read", "get": "/x", "headers": {"Authorization": "Bearer {{token}}"}}
    answers = [answer(200, b'{"t": "T"}'), answer(200), answer(200)]
    client = client_of(kind(login, read), user, *answers)
    await client.iterate()
    await client.iterate()
    assert [name for name, _, _ in user.told()] == ["login", "read", "read"]
    assert fake_of(client).headers[2] == {"Authorization": "Bearer T"}


async def test_vars_are_drawn_once_per_iteration() -> None:
    user = FakeUser()
    step = {"name": "a", "post": "/a", "body": "{{request}}", "repeat": 2}
    client = client_of(kind(step, vars={"request": "{{uuid}}"}), user, *[answer(200)] * 4)
    await client.iterate()
    await client.iterate()
    bodies = [body for _, _, body in fake_of(client).asked]
    assert bodies[0] == bodies[1] != bodies[2] == bodies[3]


async def test_think_pace_and_repeat() -> None:
    user = FakeUser()
    step = {"name": "a", "get": "/a", "repeat": 3, "think": "1s"}
    client = client_of(kind(step, think="500ms", pace="10s"), user, *[answer(200)] * 3)
    await client.iterate()
    assert user.pauses == [1.0, 1.0, 1.0, 0.5, 6.5]
    assert user.rests == [1.0, 0.5, 6.5], "what follows the last request"


@pytest.mark.parametrize("think", [{"min": "1s", "max": "2s"}, "1s..2s", "1s .. 2s"])
async def test_think_between_bounds(think: Any) -> None:
    user = FakeUser()
    step = {"name": "a", "get": "/a", "think": think}
    await client_of(kind(step), user, answer(200)).iterate()
    assert 1.0 <= user.pauses[0] <= 2.0


async def test_forms_are_encoded() -> None:
    user = FakeUser()
    step = {"name": "a", "post": "/a", "form": {"user": "u {{user.number}}", "n": 1}}
    client = client_of(kind(step), user, answer(200))
    await client.iterate()
    assert fake_of(client).asked[0][2] == b"user=u+1&n=1"
    assert fake_of(client).headers[0] == {"Content-Type": "application/x-www-form-urlencoded"}


async def test_templates_in_the_expectation() -> None:
    step = {"name": "a", "get": "/a", "expect": {"status": 200, "of": "{{user.number}}"}}
    user = FakeUser(number=4)
    client = client_of(kind(step), user, answer(200, b'{"of": 4}'), answer(200, b'{"of": 5}'))
    await client.iterate()
    await client.iterate()
    assert user.told() == [("a", "ok", ""), ("a", "fail", "unexpected")]
    assert user.ops[1].value == {"answer": "of is 5, expected 4"}


async def test_open_connects_and_close_closes() -> None:
    client = client_of(kind(CLAIM), FakeUser())
    await client.open()
    assert fake_of(client).connects == 1
    await client.close()
    assert fake_of(client).closed


async def test_a_server_that_is_down_is_found_by_the_first_request() -> None:
    user = FakeUser()
    client = client_of(kind(CLAIM), user, HttpRefused("", sent=False))
    await client.open()
    await client.iterate()
    assert user.told() == [("claim", "fail", "refused")]


@pytest.mark.parametrize(
    ("steps", "more", "fragment"),
    [
        ([{"name": "a", "get": "/{{jib}}", "take": {"job": "j"}}], {}, "did you mean job?"),
        ([{"name": "a", "get": "/x", "post": "/x"}], {}, "expected one of get, post"),
        ([{"name": "a"}], {}, "expected one of get, post"),
        ([{"name": "a", "get": "x"}], {}, "begins with /"),
        ([{"name": "a", "get": "/x", "json": {}}], {}, "has no body"),
        ([{"name": "a", "post": "/x", "json": {}, "body": "x"}], {}, "one of json, form"),
        ([{"name": "a.b", "get": "/x"}], {}, "String should match pattern"),
        ([{"name": "a", "get": "/x", "take": {"a": "b..c"}}], {}, "dotted path"),
        ([{"name": "a", "get": "/x", "expect": {"b..c": 1}}], {}, "dotted path"),
        ([{"name": "a", "get": "/x", "record": {"a": "{{"}}], {}, "expected a reference"),
        ([{"name": "a", "get": "/x", "think": {"min": "2s", "max": "1s"}}], {}, "no less"),
        ([], {}, "expected at least one step"),
        ([CLAIM], {"base": "ftp://x"}, "expected a URL"),
        ([CLAIM], {"base": "http://u:p@x"}, "no user in the URL"),
        ([CLAIM], {"headers": {"A": "{{job}}"}}, "cannot use 'job'"),
        ([CLAIM], {"vars": {"A": "{{jo}}"}}, "did you mean job?"),
        ([CLAIM], {"stepz": 1}, "Extra inputs"),
    ],
)
def test_problems_are_found_before_the_run(
    steps: list[Any], more: dict[str, Any], fragment: str
) -> None:
    with pytest.raises(ValidationError, match=r".") as caught:
        kind(*steps, **more)
    assert fragment in str(caught.value)


def test_describe_tells_no_headers() -> None:
    text = kind(CLAIM, COMPLETE, headers={"Authorization": "Bearer secret"}).describe()
    assert text == "http(http://here:1/api: claim, complete)"


def test_equal_files_make_equal_kinds() -> None:
    first, second = kind(CLAIM), kind(CLAIM)
    assert len(first.compiled) == 1
    assert first == second


def test_one_wrong_step_is_one_problem() -> None:
    with pytest.raises(ValidationError) as caught:
        kind({"get": "/", "expect": 204})
    assert caught.value.error_count() == 1
