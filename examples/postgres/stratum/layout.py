"""The tables in which stratum keeps its records."""

from __future__ import annotations

from typing import Any, LiteralString

from psycopg import Connection

from stratum.branches import ensure_branch
from stratum.canaries import planted

# Constraints hold where code forgets: each rule that a table can state stands here.
_TABLES: LiteralString = """
CREATE TABLE IF NOT EXISTS stratum_branch (
    name text PRIMARY KEY CHECK (name <> ''),
    stamp text NOT NULL UNIQUE,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    head text,
    forked_from text REFERENCES stratum_branch
);
CREATE TABLE IF NOT EXISTS stratum_commit (
    stamp text PRIMARY KEY,
    branch text NOT NULL REFERENCES stratum_branch,
    version bigint NOT NULL CHECK (version > 0),
    parent text,
    merged text,
    message text NOT NULL CHECK (message <> ''),
    key text UNIQUE,
    UNIQUE (branch, version)
);
CREATE TABLE IF NOT EXISTS stratum_table (
    name text PRIMARY KEY,
    stamp text NOT NULL UNIQUE,
    shape jsonb NOT NULL,
    version bigint NOT NULL DEFAULT 0 CHECK (version >= 0)
);
CREATE TABLE IF NOT EXISTS stratum_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    commit text NOT NULL REFERENCES stratum_commit,
    table_name text NOT NULL,
    statement text NOT NULL,
    shape jsonb NOT NULL
);
CREATE TABLE IF NOT EXISTS stratum_migration (
    version text PRIMARY KEY,
    name text NOT NULL,
    sum text NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    error text,
    runs integer NOT NULL DEFAULT 1
);
"""
_ANCESTRY: LiteralString = """
ALTER TABLE stratum_commit
    DROP CONSTRAINT IF EXISTS stratum_parent, DROP CONSTRAINT IF EXISTS stratum_merged,
    ADD CONSTRAINT stratum_parent FOREIGN KEY (parent) REFERENCES stratum_commit,
    ADD CONSTRAINT stratum_merged FOREIGN KEY (merged) REFERENCES stratum_commit
"""


def install(conn: Connection[Any]) -> None:
    """Create what is not there yet, and the branch ``main``."""
    with conn.transaction():
        conn.execute(_TABLES)
        if not planted("parent-not-constrained"):
            conn.execute(_ANCESTRY)
        ensure_branch(conn, "main")
