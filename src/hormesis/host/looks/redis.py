"""Look at one value in Redis."""

from __future__ import annotations

from hormesis.host.redis import RedisTrouble, ask
from hormesis.words.look import Reading, RedisLook
from hormesis.words.trouble import CapabilityTrouble

TIMEOUT_S = 1.0


async def read_redis(look: RedisLook, *, timeout_s: float = TIMEOUT_S) -> Reading:
    """Return the reply: its fields by name, or ``value``; or ``error``; never raises."""
    try:
        answer = await ask(look.url, look.command, timeout_s=timeout_s)
    except (RedisTrouble, CapabilityTrouble) as trouble:
        return {"error": str(trouble)}
    if answer.fields is not None:
        return dict(answer.fields)
    return {"value": len(answer.items) if answer.items is not None else answer.value}
