"""A name in SQL: what the server stores, and how a statement spells it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hormesis.strategies.keywords import quoted_words

BYTES_MAX = 63
"""The longest name that a server of usual build keeps, in bytes of UTF-8 (NAMEDATALEN - 1)."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


def quoted(name: str) -> str:
    """Return *name* as a statement must spell it: between quotes only where it has to be.

    A word that needs quotes in any version of PostgreSQL is quoted for all.
    """
    if _PLAIN.fullmatch(name) and name not in quoted_words():
        return name
    return '"' + name.replace('"', '""') + '"'


def truncated(name: str, bytes_max: int = BYTES_MAX) -> str:
    """Return what a server makes of a name that is too long: whole characters, cut by bytes."""
    return name.encode()[:bytes_max].decode(errors="ignore")


@dataclass(frozen=True)
class Identifier:
    """A name: :attr:`name` is what the server stores, :attr:`sql` is how to write it.

    Two identifiers are equal when the server stores the same name, however they are spelled.
    """

    name: str
    spelling: str = field(default="", compare=False)
    """Another way to write it, such as ``Orders`` for ``orders``; empty: the canonical one."""

    @property
    def sql(self) -> str:
        """How a statement spells it."""
        return self.spelling or quoted(self.name)

    @property
    def placeholder_sql(self) -> str:
        """The same in a statement with ``%s`` parameters, where a ``%`` must be doubled."""
        return self.sql.replace("%", "%%")

    def __str__(self) -> str:
        return self.sql
