"""Steps of a migration that concern one column."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from hormesis.strategies.column import Column, Generated
from hormesis.strategies.column_type import ColumnType
from hormesis.strategies.column_types import column_types, key_types
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.migration import Step
from hormesis.strategies.schema_change import (
    generated_from,
    referenced,
    renamed_column,
    with_column,
    with_table,
    without_column,
)
from hormesis.strategies.step_setting import Setting, Steps
from hormesis.strategies.table import Table
from hormesis.strategies.tables import columns, generated_choices, generated_columns
from hormesis.strategies.value import Value
from hormesis.strategies.values import values_of

_WIDER = {
    "smallint": ("integer", "bigint", "numeric", "text"),
    "integer": ("bigint", "numeric", "text"),
    "bigint": ("numeric", "text"),
    "real": ("double precision",),
    "varchar": ("text", "varchar"),
    "uuid": ("text",),
    "json": ("text",),
    "boolean": ("text",),
    "inet": ("text",),
}
"""Changes of type that take every row, and keep what differs different."""


def _alter(table: Table) -> str:
    return f"ALTER TABLE {table.name.sql} "


def add_column(setting: Setting, table: Table) -> Steps:
    """Offer one more column."""
    types = column_types(user_types=setting.schema.types, version=setting.version)
    taken = tuple(column.name for column in table.columns)
    choices: Steps = []

    def step(column: Column) -> Step:
        new = replace(table, columns=(*table.columns, column))
        sql = f"{_alter(table)}ADD COLUMN {column.sql}"
        return Step("add column", sql, with_table(setting.schema, table, new))

    own = columns(
        types,
        plain_names=setting.plain_names,
        filled=setting.filled,
        avoid=taken,
        version=setting.version,
    )
    choices.append(own.map(step))
    made = generated_columns(table, plain_names=setting.plain_names, version=setting.version)
    if made is not None:
        choices.append(made.map(step))
    return [st.one_of(choices)]


def drop_column(setting: Setting, table: Table) -> Steps:
    """Offer the end of a column that nothing outside the table stands on; never of the last."""
    held = referenced(setting.schema, table) | generated_from(table)
    free = [column for column in table.columns if column.name not in held]

    def step(column: Column) -> Step:
        sql = f"{_alter(table)}DROP COLUMN {column.name.sql}"
        new = without_column(table, column)
        return Step("drop column", sql, with_table(setting.schema, table, new))

    return [st.sampled_from(free).map(step)] if free and len(table.columns) > 1 else []


def rename_column(setting: Setting, table: Table) -> Steps:
    """Offer another name for a column."""

    def step(column: Column, name: Identifier) -> Step:
        sql = f"{_alter(table)}RENAME COLUMN {column.name.sql} TO {name.sql}"
        return Step(
            "rename column", sql, renamed_column(setting.schema, table, column.name, name)
        )  # fmt: skip

    return [st.builds(step, st.sampled_from(table.columns), setting.new_column_name(table))]


def change_type(setting: Setting, table: Table) -> Steps:
    """Offer another type for a column that no other and no expression stands on."""
    held = referenced(setting.schema, table) | generated_from(table)
    held |= {name for key in table.foreign_keys for name in key.columns}
    held |= {check.column for check in table.checks}
    free = [
        one
        for one in table.columns
        if one.name not in held
        and not one.is_given
        and not one.default
        and (not setting.filled or _wider(one.type))
    ]
    keyed = {name for one in (*table.keys, *table.indexes) for name in one.columns}

    def types(column: Column) -> st.SearchStrategy[tuple[Column, ColumnType]]:
        if setting.filled:
            wider: st.SearchStrategy[ColumnType] = st.sampled_from(_wider(column.type))
        elif column.name in keyed:
            wider = key_types(version=setting.version)
        else:
            wider = column_types(user_types=setting.schema.types, version=setting.version)
        return wider.map(lambda type_: (column, type_))

    def step(drawn: tuple[Column, ColumnType]) -> Step:
        column, type_ = drawn
        name = column.name.sql
        sql = f"{_alter(table)}ALTER COLUMN {name} TYPE {type_.sql} USING {name}::text::{type_.sql}"
        new = with_column(table, column, replace(column, type=type_))
        return Step("change type", sql, with_table(setting.schema, table, new))

    return [st.sampled_from(free).flatmap(types).map(step)] if free else []


def change_null(setting: Setting, table: Table) -> Steps:
    """Offer to forbid NULL, or to allow it again."""
    key = table.primary_key
    keyed = () if key is None else key.columns
    free = [
        one
        for one in table.columns
        if one.name not in keyed and not one.identity and (one.not_null or not setting.filled)
    ]
    # A virtual column's NOT NULL is a matter of its own.
    free = [one for one in free if one.generated is None]

    def step(column: Column) -> Step:
        verb = "DROP" if column.not_null else "SET"
        sql = f"{_alter(table)}ALTER COLUMN {column.name.sql} {verb} NOT NULL"
        new = with_column(table, column, replace(column, not_null=not column.not_null))
        kind = f"{verb.lower()} not null"
        return Step(kind, sql, with_table(setting.schema, table, new))

    return [st.sampled_from(free).map(step)] if free else []


def change_default(setting: Setting, table: Table) -> Steps:
    """Offer a default, another one, or none."""
    free = [one for one in table.columns if not one.is_given]

    def drop(column: Column) -> Step:
        sql = f"{_alter(table)}ALTER COLUMN {column.name.sql} DROP DEFAULT"
        new = with_column(table, column, replace(column, default=""))
        return Step("drop default", sql, with_table(setting.schema, table, new))

    def set_to(column: Column, value: Value) -> Step:
        sql = f"{_alter(table)}ALTER COLUMN {column.name.sql} SET DEFAULT {value.sql}"
        new = with_column(table, column, replace(column, default=value.sql))
        return Step("set default", sql, with_table(setting.schema, table, new))

    def either(column: Column) -> st.SearchStrategy[Step]:
        values = values_of(column.type, version=setting.version)
        return st.just(drop(column)) | values.map(lambda value: set_to(column, value))

    return [st.sampled_from(free).flatmap(either)] if free else []


def change_expression(setting: Setting, table: Table) -> Steps:
    """Offer another expression for a stored generated column; from PostgreSQL 17 on."""
    if setting.version < 17:
        return []
    choices = [
        (column, made)
        for column in table.columns
        if column.generated is not None and not column.generated.virtual
        for type_, made in generated_choices(table, setting.version)
        if type_ == column.type and not made.virtual
    ]

    def step(drawn: tuple[Column, Generated]) -> Step:
        column, made = drawn
        name = column.name.sql
        sql = f"{_alter(table)}ALTER COLUMN {name} SET EXPRESSION AS ({made.expression})"
        new = with_column(table, column, replace(column, generated=made))
        return Step("set expression", sql, with_table(setting.schema, table, new))

    return [st.sampled_from(choices).map(step)] if choices else []


def _wider(type_: ColumnType) -> list[ColumnType]:
    if type_.dimensions or type_.user is not None:
        return []
    return [ColumnType(base) for base in _WIDER.get(type_.base, ())]
