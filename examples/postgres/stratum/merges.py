"""Merges: a commit with two parents."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from stratum.branches import lock_branch
from stratum.canaries import planted
from stratum.commits import Commit, record
from stratum.failures import Refused


def merge(conn: Connection[Any], source: str, into: str) -> Commit:
    """Record on *into* that it took in all that *source* has.

    Both branches are locked, always in the order of their names: two merges in opposite directions
    would otherwise wait for each other. Raises ``UnknownBranch``, and ``Refused`` for one that has
    nothing to give.
    """
    if source == into:
        raise Refused(f"{source} cannot be merged into itself")
    with conn.transaction():
        names = (source, into) if planted("lock-order") else sorted((source, into))
        locked = {name: lock_branch(conn, name) for name in names}
        taken = locked[source].head
        if taken is None:
            raise Refused(f"{source} has no commit")
        return record(conn, locked[into], f"merge {source} into {into}", merged=taken)
