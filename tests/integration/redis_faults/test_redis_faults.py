from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from hormesis.faults.redis_delete_keys import RedisDeleteKeys
from hormesis.faults.redis_kill_clients import RedisKillClients
from hormesis.faults.redis_max_clients import RedisMaxClients
from hormesis.faults.redis_max_memory import RedisMaxMemory
from hormesis.faults.redis_pause import RedisPause
from hormesis.faults.redis_refuse_writes import RedisRefuseWrites
from hormesis.faults.redis_slow import RedisSlow
from hormesis.words.fault import Fault
from hormesis.words.target import Target
from tests.integration.postgres_faults.played import Played
from tests.integration.redis_server import SLOTS, RedisServer, redis_server

__all__ = ["redis_server"]
Play = Callable[[Fault], Played]


@pytest.fixture
def app(redis_server: RedisServer) -> Iterator[redis.Redis]:
    client = redis_server.client()
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def play(redis_server: RedisServer, app: redis.Redis) -> Iterator[Play]:
    with ExitStack() as stack:

        def begin(fault: Fault) -> Played:
            played = Played(fault, Target("redis", redis=redis_server.url))
            stack.callback(played.kill)
            played.do()
            return played

        yield begin


@pytest.mark.parametrize(
    ("fault", "way"),
    [
        (RedisPause.model_validate({"each": "300ms"}), "CLIENT PAUSE"),
        (RedisPause.model_validate({"each": "300ms", "mode": "write"}), "CLIENT PAUSE"),
        (RedisSlow.model_validate({"each": "200ms", "every": "300ms"}), "DEBUG SLEEP"),
    ],
)
def test_a_stall_is_felt_for_as_long_as_asked(
    play: Play, app: redis.Redis, fault: Any, way: str
) -> None:
    played = play(fault)
    assert f"stalls by {way} felt" in played.proof()
    measure = fault.measured({}, played.told)
    assert measure is not None and 0.8 * measure.asked <= measure.seen
    played.kill()  # What a crash leaves is over when the stall under way is.
    assert played.healed()
    assert app.ping()


def test_where_sleeping_is_disabled_a_script_is_busy(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--rename-command", "DEBUG", "")
    fault = RedisSlow.model_validate({"each": "200ms", "every": "300ms"})
    played = Played(fault, Target("redis", redis=server.url))
    try:
        played.do()
        assert "by script felt" in played.proof()
        played.undo()
        assert played.healed()
    finally:
        played.kill()
        server.stop()


def test_a_share_of_the_clients_is_killed(
    play: Play, app: redis.Redis, redis_server: RedisServer
) -> None:
    ours = redis_server.client()
    ours.client_setname("hormesis-look")
    address = app.client_info()["addr"]
    played = play(RedisKillClients.model_validate({"share": 1.0, "every": "1h"}))
    assert "closed 1 connections in 1 rounds" in played.proof()
    assert address not in {one["addr"] for one in ours.client_list()}
    assert ours.ping(), "our own are spared"
    played.undo()
    assert played.healed()
    ours.close()


@pytest.mark.parametrize("left", [0, 3])
def test_only_as_many_slots_are_left_as_asked(
    play: Play, app: redis.Redis, redis_server: RedisServer, left: int
) -> None:
    app.ping()
    played = play(RedisMaxClients(left=left))
    assert f"{left} of {SLOTS} slots left (asked {left})" in played.proof()
    others = [redis_server.client() for _ in range(left)]
    for one in others:
        one.ping()
    with pytest.raises(redis.ConnectionError, match="max number of clients"):
        redis_server.client().ping()
    assert app.ping(), "who is in stays in"
    for one in others:
        one.close()
    played.kill()
    assert played.healed()
    redis_server.client().ping()


@pytest.mark.parametrize(
    ("fault", "name", "refused"),
    [
        (RedisMaxMemory(), "maxmemory", redis.exceptions.OutOfMemoryError),
        (RedisRefuseWrites(), "min-replicas-to-write", redis.exceptions.ResponseError),
    ],
)
def test_writes_are_refused_and_the_former_setting_comes_back(
    play: Play, app: redis.Redis, fault: Fault, name: str, refused: type[Exception]
) -> None:
    former = 100_000_000 if name == "maxmemory" else 0
    app.config_set(name, former)
    app.config_set("maxmemory-policy", "allkeys-lru")
    app.set("kept", "1")
    played = play(fault)
    assert "a write was refused" in played.proof()
    with pytest.raises(refused):
        app.set("more", "1")
    assert app.get("kept") == "1", "nothing is evicted, and reading goes on"
    assert played.fault.healed(played.before, {**played.look(), "ended": True}) == ""
    played.undo()
    assert "again" in played.healed()
    assert app.config_get(name) == {name: str(former)}
    assert app.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
    assert app.set("more", "1")
    app.config_set("maxmemory", 0)


def test_keys_are_taken_and_given_back_unless_made_anew(play: Play, app: redis.Redis) -> None:
    app.set("lock:a", "1", px=60_000)
    app.rpush("lock:b", "x", "y")
    app.set("lock:c*", "old")
    app.set("other", "1")
    played = play(RedisDeleteKeys(pattern="lock:*", restore=True))
    assert played.proof() == "3 of 3 keys that fit lock:* were deleted"
    assert app.exists("lock:a", "lock:b", "lock:c*") == 0
    assert app.get("other") == "1"
    app.set("lock:c*", "new")
    assert played.undo() == {"given": 2, "left": 1}
    assert played.healed()
    assert 0 < app.pttl("lock:a") <= 60_000
    assert app.lrange("lock:b", 0, -1) == ["x", "y"]
    assert app.get("lock:c*") == "new"
    assert sorted(app.keys("*")) == ["lock:a", "lock:b", "lock:c*", "other"]


def test_no_more_keys_are_deleted_than_allowed(play: Play, app: redis.Redis) -> None:
    for number in range(5):
        app.set(f"cache:{number}", "1")
    played = play(RedisDeleteKeys(pattern="cache:*", keys_max=3))
    assert "3 of 5 keys" in played.proof()
    assert sorted(app.keys("*")) == ["cache:3", "cache:4"]


def test_nothing_that_fits_is_told(play: Play) -> None:
    with pytest.raises(AssertionError, match="no key fits"):
        play(RedisDeleteKeys(pattern="nothing:*"))
