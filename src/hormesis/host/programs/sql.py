"""Run SQL statements in one transaction: all of them happen, or none.

Configuration, one JSON line on standard input: ``dsn``, ``statements`` (a list of texts) and
``timeout_s``. Reports ``rows``, the number of rows that each statement touched, or ``error``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

APPLICATION = "hormesis-sql"
EXIT_MISSING = 69
_TIMEOUT_S = 30.0


def run(config: dict[str, Any]) -> list[int]:
    """Run the statements, and return how many rows each one touched.

    Raises:
        psycopg.Error: one of them failed; nothing was changed.
    """
    import psycopg

    timeout_s = float(config.get("timeout_s") or _TIMEOUT_S)
    with psycopg.connect(
        config["dsn"], application_name=APPLICATION, connect_timeout=max(2, int(timeout_s))
    ) as connection:
        connection.execute(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}")
        return [connection.execute(text).rowcount for text in config["statements"]]


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
        _report(rows=run(json.loads(line)))
    except psycopg.Error as error:
        _report(error=str(error).strip().partition("\n")[0])
        return 1
    return 0


def _report(**facts: Any) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
