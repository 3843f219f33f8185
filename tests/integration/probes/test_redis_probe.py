from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.probes.redis import Redis
from hormesis.words.kind import Scalar
from hormesis.words.probe import Observation
from tests.integration.clients.scripted_server import Scripted, Visit, scripted
from tests.integration.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]
pytestmark = pytest.mark.anyio


class NoWorld:
    async def service(self, name: str) -> Mapping[str, Scalar]:
        raise AssertionError("this probe needs no service")


async def seen_by(command: str, url: str, **more: Any) -> Observation:
    probe = Redis.model_validate({"command": command, "url": url, **more})
    return await probe.observe(NoWorld())


async def test_values_fields_and_items(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.set("leader lock", "a", px=60_000)
    client.rpush("queue", "x", "y")
    client.hset("job", mapping={"state": "done", "n": "2"})
    url = redis_server.url
    assert (await seen_by("GET 'leader lock'", url)).value == "a"
    assert (await seen_by("EXISTS nothing", url)).value == 0
    assert (await seen_by("GET nothing", url)).value is None
    left = (await seen_by("PTTL 'leader lock'", url)).value
    assert isinstance(left, int) and 0 < left <= 60_000
    items = await seen_by("LRANGE queue 0 -1", url, rows_max=1)
    assert (items.value, items.fields["count"], items.rows) == ("x", 2, ({"value": "x"},))
    info = await seen_by("INFO clients", url, field="connected_clients")
    assert isinstance(info.value, int) and info.value >= 1
    assert (await seen_by("CONFIG GET maxclients", url)).value == "40"
    job = await seen_by("HGETALL job", url)
    assert (job.fields["state"], job.fields["n"], job.fields["count"]) == ("done", "2", 2)
    client.close()


async def test_what_went_wrong_is_a_reason(redis_server: RedisServer) -> None:
    assert "no field nonsense" in (await seen_by("INFO", redis_server.url, field="nonsense")).reason
    redis_server.client().set("text", "1")
    assert "wrong kind" in (await seen_by("LLEN text", redis_server.url)).reason
    async with scripted() as server:
        url = f"redis://127.0.0.1:{server.port}/0"
    assert "refused" in (await seen_by("PING", url)).reason.lower()


async def silence(server: Scripted, visit: Visit) -> None:
    await visit.reader.read(100)
    await asyncio.Event().wait()


async def test_a_server_that_says_nothing_is_bounded() -> None:
    async with scripted(silence) as server:
        loop = asyncio.get_running_loop()
        started = loop.time()
        seen = await seen_by("PING", f"redis://127.0.0.1:{server.port}/0", timeout="300ms")
        assert seen.reason == "timeout: no answer in time"
        assert loop.time() - started < 1.5


@pytest.mark.parametrize("command", ["SET a 1", "FLUSHALL", "CONFIG SET maxmemory 1", "GET 'a"])
def test_a_probe_only_reads(command: str) -> None:
    with pytest.raises(ValidationError, match="expected a command"):
        Redis(command=command, url="redis://127.0.0.1:1/0")
