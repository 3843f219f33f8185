"""Any migration: what yoyo makes of a file is what PostgreSQL makes of its statements."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from project import Project

from hormesis.strategies.migration import Migration
from hormesis.strategies.migrations import migrations

if TYPE_CHECKING:
    from hormesis.testing import IsolatedSchema

pytestmark = [pytest.mark.chaos, pytest.mark.migration, pytest.mark.property]

SHAPE = """
SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attnum > 0
  AND NOT attisdropped AND relname NOT LIKE '%yoyo%'
ORDER BY relname, attnum
"""


def shape(dsn: str) -> list[tuple[object, ...]]:
    """Return all columns of all tables."""
    with psycopg.connect(dsn) as conn:
        return conn.execute(SHAPE).fetchall()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(migration=migrations(max_size=5))
def test_a_file_does_what_its_statements_do(
    isolated_schema: IsolatedSchema, migration: Migration
) -> None:
    assume("\r" not in migration.sql)  # The test below says what becomes of that.
    with isolated_schema.fresh() as plain, psycopg.connect(plain.dsn) as conn:
        for statement in migration.statements:
            conn.execute(statement.encode())
        conn.commit()
        expected = shape(plain.dsn)
    with isolated_schema.fresh() as schema, TemporaryDirectory() as folder:
        project = Project(Path(folder), schema.dsn)
        project.write_sql("0001-any", migration.sql)
        project.apply()
        assert shape(schema.dsn) == expected


@pytest.mark.xfail(
    reason="the file is read as text, in which every end of a line becomes a line feed",
    raises=AssertionError,
    strict=True,
)
def test_a_carriage_return_in_a_text_is_kept(project: Project) -> None:
    """Hypothesis found it, in the name of a table; it is more likely in a text, as of a mail."""
    project.write_sql("0001-mails", "CREATE TABLE mails AS SELECT 'Dear\r\nsir' AS body;")
    project.apply()
    with psycopg.connect(project.dsn) as conn:
        assert conn.execute("SELECT body FROM mails").fetchone() == ("Dear\r\nsir",)
