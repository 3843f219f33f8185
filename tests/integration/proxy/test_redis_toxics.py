"""Redis toxics on a real server: commands fail or wait, order and transactions stay right."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.integration.proxy.proxy_process import Proxy
from tests.integration.redis_server import RedisServer, redis_server

__all__ = ["redis_server"]


@pytest.fixture
def through(
    tmp_path: Path, redis_server: RedisServer
) -> Iterator[tuple[Proxy, redis.Redis, redis.Redis]]:
    """A proxy in front of Redis, a client that goes through it, and one that does not."""
    proxy = Proxy(tmp_path / "control", {"redis": f"127.0.0.1:{redis_server.port}"})
    port = redis_server.port
    with redis.Redis(port=proxy.ports["redis"]) as client, redis.Redis(port=port) as direct:
        direct.flushall()
        yield proxy, client, direct
    assert proxy.end() == (0, "")


Through = tuple[Proxy, redis.Redis, redis.Redis]


def set_and_count(client: redis.Redis) -> list[object]:
    """Return the answers of a transaction with two commands."""
    with client.pipeline(transaction=True) as pipe:
        pipe.set("a", 5)
        pipe.incr("a")
        answers: list[object] = pipe.execute()
        return answers


def test_a_failing_command_is_not_carried_out(through: Through) -> None:
    proxy, client, direct = through
    client.set("a", 1)
    proxy.add("redis", "bad", "redis-fail", command="INCR(BY)?", key="^a$", error="OOM no room")
    with pytest.raises(redis.exceptions.OutOfMemoryError, match="no room"):
        client.incr("a")
    assert client.incr("b") == 1
    assert (direct.get("a"), client.get("a")) == (b"1", b"1")
    with client.pipeline(transaction=False) as pipe:
        pipe.set("x", "v" * 100_000)
        pipe.incr("a")
        pipe.get("x")
        pipe.incr("b")
        answers = pipe.execute(raise_on_error=False)
    assert [type(one).__name__ for one in answers] == ["bool", "OutOfMemoryError", "bytes", "int"]
    assert len(answers[2]) == 100_000
    assert proxy.read("redis", "bad")["hits"] == 2
    proxy.remove("redis", "bad")
    assert client.incr("a") == 2


def test_transactions_stay_whole(through: Through) -> None:
    proxy, client, direct = through
    proxy.add("redis", "bad", "redis-fail", command="INCR(BY)?", first=1)
    with pytest.raises(redis.ResponseError):
        set_and_count(client)
    assert direct.get("a") is None
    assert set_and_count(client) == [True, 6]
    proxy.add("redis", "worse", "redis-fail", command="EXEC", error="BUSY wait", first=1)
    with pytest.raises(redis.ResponseError):
        set_and_count(client)
    assert (client.get("a"), client.incr("a")) == (b"6", 7)
    assert proxy.read("redis", "worse")["hits"] == 1


def test_resp3_and_inline_commands_pass(through: Through) -> None:
    proxy, _, _ = through
    proxy.add("redis", "bad", "redis-fail", command="GET")
    with redis.Redis(port=proxy.ports["redis"], protocol=3) as other:
        other.hset("h", mapping={"a": "1"})
        assert other.hgetall("h") == {b"a": b"1"}
        with pytest.raises(redis.ResponseError, match="injected by the link"):
            other.get("h")
    with proxy.connect("redis") as peer:
        peer.sendall(b"GET a\r\n")
        assert peer.recv(100) == b"$-1\r\n"


def test_only_matching_commands_wait(through: Through) -> None:
    proxy, client, _ = through
    client.get("a")
    proxy.add("redis", "slow", "redis-delay", None, min="100ms", max="110ms", key="^slow")
    start = time.monotonic()
    client.get("fast")
    middle = time.monotonic()
    client.get("slow:1")
    assert middle - start < 0.1 <= time.monotonic() - middle
    reading = proxy.read("redis", "slow")
    assert reading["hits"] == 1
    assert 100 <= reading["delay_ms_mean"] < 200
