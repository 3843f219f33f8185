"""Terminate a random share of a PostgreSQL server's client connections, again and again.

Configuration: ``dsn``, ``share`` (0 to 1), ``every_s``, ``seed``, and, to narrow the choice,
``application``, ``user`` and ``database``, texts that are LIKE patterns; without ``database`` only
connections to the address's own database are killed. ``pids``, unless empty, are the only ones that
may be killed, and ``most``, unless null, is how many are killed at most, in all. Reports ``killed``
(in all), ``rounds``, ``last`` (process ids of the last round that killed, as one text), ``left``
(how many of those the server still lists) and ``error`` when a round failed.
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
  AND application_name NOT LIKE 'hormesis-%%'
  AND (pid = ANY (%(pids)s::int[]) OR %(pids)s::int[] = '{}')
  AND application_name LIKE %(application)s
  AND usename LIKE %(user)s
  AND (datname LIKE %(database)s OR %(database)s = '' AND datname = current_database())
ORDER BY pid
"""
_LEFT = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY (%(pids)s::int[])"
_GONE_S = 0.002
_LOOKS = 500
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
    left: int = 0
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
            most = self.config.get("most")
            if most is not None:
                chosen = self.rng.sample(chosen, min(len(chosen), max(0, most - self.killed)))
            cursor = self.connection.execute(_KILL, {"pids": chosen})
            killed = [row[0] for row in cursor]
        except psycopg.Error as error:
            # The server may be down through another fault: that is no reason to give up.
            return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        self.killed += len(killed)
        self.last = killed or self.last
        self.rounds += 1
        return ""

    def gone(self) -> bool:
        """Return whether the server lists none of the last victims any more."""
        import psycopg

        try:
            self.left = self.connection.execute(_LEFT, {"pids": self.last}).fetchone()[0]
        except psycopg.Error:
            self.left = 0
        return not self.left

    def _filters(self) -> dict[str, Any]:
        chosen = {name: self.config.get(name) or "%" for name in ("application", "user")}
        pids = list(self.config.get("pids") or ())
        return {**chosen, "database": self.config.get("database") or "", "pids": pids}


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
        for _ in range(_LOOKS):
            if killer.gone():
                break
            lifeline.wait(_GONE_S)
        last = " ".join(map(str, killer.last))
        report(killed=killer.killed, rounds=killer.rounds, last=last, left=killer.left, **facts)
        lifeline.wait(float(config["every_s"]))


if __name__ == "__main__":
    sys.exit(main())
