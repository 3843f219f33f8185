"""The wire loop is asyncio's loop in all that is not a proxied socket; links run on any loop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hormesis.proxy.config import LinkConfig
from hormesis.proxy.link import Link
from hormesis.proxy.wire_loop import READ, WireLoop, run

Main = Coroutine[Any, Any, None]


def on(loop: Callable[[], asyncio.AbstractEventLoop], main: Main) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main)


async def _through_a_link(size: int) -> None:
    """Echo *size* bytes by a name, which must be asked for, with an end of stream each way."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    upstream = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = upstream.sockets[0].getsockname()[1]
    link = Link(LinkConfig("x", "127.0.0.1:0", f"localhost:{port}"), 1)
    await link.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(link.listen.split(":")[1]))
    data = os.urandom(size)

    async def send() -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof()

    sending = asyncio.create_task(send())
    assert await reader.read(-1) == data
    await sending
    assert (link.bytes_up, link.bytes_down) == (size, size)
    writer.close()
    await writer.wait_closed()
    assert link.counters()["live"] == 0
    link.close()
    upstream.close()


@pytest.mark.parametrize("loop", [WireLoop, asyncio.SelectorEventLoop])
@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_links_run_on_any_loop(loop: Callable[[], asyncio.AbstractEventLoop], size: int) -> None:
    on(loop, _through_a_link(size))


def test_timers_and_tasks_go_on_beside_a_socket_that_is_always_ready() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WireLoop)
        one, other = socket.socketpair()
        other.send(b"x")
        served = []
        loop.poller.watch(one.fileno(), READ, served.append)
        due = loop.time() + 0.05
        fired = loop.create_future()
        loop.call_at(due, fired.set_result, None)
        await fired
        late_s = loop.time() - due
        assert await asyncio.to_thread(lambda: 7) == 7
        loop.poller.watch(one.fileno(), 0, served.append)
        assert len(served) > 100
        assert late_s < 1
        one.close()
        other.close()

    run(main())


def test_a_callback_that_schedules_is_obeyed_at_once() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WireLoop)
        one, other = socket.socketpair()
        done = loop.create_future()

        def ready(event: int) -> None:
            one.recv(1)
            loop.call_soon(done.set_result, event)

        loop.poller.watch(one.fileno(), READ, ready)
        other.send(b"x")
        assert await asyncio.wait_for(done, 5) == READ
        loop.poller.watch(one.fileno(), 0, ready)
        one.close()
        other.close()

    run(main())


def test_a_socket_whose_function_raises_is_told_and_the_loop_goes_on() -> None:
    told: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WireLoop)
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        one, other = socket.socketpair()
        broken = asyncio.Event()

        def ready(event: int) -> None:
            one.recv(1)
            loop.call_soon(broken.set)
            raise ValueError("as planned")

        loop.poller.watch(one.fileno(), READ, ready)
        other.send(b"x")
        await asyncio.wait_for(broken.wait(), 5)
        loop.poller.watch(one.fileno(), 0, ready)
        one.close()
        other.close()

    run(main())
    assert told == ["as planned"]


def test_nobody_is_called_for_a_socket_that_is_watched_no_more() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, WireLoop)
        pairs = [socket.socketpair() for _ in range(2)]
        called: list[int] = []

        def ready(event: int) -> None:
            # The first of one batch to be called puts an end to both.
            called.append(event)
            for one, other in pairs:
                loop.poller.watch(one.fileno(), 0, ready)
                one.close()
                other.close()

        for one, other in pairs:
            other.send(b"x")
            loop.poller.watch(one.fileno(), READ, ready)
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
        assert called == [READ]

    run(main())
