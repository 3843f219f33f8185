"""What a real PostgreSQL says of statements that do not fit, and which variable is told for it."""

from __future__ import annotations

import pytest

from hormesis.compose.misfit import Misfit
from hormesis.compose.trial import Read, lack_of, tried
from hormesis.probes.sql import Sql
from tests.integration.postgres import postgres
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]

HELD = {"query": ("done_sql",), "dsn": ("dsn",)}


def asked(dsn: str, query: str, *columns: str) -> tuple[str, bool]:
    """Return which variable is to blame, empty when it fits, and whether it may be mended."""
    probe = Sql(query=query, dsn=dsn)
    read = Read("done", probe, HELD, columns=columns)
    found: Misfit | None = tried([read], {}).get(read)
    if found is None:
        return "", False
    return lack_of(read, found, {}).what.split("`")[1], found.mendable


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT 1 AS task WHERE false", ("", False)),
        ("SELECT 1 AS task WHERE false; ", ("", False)),
        ("SELECT 1 AS task -- of all", ("", False)),
        ("SELECT 1 AS number WHERE false", ("done_sql", False)),
        ("SELEKT 1", ("done_sql", False)),
        ("CREATE TABLE hardly (id int)", ("done_sql", False)),
        ("SELECT task FROM not_there", ("done_sql", True)),
        ("SELECT not_there FROM pg_class", ("done_sql", True)),
        ("SELECT 1 FROM no_schema.work", ("done_sql", True)),
    ],
)
def test_only_what_is_not_there_yet_may_come(
    query: str, told: tuple[str, bool], postgres: Postgres
) -> None:
    assert asked(postgres.dsn(), query, "task") == told


def test_a_database_that_lets_nobody_in_is_told_once_for_all(postgres: Postgres) -> None:
    assert asked(postgres.dsn("not_there"), "SELECT 1") == ("dsn", False)
    assert asked(postgres.dsn(user="nobody"), "SELECT 1") == ("dsn", False)
