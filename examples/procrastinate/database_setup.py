"""Prepare an empty database: procrastinate's schema, and the table of evidence."""

from __future__ import annotations

import sys
import threading

import psycopg
from jobs_app import DATABASE_URL, EVIDENCE, app


def main() -> None:
    """Apply both, say so, and wait to be stopped."""
    with app.open():
        app.schema_manager.apply_schema()
    with psycopg.connect(DATABASE_URL, autocommit=True) as connection:
        connection.execute(EVIDENCE.encode())
    sys.stdout.write("the database is ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
