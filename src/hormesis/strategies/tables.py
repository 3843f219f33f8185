"""Tables as Hypothesis draws them: any valid table with any valid columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hypothesis import strategies as st

from hormesis.strategies.column import Column, Generated
from hormesis.strategies.column_type import ColumnType, UserType
from hormesis.strategies.column_types import INTEGERS, check_version, column_types, is_key_type
from hormesis.strategies.constraint import (
    Check,
    Constraint,
    ForeignKey,
    PrimaryKey,
    Unique,
)
from hormesis.strategies.drawn import counted
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.identifiers import identifiers
from hormesis.strategies.shrinkable import picks, sizes
from hormesis.strategies.table import Table
from hormesis.strategies.values import values_of

TEXTS = ("text", "varchar")
_SOME = st.lists(picks(), min_size=1, max_size=3)
_LEAST = st.integers(-100, 100)
_ON_DELETE: tuple[Literal["", "CASCADE", "SET NULL", "RESTRICT"], ...] = (
    "", "CASCADE", "SET NULL", "RESTRICT",
)  # fmt: skip
_CLOCKS = {"date": "CURRENT_DATE", "timestamptz": "now()", "timestamp": "LOCALTIMESTAMP"}


def tables(
    *,
    min_columns: int = 1,
    max_columns: int = 6,
    references: Sequence[Table] = (),
    user_types: Sequence[UserType] = (),
    avoid: Sequence[Identifier] = (),
    constraints: bool = True,
    plain_names: bool = False,
    version: int = 15,
) -> st.SearchStrategy[Table]:
    """Draw tables; they shrink to ``CREATE TABLE a (a integer)``.

    Args:
        min_columns: the fewest columns.
        max_columns: the most, before those of foreign keys and generated ones.
        references: tables that exist, which foreign keys may point to.
        user_types: enums and domains that exist.
        avoid: names that are taken in the schema.
        constraints: false for columns alone, without NOT NULL and everything else.
        plain_names: only names that need no quotes.
        version: the server's major version; ``uuidv7()`` and virtual generated columns come
            from 18 on.
    """
    check_version(version)
    types = column_types(user_types=user_types, version=version)
    name = identifiers("table", plain=plain_names, avoid=avoid)
    listed = _column_lists(min_columns, max_columns, types, plain_names, not constraints, version)
    if not constraints:
        return counted("tables", st.builds(Table, name, listed))
    return counted("tables", _tables(name, listed, tuple(references), plain_names, version))


@st.composite
def columns(
    draw: st.DrawFn,
    types: st.SearchStrategy[ColumnType],
    *,
    plain_names: bool = False,
    bare: bool = False,
    filled: bool = False,
    avoid: Sequence[Identifier] = (),
    version: int = 15,
) -> Column:
    """Draw one column that depends on no other; *filled*: a table with rows takes it as well."""
    name = draw(identifiers("column", plain=plain_names, avoid=avoid))
    type_ = draw(types)
    if bare:
        return Column(name, type_)
    way = draw(st.sampled_from(("plain", "plain", "constant", "function", "identity")))
    not_null = draw(st.booleans())
    if way == "identity" and type_.base in INTEGERS and not type_.dimensions and not type_.user:
        always = draw(st.booleans())
        return Column(
            name, type_, not_null=True, identity="ALWAYS" if always else "BY DEFAULT"
        )  # fmt: skip
    default = ""
    if way == "constant":
        default = draw(values_of(type_, version=version)).sql
    elif way == "function":
        default = _function(type_, version)
    return Column(name, type_, not_null=not_null and (not filled or default != ""), default=default)


def generated_columns(
    table: Table, *, avoid: Sequence[Identifier] = (), plain_names: bool = False, version: int = 15
) -> st.SearchStrategy[Column] | None:
    """Draw columns made of one other column of *table*; None if it has none to make them of."""
    choices = generated_choices(table, version)
    if not choices:
        return None
    taken = [*avoid, *(one.name for one in table.columns)]
    # On top of a plain one: what is drawn in fewer choices is simpler, and remains of a failure.
    plain = columns(column_types(version=version), plain_names=plain_names, avoid=taken)
    return st.builds(
        lambda plain, choice: Column(plain.name, choice[0], generated=choice[1]),
        plain,
        st.sampled_from(choices),
    )


def generated_choices(table: Table, version: int) -> list[tuple[ColumnType, Generated]]:
    """Return what can be made of each column of *table*, with its type."""
    choices: list[tuple[ColumnType, Generated]] = []
    # Virtual columns work with built-in types alone.
    for column in table.columns:
        if column.generated is not None:
            continue
        builtin = column.type.user is None
        for virtual in (False, True) if version >= 18 and builtin else (False,):
            is_null = Generated("is null", column.name, virtual)
            choices.append((ColumnType("boolean"), is_null))
            if column.type.dimensions or not builtin:
                continue
            if column.type.base in TEXTS:
                length = Generated("length", column.name, virtual)
                choices.append((ColumnType("integer"), length))
            elif column.type.base in INTEGERS:
                rest = Generated("remainder", column.name, virtual)
                choices.append((column.type, rest))
    return choices


def constraints_of(
    table: Table, *, name: Identifier | None = None
) -> st.SearchStrategy[Constraint] | None:
    """Draw constraints that can be added to *table*; None if its columns take none.

    Foreign keys are drawn with the tables they point to, see :func:`foreign_keys`.
    """
    choices: list[st.SearchStrategy[Constraint]] = []
    keyable = [one.name for one in table.columns if may_be_key(one)]
    if keyable:
        some = _SOME.map(
            lambda drawn: tuple(dict.fromkeys(pick(keyable) for pick in drawn))
        )
        # First what takes fewer choices: else a unique key, once found, is never a primary one.
        if table.primary_key is None:
            choices.append(st.builds(PrimaryKey, some, st.just(name)))
        choices.append(st.builds(Unique, some, st.sampled_from((True, True, False)), st.just(name)))
    for column in table.writable:
        if column.type.user is not None or column.type.dimensions:
            continue
        if column.type.base in INTEGERS:
            choices.append(st.builds(Check, st.just(column.name), _LEAST, st.just(name)))
        elif column.type.base in TEXTS:
            choices.append(st.just(Check(column.name, None, name)))
    return st.one_of(choices) if choices else None


def may_be_key(column: Column) -> bool:
    """Return whether keys and ordered indexes take *column*."""
    return column.generated is None and is_key_type(column.type)


def key_targets(references: Sequence[Table]) -> list[tuple[Table, PrimaryKey | Unique]]:
    """Return the keys that a foreign key can point to, and whose values rows tell.

    Arrays are left out: with those of ``varchar`` the server's own look-up fails on each insert
    (``operator does not exist: anyarray pg_catalog.= character varying[]``, seen on 16.14).
    """
    return [
        (table, key)
        for table in references
        for key in table.keys
        if not any(
            table.column(name).is_given or table.column(name).type.dimensions
            for name in key.columns
        )
    ]


@st.composite
def _column_lists(
    draw: st.DrawFn,
    fewest: int,
    most: int,
    types: st.SearchStrategy[ColumnType],
    plain_names: bool,
    bare: bool,
    version: int,
) -> tuple[Column, ...]:
    # One after the other, so that the names shrink to a, b, c.
    made: list[Column] = []
    for _ in range(draw(sizes(max(fewest, 1), most))):
        taken = [one.name for one in made]
        own = columns(types, plain_names=plain_names, bare=bare, avoid=taken, version=version)
        made.append(draw(own))
    return tuple(made)


@st.composite
def _tables(
    draw: st.DrawFn,
    name: st.SearchStrategy[Identifier],
    listed: st.SearchStrategy[tuple[Column, ...]],
    references: tuple[Table, ...],
    plain_names: bool,
    version: int,
) -> Table:
    table = Table(draw(name), draw(listed))
    own = constraints_of(table)
    if own is not None:
        table = _with(table, draw(st.lists(own, max_size=3)))
    target = draw(st.booleans()), draw(picks())
    if target[0] and (targets := key_targets(references)):
        table = _pointing(draw, table, target[1](targets), plain_names)
    if draw(st.integers(0, 3)) == 3:
        made = generated_columns(table, plain_names=plain_names, version=version)
        if made is not None:
            table = Table(table.name, (*table.columns, draw(made)), table.constraints)
    return table


def _with(table: Table, drawn: list[Constraint]) -> Table:
    """Return the table with those constraints that go together."""
    kept: list[Constraint] = []
    for one in drawn:
        keys = [other for other in kept if isinstance(other, PrimaryKey | Unique)]
        # The server makes one of two keys over the same columns.
        if isinstance(one, PrimaryKey | Unique):
            double = any(set(one.columns) == set(other.columns) for other in keys)
            second = isinstance(one, PrimaryKey) and any(
                isinstance(other, PrimaryKey) for other in keys
            )
        else:
            double, second = one in kept, False
        if not double and not second:
            kept.append(one)
    return Table(table.name, table.columns, tuple(kept))


def _pointing(
    draw: st.DrawFn, table: Table, target: tuple[Table, PrimaryKey | Unique], plain_names: bool
) -> Table:
    """Return the table with columns of its own that point to a key of another."""
    other, key = target
    made: list[Column] = []
    for name in key.columns:
        taken = [one.name for one in (*table.columns, *made)]
        own = draw(identifiers("column", plain=plain_names, avoid=taken))
        made.append(Column(own, other.column(name).type, not_null=draw(st.booleans())))
    pointer = ForeignKey(
        tuple(one.name for one in made), other.name, key.columns, draw(st.sampled_from(_ON_DELETE))
    )
    return Table(table.name, (*table.columns, *made), (*table.constraints, pointer))


def _function(type_: ColumnType, version: int) -> str:
    if type_.dimensions or type_.user is not None or type_.modifiers:
        return ""
    if type_.base == "uuid":
        return "uuidv7()" if version >= 18 else "gen_random_uuid()"
    return _CLOCKS.get(type_.base, "")
