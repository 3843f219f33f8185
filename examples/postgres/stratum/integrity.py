"""What the records say, held against what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import class_row

from stratum.canaries import planted
from stratum.commits import Commit
from stratum.tables import actual, recorded

Kind = Literal[
    "stale head", "dangling head", "dangling parent", "false stamp", "lost commit", "drift",
    "unfinished migration",
]


@dataclass(frozen=True)
class Finding:
    """What is not as it should be with *subject*: a branch, a stamp, a table, or a version."""

    kind: Kind
    subject: str
    detail: str = ""


def check(conn: Connection[Any]) -> list[Finding]:
    """Look at everything that is kept, change nothing, and return what is wrong."""
    with conn.transaction():
        return [
            *stale_heads(conn),
            *_dangling(conn),
            *_false_stamps(conn),
            *_lost_commits(conn),
            *([] if planted("drift-not-detected") else drifted(conn)),
            *unfinished(conn),
        ]


def stale_heads(conn: Connection[Any]) -> list[Finding]:
    """Return the branches that do not stand at their newest commit."""
    rows = conn.execute(
        "SELECT b.name, b.version, c.version FROM stratum_branch b "
        "JOIN LATERAL (SELECT stamp, version FROM stratum_commit WHERE branch = b.name "
        "              ORDER BY version DESC LIMIT 1) c ON true "
        "WHERE b.version <> c.version OR b.head IS DISTINCT FROM c.stamp"
    )
    return [Finding("stale head", name, f"at {at}, newest {newest}") for name, at, newest in rows]


def _dangling(conn: Connection[Any]) -> list[Finding]:
    if planted("dangling-not-detected"):
        return []
    rows = conn.execute(
        "SELECT c.stamp, p.parent FROM stratum_commit c, LATERAL (VALUES (c.parent), (c.merged)) "
        "p(parent) WHERE p.parent IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM stratum_commit o WHERE o.stamp = p.parent)"
    )
    parents = [Finding("dangling parent", stamp, f"no commit {parent}") for stamp, parent in rows]
    # A branch without commits of its own stands at one of the branch that it came from.
    rows = conn.execute(
        "SELECT name, head FROM stratum_branch WHERE version = 0 AND head IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM stratum_commit WHERE stamp = head)"
    )
    return [*parents, *(Finding("dangling head", name, f"no commit {at}") for name, at in rows)]


def _false_stamps(conn: Connection[Any]) -> list[Finding]:
    if planted("metadata-not-verified"):
        return []
    with conn.cursor(row_factory=class_row(Commit)) as cursor:
        query = "SELECT stamp, branch, version, parent, merged, message, key FROM stratum_commit"
        return [
            Finding("false stamp", one.stamp, f"{one.branch} {one.version}: content was altered")
            for one in cursor.execute(query)
            if one.stamp != one.true_stamp
        ]


def _lost_commits(conn: Connection[Any]) -> list[Finding]:
    rows = conn.execute(
        "SELECT branch, max(version), count(*) FROM stratum_commit GROUP BY branch "
        "HAVING max(version) <> count(*)"
    )
    return [Finding("lost commit", name, f"{n} of {last} are there") for name, last, n in rows]


def drifted(conn: Connection[Any]) -> list[Finding]:
    """Return the tables that were changed behind the back of the records."""
    names = conn.execute("SELECT name FROM stratum_table ORDER BY name").fetchall()
    return [
        Finding("drift", name, "differs from its record" if there else "the table is gone")
        for (name,) in names
        if (there := actual(conn, name)) != recorded(conn, name)
    ]


def unfinished(conn: Connection[Any]) -> list[Finding]:
    """Return the migrations that were begun and have not ended."""
    rows = conn.execute("SELECT version, name FROM stratum_migration WHERE state = 'running'")
    return [Finding("unfinished migration", version, name) for version, name in rows]
