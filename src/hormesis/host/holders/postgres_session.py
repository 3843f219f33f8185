"""A holder's sessions with PostgreSQL: named, and ended by the server when nobody ends them.

The server gives each up by its own timeouts a little after the hold deadline, so that a session
ends even where the network hides the holder's death from the server.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hormesis.host.holders.driven import run_driven
from hormesis.host.holders.lifeline import Lifeline
from hormesis.host.process import MARK

if TYPE_CHECKING:
    import psycopg

MISSING = "the PostgreSQL driver is not installed; pip install 'hormesis[postgres]'"
OBSERVER = "hormesis-look"
"""The name of sessions that only look."""
CONNECT_S = 3
CANNOT_CONNECT_NOW = "57P03"
_AGAIN_S = 0.05
_LAST_S = 5.0
_END_EARLIER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %(name)s AND usename = current_user
"""
_SPARE_S = 2.0


class SqlRefused(Exception):
    """The server refused, or is not there; ``state`` is its SQLSTATE or empty."""

    def __init__(self, text: str, state: str) -> None:
        super().__init__(text)
        self.state = state


class Session:
    """One connection; ``hold_s`` is when the server ends it by itself, in seconds from now."""

    def __init__(
        self, dsn: str, name: str, *, user: str = "", hold_s: float = 0.0,
        autocommit: bool = True, patience_s: float = 0.0,
    ) -> None:  # fmt: skip
        """Connect; a server that is just starting or recovering is waited for, ``patience_s``.

        Raises:
            SqlRefused: no connection, with the reason.
        """
        more: dict[str, Any] = {"user": user} if user else {}
        until, pause = time.monotonic() + patience_s, threading.Event()
        while True:
            try:
                self._line = _connected(dsn, application_name=name, **more)
                break
            except SqlRefused as error:
                if error.state != CANNOT_CONNECT_NOW or time.monotonic() >= until:
                    raise
            pause.wait(_AGAIN_S)
        if hold_s:
            self._guard(int(1000 * (hold_s + _SPARE_S)))
        self._line.autocommit = autocommit

    @property
    def pid(self) -> int:
        """The process id of its backend."""
        return int(self._line.info.backend_pid)

    @property
    def version(self) -> int:
        """The server's version: 160004 is 16.4."""
        return int(self._line.info.server_version)

    @property
    def lost(self) -> bool:
        """Whether it is known to be gone."""
        return bool(self._line.closed)

    def rows(self, query: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run *query* and return its rows, none where it has none.

        Raises:
            SqlRefused: with the reason; a transaction that was open is aborted.
        """
        import psycopg

        try:
            cursor = self._line.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise SqlRefused(told(error), state_of(error)) from error

    def rollback(self) -> None:
        """Give the transaction up; a lost connection has done so."""
        import psycopg

        try:
            self._line.rollback()
        except psycopg.Error:
            self._line.close()

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def table(self, name: str) -> str:
        """Return the name of a table as SQL wants it written, with its schema where needed.

        Raises:
            SqlRefused: there is no such table.
        """
        return str(self.rows("SELECT %(name)s::regclass::text", {"name": name})[0][0])

    def _guard(self, ms: int) -> None:
        self.rows(f"SET idle_in_transaction_session_timeout = {ms}")
        if self.version >= 140000:
            self.rows(f"SET idle_session_timeout = {ms}")
            # A backend in a long statement does not read, and so does not see that we are gone.
            try:
                self.rows("SET client_connection_check_interval = 1000")
            except SqlRefused:
                return
        if self.version >= 170000:
            self.rows(f"SET transaction_timeout = {ms}")


def _connected(dsn: str, **settings: Any) -> psycopg.Connection[Any]:
    import psycopg

    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_S, **settings)
    except psycopg.Error as error:
        raise SqlRefused(told(error), state_of(error)) from error


def marked(name: str) -> str:
    """Return a session name that only programs of this process's effect bear."""
    mark = os.environ.get(MARK, "")
    return f"{name}-{zlib.crc32(mark.encode()):08x}" if mark else name


def end_earlier(dsn: str, name: str) -> None:
    """End sessions of this effect that a killed program left behind, and wait until they are gone.

    The server may still be at the last statement that it was sent; whatever that does must have
    happened before it is undone.

    Raises:
        SqlRefused: the server is not there, or a session does not end.
    """
    session = Session(dsn, OBSERVER, patience_s=_LAST_S)
    until, pause = time.monotonic() + _LAST_S, threading.Event()
    while session.rows(_END_EARLIER, {"name": name}):
        if time.monotonic() > until:
            raise SqlRefused(f"an earlier session {name} does not end", "")
        pause.wait(_AGAIN_S)
    session.close()


def refused_state(session: Session, statements: Sequence[str]) -> str:
    """Try *statements* in a transaction that is given up; return the SQLSTATE of a refusal."""
    try:
        for statement in statements:
            session.rows(statement)
    except SqlRefused as error:
        return error.state or "connection"
    finally:
        session.rollback()
    return ""


def serve(work: Callable[[dict[str, Any], Lifeline], None]) -> int:
    """Read the configuration and *work* until the lifeline ends; return an exit status."""
    return run_driven(work, "psycopg", MISSING, SqlRefused)


def told(error: Exception) -> str:
    """Return the first line of an error of the driver, with its SQLSTATE."""
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    state = state_of(error)
    return f"{text} ({state})" if state else text


def state_of(error: Exception) -> str:
    """Return the SQLSTATE of an error of the driver; a refused login tells it in words only."""
    state = str(getattr(error, "sqlstate", None) or "")
    text = str(error)
    if not state and ("too many" in text or "connection slots are reserved" in text):
        return "53300"
    if not state and "the database system is" in text:
        return CANNOT_CONNECT_NOW
    return state

