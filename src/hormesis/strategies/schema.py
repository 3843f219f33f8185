"""Several tables and types as a value, and what the server's catalogue must say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hormesis.strategies.column_type import UserType
from hormesis.strategies.constraint import ForeignKey
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.table import Table

COLUMNS_QUERY = """\
SELECT table_name::text, column_name::text, data_type::text, is_nullable::text
FROM information_schema.columns WHERE table_schema = current_schema()
ORDER BY table_name COLLATE "C", ordinal_position"""
"""Answers what :attr:`Schema.information_columns` foretells, for the current schema."""

CONSTRAINTS_QUERY = """\
SELECT t.relname::text, c.contype::text, array_agg(a.attname::text ORDER BY k.place)
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
CROSS JOIN unnest(c.conkey) WITH ORDINALITY k(number, place)
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
WHERE c.connamespace = current_schema()::regnamespace AND c.contype IN ('p', 'u', 'f', 'c')
GROUP BY t.relname, c.oid, c.contype"""
"""Answers, in any order, what :attr:`Schema.constraint_columns` foretells."""

INDEXES_QUERY = """\
SELECT t.relname::text, i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid
WHERE i.relnamespace = current_schema()::regnamespace
AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u'))"""
"""Answers, in any order, what :attr:`Schema.index_names` foretells."""

_LETTER = {"PRIMARY KEY": "p", "UNIQUE": "u", "FOREIGN KEY": "f", "CHECK": "c"}


@dataclass(frozen=True)
class Schema:
    """Types and tables; a table's foreign keys point to tables before it."""

    tables: tuple[Table, ...] = ()
    types: tuple[UserType, ...] = ()

    @property
    def statements(self) -> tuple[str, ...]:
        """Everything that creates it in an empty schema, in order."""
        made = tuple(sql for table in self.tables for sql in table.statements)
        return (*(one.ddl for one in self.types), *made)

    @property
    def ddl(self) -> str:
        """The statements as one script."""
        return "".join(f"{statement};\n" for statement in self.statements)

    @property
    def information_columns(self) -> list[tuple[str, str, str, str]]:
        """Table, column, data type and YES or NO for nullable, see :data:`COLUMNS_QUERY`."""
        return [
            (
                table.name.name,
                column.name.name,
                column.type.data_type,
                "YES" if table.is_nullable(column) else "NO",
            )
            for table in sorted(self.tables, key=lambda one: one.name.name.encode())
            for column in table.columns
        ]

    @property
    def constraint_columns(self) -> list[tuple[str, str, list[str]]]:
        """Table, letter of the sort and columns, see :data:`CONSTRAINTS_QUERY`; sorted."""
        return sorted(
            (table.name.name, _LETTER[one.kind], [column.name for column in one.columns])
            for table in self.tables
            for one in table.constraints
        )

    @property
    def index_names(self) -> list[tuple[str, str]]:
        """Table and index, without those of constraints, see :data:`INDEXES_QUERY`; sorted."""
        return sorted(
            (table.name.name, index.name.name) for table in self.tables for index in table.indexes
        )

    def table(self, name: Identifier) -> Table:
        """Return the table called *name*; KeyError if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name.name)

    def names(self) -> Iterator[Identifier]:
        """Yield every name that is taken in the schema."""
        yield from (one.name for one in self.types)
        for table in self.tables:
            yield from table.names()

    def pointing_to(self, table: Table) -> Iterator[ForeignKey]:
        """Yield the foreign keys of other tables that point to *table*."""
        for other in self.tables:
            yield from (key for key in other.foreign_keys if key.table == table.name)

    def __str__(self) -> str:
        return self.ddl
