"""One row of a table: what is given, and the statement that puts it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.strategies.identifier import Identifier
from hormesis.strategies.table import Table
from hormesis.strategies.value import Value


@dataclass(frozen=True)
class Row:
    """The given values of one row; columns left out take their default."""

    table: Table
    values: Mapping[Identifier, Value]

    @property
    def insert(self) -> tuple[str, tuple[object, ...]]:
        """The ``INSERT`` with ``%s`` parameters, and the parameters, for psycopg."""
        if not self.values:
            return f"INSERT INTO {self.table.name.placeholder_sql} DEFAULT VALUES", ()
        names = ", ".join(name.placeholder_sql for name in self.values)
        casts = ", ".join(
            "%s::" + value.type.sql.replace("%", "%%") for value in self.values.values()
        )
        sql = f"INSERT INTO {self.table.name.placeholder_sql} ({names}) VALUES ({casts})"
        return sql, tuple(value.param for value in self.values.values())

    @property
    def sql(self) -> str:
        """The ``INSERT`` with the values written out."""
        if not self.values:
            return f"INSERT INTO {self.table.name.sql} DEFAULT VALUES"
        names = ", ".join(name.sql for name in self.values)
        literals = ", ".join(value.sql for value in self.values.values())
        return f"INSERT INTO {self.table.name.sql} ({names}) VALUES ({literals})"

    def key(self, columns: tuple[Identifier, ...]) -> tuple[object, ...] | None:
        """Return what a unique constraint compares; None where a column is NULL or left out."""
        found = [self.values.get(name) for name in columns]
        if any(one is None or one.is_null for one in found):
            return None
        return tuple(one.key for one in found if one is not None)

    def __str__(self) -> str:
        return self.sql
