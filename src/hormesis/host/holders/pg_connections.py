"""Take PostgreSQL's connection slots until only some are left.

Configuration: ``dsn``, ``name``, ``user`` (whose connections; empty: the address's), ``left`` (how
many slots stay free), ``sessions_max``, ``every_s`` (how often slots that others gave up are taken
as well) and ``hold_s``. Reports ``held``, ``free`` (slots that the server has left for that user),
``refused`` (the SQLSTATE of the last refusal) and ``refusals``.
"""

from __future__ import annotations

import sys
from typing import Any

from hormesis.host.holders.lifeline import Lifeline
from hormesis.host.holders.postgres_session import OBSERVER, Session, SqlRefused, serve
from hormesis.host.holders.taking_slots import keep_full

TOO_MANY = "53300"
_FREE = """
SELECT current_setting('max_connections')::int
  - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
  - CASE WHEN (SELECT rolsuper FROM pg_roles
               WHERE rolname = coalesce(nullif(%(user)s, ''), current_user)) THEN 0
    ELSE current_setting('superuser_reserved_connections')::int
      + coalesce(current_setting('reserved_connections', true), '0')::int END
"""


class Crowd:
    """The sessions that take the slots; ``looking`` was there first and keeps its own."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._looking = Session(config["dsn"], OBSERVER)
        self._held: list[Session] = []
        self.refused = ""
        self.refusals = 0

    def free(self) -> int:
        """Return how many slots the server has left for the user."""
        return max(0, int(self._looking.rows(_FREE, {"user": self._config["user"]})[0][0]))

    def fill(self) -> dict[str, Any]:
        """Take what is free beyond what is to be left; then see whether one more is refused."""
        config, full = self._config, False
        room = config["sessions_max"] - len(self._held)
        while not full and room > 0 and self.free() > config["left"]:
            full, room = not self._take(), room - 1
        if not full and not config["left"]:
            # Counting is not being refused: only a real attempt shows that nobody gets in.
            self._take()
        return {
            "held": len(self._held), "free": self.free(),
            "refused": self.refused, "refusals": self.refusals,
        }  # fmt: skip

    def _take(self) -> bool:
        config = self._config
        try:
            session = Session(
                config["dsn"], config["name"], user=config["user"],
                hold_s=config.get("hold_s") or 0,
            )  # fmt: skip
        except SqlRefused as error:
            if error.state != TOO_MANY:
                raise
            self.refused, self.refusals = error.state, self.refusals + 1
            return False
        self._held.append(session)
        return True

    def leave(self) -> None:
        """Hang up everywhere."""
        for session in (*self._held, self._looking):
            session.close()


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Take the slots and keep them until the lifeline ends."""
    keep_full(Crowd(config), lambda: Crowd(config), SqlRefused, lifeline, config["every_s"])


if __name__ == "__main__":
    sys.exit(serve(hold))
