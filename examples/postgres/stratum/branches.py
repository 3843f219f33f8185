"""Branches: a name and the newest commit under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row

from stratum.canaries import planted
from stratum.failures import BranchExists, Refused, UnknownBranch
from stratum.stamps import stamp_of

_COLUMNS: LiteralString = "name, version, head, forked_from"


@dataclass(frozen=True)
class Branch:
    """A line of commits; *version* counts those made on it, *head* is the stamp of the newest."""

    name: str
    version: int
    head: str | None
    forked_from: str | None


def create_branch(conn: Connection[Any], name: str, source: str = "main") -> Branch:
    """Create a branch that starts where *source* stands.

    Raises ``BranchExists`` for all but one of those who try at the same time, ``UnknownBranch``,
    ``Refused``.
    """
    if not name or "\0" in name:
        raise Refused(f"not a name for a branch: {name!r}")
    with conn.transaction():
        start = find_branch(conn, source)
        if not ensure_branch(conn, name, start):
            raise BranchExists(name)
        return find_branch(conn, name)


def ensure_branch(conn: Connection[Any], name: str, start: Branch | None = None) -> bool:
    """Create the branch unless it is there; tell whether this call did it."""
    values = (name, stamp_of("branch", name), start and start.head, start and start.name)
    insert: LiteralString = (
        "INSERT INTO stratum_branch (name, stamp, head, forked_from) VALUES (%s, %s, %s, %s) "
    )
    if planted("branch-check-then-insert"):
        there = conn.execute("SELECT 1 FROM stratum_branch WHERE name = %s", (name,)).fetchone()
        if there is None:
            conn.execute(insert + "ON CONFLICT (name) DO UPDATE SET head = excluded.head", values)
        return there is None
    made = conn.execute(insert + "ON CONFLICT DO NOTHING RETURNING name", values)
    return made.fetchone() is not None


def find_branch(conn: Connection[Any], name: str) -> Branch:
    """Read a branch without waiting for those who write to it; raises ``UnknownBranch``."""
    return _read(conn, name, lock=planted("readers-locked"))


def lock_branch(conn: Connection[Any], name: str) -> Branch:
    """Read a branch and keep others from writing to it until the transaction ends."""
    return _read(conn, name, lock=not planted("commit-without-lock"))


def _read(conn: Connection[Any], name: str, lock: bool) -> Branch:
    query: LiteralString = "SELECT " + _COLUMNS + " FROM stratum_branch WHERE name = %s"
    with conn.cursor(row_factory=class_row(Branch)) as cursor:
        cursor.execute(query + (" FOR UPDATE" if lock else ""), (name,))
        if (found := cursor.fetchone()) is None:
            raise UnknownBranch(name)
        return found
