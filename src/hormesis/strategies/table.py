"""A table as a value: what creates it, and what it then has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hormesis.strategies.column import Column
from hormesis.strategies.constraint import (
    Check,
    Constraint,
    ForeignKey,
    Index,
    PrimaryKey,
    Unique,
    named_sql,
)
from hormesis.strategies.identifier import Identifier

_LINE_MAX = 72


@dataclass(frozen=True)
class Table:
    """A table with its columns in order, its constraints and its indexes."""

    name: Identifier
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()

    @property
    def ddl(self) -> str:
        """The ``CREATE TABLE`` statement, on one line when it is short; without the indexes."""
        inline = {id(one): place for one in self.constraints if (place := self._place(one))}
        parts = []
        for column in self.columns:
            own = [
                _inline_sql(one) for one in self.constraints if inline.get(id(one)) == column.name
            ]
            parts.append(" ".join([column.sql, *own]))
        parts += [named_sql(one) for one in self.constraints if id(one) not in inline]
        head, body = f"CREATE TABLE {self.name.sql} (", ", ".join(parts)
        if len(head) + len(body) <= _LINE_MAX:
            return f"{head}{body})"
        return head + "\n    " + ",\n    ".join(parts) + "\n)"

    @property
    def statements(self) -> tuple[str, ...]:
        """Everything that creates the table and its indexes, in order."""
        return (self.ddl, *(index.ddl(self.name) for index in self.indexes))

    @property
    def primary_key(self) -> PrimaryKey | None:
        """Its primary key, None without one."""
        return next((one for one in self.constraints if isinstance(one, PrimaryKey)), None)

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """Its foreign keys, in the order of its constraints."""
        return tuple(one for one in self.constraints if isinstance(one, ForeignKey))

    @property
    def checks(self) -> tuple[Check, ...]:
        """Its CHECK constraints, in the order of its constraints."""
        return tuple(one for one in self.constraints if isinstance(one, Check))

    @property
    def keys(self) -> tuple[PrimaryKey | Unique, ...]:
        """The constraints that a foreign key can point to."""
        return tuple(one for one in self.constraints if isinstance(one, PrimaryKey | Unique))

    @property
    def writable(self) -> tuple[Column, ...]:
        """The columns that an ``INSERT`` may give a value."""
        return tuple(column for column in self.columns if not column.is_given)

    def column(self, name: Identifier) -> Column:
        """Return the column called *name*; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name.name)

    def is_nullable(self, column: Column) -> bool:
        """Return whether *column* takes NULL, as ``information_schema`` tells it."""
        key = self.primary_key
        return not (column.not_null or column.identity or (key and column.name in key.columns))

    def names(self) -> Iterator[Identifier]:
        """Yield the names that the table takes from its schema: its own, keys', indexes'."""
        yield self.name
        yield from (one.name for one in self.constraints if one.name is not None)
        yield from (index.name for index in self.indexes)

    def __str__(self) -> str:
        return self.ddl

    def _place(self, one: Constraint) -> Identifier | None:
        """Return the column that bears a constraint without a name, as people write it."""
        single = one.name is None and len(one.columns) == 1
        return one.columns[0] if single else None


def _inline_sql(one: Constraint) -> str:
    if isinstance(one, ForeignKey):
        return one.target_sql
    if isinstance(one, Unique):
        return "UNIQUE" if one.nulls_distinct else "UNIQUE NULLS NOT DISTINCT"
    return "PRIMARY KEY" if isinstance(one, PrimaryKey) else one.sql
