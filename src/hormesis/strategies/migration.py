"""A migration as a value: statements in order, and the schema after each."""

from __future__ import annotations

from dataclasses import dataclass

from hormesis.strategies.schema import Schema


@dataclass(frozen=True)
class Step:
    """One statement that changes a schema, and what the schema is *after* it."""

    kind: str
    """What it does, such as ``add column``."""
    sql: str
    after: Schema

    def __str__(self) -> str:
        return self.sql


@dataclass(frozen=True)
class Migration:
    """Steps that are valid in order, beginning with the schema *start*."""

    start: Schema
    steps: tuple[Step, ...]

    @property
    def end(self) -> Schema:
        """The schema when all steps are done."""
        return self.steps[-1].after if self.steps else self.start

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements of the steps; those that make *start* are its own."""
        return tuple(step.sql for step in self.steps)

    @property
    def sql(self) -> str:
        """The statements as one script."""
        return "".join(f"{statement};\n" for statement in self.statements)

    def __str__(self) -> str:
        return self.sql
