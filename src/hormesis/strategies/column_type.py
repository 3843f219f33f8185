"""The type of a column: a built-in one with its modifiers, an array, a domain or an enum."""

from __future__ import annotations

from dataclasses import dataclass

from hormesis.strategies.identifier import Identifier
from hormesis.strategies.literal import quoted_text

_MODIFIER_INSIDE = {
    "time": "time({}) without time zone",
    "timetz": "time({}) with time zone",
    "timestamp": "timestamp({}) without time zone",
    "timestamptz": "timestamp({}) with time zone",
}
_FORMATTED = {
    "smallint": "smallint",
    "varchar": "character varying",
    "char": "character",
    "varbit": "bit varying",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
}
"""The names that the catalogue shows where they differ from the short ones used here."""


@dataclass(frozen=True)
class UserType:
    """An enum (with *labels*) or a domain (over *base*) that a schema makes before its tables."""

    name: Identifier
    labels: tuple[str, ...] = ()
    base: ColumnType | None = None
    at_least: int | None = None
    """The domain takes only integers from here on."""

    @property
    def ddl(self) -> str:
        """The statement that creates the type."""
        if self.base is None:
            labels = ", ".join(quoted_text(label) for label in self.labels)
            return f"CREATE TYPE {self.name.sql} AS ENUM ({labels})"
        check = "" if self.at_least is None else f" CHECK (VALUE >= {self.at_least})"
        return f"CREATE DOMAIN {self.name.sql} AS {self.base.sql}{check}"


@dataclass(frozen=True)
class ColumnType:
    """One type, such as ``numeric(5,2)``, ``text[]`` or a user's own.

    *base* is the short name in lower case (``integer``, ``varchar``, ``timestamptz``), *modifiers*
    what stands in its parentheses, *dimensions* how deep its values nest (0: no array; the
    server does not keep how many there are).
    """

    base: str
    modifiers: tuple[int, ...] = ()
    dimensions: int = 0
    user: UserType | None = None

    @property
    def sql(self) -> str:
        """The type as a statement writes it."""
        if self.user is not None:
            return self.user.name.sql
        inside = f"({','.join(str(one) for one in self.modifiers)})" if self.modifiers else ""
        return self.base + inside + "[]" * self.dimensions

    @property
    def formatted(self) -> str:
        """What ``pg_catalog.format_type`` answers for a column of a built-in type."""
        name = _FORMATTED.get(self.base, self.base)
        if self.user is not None:
            return self.user.name.sql
        if self.modifiers:
            inside = ",".join(str(one) for one in self.modifiers)
            name = _MODIFIER_INSIDE.get(self.base, name + "({})").format(inside)
        elif self.base in ("char", "bit"):
            name += "(1)"
        return name + ("[]" if self.dimensions else "")

    @property
    def data_type(self) -> str:
        """What ``information_schema.columns.data_type`` says of a column of this type."""
        if self.dimensions:
            return "ARRAY"
        if self.user is not None:
            return self.user.base.data_type if self.user.base else "USER-DEFINED"
        if self.base.startswith("interval"):
            return "interval"
        return _FORMATTED.get(self.base, self.base)

    @property
    def element(self) -> ColumnType:
        """The type of an array's elements; of anything else, itself."""
        return ColumnType(self.base, self.modifiers, 0, self.user)

    @property
    def underlying(self) -> ColumnType:
        """The type that a domain stands on; of anything else, itself."""
        if self.user is not None and self.user.base is not None:
            return self.user.base
        return self

    def __str__(self) -> str:
        return self.sql
