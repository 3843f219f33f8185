"""Rows as Hypothesis draws them: every constraint of their table holds."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from hormesis.strategies.column import Column
from hormesis.strategies.column_types import check_version
from hormesis.strategies.constraint import ForeignKey
from hormesis.strategies.drawn import counted
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.row import Row
from hormesis.strategies.schema import Schema
from hormesis.strategies.shrinkable import picks
from hormesis.strategies.table import Table
from hormesis.strategies.value import Value
from hormesis.strategies.values import null_of, values_of

_FILLED = st.lists(picks(), max_size=12)
"""Which tables get rows. Said beforehand, so that a table without any can be taken out."""
RowValues = dict[Identifier, Value]


def rows_of(
    table: Table,
    *,
    min_size: int = 0,
    max_size: int = 5,
    parents: Sequence[Row] = (),
    beyond_python: bool = False,
    version: int = 15,
) -> st.SearchStrategy[tuple[Row, ...]]:
    """Draw rows that can be put into the empty *table*, one after the other.

    Args:
        table: the table.
        min_size: how many are drawn at least. Of rows that a unique constraint or a unique
            index takes as alike the first stays, so fewer may be left, never none of some.
        max_size: how many are drawn at most.
        parents: the rows of the tables that its foreign keys point to. A key that may not be
            NULL and has no parents leaves no rows at all.
        beyond_python: see :func:`values_of`; never in the columns of keys.
        version: the server's major version.
    """
    check_version(version)
    pointers = {key: _targets(key, parents) for key in table.foreign_keys}
    for key, targets in pointers.items():
        if not targets and not _nullable(table, key):
            return st.just(())
    row = _row(table, pointers, beyond_python, version)
    drawn = st.lists(row, min_size=min_size, max_size=max_size)
    return counted("rows", drawn.map(lambda some: _distinct(table, some)))


@st.composite
def data_of(
    draw: st.DrawFn, schema: Schema, *, max_size: int = 5, version: int = 15
) -> tuple[Row, ...]:
    """Draw rows for all tables of *schema*, in an order in which they can be put in."""
    made: list[Row] = []
    filled = {id(pick(schema.tables)) for pick in draw(_FILLED)} if schema.tables else set()
    for table in schema.tables:
        if max_size and id(table) in filled:
            made += draw(
                rows_of(table, min_size=1, max_size=max_size, parents=made, version=version)
            )
    return tuple(made)


@st.composite
def _row(
    draw: st.DrawFn,
    table: Table,
    pointers: dict[ForeignKey, list[RowValues]],
    beyond_python: bool,
    version: int,
) -> Row:
    values: RowValues = {}
    for key, targets in pointers.items():
        if targets and not (_nullable(table, key) and draw(st.booleans())):
            target = draw(st.sampled_from(targets))
            values |= dict(zip(key.columns, target.values(), strict=True))
        else:
            values |= {name: null_of(table.column(name).type) for name in key.columns}
    ruled = _ruled(table)
    for column in table.writable:
        if column.name in values:
            continue
        bound = column.name in ruled
        if column.default and not bound and draw(st.booleans()):
            continue
        values[column.name] = draw(_value(table, column, beyond_python and not bound, version))
    ordered = {one.name: values[one.name] for one in table.writable if one.name in values}
    return Row(table, ordered)


def _value(
    table: Table, column: Column, beyond_python: bool, version: int
) -> st.SearchStrategy[Value]:
    found = values_of(
        column.type,
        nulls=table.is_nullable(column),
        beyond_python=beyond_python,
        version=version,
    )
    rules = [one for one in table.checks if one.column == column.name]
    if not rules:
        return found
    least = max((one.at_least for one in rules if one.at_least is not None), default=None)

    # A value against the rule becomes the nearest one that keeps it, so none is thrown away.
    def mended(value: Value) -> Value:
        if least is not None and isinstance(value.param, int) and value.param < least:
            return Value(value.type, least, least)
        if least is None and value.param == "":
            return Value(value.type, "a", "a")
        return value

    return found.map(mended)


def _ruled(table: Table) -> set[Identifier]:
    """Return the columns that a constraint or a unique index speaks of."""
    named = {name for one in table.constraints for name in one.columns}
    return named | {name for one in table.indexes for name in one.columns}


def _nullable(table: Table, key: ForeignKey) -> bool:
    return all(table.is_nullable(table.column(name)) for name in key.columns)


def _targets(key: ForeignKey, parents: Sequence[Row]) -> list[RowValues]:
    return [
        {name: row.values[name] for name in key.references}
        for row in parents
        if row.table.name == key.table and row.key(key.references) is not None
    ]


def _distinct(table: Table, drawn: list[Row]) -> tuple[Row, ...]:
    uniques = [(key.columns, getattr(key, "nulls_distinct", True)) for key in table.keys]
    uniques += [(index.columns, True) for index in table.indexes if index.unique]
    seen: set[tuple[int, object]] = set()
    kept = []
    for row in drawn:
        keys: list[tuple[int, object]] = []
        for number, (columns, nulls_distinct) in enumerate(uniques):
            key = row.key(columns)
            if key is None and not nulls_distinct:
                key = tuple(
                    None if (value := row.values.get(name)) is None or value.is_null else value.key
                    for name in columns
                )
            if key is not None:
                keys.append((number, key))
        if seen.isdisjoint(keys):
            seen.update(keys)
            kept.append(row)
    return tuple(kept)
