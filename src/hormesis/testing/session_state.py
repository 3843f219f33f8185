"""Session state: what of a connection outlives a rollback, remembered and put back.

On libpq's own level, so that it also serves connections whose loop is running, or gone. Settings
with a dot in their name are left alone: the server lists none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

Connection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]
_OF_THE_CLIENT = ("_autocommit", "_isolation_level", "_read_only", "_deferrable")
_SET = b"SELECT name, setting FROM pg_settings WHERE source = 'session'"


@dataclass(frozen=True, slots=True)
class SessionState:
    """The client's own switches, and the settings that were made with ``SET``, by their names."""

    switches: tuple[Any, ...]
    settings: dict[str, str]

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Return the state of *connection*, on which no transaction is open."""
        switches = tuple(getattr(connection, name, None) for name in _OF_THE_CLIENT)
        return cls(switches, _settings_of(connection) or {})

    def put_back(self, connection: Connection) -> None:
        """Bring *connection*, on which no transaction is open, into this state."""
        for name, value in zip(_OF_THE_CLIENT, self.switches, strict=True):
            setattr(connection, name, value)
        connection._begin_statement = b""  # It is made from the switches, once.
        found = _settings_of(connection)
        if found is None or found == self.settings:
            return
        line = connection.pgconn
        for name in found.keys() - self.settings.keys():
            line.exec_(f'RESET "{name}"'.encode())
        for name, value in self.settings.items():
            if found.get(name) != value:
                told = [name.encode(), value.encode()]
                line.exec_params(b"SELECT set_config($1, $2, false)", told)


def _settings_of(connection: Connection) -> dict[str, str] | None:
    """Return what was set; None: the session does not answer."""
    line = connection.pgconn
    if line.transaction_status != TransactionStatus.IDLE:
        return None
    result = line.exec_(_SET)
    if result.status != ExecStatus.TUPLES_OK:
        return None
    rows = ((result.get_value(n, 0), result.get_value(n, 1)) for n in range(result.ntuples))
    return {(name or b"").decode(): (value or b"").decode() for name, value in rows}
