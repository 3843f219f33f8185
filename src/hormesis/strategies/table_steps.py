"""Steps of a migration that concern whole tables and types."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from hormesis.strategies.column_type import UserType
from hormesis.strategies.column_types import enum_types
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.migration import Step
from hormesis.strategies.schema_change import renamed_table, without_table
from hormesis.strategies.step_setting import Setting, Steps
from hormesis.strategies.table import Table
from hormesis.strategies.tables import tables

TYPES_MAX = 2


def create_table(setting: Setting) -> Steps:
    """Offer a new table, which may point to those that exist."""
    schema = setting.schema
    drawn = tables(
        max_columns=4,
        references=schema.tables,
        user_types=schema.types,
        avoid=tuple(schema.names()),
        plain_names=setting.plain_names,
        version=setting.version,
    )

    def step(table: Table) -> Step:
        return Step("create table", table.ddl, replace(schema, tables=(*schema.tables, table)))

    return [drawn.map(step)]


def create_type(setting: Setting) -> Steps:
    """Offer a new enum, as long as there are few."""
    schema = setting.schema
    if len(schema.types) >= TYPES_MAX or setting.plain_names:
        return []

    def step(own: UserType) -> Step:
        return Step("create type", own.ddl, replace(schema, types=(*schema.types, own)))

    return [enum_types(avoid=tuple(schema.names())).map(step)]


def drop_table(setting: Setting) -> Steps:
    """Offer the end of a table that no other points to."""
    schema = setting.schema

    def step(table: Table) -> Step:
        return Step("drop table", f"DROP TABLE {table.name.sql}", without_table(schema, table))

    free = [table for table in schema.tables if not any(schema.pointing_to(table))]
    return [st.sampled_from(free).map(step)] if free else []


def rename_table(setting: Setting) -> Steps:
    """Offer another name for a table."""
    schema = setting.schema

    def step(table: Table, name: Identifier) -> Step:
        sql = f"ALTER TABLE {table.name.sql} RENAME TO {name.sql}"
        return Step("rename table", sql, renamed_table(schema, table, name))

    if not schema.tables:
        return []
    return [st.builds(step, st.sampled_from(schema.tables), setting.new_name())]
