"""Steps of a migration that concern constraints and indexes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from hormesis.strategies.column import Column
from hormesis.strategies.constraint import (
    Constraint,
    ForeignKey,
    Index,
    PrimaryKey,
    Unique,
    named_sql,
)
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.migration import Step
from hormesis.strategies.schema_change import (
    with_column,
    with_table,
    without_constraint,
)
from hormesis.strategies.step_setting import Setting, Steps
from hormesis.strategies.table import Table
from hormesis.strategies.tables import constraints_of, key_targets, may_be_key


def add_constraint(setting: Setting, table: Table) -> Steps:
    """Offer a key, a check or a foreign key to an earlier table; any rows might break one."""
    if setting.filled:
        return []

    def step(constraint: Constraint, name: Identifier) -> Step:
        named = replace(constraint, name=name)
        sql = f"ALTER TABLE {table.name.sql} ADD {named_sql(named)}"
        new = replace(table, constraints=(*table.constraints, named))
        return Step("add constraint", sql, with_table(setting.schema, table, new))

    own = constraints_of(table)
    choices: list[st.SearchStrategy[Constraint]] = [] if own is None else [own]
    if pointers := _pointers(setting, table):
        choices.append(st.sampled_from(pointers))
    if not choices:
        return []
    return [st.builds(step, st.one_of(choices), setting.new_name())]


def add_not_null(setting: Setting, table: Table) -> Steps:
    """Offer NOT NULL under a name of its own; from PostgreSQL 18 on."""
    if setting.filled or setting.version < 18:
        return []
    free = [one for one in table.columns if table.is_nullable(one) and one.generated is None]

    def step(column: Column, name: Identifier) -> Step:
        sql = f"ALTER TABLE {table.name.sql} ADD CONSTRAINT {name.sql} NOT NULL {column.name.sql}"
        new = with_column(table, column, replace(column, not_null=True))
        return Step("add not null", sql, with_table(setting.schema, table, new))

    return [st.builds(step, st.sampled_from(free), setting.new_name())] if free else []


def drop_constraint(setting: Setting, table: Table) -> Steps:
    """Offer the end of a constraint that has a name and that no foreign key stands on."""
    held = [set(key.references) for key in setting.schema.pointing_to(table)]
    free = [
        one
        for one in table.constraints
        if one.name is not None
        and not (isinstance(one, PrimaryKey | Unique) and set(one.columns) in held)
    ]

    def step(constraint: Constraint) -> Step:
        assert constraint.name is not None
        sql = f"ALTER TABLE {table.name.sql} DROP CONSTRAINT {constraint.name.sql}"
        new = without_constraint(table, constraint)
        return Step("drop constraint", sql, with_table(setting.schema, table, new))

    return [st.sampled_from(free).map(step)] if free else []


def create_index(setting: Setting, table: Table) -> Steps:
    """Offer an ordered index; a unique one only where no rows might break it."""
    names = [column.name for column in table.columns if may_be_key(column)]
    if not names:
        return []
    some = st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True).map(tuple)
    unique = st.just(False) if setting.filled else st.booleans()

    def step(index: Index) -> Step:
        new = replace(table, indexes=(*table.indexes, index))
        after = with_table(setting.schema, table, new)
        return Step("create index", index.ddl(table.name), after)

    drawn = st.builds(Index, setting.new_name(), some, unique, st.booleans(), st.booleans())
    return [drawn.map(step)]


def drop_index(setting: Setting, table: Table) -> Steps:
    """Offer the end of an index."""

    def step(index: Index) -> Step:
        new = replace(table, indexes=tuple(one for one in table.indexes if one is not index))
        sql = f"DROP INDEX {index.name.sql}"
        return Step("drop index", sql, with_table(setting.schema, table, new))

    return [st.sampled_from(table.indexes).map(step)] if table.indexes else []


def _pointers(setting: Setting, table: Table) -> list[ForeignKey]:
    """Return the foreign keys of one column that fit a key of an earlier table."""
    earlier = setting.schema.tables[: setting.schema.tables.index(table)]
    pointed = {key.columns for key in table.foreign_keys}
    return [
        ForeignKey((column.name,), other.name, key.columns)
        for other, key in key_targets(earlier)
        if len(key.columns) == 1
        for column in table.writable
        if column.type == other.column(key.columns[0]).type and (column.name,) not in pointed
    ]
