"""Tables that live as long as a test: real ones, which every session of the test sees."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from psycopg import sql

from hormesis.testing.connecting import PATIENCE_S, connected
from hormesis.testing.removing import drop_tables

COLUMNS = "id serial PRIMARY KEY, name text, value integer"
_MAKER = "hormesis-table"


class TempTable(str):
    """The name of a table, for SQL, with the columns ``id``, ``name`` and ``value``."""

    _dsn: str
    _made: list[str]

    @classmethod
    def _of(cls, name: str, dsn: str, made: list[str]) -> Self:
        table = cls(name)
        table._dsn, table._made = dsn, made
        return table

    def create(self, columns: str, **storage: str | int) -> TempTable:
        """Make one more table with *columns*, such as ``"a int, b text"``.

        Args:
            columns: what stands between the brackets of ``CREATE TABLE``.
            storage: its storage parameters, such as ``fillfactor=50``.

        Raises:
            psycopg.Error: the server refused.
        """
        return _create(self._dsn, columns, storage, self._made)


@contextmanager
def temp_table(dsn: str) -> Iterator[TempTable]:
    """Give a table where *dsn* leads to; it and those made with it are dropped afterwards.

    A table of PostgreSQL's kind ``TEMPORARY`` would be one session's own, and no two workers could
    meet in it.
    """
    made: list[str] = []
    try:
        yield _create(dsn, COLUMNS, {}, made)
    finally:
        if made:
            _drop(dsn, made)


def _create(dsn: str, columns: str, storage: dict[str, str | int], made: list[str]) -> TempTable:
    # Drawn apart from every seed: two processes may share a schema.
    name = f"temp_table_{os.urandom(3).hex()}"
    inner = sql.SQL(columns)
    parts = [sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), inner)]
    if storage:
        pairs = (
            sql.SQL("{} = {}").format(sql.Identifier(key), sql.Literal(value))
            for key, value in storage.items()
        )
        parts.append(sql.SQL("WITH ({})").format(sql.SQL(", ").join(pairs)))
    with connected(dsn, _MAKER, patience_s=PATIENCE_S) as maker:
        maker.execute(sql.SQL(" ").join(parts))
    made.append(name)
    return TempTable._of(name, dsn, made)


def _drop(dsn: str, made: list[str]) -> None:
    """Drop the tables; whoever still holds one is a leftover of the test."""
    with connected(dsn, _MAKER, patience_s=PATIENCE_S) as maker:
        drop_tables(maker, made)
