"""The constraints and indexes of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hormesis.strategies.identifier import Identifier


def names_sql(names: tuple[Identifier, ...]) -> str:
    """Return names as a list between parentheses."""
    return f"({', '.join(name.sql for name in names)})"


@dataclass(frozen=True)
class PrimaryKey:
    """Unique and never NULL; *name* None leaves the naming to the server."""

    columns: tuple[Identifier, ...]
    name: Identifier | None = None
    kind = "PRIMARY KEY"

    @property
    def sql(self) -> str:
        """The constraint as ``CREATE TABLE`` and ``ADD CONSTRAINT`` write it, without its name."""
        return f"PRIMARY KEY {names_sql(self.columns)}"


@dataclass(frozen=True)
class Unique:
    """No two rows alike; with *nulls_distinct* false NULL counts as a value."""

    columns: tuple[Identifier, ...]
    nulls_distinct: bool = True
    name: Identifier | None = None
    kind = "UNIQUE"

    @property
    def sql(self) -> str:
        """The constraint as ``CREATE TABLE`` and ``ADD CONSTRAINT`` write it, without its name."""
        nulls = "" if self.nulls_distinct else "NULLS NOT DISTINCT "
        return f"UNIQUE {nulls}{names_sql(self.columns)}"


@dataclass(frozen=True)
class Check:
    """A rule for one column: an integer is *at_least* a number, or (None) a text is not empty."""

    column: Identifier
    at_least: int | None = None
    name: Identifier | None = None
    kind = "CHECK"

    @property
    def columns(self) -> tuple[Identifier, ...]:
        """The columns that it is about."""
        return (self.column,)

    @property
    def sql(self) -> str:
        """The constraint as ``CREATE TABLE`` and ``ADD CONSTRAINT`` write it, without its name."""
        rule = "<> ''" if self.at_least is None else f">= {self.at_least}"
        return f"CHECK ({self.column.sql} {rule})"


@dataclass(frozen=True)
class ForeignKey:
    """The values of *columns* are those of *references* in a row of *table*, or NULL."""

    columns: tuple[Identifier, ...]
    table: Identifier
    references: tuple[Identifier, ...]
    on_delete: Literal["", "CASCADE", "SET NULL", "RESTRICT"] = ""
    name: Identifier | None = None
    kind = "FOREIGN KEY"

    @property
    def target_sql(self) -> str:
        """The clause that a column of its own bears."""
        deleting = f" ON DELETE {self.on_delete}" if self.on_delete else ""
        return f"REFERENCES {self.table.sql} {names_sql(self.references)}{deleting}"

    @property
    def sql(self) -> str:
        """The constraint as ``CREATE TABLE`` and ``ADD CONSTRAINT`` write it, without its name."""
        return f"FOREIGN KEY {names_sql(self.columns)} {self.target_sql}"


Constraint = PrimaryKey | Unique | Check | ForeignKey


def named_sql(constraint: Constraint) -> str:
    """Return a constraint as ``CREATE TABLE`` and ``ADD`` write it, with its name if it has one."""
    name = constraint.name
    return constraint.sql if name is None else f"CONSTRAINT {name.sql} {constraint.sql}"


@dataclass(frozen=True)
class Index:
    """An ordered index, all over a table or (*present*) where its first column is not NULL."""

    name: Identifier
    columns: tuple[Identifier, ...]
    unique: bool = False
    descending: bool = False
    present: bool = False

    def ddl(self, table: Identifier) -> str:
        """Return the statement that creates it."""
        first, *others = (column.sql for column in self.columns)
        listed = ", ".join([first + (" DESC" if self.descending else ""), *others])
        where = f" WHERE {first} IS NOT NULL" if self.present else ""
        unique = "UNIQUE " if self.unique else ""
        return f"CREATE {unique}INDEX {self.name.sql} ON {table.sql} ({listed}){where}"
