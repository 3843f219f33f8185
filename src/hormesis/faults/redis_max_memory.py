"""Let a Redis server have no memory left for writes."""

from __future__ import annotations

from pydantic import Field

from hormesis.faults.parts.redis_fault import RedisSettingFault
from hormesis.words.units import Bytes


class RedisMaxMemory(RedisSettingFault):
    """Set a Redis server's ``maxmemory`` so low that it refuses writes (``OOM``).

    Reading and deleting go on. Nothing is evicted: the policy is ``noeviction`` meanwhile. Both
    settings get their former values back; the server's own file is not touched.
    """

    memory: Bytes = Field(default=1, gt=0)
    """What the server may use; left out: one byte, so that every write is refused."""

    def settings(self) -> list[tuple[str, str]]:
        """Return the settings; the policy comes first, or the limit would evict keys."""
        return [("maxmemory-policy", "noeviction"), ("maxmemory", str(self.memory))]

    def refusal(self) -> str:
        """Return what a refused write is told."""
        return "OOM"
