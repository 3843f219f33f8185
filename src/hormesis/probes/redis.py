"""The reply to a Redis command."""

from __future__ import annotations

import asyncio
import shlex
from typing import ClassVar

from pydantic import Field, field_validator

from hormesis.host.redis import RedisTrouble, ask
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.units import Seconds

READS = """
BITCOUNT DBSIZE EXISTS EXPIRETIME GET GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HVALS INFO
KEYS LASTSAVE LINDEX LLEN LRANGE MGET PEXPIRETIME PING PTTL SCARD SISMEMBER SMEMBERS STRLEN TIME
TTL TYPE XLEN XRANGE ZCARD ZCOUNT ZRANGE ZRANK ZSCORE
"""
"""Commands that only read."""
READS_OF_TWO_WORDS = frozenset(
    {"CLIENT LIST", "CLUSTER INFO", "CONFIG GET", "MEMORY USAGE", "OBJECT ENCODING",
     "OBJECT IDLETIME", "PUBSUB NUMSUB", "XINFO GROUPS", "XINFO STREAM"}
)  # fmt: skip


class Redis(Probe):
    """Ask Redis one thing, over a connection of its own, by a command that only reads.

    Fields: ``value``, ``count`` (number of items or fields) and ``ms``; the fields of a reply that
    has some (``INFO clients``, ``HGETALL``, ``CONFIG GET``) come by their names. The items of a
    list are kept as rows. Needs the extra ``hormesis[redis]``.
    """

    driver: ClassVar[str] = "redis"
    extra: ClassVar[str] = "redis"
    shorthand: ClassVar[str] = "command"

    command: str = Field(min_length=1)
    """The command and its arguments, quoted as in a shell: ``TTL leader``, ``INFO clients``."""
    url: str = Field(min_length=1)
    """Where: ``redis://127.0.0.1:6379/0``."""
    field: str = ""
    """Which field of the reply is the value; left out: a reply of one value is it."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long connecting and asking may take together."""
    rows_max: int = Field(default=100, ge=1)
    """How many items are kept."""

    @field_validator("command")
    @classmethod
    def _reads(cls, value: str) -> str:
        try:
            words = shlex.split(value)
        except ValueError as trouble:
            raise ValueError(f"expected a command: {trouble}") from trouble
        name = " ".join(words[:1]).upper()
        if name not in READS.split() and " ".join(words[:2]).upper() not in READS_OF_TWO_WORDS:
            raise ValueError("expected a command that only reads, such as GET, TTL or INFO")
        return value

    def describe(self) -> str:
        """Return the command; the address may hold a password and stays out."""
        told = self.command if len(self.command) <= 60 else self.command[:57] + "…"
        return f"redis({told}{f' → {self.field}' if self.field else ''})"

    async def observe(self, world: World) -> Observation:
        """Ask once.

        Raises:
            CapabilityTrouble: the Redis driver is not installed.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            answer = await ask(self.url, shlex.split(self.command), timeout_s=self.timeout)
        except RedisTrouble as trouble:
            return Observation(reason=str(trouble))
        ms = round((loop.time() - started) * 1000, 3)
        named = dict(answer.fields or {})
        items = answer.items or ()
        if self.field and self.field not in named:
            return Observation(reason=f"the reply has no field {self.field}")
        value = named[self.field] if self.field else answer.value
        if answer.items is not None:
            value = items[0] if items else None
        elif named and not self.field:
            value = next(iter(named.values())) if len(named) == 1 else None
        count = len(items) if answer.items is not None else len(named)
        rows = tuple({"value": item} for item in items[: self.rows_max])
        return Observation({**named, "value": value, "count": count, "ms": ms}, rows=rows)
