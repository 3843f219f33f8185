"""Repairs: only what can be proven from the records; the rest is told and left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from stratum.canaries import planted
from stratum.commits import Commit, commit
from stratum.integrity import Finding, check, drifted, stale_heads, unfinished
from stratum.migrations import LOCK_KEY, write_state
from stratum.tables import actual, write_change


@dataclass(frozen=True)
class Repaired:
    """What was mended, and what is still wrong: for that, there is the backup."""

    mended: list[Finding]
    left: list[Finding]


def repair(conn: Connection[Any], branch: str = "main") -> Repaired:
    """Mend what can be mended, in one transaction.

    A head is set to the newest commit. A table that drifted is adopted as it is, by a commit on
    *branch*; nothing is dropped. A migration whose runner is gone counts as failed, so that it can
    run again. Altered or lost commits cannot be made up: they are left, and told.
    """
    with conn.transaction():
        conn.execute("LOCK TABLE stratum_branch IN SHARE ROW EXCLUSIVE MODE")
        mended = [*_heads(conn), *_tables(conn, branch), *_migrations(conn)]
        if planted("repair-hides-corruption"):
            _restamp(conn)
        return Repaired(mended, check(conn))


def _heads(conn: Connection[Any]) -> list[Finding]:
    if planted("repair-misses-heads"):
        return []
    found = stale_heads(conn)
    for one in found:
        conn.execute(
            "UPDATE stratum_branch SET (version, head) = (SELECT version, stamp "
            "FROM stratum_commit WHERE branch = name ORDER BY version DESC LIMIT 1) "
            "WHERE name = %s",
            (one.subject,),
        )
    return found


def _tables(conn: Connection[Any], branch: str) -> list[Finding]:
    found = [one for one in drifted(conn) if (actual(conn, one.subject))]
    for one in found:
        made = commit(conn, branch, f"adopt {one.subject} as it was found")
        write_change(conn, made, one.subject, "-- found so", actual(conn, one.subject))
    return found


def _migrations(conn: Connection[Any]) -> list[Finding]:
    # Whoever runs migrations holds the lock: only when it is free is nobody left who could finish
    # them.
    free = conn.execute("SELECT pg_try_advisory_xact_lock(" + LOCK_KEY + ")").fetchone()
    if not (free and free[0]) and not planted("repair-of-the-living"):
        return []
    found = unfinished(conn)
    for one in found:
        write_state(conn, one.subject, "failed", "its runner was gone")
    return found


def _restamp(conn: Connection[Any]) -> None:
    # The planted defect of a repair that does too much: what was altered becomes the truth.
    columns = "stamp, branch, version, parent, merged, message, key"
    for row in conn.execute(f"SELECT {columns} FROM stratum_commit").fetchall():
        one = Commit(*row)
        update = "UPDATE stratum_commit SET stamp = %s WHERE stamp = %s"
        conn.execute(update, (one.true_stamp, one.stamp))
