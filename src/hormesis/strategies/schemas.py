"""Schemas as Hypothesis draws them: types, and tables that point to each other."""

from __future__ import annotations

from hypothesis import strategies as st

from hormesis.strategies.column_types import check_version, domain_types, enum_types
from hormesis.strategies.drawn import counted
from hormesis.strategies.schema import Schema
from hormesis.strategies.shrinkable import sizes
from hormesis.strategies.tables import tables


def schemas(
    *,
    min_tables: int = 1,
    max_tables: int = 4,
    max_columns: int = 5,
    user_types: bool = True,
    plain_names: bool = False,
    version: int = 15,
) -> st.SearchStrategy[Schema]:
    """Draw several tables with foreign keys between them; shrinks to one table of one column.

    Args:
        min_tables: the fewest tables.
        max_tables: the most.
        max_columns: the most columns of each, before those of foreign keys and generated ones.
        user_types: also make enums and domains, and columns of them.
        plain_names: only names that need no quotes.
        version: the server's major version.
    """
    check_version(version)
    return counted(
        "schemas", _schemas(min_tables, max_tables, max_columns, user_types, plain_names, version)
    )


@st.composite
def _schemas(
    draw: st.DrawFn,
    min_tables: int,
    max_tables: int,
    max_columns: int,
    user_types: bool,
    plain_names: bool,
    version: int,
) -> Schema:
    schema = Schema()
    if user_types and not plain_names:
        for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1, 2)))):
            taken = tuple(schema.names())
            own = draw(enum_types(avoid=taken) | domain_types(avoid=taken))
            schema = Schema((), (*schema.types, own))
    for _ in range(draw(sizes(min_tables, max_tables))):
        table = draw(
            tables(
                max_columns=max_columns,
                references=schema.tables,
                user_types=schema.types,
                avoid=tuple(schema.names()),
                plain_names=plain_names,
                version=version,
            )
        )
        schema = Schema((*schema.tables, table), schema.types)
    return schema
