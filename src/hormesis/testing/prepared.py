"""The template, prepared once, and brought into one fresh schema or database after the other.

A database is a copy of one that the template was applied to (``CREATE DATABASE … TEMPLATE``). A
schema cannot be copied, so the template runs again in each: an SQL file as one message to the
server, which is as fast as its statements are; a function is called again.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import psycopg

from hormesis.testing.connecting import connected
from hormesis.testing.database import SessionDatabase
from hormesis.testing.options import Options
from hormesis.testing.postgres_url import url_of, with_settings
from hormesis.testing.template import APPLICATION, Template, template_of

_KNOWN: WeakKeyDictionary[SessionDatabase, Prepared] = WeakKeyDictionary()


class Prepared:
    """The template of one session's database; *None* stands for nothing at all."""

    def __init__(self, database: SessionDatabase, template: Template | None) -> None:
        self._database = database
        self._template = template
        self._copied_from = ""
        self._filled = False
        self._session: psycopg.Connection | None = None
        database.before_close(self._end_session)

    @classmethod
    def of(cls, database: SessionDatabase, options: Options) -> Prepared:
        """Return the one of *database*; read at the first call.

        Raises:
            InputTrouble: there is no such template.
        """
        if database not in _KNOWN:
            _KNOWN[database] = cls(database, template_of(options))
        return _KNOWN[database]

    def fill_schema(self, name: str) -> None:
        """Make the schema *name* with the template in it.

        Raises:
            InputTrouble: the template failed.
        """
        self._database.create_schema(name)
        if self._template is not None:
            self._apply(self._database.name, f"{name},public")

    def fill_once(self) -> None:
        """Apply the template to the session's own database itself, the first time only.

        Raises:
            InputTrouble: the template failed.
        """
        if self._template is not None and self._database.is_own and not self._filled:
            self._apply(self._database.name)
            self._filled = True

    def fill_database(self, name: str) -> None:
        """Make the database *name* with the template in it.

        Raises:
            InputTrouble: the template failed.
        """
        if self._template is not None and not self._copied_from:
            source = f"{self._database.owner.text}_template"
            self._database.create_database(source)
            try:
                self._apply(source)
                self._end_session()
            except BaseException:
                self._database.drop_database(source)
                raise
            self._copied_from = source
        self._database.create_database(name, self._copied_from)

    def _apply(self, database: str, search_path: str = "") -> None:
        assert self._template is not None
        if self._template.function is not None:
            # A session of its own: what a function leaves set, or open, is nobody else's.
            with self._connected(database, search_path) as connection:
                connection.autocommit = False
                self._template.apply(connection)
            return
        if self._session is None or self._session.closed or self._session.info.dbname != database:
            self._end_session()
            self._session = self._connected(database)
        try:
            if search_path:
                self._session.execute("SELECT set_config('search_path', %s, false)", [search_path])
            self._template.apply(self._session)
            self._session.execute("DISCARD ALL")
        except BaseException:
            self._end_session()
            raise

    def _connected(self, database: str, search_path: str = "") -> psycopg.Connection:
        settings = {"search_path": search_path} if search_path else {}
        parts = with_settings(self._database.server.parts(database), settings)
        return connected(url_of(parts), APPLICATION)

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
