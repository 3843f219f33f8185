"""A column of a table: its type, and where its value comes from when a row tells none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hormesis.strategies.column_type import ColumnType
from hormesis.strategies.identifier import Identifier


@dataclass(frozen=True)
class Generated:
    """An expression over one other column that the server keeps up to date.

    *rule* is ``is null`` (boolean, of any column), ``length`` (integer, of a text) or
    ``remainder`` (by seven, of an integer). *virtual* needs PostgreSQL 18.
    """

    rule: Literal["is null", "length", "remainder"]
    source: Identifier
    virtual: bool = False

    @property
    def expression(self) -> str:
        """The expression without its outer parentheses."""
        if self.rule == "is null":
            return f"{self.source.sql} IS NULL"
        if self.rule == "length":
            return f"char_length({self.source.sql})"
        return f"{self.source.sql} % 7"

    @property
    def sql(self) -> str:
        """The clause behind the column's type."""
        way = "VIRTUAL" if self.virtual else "STORED"
        return f"GENERATED ALWAYS AS ({self.expression}) {way}"


@dataclass(frozen=True)
class Column:
    """One column; *default* is an expression in SQL, empty for none."""

    name: Identifier
    type: ColumnType
    not_null: bool = False
    default: str = ""
    generated: Generated | None = None
    identity: Literal["", "ALWAYS", "BY DEFAULT"] = ""

    @property
    def is_given(self) -> bool:
        """Whether the server makes up the value by itself, for every row."""
        return self.generated is not None or self.identity != ""

    @property
    def sql(self) -> str:
        """The column as ``CREATE TABLE`` and ``ADD COLUMN`` write it."""
        parts = [self.name.sql, self.type.sql]
        if self.generated is not None:
            parts.append(self.generated.sql)
        if self.identity:
            parts.append(f"GENERATED {self.identity} AS IDENTITY")
        if self.default:
            parts.append(f"DEFAULT {self.default}")
        if self.not_null and not self.identity:
            parts.append("NOT NULL")
        return " ".join(parts)
