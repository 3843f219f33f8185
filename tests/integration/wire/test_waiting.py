"""What is awaited on a connection behaves like any future of asyncio, in both makes."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hormesis.host.http_trouble import HttpDisconnected, HttpGarbled, HttpTimeout
from tests.integration.wire.feeding import REQUEST, TIMEOUT_NS, Line, line
from tests.unit.wire.makes import Make

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture
async def one(make: Make) -> AsyncIterator[Line]:
    with line(make, asyncio.get_running_loop()) as found:
        yield found


@pytest.fixture
async def other(make: Make) -> AsyncIterator[Line]:
    with line(make, asyncio.get_running_loop()) as found:
        yield found


def exchange(one: Line) -> Any:
    return one.connection.exchange(REQUEST, TIMEOUT_NS)


def answer_soon(*lines: Line) -> None:
    for one in lines:
        asyncio.get_running_loop().call_soon(one.server.sendall, OK)


async def until_told(task: asyncio.Task[Any]) -> None:
    await asyncio.wait({task}, timeout=10)


async def test_a_task_keeps_its_context_and_its_identity(one: Line) -> None:
    variable = contextvars.ContextVar("variable", default="none")

    async def user() -> tuple[int, str, bool]:
        variable.set("mine")
        task = asyncio.current_task()
        answer_soon(one)
        response = await exchange(one)
        return response.status, variable.get(), asyncio.current_task() is task

    assert await asyncio.create_task(user()) == (200, "mine", True)
    assert variable.get() == "none"
    assert asyncio.current_task() is not None


async def test_a_context_that_is_shared_is_entered_in_turn(one: Line, other: Line) -> None:
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()

    async def user(at: Line) -> bytes:
        found: bytes = (await exchange(at)).body
        return found

    tasks = [loop.create_task(user(at), context=context) for at in (one, other)]
    answer_soon(one, other)
    assert await asyncio.gather(*tasks) == [b"ok", b"ok"]


async def test_timeouts_end_the_wait_and_the_connection(one: Line) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await exchange(one)
    assert not one.connection.usable
    with pytest.raises(HttpDisconnected) as caught:
        await exchange(one)
    assert caught.value.sent is False


async def test_a_timeout_that_does_not_strike_changes_nothing(one: Line) -> None:
    answer_soon(one)
    async with asyncio.timeout(10):
        assert (await exchange(one)).body == b"ok"
    answer_soon(one)
    assert (await asyncio.wait_for(exchange(one), 10)).body == b"ok"
    assert one.connection.usable


async def test_wait_for_gives_up(one: Line) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(exchange(one), 0.01)
    assert not one.connection.usable


async def test_task_groups_gather_and_shield(one: Line, other: Line) -> None:
    async def user(at: Line) -> int:
        status: int = (await exchange(at)).status
        return status

    answer_soon(one, other)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(user(at)) for at in (one, other)]
    assert [task.result() for task in tasks] == [200, 200]
    answer_soon(one, other)
    both = await asyncio.gather(exchange(one), exchange(other))
    assert [response.body for response in both] == [b"ok", b"ok"]
    answer_soon(one)
    assert (await asyncio.shield(exchange(one))).body == b"ok"


async def test_a_failing_sibling_cancels_the_wait(one: Line) -> None:
    async def fail() -> None:
        raise ValueError("planted")

    async def user() -> None:
        await exchange(one)

    with pytest.raises(ExceptionGroup):
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(user())
            group.create_task(fail())
    assert waiting.cancelled() and not one.connection.usable


async def test_cancelling_tells_its_message_and_poisons_the_connection(one: Line) -> None:
    async def user() -> None:
        await exchange(one)

    task = asyncio.create_task(user())
    await asyncio.sleep(0)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert not one.connection.usable
    # The late answer goes nowhere, least of all to the next request.
    with contextlib.suppress(BrokenPipeError):
        one.send(OK)
    with pytest.raises(HttpDisconnected):
        await exchange(one)


async def test_cancelling_before_the_wait_began(one: Line) -> None:
    async def user() -> None:
        task = asyncio.current_task()
        assert task is not None
        waiting = exchange(one)
        task.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(user())
    assert not one.connection.usable


async def test_gathered_waits_are_cancelled_together(one: Line, other: Line) -> None:
    async def user() -> None:
        await asyncio.gather(exchange(one), exchange(other))

    task = asyncio.create_task(user())
    await asyncio.sleep(0)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not one.connection.usable and not other.connection.usable


async def test_one_of_several_that_is_cancelled_tells_the_others(one: Line, other: Line) -> None:
    waiting = [exchange(one), exchange(other)]
    gathered = asyncio.gather(*waiting)
    kept = asyncio.gather(*waiting, return_exceptions=True)
    some = asyncio.create_task(asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED))
    await asyncio.sleep(0)
    waiting[0].cancel("planted")
    with pytest.raises(asyncio.CancelledError, match="planted"):
        await gathered
    assert await some == ({waiting[0]}, {waiting[1]})
    answer_soon(other)
    cancelled, response = await kept
    assert isinstance(cancelled, asyncio.CancelledError)
    assert not isinstance(response, BaseException)
    assert response.body == b"ok"


async def test_the_future_itself(one: Line) -> None:
    waiting = exchange(one)
    assert asyncio.isfuture(waiting)
    assert waiting.get_loop() is asyncio.get_running_loop()
    assert (waiting.done(), waiting.cancelled()) == (False, False)
    with pytest.raises(asyncio.InvalidStateError):
        waiting.result()
    with pytest.raises(asyncio.InvalidStateError):
        waiting.exception()
    told: list[object] = []
    waiting.add_done_callback(told.append)
    waiting.add_done_callback(told.append)
    waiting.add_done_callback(repr)
    assert waiting.remove_done_callback(repr) == 1
    answer_soon(one)
    assert (await waiting).body == (await waiting).body == waiting.result().body == b"ok"
    await asyncio.sleep(0)
    assert told == [waiting, waiting]
    waiting.add_done_callback(told.append)
    await asyncio.sleep(0)
    assert told == [waiting] * 3
    assert (waiting.cancel(), waiting.exception(), waiting.done()) == (False, None, True)


async def test_a_cancelled_future_says_so(one: Line) -> None:
    waiting = exchange(one)
    assert waiting.cancel() is True and waiting.cancel() is False
    assert waiting.cancelled() and waiting.done()
    for asked in (waiting.result, waiting.exception):
        with pytest.raises(asyncio.CancelledError):
            asked()


async def test_a_callback_that_fails_is_told_to_the_loop(one: Line) -> None:
    told: list[Any] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    try:
        waiting = exchange(one)
        waiting.add_done_callback(lambda _: 1 / 0)
        answer_soon(one)
        await waiting
        await asyncio.sleep(0)
    finally:
        loop.set_exception_handler(before)
    assert [type(error) for error in told] == [ZeroDivisionError]


async def test_one_request_at_a_time(one: Line) -> None:
    waiting = exchange(one)
    with pytest.raises(RuntimeError, match="one request at a time"):
        exchange(one)
    answer_soon(one)
    assert (await waiting).body == b"ok"


async def test_an_exchange_begun_by_another_ones_end(one: Line, other: Line) -> None:
    """The user that is woken sends, closes and drops connections whose events are still to come."""

    async def user() -> list[bytes]:
        found = [(await exchange(one)).body]
        other.connection.close()
        answer_soon(one)
        return [*found, (await exchange(one)).body]

    async def closed_on() -> None:
        await exchange(other)

    tasks = [asyncio.create_task(user()), asyncio.create_task(closed_on())]
    await asyncio.sleep(0)
    one.server.sendall(OK)
    other.server.sendall(OK)
    assert await tasks[0] == [b"ok", b"ok"]
    await until_told(tasks[1])
    assert tasks[1].exception() is None or isinstance(tasks[1].exception(), HttpDisconnected)


@pytest.mark.parametrize("closer", ["connection", "wire"])
async def test_closing_ends_what_is_under_way(one: Line, closer: str) -> None:
    async def user() -> None:
        await exchange(one)

    task = asyncio.create_task(user())
    await asyncio.sleep(0)
    getattr(one, closer).close()
    with pytest.raises(HttpDisconnected, match="closed") as caught:
        await task
    assert caught.value.sent and not caught.value.stale
    assert 0 < caught.value.sent_ns <= caught.value.ended_ns
    one.wire.close()
    with pytest.raises(RuntimeError, match="wire was closed"):
        one.wire.connection()


async def test_the_deadline_ends_it(one: Line) -> None:
    with pytest.raises(HttpTimeout) as caught:
        await one.connection.exchange(REQUEST, 20_000_000)
    took = caught.value.ended_ns - caught.value.sent_ns
    assert 20_000_000 <= took < 5_000_000_000
    assert (caught.value.word, caught.value.sent) == ("timeout", True)
    assert not one.connection.usable


async def test_a_server_that_leaves_an_idle_connection_is_noticed(one: Line) -> None:
    assert one.connection.usable
    one.server.close()
    one.wire._process()
    assert not one.connection.usable


async def test_what_nobody_asked_for_makes_it_unusable(one: Line) -> None:
    one.send(OK)
    assert not one.connection.usable


async def test_a_large_request_goes_out_in_parts(one: Line) -> None:
    size = 8_000_000
    request = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    waiting = one.connection.exchange(request, TIMEOUT_NS)
    one.server.setblocking(False)
    loop = asyncio.get_running_loop()
    got = 0
    while got < len(request):
        got += len(await loop.sock_recv(one.server, 1 << 20))
    assert got == len(request)
    answer_soon(one)
    assert (await waiting).status == 200
    assert one.connection.usable


async def test_an_answer_before_the_request_is_out_is_taken_and_ends_it(one: Line) -> None:
    waiting = one.connection.exchange(b"x" * 8_000_000, TIMEOUT_NS)
    one.server.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    assert (await waiting).status == 413
    assert not one.connection.usable


async def test_a_large_body_in_many_pieces(one: Line) -> None:
    body = bytes(range(256)) * 40_000
    waiting = exchange(one)
    one.server.setblocking(False)
    data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    _, response = await asyncio.gather(
        asyncio.get_running_loop().sock_sendall(one.server, data), waiting
    )
    assert (response.body == body, response.received) == (True, len(data))
    assert response.sent_ns < response.first_ns < response.ended_ns


async def test_a_waiting_task_survives_the_collector(one: Line) -> None:
    async def user() -> int:
        status: int = (await exchange(one)).status
        return status

    task = weakref.ref(asyncio.create_task(user()))
    await asyncio.sleep(0)
    gc.collect()
    found = task()
    assert found is not None
    answer_soon(one)
    assert await found == 200


async def test_nothing_is_left_when_it_is_over(make: Make) -> None:
    loop = asyncio.get_running_loop()

    async def play() -> None:
        with line(make, loop) as one:
            for _ in range(50):
                answer_soon(one)
                await exchange(one)
            late = asyncio.create_task(asyncio.wait_for(exchange(one), 0.001))
            await until_told(late)
            assert isinstance(late.exception(), TimeoutError)

    async def counted() -> int:
        await asyncio.create_task(play())
        gc.collect()
        return len(gc.get_objects())

    # Only what comes from now on is counted: the tests themselves are a million objects.
    gc.freeze()
    try:
        counts = [await counted() for _ in range(4)]
    finally:
        gc.unfreeze()
    assert counts[-1] - counts[1] < 10


async def test_garbled_answers_tell_their_moments(one: Line) -> None:
    waiting = exchange(one)
    one.server.sendall(b"+PONG\r\n")
    with pytest.raises(HttpGarbled) as caught:
        await waiting
    assert 0 < caught.value.sent_ns <= caught.value.ended_ns
    assert not one.connection.usable


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_loop_goes_through_it(make: Make, error: type[BaseException]) -> None:
    async def user(one: Line) -> None:
        await exchange(one)
        raise error

    async def main() -> None:
        with line(make, asyncio.get_running_loop()) as one:
            answer_soon(one)
            await asyncio.create_task(user(one))

    loop = asyncio.new_event_loop()
    task = loop.create_task(main())
    try:
        with pytest.raises(error):
            loop.run_until_complete(task)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, error)):
            loop.run_until_complete(task)
    finally:
        loop.close()


def test_requests_must_be_bytes_and_keywords_known(make: Make) -> None:
    loop = asyncio.new_event_loop()
    with line(make, loop) as one:
        with pytest.raises(TypeError):
            one.connection.exchange(REQUEST)
        with pytest.raises(TypeError):
            one.connection.exchange(REQUEST, 1, tail=True)
    loop.close()


async def test_answers_that_are_taken_while_a_task_runs_wake_it_later(one: Line) -> None:
    async def user() -> bytes:
        body: bytes = (await exchange(one)).body
        return body

    task = asyncio.create_task(user())
    await asyncio.sleep(0)
    one.send(OK)
    assert not task.done()
    assert await asyncio.wait_for(task, 10) == b"ok"


async def test_a_server_that_answers_and_leaves_is_noticed_with_the_answer(one: Line) -> None:
    waiting = exchange(one)
    assert one.server.recv(len(REQUEST)) == REQUEST
    one.server.sendall(OK)
    one.server.close()
    assert (await waiting).body == b"ok"
    assert not one.connection.usable
