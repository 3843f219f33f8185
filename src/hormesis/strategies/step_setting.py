"""What a step of a migration is drawn for: the schema, and what it may take for granted."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from hormesis.strategies.identifier import Identifier
from hormesis.strategies.identifiers import identifiers
from hormesis.strategies.migration import Step
from hormesis.strategies.schema import Schema
from hormesis.strategies.table import Table

Steps = list[st.SearchStrategy[Step]]


@dataclass(frozen=True)
class Setting:
    """The schema before a step; with *filled* the step must also succeed on any rows."""

    schema: Schema
    filled: bool
    plain_names: bool
    version: int

    def new_name(self) -> st.SearchStrategy[Identifier]:
        """Draw a name for a table, a type, an index or a constraint that is not taken."""
        return identifiers("table", plain=self.plain_names, avoid=tuple(self.schema.names()))

    def new_column_name(self, table: Table) -> st.SearchStrategy[Identifier]:
        """Draw a name for a column that *table* does not have."""
        taken = tuple(column.name for column in table.columns)
        return identifiers("column", plain=self.plain_names, avoid=taken)
