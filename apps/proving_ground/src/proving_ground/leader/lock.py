"""The lock in Redis: one owner, a time to live, and a fencing token that only grows."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from proving_ground.leader.canaries import RENEW_STEALS, TOKEN_NOT_INCREASED

_LOG = logging.getLogger(__name__)
# One's own lock may be taken again: after a short loss it is still there, and nobody had it since.
_ACQUIRE = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return redis.call('INCR', KEYS[2])
"""
# The planted defect: the token is only ever read.
_ACQUIRE_WITH_OLD_TOKEN = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SETNX', KEYS[2], 1)
return tonumber(redis.call('GET', KEYS[2]))
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
# The planted defect: nobody looks whose lock it is.
_RENEW_OF_ANYBODY = """
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
_RAISE = """
local token = tonumber(redis.call('GET', KEYS[1]) or '0')
if token < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return 1
"""


class LockTrouble(Exception):
    """Redis gave no answer; nobody knows who has the lock."""


class Lock:
    """Asks Redis, each question over in *timeout_s* seconds, whatever the network does.

    After the pattern of one Redis server (SET … NX PX with an owner, released by its owner only);
    the fencing token is what makes it safe, see ``Ledger``.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        owner: str,
        ttl_s: float,
        timeout_s: float,
        canaries: frozenset[str] = frozenset(),
    ) -> None:
        self._keys = (key, f"{key}:token")
        self._owner = owner
        self._ttl_ms = max(1, round(ttl_s * 1000))
        self._timeout_s = timeout_s
        old_token = TOKEN_NOT_INCREASED in canaries
        self._acquire = _ACQUIRE_WITH_OLD_TOKEN if old_token else _ACQUIRE
        self._renew = _RENEW_OF_ANYBODY if RENEW_STEALS in canaries else _RENEW
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )

    async def acquire(self) -> int:
        """Return a new fencing token, or 0 when another owner has the lock."""
        return await self._run(self._acquire, 2, *self._keys, self._owner, self._ttl_ms)

    async def renew(self) -> bool:
        """Return whether the lock was still ours, and is for another time to live."""
        return bool(await self._run(self._renew, 1, self._keys[0], self._owner, self._ttl_ms))

    async def release(self) -> None:
        """Give the lock back if it is ours."""
        await self._run(_RELEASE, 1, self._keys[0], self._owner)

    async def raise_token(self, least: int) -> None:
        """See to it that later tokens are above *least*: Redis may have lost its counter."""
        await self._run(_RAISE, 1, self._keys[1], least)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _run(self, script: str, keys: int, *arguments: Any) -> int:
        try:
            async with asyncio.timeout(self._timeout_s):
                run: Any = self._redis.eval
                answer = await run(script, keys, *arguments)
        except (RedisError, OSError, TimeoutError, RuntimeError) as error:
            # RuntimeError: with uvloop a connection that was reset while it was being opened.
            await self._disconnect()
            told = " ".join(str(error).split()) or type(error).__name__
            raise LockTrouble(told) from None
        return int(answer)

    async def _disconnect(self) -> None:
        """Drop every connection: what was asked over one may still be under way."""
        try:
            await self._redis.connection_pool.disconnect(inuse_connections=True)
        except (RedisError, OSError, RuntimeError) as error:
            _LOG.debug("a connection could not be closed in order: %s", error)
