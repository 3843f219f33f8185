"""What one test has to itself: a fresh schema, or a fresh database, with the template in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import psycopg
from psycopg import sql

from hormesis.testing.database import SessionDatabase
from hormesis.testing.options import Options
from hormesis.testing.postgres_url import (
    ConnectionString,
    application_of,
    url_of,
    with_settings,
)
from hormesis.testing.prepared import Prepared

_PUBLIC = "public"


class IsolatedSchema(str):
    """The name of a schema, for SQL; it also knows how to connect so that it comes first.

    With ``isolation = database`` the name is ``public``, in a database of its own.
    """

    database: str
    """The database it is in."""
    _home: _Home

    @classmethod
    def _of(cls, name: str, database: str, home: _Home) -> Self:
        made = cls(name)
        made.database, made._home = database, home
        return made

    @property
    def dsn(self) -> str:
        """A URL straight to the server, whose sessions find this schema first."""
        return self.connection_string()

    @property
    def wire_dsn(self) -> str:
        """The same through the link, where faults hit what is sent."""
        return self.connection_string(wire=True)

    def connection_string(self, *, wire: bool = False) -> str:
        """Return a URL whose sessions find this schema first; with *wire* through the link."""
        return self._home.url(self, wire=wire)

    @contextmanager
    def fresh(self) -> Iterator[IsolatedSchema]:
        """Give one more of the same kind, such as for each example of a property; then drop it."""
        with self._home.fresh() as one:
            yield one


@contextmanager
def fresh(database: SessionDatabase, options: Options, name: str) -> Iterator[IsolatedSchema]:
    """Give what the test called *name* has to itself, and drop it afterwards.

    Raises:
        InputTrouble: the template failed; the problem names the line.
        CapabilityTrouble: the account may not make one.
    """
    with _Home(database, options, name).fresh() as one:
        yield one


class _Home:
    """Makes what one test has to itself, as the session's isolation wants it."""

    def __init__(self, database: SessionDatabase, options: Options, name: str) -> None:
        self._database, self._options, self._name = database, options, name

    @contextmanager
    def fresh(self) -> Iterator[IsolatedSchema]:
        prepared = Prepared.of(self._database, self._options)
        if self._options.isolation == "none":
            prepared.fill_once()
            yield IsolatedSchema._of(self._current(), self._database.name, self)
        elif self._options.isolation == "database":
            made = self._database.next_name()
            try:
                prepared.fill_database(made)
                yield IsolatedSchema._of(_PUBLIC, made, self)
            finally:
                self._database.drop_database(made)
        else:
            made = self._database.next_name()
            try:
                prepared.fill_schema(made)
                yield IsolatedSchema._of(made, self._database.name, self)
            finally:
                self._database.drop_schema(made)

    def url(self, schema: IsolatedSchema, *, wire: bool) -> str:
        parts = self._database.server.parts(schema.database, wire=wire)
        settings = session_settings(self._options)
        if self._options.isolation == "schema":
            # Behind it the public one: extensions are there.
            settings["search_path"] = f"{schema},{_PUBLIC}"
        named = {**parts, "application_name": application_of(self._name)}
        return ConnectionString(url_of(with_settings(named, settings)))

    def _current(self) -> str:
        def ask(admin: psycopg.Connection) -> str:
            row = admin.execute(sql.SQL("SELECT current_schema()")).fetchone()
            return str(row[0]) if row and row[0] else _PUBLIC

        return self._database.perform(ask)


def session_settings(options: Options) -> dict[str, str]:
    """Return the settings that every session of a test begins with."""
    level = options.transaction_isolation.replace("-", " ")
    return {"default_transaction_isolation": level} if level else {}
