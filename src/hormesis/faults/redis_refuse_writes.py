"""Let a Redis server refuse writes because too few replicas follow it."""

from __future__ import annotations

from pydantic import Field

from hormesis.faults.parts.redis_fault import RedisSettingFault


class RedisRefuseWrites(RedisSettingFault):
    """Let a Redis server want more replicas than it has: it refuses writes (``NOREPLICAS``).

    Reading goes on. This is what a primary does that was cut off from its replicas. The settings
    get their former values back; the server's own file is not touched.
    """

    replicas: int = Field(default=100, ge=1, le=1000)
    """How many replicas it wants (``min-replicas-to-write``): more than it has."""

    def settings(self) -> list[tuple[str, str]]:
        """Return the settings; a largest lag of 0 would switch the other one off."""
        return [("min-replicas-max-lag", "10"), ("min-replicas-to-write", str(self.replicas))]

    def refusal(self) -> str:
        """Return what a refused write is told."""
        return "NOREPLICAS"
