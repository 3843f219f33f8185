"""Terminate a random share of a PostgreSQL server's client connections, again and again.

Configuration: ``dsn``, ``share`` (0 to 1), ``every_s``, ``seed``, and, to narrow the choice,
``application``, ``user`` and ``database``, texts that are LIKE patterns; without ``database`` only
connections to the address's own database are killed. Reports ``killed`` (in all), ``rounds``,
``last`` (process ids of the last round, as one text) and ``error`` when a round failed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report

APPLICATION = "hormesis-kill"
_CONNECT_S = 2

_VICTIMS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND application_name NOT LIKE 'hormesis%%'
  AND application_name LIKE %(application)s
  AND usename LIKE %(user)s
  AND (datname LIKE %(database)s OR %(database)s = '' AND datname = current_database())
ORDER BY pid
"""
_KILL = """
SELECT pid FROM unnest(%(pids)s::int[]) AS pid WHERE pg_terminate_backend(pid) ORDER BY pid
"""


@dataclass
class Killer:
    """What is to be killed, and what was."""

    config: dict[str, Any]
    rng: Random
    killed: int = 0
    rounds: int = 0
    last: list[int] = field(default_factory=list)
    connection: Any = None

    def connect(self) -> None:
        """Connect, unless a connection is there."""
        import psycopg

        if self.connection is None or self.connection.closed:
            self.connection = psycopg.connect(
                self.config["dsn"],
                autocommit=True,
                application_name=APPLICATION,
                connect_timeout=_CONNECT_S,
            )

    def round(self) -> str:
        """Kill once; return why that failed, or an empty text."""
        import psycopg

        try:
            self.connect()
            cursor = self.connection.execute(_VICTIMS, self._filters())
            chosen = chosen_of([row[0] for row in cursor], self.config["share"], self.rng)
            cursor = self.connection.execute(_KILL, {"pids": chosen})
            self.last = [row[0] for row in cursor]
        except psycopg.Error as error:
            # The server may be down through another fault: that is no reason to give up.
            return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        self.killed += len(self.last)
        self.rounds += 1
        return ""

    def _filters(self) -> dict[str, str]:
        chosen = {name: self.config.get(name) or "%" for name in ("application", "user")}
        return {**chosen, "database": self.config.get("database") or ""}


def chosen_of(pids: list[int], share: float, rng: Random) -> list[int]:
    """Return the share of *pids* to kill, rounded, but at least one if there is any."""
    if not pids or share <= 0:
        return []
    return rng.sample(pids, max(1, round(share * len(pids))))


def main() -> int:
    """Run until the lifeline ends."""
    config = configuration()
    lifeline = Lifeline()
    try:
        import psycopg
    except ImportError:
        report(error="the PostgreSQL driver is not installed; pip install 'hormesis[postgres]'")
        return EXIT_MISSING
    killer = Killer(config, Random(config.get("seed", 0)))
    try:
        killer.connect()
    except psycopg.Error as error:
        report(error=str(error).strip().partition("\n")[0])
        return 1
    report(ready=True, killed=0, rounds=0)
    while True:
        failure = killer.round()
        facts: dict[str, Any] = {"error": failure} if failure else {}
        last = " ".join(map(str, killer.last))
        report(killed=killer.killed, rounds=killer.rounds, last=last, **facts)
        lifeline.wait(float(config["every_s"]))


if __name__ == "__main__":
    sys.exit(main())
