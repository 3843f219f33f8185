"""What is left of a failing example is small, and reads as people write SQL."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from hormesis.strategies import (
    Migration,
    Schema,
    column_types,
    data_of,
    fault_schedules,
    identifiers,
    messages,
    migrations,
    programs,
    schemas,
    tables,
    values_of,
    version_histories,
    versions,
)
from hormesis.strategies.column_type import ColumnType

QUIET = settings(
    max_examples=4000,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
)


def smallest(strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool]) -> str:
    return str(find(strategy, wanted, settings=QUIET))


@pytest.mark.parametrize(
    ("strategy", "wanted", "shown"),
    [
        (identifiers(), lambda name: True, "a"),
        (identifiers(), lambda name: name.sql.startswith('"'), '"as"'),
        (column_types(), lambda type_: True, "integer"),
        (column_types(), lambda type_: type_.dimensions, "integer[]"),
        (column_types(), lambda type_: type_.modifiers, "varchar(1)"),
        (messages(), lambda text: True, ""),
        (messages(), lambda text: "'" in text, "'"),
        (versions(), lambda version: True, "0.0.0"),
        (tables(), lambda table: True, "CREATE TABLE a (a integer)"),
        (
            tables(),
            lambda table: len(table.writable) > 1,
            "CREATE TABLE a (a integer, b integer)",
        ),
        (tables(), lambda table: table.primary_key, "CREATE TABLE a (a integer PRIMARY KEY)"),
        (tables(), lambda table: table.checks, "CREATE TABLE a (a integer CHECK (a >= 0))"),
        (
            tables(),
            lambda table: any(one.not_null and not one.identity for one in table.columns),
            "CREATE TABLE a (a integer NOT NULL)",
        ),
        (schemas(), lambda schema: True, "CREATE TABLE a (a integer);\n"),
        (migrations(), lambda one: one.steps[0].after.tables, "CREATE TABLE a (a integer);\n"),
        (
            programs(["commit", "read"]),
            lambda program: True,
            "client 0: commit()\nclient 1: commit()",
        ),
        (
            fault_schedules(["stop", "pause"]),
            lambda schedule: True,
            "[{'name': 'stop-1', 'fault': 'stop', 'target': 'postgres', "
            "'at': '0ms', 'for': '100ms'}]",
        ),
    ],
)  # fmt: skip
def test_the_smallest_example(
    strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool], shown: str
) -> None:
    assert smallest(strategy, wanted) == shown


def added_to(migration: Migration) -> bool:
    return migration.steps[-1].kind == "add column"


def pointing(schema: Schema) -> bool:
    return any(table.foreign_keys for table in schema.tables)


TWO_STEPS = "CREATE TABLE a (a integer);\nALTER TABLE a ADD COLUMN b integer;\n"
TWO_TABLES = (
    "CREATE TABLE a (a integer PRIMARY KEY);\n"
    "CREATE TABLE b (a integer, b integer REFERENCES a (a));\n"
)


def test_the_smallest_migration_of_two_steps() -> None:
    assert smallest(migrations(max_size=3), added_to) == TWO_STEPS


def test_the_smallest_pair_of_tables_that_point() -> None:
    assert smallest(schemas(max_tables=3, max_columns=2), pointing) == TWO_TABLES


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("strategy", "wanted", "shown"),
    [(migrations(max_size=3), added_to, TWO_STEPS), (schemas(), pointing, TWO_TABLES)],
    ids=["migration", "schema"],
)
def test_the_smallest_is_the_same_wherever_the_search_begins(
    strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool], shown: str, seed: int
) -> None:
    anywhere = settings(QUIET, derandomize=False)
    assert str(find(strategy, wanted, settings=anywhere, random=Random(seed))) == shown


@pytest.mark.parametrize(
    ("base", "shown"), [("integer", "0"), ("text", "''"), ("boolean", "false")]
)
def test_the_smallest_value(base: str, shown: str) -> None:
    value = find(values_of(ColumnType(base)), lambda one: True, settings=QUIET)
    assert value.sql == shown


def test_the_smallest_rows() -> None:
    rows = find(schemas().flatmap(data_of), lambda some: len(some) > 0, settings=QUIET)
    assert str(rows[0].table.ddl) == "CREATE TABLE a (a integer)"
    assert [row.sql for row in rows] == ["INSERT INTO a (a) VALUES (NULL)"]


def test_the_smallest_history_of_versions() -> None:
    found = find(version_histories(), lambda one: len(one) > 1, settings=QUIET)
    assert [str(one) for one in found] == ["0.0.0", "0.0.1"]
