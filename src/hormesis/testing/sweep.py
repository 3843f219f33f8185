"""What dead sessions of tests left on a server that is not ours to stop."""

from __future__ import annotations

import psycopg
from psycopg import errors

from hormesis.testing.ownership import LOCKED, Name, owner_lives
from hormesis.testing.removing import drop_database, drop_schema
from hormesis.testing.server import Server

_DATABASES = """
SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database
WHERE starts_with(datname, 'hormesis_') ORDER BY length(datname) DESC
"""
_SCHEMAS = """
SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace
WHERE starts_with(nspname, 'hormesis_')
"""
_BUSY = "SELECT DISTINCT datname FROM pg_stat_activity WHERE datname IS NOT NULL"
_JUST_STARTED = "SELECT now() - pg_postmaster_start_time() < interval '60 s'"


def sweep(admin: psycopg.Connection, server: Server) -> list[str]:
    """Drop every database, and every schema of this one, whose owner is dead; return their names.

    What is not ours to drop, or another sweep is just dropping, stays.
    """
    swept = []
    for name in _dead(admin, _DATABASES):
        try:
            drop_database(admin, name, server.dsn(name))
        except (errors.InsufficientPrivilege, errors.InvalidCatalogName, errors.ObjectInUse):
            continue
        except errors.InternalError_:
            continue  # "tuple concurrently deleted": the other sweep has it.
        swept.append(name)
    for name in _dead(admin, _SCHEMAS):
        try:
            drop_schema(admin, name)
        except (errors.InsufficientPrivilege, errors.LockNotAvailable, errors.InternalError_):
            continue
        swept.append(name)
    return swept


def _dead(admin: psycopg.Connection, query: str) -> list[str]:
    found = [
        (text, comment, owner)
        for text, comment in admin.execute(query).fetchall()
        if (owner := Name.of(text)) is not None
    ]
    # Asked after the names: who has a name by now has taken its lock before.
    locked = {number for (number,) in admin.execute(LOCKED).fetchall()}
    comments = {text: comment for text, comment, _ in found}
    # Of owners on other machines only the lock tells. One may have been lost with its connection
    # and not be taken again yet, so where anything else speaks for a living owner it is believed.
    busy = {name for (name,) in admin.execute(_BUSY).fetchall()}
    fresh = admin.execute(_JUST_STARTED).fetchone() == (True,)
    dead = []
    for text, comment, owner in found:
        # What one owner made besides its database has no comment of its own.
        lives = owner_lives(comment or comments.get(owner.text))
        doubtful = lives is None and (fresh or {text, owner.text} & busy)
        if owner.number not in locked and not lives and not doubtful:
            dead.append(text)
    return dead
