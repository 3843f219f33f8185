"""Redis delay: some commands through a link take longer."""

from __future__ import annotations

from typing import ClassVar

from hormesis.faults.parts.delay_fault import DelayFault
from hormesis.proxy.redis_commands import RedisCommands


class RedisDelay(RedisCommands, DelayFault):
    """Delay matching Redis commands through a link by a random time between *min* and *max*."""

    noun: ClassVar[str] = "commands"
