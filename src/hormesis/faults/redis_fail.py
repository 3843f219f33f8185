"""Redis fail: some commands through a link are answered with an error."""

from __future__ import annotations

from hormesis.faults.parts.request_fault import RequestFault
from hormesis.proxy.redis_commands import RedisError


class RedisFail(RedisError, RequestFault):
    """Answer matching Redis commands through a link with *error*; they are not carried out.

    Pipelines stay in order, and a transaction in which a command failed is refused by ``EXEC``,
    as with a server that refuses the command itself. A client's library may send another command
    than it is asked for: ``incr`` often becomes INCRBY.
    """

    def done(self, hits: str, met: str) -> str:
        """Return how many commands failed."""
        return f"failed {hits} of {met} matching commands with {self.error.split()[0]}"
