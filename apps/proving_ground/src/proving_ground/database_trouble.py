"""Why the database did not answer, in the words that callers of the API see."""

from __future__ import annotations

import psycopg

SLOW = "database-slow"
UNAVAILABLE = "database-unavailable"
CONNECTIONS_EXHAUSTED = "database-connections-exhausted"
OUT_OF_RESOURCES = "database-out-of-resources"

# libpq gives no SQLSTATE for a refused connection, only the server's sentence.
_EXHAUSTED_SENTENCES = (
    "too many clients already",
    "too many connections for",
    "remaining connection slots are reserved",
)


class DatabaseTrouble(Exception):
    """A request could not be served because of the database; becomes 503 with ``code``.

    ``lost`` says that the connection is gone, ``again`` that the same statement may be repeated
    at once.
    """

    def __init__(self, code: str, detail: str, *, lost: bool = False, again: bool = False) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.lost = lost
        self.again = again


def trouble_of(error: psycopg.Error, *, lost: bool) -> DatabaseTrouble | None:
    """Return what ``error`` means to a caller, or None when it is the program's own mistake."""
    detail = " ".join(str(error).split()) or type(error).__name__
    state = error.sqlstate or ""
    if state == "53300" or any(sentence in detail for sentence in _EXHAUSTED_SENTENCES):
        return DatabaseTrouble(CONNECTIONS_EXHAUSTED, detail)
    if state == "57014":
        return DatabaseTrouble(SLOW, "the database cancelled the statement after its time")
    if state in ("40001", "40P01"):
        return DatabaseTrouble(SLOW, detail, again=True)
    if lost or state.startswith(("08", "57P")):
        return DatabaseTrouble(UNAVAILABLE, detail, lost=True, again=True)
    if state.startswith("53"):
        return DatabaseTrouble(OUT_OF_RESOURCES, detail)
    if state in ("25006", "42P01", "55P03") or (not state and _operational(error)):
        return DatabaseTrouble(UNAVAILABLE, detail)
    return None


def _operational(error: psycopg.Error) -> bool:
    return isinstance(error, psycopg.OperationalError)
