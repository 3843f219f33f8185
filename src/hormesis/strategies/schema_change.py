"""What a change makes of a schema, computed without a server."""

from __future__ import annotations

from dataclasses import replace

from hormesis.strategies.column import Column
from hormesis.strategies.constraint import Check, Constraint, ForeignKey
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.schema import Schema
from hormesis.strategies.table import Table


def with_table(schema: Schema, old: Table, new: Table) -> Schema:
    """Return *schema* with *new* in the place of *old*."""
    tables = tuple(new if table.name == old.name else table for table in schema.tables)
    return replace(schema, tables=tables)


def without_table(schema: Schema, old: Table) -> Schema:
    """Return *schema* without the table *old*."""
    return replace(schema, tables=tuple(one for one in schema.tables if one.name != old.name))


def with_column(table: Table, old: Column, new: Column) -> Table:
    """Return *table* with *new* in the place of *old*, under the same name."""
    return replace(
        table, columns=tuple(new if one.name == old.name else one for one in table.columns)
    )


def without_column(table: Table, old: Column) -> Table:
    """Return *table* without *old*, and without what stood on it.

    The other columns of a primary key that goes stay NOT NULL.
    """
    key = table.primary_key
    columns = [one for one in table.columns if one.name != old.name]
    if key is not None and old.name in key.columns:
        columns = [replace(o, not_null=True) if o.name in key.columns else o for o in columns]
    return replace(
        table,
        columns=tuple(columns),
        constraints=tuple(one for one in table.constraints if old.name not in one.columns),
        indexes=tuple(one for one in table.indexes if old.name not in one.columns),
    )


def without_constraint(table: Table, old: Constraint) -> Table:
    """Return *table* without *old*; the columns of a primary key stay NOT NULL."""
    columns = table.columns
    if table.primary_key is old:
        columns = tuple(
            replace(one, not_null=True) if one.name in old.columns else one for one in columns
        )
    kept = tuple(one for one in table.constraints if one is not old)
    return replace(table, columns=columns, constraints=kept)


def renamed_table(schema: Schema, table: Table, name: Identifier) -> Schema:
    """Return *schema* with another name for *table*, and its foreign keys pointing there."""
    tables = []
    for one in schema.tables:
        constraints = tuple(
            replace(each, table=name)
            if isinstance(each, ForeignKey) and each.table == table.name
            else each
            for each in one.constraints
        )
        own = name if one.name == table.name else one.name
        tables.append(replace(one, name=own, constraints=constraints))
    return replace(schema, tables=tuple(tables))


def renamed_column(schema: Schema, table: Table, old: Identifier, new: Identifier) -> Schema:
    """Return *schema* with another name for the column *old* of *table*, wherever it stands."""

    def names(some: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
        return tuple(new if one == old else one for one in some)

    def own(constraint: Constraint) -> Constraint:
        if isinstance(constraint, Check):
            return replace(constraint, column=names(constraint.columns)[0])
        return replace(constraint, columns=names(constraint.columns))

    def column(one: Column) -> Column:
        made = one.generated
        if made is not None and made.source == old:
            one = replace(one, generated=replace(made, source=new))
        return replace(one, name=new) if one.name == old else one

    tables = []
    for each in schema.tables:
        if each.name == table.name:
            each = replace(
                each,
                columns=tuple(column(one) for one in each.columns),
                constraints=tuple(own(one) for one in each.constraints),
                indexes=tuple(replace(one, columns=names(one.columns)) for one in each.indexes),
            )
        pointing = tuple(
            replace(one, references=names(one.references))
            if isinstance(one, ForeignKey) and one.table == table.name
            else one
            for one in each.constraints
        )
        tables.append(replace(each, constraints=pointing))
    return replace(schema, tables=tuple(tables))


def referenced(schema: Schema, table: Table) -> set[Identifier]:
    """Return the columns of *table* that foreign keys point to."""
    return {name for key in schema.pointing_to(table) for name in key.references}


def generated_from(table: Table) -> set[Identifier]:
    """Return the columns that generated columns are made of."""
    return {one.generated.source for one in table.columns if one.generated is not None}
