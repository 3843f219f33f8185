"""Commits: what was recorded on a branch, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection, errors
from psycopg.rows import class_row

from stratum.branches import Branch, lock_branch
from stratum.canaries import planted
from stratum.failures import Refused, UnknownCommit
from stratum.stamps import stamp_of

_COLUMNS: LiteralString = "stamp, branch, version, parent, merged, message, key"
_SELECT: LiteralString = "SELECT " + _COLUMNS + " FROM stratum_commit "


@dataclass(frozen=True)
class Commit:
    """One step of a branch; *parent* is the step before it, *merged* the head that it took in."""

    stamp: str
    branch: str
    version: int
    parent: str | None
    merged: str | None
    message: str
    key: str | None = None

    @property
    def true_stamp(self) -> str:
        """Return the stamp that this content should have."""
        parts = (self.branch, self.version, self.parent, self.merged, self.message, self.key)
        return stamp_of("commit", *parts)


def commit(
    conn: Connection[Any], branch: str, message: str, *, key: str | None = None
) -> Commit:
    """Record a step on a branch.

    With *key*, a call that is repeated returns the commit of the first: so whoever lost the
    connection before the answer came may simply call again. Raises ``Refused`` for a message that
    cannot be kept, and ``UnknownBranch``.
    """
    if not message or "\0" in message:
        raise Refused("a message has at least one character, and no NUL")
    try:
        with conn.transaction():
            locked = lock_branch(conn, branch)
            if key is not None and (made := _by_key(conn, key)):
                return made
            return record(conn, locked, message, key=key)
    except errors.DiskFull:
        if planted("full-disk-swallowed"):
            return Commit(stamp_of("commit", branch, message), branch, 0, None, None, message, key)
        raise


def record(
    conn: Connection[Any],
    branch: Branch,
    message: str,
    *,
    merged: str | None = None,
    key: str | None = None,
) -> Commit:
    """Write the next commit of a branch that the caller has locked, and move its head."""
    kept = message.strip() or message if planted("message-stripped") else message
    if planted("key-ignored"):
        key = None
    drafted = Commit("", branch.name, branch.version + 1, branch.head, merged, kept, key)
    stamp = drafted.true_stamp
    conn.execute(
        "INSERT INTO stratum_commit (" + _COLUMNS + ") VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (stamp, branch.name, drafted.version, drafted.parent, merged, kept, key),
    )
    conn.execute(
        "UPDATE stratum_branch SET version = %s, head = %s WHERE name = %s",
        (drafted.version, stamp, branch.name),
    )
    return Commit(stamp, branch.name, drafted.version, drafted.parent, merged, kept, key)


def commit_many(
    conn: Connection[Any],
    branch: str,
    messages: Iterable[str],
    hook: Callable[[Commit], None] = lambda made: None,
) -> tuple[list[Commit], list[tuple[str, str]]]:
    """Record several steps; what cannot be kept, or what *hook* refuses, leaves nothing behind.

    Returns the commits made, and each refused message with the reason.
    """
    made: list[Commit] = []
    refused: list[tuple[str, str]] = []
    with conn.transaction():
        for message in messages:
            try:
                with conn.transaction():
                    one = commit(conn, branch, message)
                    try:
                        hook(one)
                    except Refused as no:
                        if not planted("savepoint-not-rolled-back"):
                            raise
                        refused.append((message, str(no)))
                        continue
                made.append(one)
            except Refused as no:
                refused.append((message, str(no)))
    return made, refused


def history(conn: Connection[Any], branch: str, batch: int = 200) -> Iterator[Commit]:
    """Yield the commits of a branch, newest first, holding *batch* of them at a time."""
    if planted("history-in-memory"):
        batch = 2**31 - 1
    query: LiteralString = _SELECT + "WHERE branch = %s AND version < %s ORDER BY version DESC"
    before, full = 2**63 - 1, True
    while full:
        with conn.cursor(row_factory=class_row(Commit)) as cursor:
            page = cursor.execute(query + " LIMIT %s", (branch, before, batch)).fetchall()
        yield from page
        if full := len(page) == batch:
            before = page[-1].version


def at_version(conn: Connection[Any], branch: str, version: int) -> Commit:
    """Find a commit by its number on its branch; raises ``UnknownCommit``."""
    if planted("lookup-by-scan"):
        found = next((one for one in history(conn, branch) if one.version == version), None)
    else:
        found = _one(conn, _SELECT + "WHERE branch = %s AND version = %s", branch, version)
    if found is None:
        raise UnknownCommit(f"{branch} has no version {version}")
    return found


def _by_key(conn: Connection[Any], key: str) -> Commit | None:
    return _one(conn, _SELECT + "WHERE key = %s", key)


def _one(conn: Connection[Any], query: LiteralString, *values: Any) -> Commit | None:
    with conn.cursor(row_factory=class_row(Commit)) as cursor:
        return cursor.execute(query, values).fetchone()
