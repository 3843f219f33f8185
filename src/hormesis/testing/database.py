"""The database of one process of tests: its own, gone afterwards, swept when it could not be."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from random import Random
from typing import TypeVar

import psycopg
from psycopg import errors, sql

from hormesis.testing.connecting import PATIENCE_S, connected
from hormesis.testing.options import Options
from hormesis.testing.ownership import Name, owner_comment
from hormesis.testing.postgres_url import url_of
from hormesis.testing.removing import drop_database, drop_schema
from hormesis.testing.server import Server
from hormesis.testing.sweep import sweep
from hormesis.words.trouble import CapabilityTrouble

KEEPER = "hormesis-keeper"
T = TypeVar("T")


class SessionDatabase:
    """A database ``hormesis_…`` and the connection that keeps it; made when it is constructed.

    The connection holds the advisory lock that says that the owner lives, and makes and drops what
    single tests have. Where the account may not create databases, its schemas bear the name
    instead, in the database of the URL.
    """

    def __init__(self, server: Server, options: Options) -> None:
        self.server, self.options = server, options
        self.owner = Name.drawn(Random(int.from_bytes(os.urandom(8), "big")))
        self.swept: list[str] = []
        """What the start found of dead sessions and dropped."""
        self._lock = threading.RLock()
        self._made = 0
        self._closing: list[Callable[[], None]] = []
        self._pid = os.getpid()
        self.name, self._admin = self._begin()
        server.on_return(self._keep)

    @property
    def is_own(self) -> bool:
        """Whether it is a database of our own; False: it is the one that the URL names."""
        return self.name == self.owner.text

    def next_name(self) -> str:
        """Return a name for one more schema or database of this owner."""
        with self._lock:
            self._made += 1
            return f"{self.owner.text}_{self._made}"

    def create_schema(self, name: str) -> None:
        """Create the schema *name*.

        Raises:
            CapabilityTrouble: the account may not.
        """
        named = sql.Identifier(name)
        statement = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(named)
        if not self.is_own:
            # Within a database of our own nobody else will ever look for an owner.
            comment = sql.SQL("; COMMENT ON SCHEMA {} IS {}")
            statement += comment.format(named, sql.Literal(owner_comment()))
        try:
            self.perform(lambda admin: admin.execute(statement))
        except errors.InsufficientPrivilege as error:
            told = error.diag.message_primary
            raise CapabilityTrouble(
                f"the account may create neither databases nor schemas: {told}",
                hint="grant it CREATEDB, or use --chaos-isolation none",
            ) from error

    def drop_schema(self, name: str) -> None:
        """Drop the schema *name*, whoever uses it."""
        self.perform(lambda admin: drop_schema(admin, name))

    def create_database(self, name: str, template: str = "") -> None:
        """Create the database *name* as a copy of *template*, or empty.

        Raises:
            CapabilityTrouble: the account may not.
        """
        parts: list[sql.SQL | sql.Composed] = [
            sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        ]
        if template:
            parts.append(sql.SQL("TEMPLATE {}").format(sql.Identifier(template)))
        if self.server.is_ours:
            # Faster without fsync; on a server that others use its checkpoints would be felt.
            parts.append(sql.SQL("STRATEGY file_copy"))
        try:
            self.perform(lambda admin: _create(admin, sql.SQL(" ").join(parts)))
        except errors.InsufficientPrivilege as error:
            raise CapabilityTrouble(
                f"the account may not create databases: {error.diag.message_primary}",
                hint="grant it CREATEDB, or use --chaos-isolation schema",
            ) from error

    def drop_database(self, name: str) -> None:
        """Drop the database *name*, whoever uses it."""
        self.perform(lambda admin: drop_database(admin, name, self.server.dsn(name)))

    def perform(self, work: Callable[[psycopg.Connection], T]) -> T:
        """Do *work* with the keeping connection; once more when that turned out to be lost.

        Raises:
            psycopg.Error: the server refused.
            CapabilityTrouble: the server is gone.
        """
        with self._lock:
            try:
                return work(self._admin)
            except psycopg.OperationalError:
                if not self._admin.broken and not self._admin.closed:
                    raise
                self._keep()
                return work(self._admin)

    def before_close(self, call: Callable[[], None]) -> None:
        """Have *call* called before the database goes."""
        self._closing.append(call)

    def close(self) -> None:
        """Drop everything that is left of this owner, and let its lock go."""
        if os.getpid() != self._pid:
            return
        for call in self._closing:
            call()
        with self._lock:
            if self.server.is_ours:
                # It goes with its server, and faster.
                self._admin.close()
                return
            self._keep()
            with self._admin as admin:
                for name in self._left(admin):
                    drop_schema(admin, name)
            if self.is_own:
                with connected(self.server.dsn(), KEEPER) as outside:
                    # From outside, so that the lock is held until the last of it is gone.
                    outside.execute(self.owner.lock)
                    for name in _databases_of(outside, self.owner):
                        drop_database(outside, name, self.server.dsn(name))

    def _begin(self) -> tuple[str, psycopg.Connection]:
        outside = connected(self.server.dsn(), KEEPER, patience_s=PATIENCE_S)
        try:
            if not self.server.is_ours:
                self.swept = sweep(outside, self.server)
            if self.options.isolation == "none" and not self.server.is_ours:
                return self.server.parts()["dbname"], outside
            outside.execute(self.owner.lock)
            name = sql.Identifier(self.owner.text)
            try:
                _create(outside, sql.SQL("CREATE DATABASE {}").format(name))
            except errors.InsufficientPrivilege:
                return self.server.parts()["dbname"], outside
            comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
            outside.execute(comment.format(name, sql.Literal(owner_comment())))
            inside = self._connected(self.owner.text)
        except BaseException:
            outside.close()
            raise
        outside.close()
        return self.owner.text, inside

    def _connected(self, database: str) -> psycopg.Connection:
        url = url_of(self.server.parts(database))
        connection = connected(url, KEEPER, patience_s=PATIENCE_S)
        connection.execute(self.owner.lock)
        return connection

    def _keep(self) -> None:
        """Have a connection that holds the lock, also after the server was away."""
        with self._lock:
            try:
                self._admin.execute("SELECT 1")
            except psycopg.OperationalError:
                self._admin.close()
                self._admin = self._connected(self.name)

    def _left(self, admin: psycopg.Connection) -> list[str]:
        found = admin.execute(
            "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [self.owner.text]
        )
        return [name for (name,) in found.fetchall()] if not self.is_own else []


def _create(admin: psycopg.Connection, statement: sql.Composed) -> None:
    try:
        admin.execute(statement)
    except errors.DuplicateDatabase:
        pass  # The first try went through, and only its answer was lost.
    except errors.ObjectInUse as error:
        raise CapabilityTrouble(
            f"the template is in use: {error.diag.message_detail or error.diag.message_primary}",
            hint="close every connection in the template's function",
        ) from error


def _databases_of(admin: psycopg.Connection, owner: Name) -> list[str]:
    found = admin.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) "
        "ORDER BY length(datname) DESC",
        [owner.text],
    )
    return [name for (name,) in found.fetchall()]
