"""Seeing: takes the readings that prove a bite, one way per kind of look."""

from __future__ import annotations

from hormesis.engine.custody import Custodian
from hormesis.host.looks.address import read_address
from hormesis.host.looks.link import read_link
from hormesis.host.looks.redis import read_redis
from hormesis.host.looks.sql import read_sql
from hormesis.words.look import (
    AddressLook,
    EffectLook,
    LinkLook,
    Look,
    ProcessLook,
    Reading,
    RedisLook,
)


class Eyes:
    """Knows how to look; ``control`` is the proxy's control socket."""

    def __init__(self, custodian: Custodian, control: str) -> None:
        self._custodian = custodian
        self._control = control

    async def read(self, look: Look) -> Reading:
        """Return a reading; what went wrong is its ``error`` entry, never an exception."""
        if isinstance(look, ProcessLook):
            return await self._custodian.service(look.service)
        if isinstance(look, LinkLook):
            return await read_link(look.control or self._control, look)
        if isinstance(look, EffectLook):
            return await self._custodian.report(look.effect) if look.effect else {}
        if isinstance(look, AddressLook):
            return await read_address(look)
        if isinstance(look, RedisLook):
            return await read_redis(look)
        return await read_sql(look)
