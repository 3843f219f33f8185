"""The address of the database, as the command line gives it."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from proving_ground.usage import UsageError


def checked_dsn(dsn: str) -> str:
    """Return *dsn* when it is an address of PostgreSQL; raises ``UsageError``."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.Error as error:
        raise UsageError(f"--database-url: {error}") from None
    return dsn
