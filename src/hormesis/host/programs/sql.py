"""Run SQL statements in one transaction: all of them happen, or none.

Configuration, one JSON line on standard input: ``dsn``, ``statements`` (a list of texts) and
``timeout_s``; also ``count``, a query for one number. Reports ``rows``, the number of rows that
each statement touched, and ``counted``, that number at the end of the transaction; or ``error``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from hormesis.host.holders.postgres_session import SqlRefused, end_earlier, marked
from hormesis.host.process import MARK

APPLICATION = "hormesis-sql"
EXIT_MISSING = 69
_TIMEOUT_S = 30.0


def run(config: dict[str, Any]) -> dict[str, Any]:
    """Run the statements; return ``rows``, and ``counted`` when the configuration has ``count``.

    Raises:
        psycopg.Error: one of them failed; nothing was changed.
        SqlRefused: the server is not there.
    """
    import psycopg

    timeout_s = float(config.get("timeout_s") or _TIMEOUT_S)
    try:
        if os.environ.get(MARK):
            end_earlier(config["dsn"], marked(APPLICATION))
        connecting = psycopg.connect(
            config["dsn"],
            application_name=marked(APPLICATION),
            connect_timeout=max(2, int(timeout_s)),
        )
    except psycopg.OperationalError as error:
        raise SqlRefused(str(error), error.sqlstate or "") from error
    with connecting as connection:
        connection.execute(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}")
        rows = [connection.execute(text).rowcount for text in config["statements"]]
        if "count" not in config:
            return {"rows": rows}
        # Within the transaction, so that nobody can have repaired anything yet.
        found = connection.execute(config["count"]).fetchone()
        return {"rows": rows, "counted": float(found[0]) if found else None}


def main() -> int:
    """Run what standard input asks for; the exit status is 0 when it was done."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 0
    try:
        import psycopg
    except ImportError:
        _report(error="the PostgreSQL driver is not installed; pip install 'hormesis[postgres]'")
        return EXIT_MISSING
    try:
        _report(**run(json.loads(line)))
    except (psycopg.Error, SqlRefused) as error:
        told = str(error).strip().partition("\n")[0]
        # Without a connection nothing was changed, so that there is nothing to undo.
        _report(error=told, untouched=isinstance(error, SqlRefused))
        return 1
    return 0


def _report(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
