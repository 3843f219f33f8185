"""Databases and schemas removed whatever keeps them: sessions, transactions, slots."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

import psycopg
from psycopg import errors, sql

from hormesis.testing.connecting import connected
from hormesis.words.trouble import CapabilityTrouble

SWEEPER = "hormesis-sweeper"
_TRIES = 5
_PAUSE_S = 0.2
_LOCK_TIMEOUT_MS = (100, 2000, 5000)
# What a transaction has made and not committed is seen by nobody, but it locks the schema itself.
_HELD = """
FROM pg_locks AS held LEFT JOIN pg_class AS thing ON thing.oid = held.relation
WHERE held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (thing.relnamespace = to_regnamespace(%(schema)s) OR thing.relname = ANY (%(tables)s)
    OR held.locktype = 'object' AND held.classid = 'pg_namespace'::regclass
      AND held.objid = to_regnamespace(%(schema)s)::oid)
"""
_END_HOLDERS = f"""
SELECT pg_terminate_backend(pid) FROM (
  SELECT DISTINCT held.pid {_HELD} AND held.pid IS NOT NULL AND held.pid <> pg_backend_pid()
) AS them
"""
_PREPARED = f"""
SELECT prepared.gid FROM pg_prepared_xacts AS prepared
JOIN pg_locks AS own ON own.transactionid = prepared.transaction AND own.pid IS NULL
WHERE own.virtualtransaction IN (SELECT held.virtualtransaction {_HELD} AND held.pid IS NULL)
"""
_FOREIGN_GIDS = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"
_SLOTS = """
SELECT slot_name, active_pid FROM pg_replication_slots WHERE database = %(database)s
"""


def drop_database(admin: psycopg.Connection, name: str, url: str) -> None:
    """Drop the database *name*, which *url* leads to, with all that keeps it.

    Sessions are ended by ``WITH (FORCE)``. It stops at prepared transactions, active logical slots,
    subscriptions and at a database that is a template; those go first.

    Raises:
        psycopg.Error: it could not be dropped.
    """
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for tried in range(_TRIES):
        try:
            admin.execute(statement)
            break
        except (errors.ObjectInUse, errors.WrongObjectType):
            if tried == _TRIES - 1:
                raise
            _free(admin, name, url)
            if tried:
                threading.Event().wait(_PAUSE_S)
    for role in _roles_of(admin, name):
        admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def drop_schema(admin: psycopg.Connection, name: str) -> None:
    """Drop the schema *name* of the session's database with all in it.

    Whoever holds a lock on something in it is ended; prepared transactions are rolled back.

    Raises:
        psycopg.Error: it could not be dropped.
    """
    statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name))
    _drop(admin, statement, {"schema": sql.Identifier(name).as_string(admin), "tables": []})


def drop_tables(admin: psycopg.Connection, names: Sequence[str]) -> None:
    """Drop tables of the session's database, as :func:`drop_schema` does; names are unique there.

    Raises:
        psycopg.Error: they could not be dropped.
    """
    told = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL("DROP TABLE IF EXISTS {} CASCADE").format(told)
    _drop(admin, statement, {"schema": None, "tables": list(names)})


def _drop(admin: psycopg.Connection, statement: sql.Composed, held: Mapping[str, object]) -> None:
    for tried, timeout_ms in enumerate(_LOCK_TIMEOUT_MS):
        try:
            with admin.transaction():
                admin.execute(f"SET LOCAL lock_timeout = {timeout_ms}")
                admin.execute(statement)
            return
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            if tried == len(_LOCK_TIMEOUT_MS) - 1:
                raise
            admin.execute(_END_HOLDERS, held)
            _roll_back(admin, _PREPARED, held)


def _free(admin: psycopg.Connection, name: str, url: str) -> None:
    identifier = sql.Identifier(name)
    admin.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(identifier))
    admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(identifier))
    for slot, active in admin.execute(_SLOTS, {"database": name}).fetchall():
        if active is not None:
            admin.execute("SELECT pg_terminate_backend(%s)", [active])
        _drop_slot(admin, slot)
    try:
        inside = connected(url, SWEEPER)
    except CapabilityTrouble:
        return  # Gone, or going, by the hand of another one.
    with inside:
        _roll_back(inside, _FOREIGN_GIDS)
        for (subscription,) in inside.execute(
            "SELECT subname FROM pg_subscription WHERE subdbid = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall():
            named = sql.Identifier(subscription)
            # Without its slot: the publisher is somebody else's, and perhaps gone.
            for do in ("ALTER SUBSCRIPTION {} DISABLE", "ALTER SUBSCRIPTION {} SET (slot_name = "
                       "NONE)", "DROP SUBSCRIPTION IF EXISTS {}"):  # fmt: skip
                inside.execute(sql.SQL(do).format(named))


def _drop_slot(admin: psycopg.Connection, slot: str) -> None:
    for _ in range(_TRIES):
        try:
            admin.execute("SELECT pg_drop_replication_slot(%s)", [slot])
        except errors.UndefinedObject:
            return
        except errors.ObjectInUse:
            threading.Event().wait(_PAUSE_S)
        else:
            return


def _roll_back(
    connection: psycopg.Connection, query: str, told: Mapping[str, object] | None = None
) -> None:
    for (gid,) in connection.execute(query, told).fetchall():
        try:
            connection.execute(sql.SQL("ROLLBACK PREPARED {}").format(sql.Literal(gid)))
        except errors.UndefinedObject:
            continue  # Its owner was faster.


def _roles_of(admin: psycopg.Connection, name: str) -> Iterator[str]:
    """Yield the roles whose name begins with the database's: those made for its tests."""
    found = admin.execute(
        "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", [f"{name}_"]
    )
    for (role,) in found.fetchall():
        yield role
