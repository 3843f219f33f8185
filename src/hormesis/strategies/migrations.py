"""Migrations as Hypothesis draws them: statements that stay valid in their order."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from hormesis.strategies import column_steps, constraint_steps, table_steps
from hormesis.strategies.column_types import check_version
from hormesis.strategies.drawn import counted
from hormesis.strategies.migration import Migration, Step
from hormesis.strategies.schema import Schema
from hormesis.strategies.shrinkable import picks, sizes
from hormesis.strategies.step_setting import Setting, Steps
from hormesis.strategies.table import Table

_OF_SCHEMA: tuple[Callable[[Setting], Steps], ...] = (
    table_steps.create_table,
    table_steps.rename_table,
    table_steps.drop_table,
    table_steps.create_type,
)
_OF_TABLE: tuple[Callable[[Setting, Table], Steps], ...] = (
    column_steps.add_column,
    column_steps.rename_column,
    column_steps.drop_column,
    column_steps.change_type,
    column_steps.change_null,
    column_steps.change_default,
    column_steps.change_expression,
    constraint_steps.add_constraint,
    constraint_steps.add_not_null,
    constraint_steps.drop_constraint,
    constraint_steps.create_index,
    constraint_steps.drop_index,
)


def migrations(
    start: Schema | st.SearchStrategy[Schema] | None = None,
    *,
    min_size: int = 1,
    max_size: int = 8,
    filled: bool = False,
    plain_names: bool = False,
    version: int = 15,
) -> st.SearchStrategy[Migration]:
    """Draw migrations; from nothing they shrink to one short CREATE TABLE or CREATE TYPE.

    Args:
        start: the schema that they begin with, or a strategy of it; None: an empty one.
        min_size: the fewest steps.
        max_size: the most steps.
        filled: whether tables may have rows. Then only steps are drawn that any rows allow: no
            new constraints, and changes of type only to a wider one. Else the tables must be
            empty.
        plain_names: only names that need no quotes.
        version: the server's major version; ``SET EXPRESSION`` comes from 17 on, NOT NULL under
            a name from 18 on.
    """
    check_version(version)
    begin = start if isinstance(start, st.SearchStrategy) else st.just(start or Schema())
    return counted(
        "migrations", _migrations(begin, min_size, max_size, filled, plain_names, version)
    )


@st.composite
def _migrations(
    draw: st.DrawFn,
    begin: st.SearchStrategy[Schema],
    min_size: int,
    max_size: int,
    filled: bool,
    plain_names: bool,
    version: int,
) -> Migration:
    start = schema = draw(begin)
    steps: list[Step] = []
    for _ in range(draw(sizes(min_size, max_size))):
        step = draw(_steps(Setting(schema, filled, plain_names, version)))
        steps.append(step)
        schema = step.after
    return Migration(start, tuple(steps))


@st.composite
def _steps(draw: st.DrawFn, setting: Setting) -> Step:
    tables = setting.schema.tables
    # Most steps change a table that exists; else migrations would only make tables.
    within, pick_table, pick_step = draw(st.integers(0, 3)), draw(picks()), draw(picks())
    if within and tables:
        table = pick_table(tables)
        offered = [offer for make in _OF_TABLE for offer in make(setting, table)]
    else:
        offered = [offer for make in _OF_SCHEMA for offer in make(setting)]
    step: Step = draw(pick_step(offered))
    return step
