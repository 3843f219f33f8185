"""Backend: which process of the server serves a connection."""

from __future__ import annotations

from typing import Any

from hormesis.compose.by_hand_trouble import NoBite


def pid_of(conn_or_pid: Any) -> int:
    """Return the process id of a connection's backend: psycopg's, or one that wraps it.

    Raises:
        NoBite: the connection is closed, so it has none.
        TypeError: it is neither a number nor such a connection.
    """
    one = conn_or_pid
    if isinstance(one, int) and not isinstance(one, bool):
        return one
    for name in ("connection", "driver_connection", "dbapi_connection"):
        # SQLAlchemy and Django keep the driver's connection inside their own.
        if not hasattr(one, "info") or not hasattr(one.info, "backend_pid"):
            one = getattr(one, name, one)
    for name in ("backend_pid", "get_backend_pid"):
        found = getattr(getattr(one, "info", one), name, getattr(one, name, None))
        if callable(found):
            found = found()
        if isinstance(found, int) and found:
            return found
        if found == 0:
            raise NoBite("the connection is closed, so it has no backend to end")
    raise TypeError(f"expected a connection or a process id, found {conn_or_pid!r}")
