"""Column types as Hypothesis draws them: modifiers, arrays, enums and domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from hypothesis import strategies as st

from hormesis.strategies.column_type import ColumnType, UserType
from hormesis.strategies.drawn import counted
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.identifiers import identifiers

_NONE: st.SearchStrategy[tuple[int, ...]] = st.just(())
_LENGTH = st.integers(1, 20).map(lambda length: (length,))
_SECONDS = st.integers(0, 6).map(lambda places: (places,))
_NUMERIC = st.integers(1, 12).flatmap(
    lambda precision: st.integers(-3, precision + 3).map(lambda scale: (precision, scale))
)

_LABEL = st.sampled_from("abcdefgh") | st.text(
    st.characters(exclude_characters="\x00", codec="utf-8"), max_size=12
)
_LABELS = st.lists(_LABEL, min_size=1, max_size=5, unique=True).map(tuple)

BASES: Mapping[str, st.SearchStrategy[tuple[int, ...]]] = {
    "integer": _NONE,
    "text": _NONE,
    "boolean": _NONE,
    "bigint": _NONE,
    "smallint": _NONE,
    "numeric": st.one_of(_NONE, _NUMERIC),
    "real": _NONE,
    "double precision": _NONE,
    "varchar": st.one_of(_NONE, _LENGTH),
    "char": st.one_of(_NONE, _LENGTH),
    "bytea": _NONE,
    "date": _NONE,
    "time": st.one_of(_NONE, _SECONDS),
    "timetz": st.one_of(_NONE, _SECONDS),
    "timestamp": st.one_of(_NONE, _SECONDS),
    "timestamptz": st.one_of(_NONE, _SECONDS),
    "interval": st.one_of(_NONE, _SECONDS),
    "uuid": _NONE,
    "json": _NONE,
    "jsonb": _NONE,
    "inet": _NONE,
    "cidr": _NONE,
    "macaddr": _NONE,
    "bit": st.one_of(_NONE, _LENGTH),
    "varbit": st.one_of(_NONE, _LENGTH),
    "int4range": _NONE,
    "int8range": _NONE,
    "numrange": _NONE,
    "daterange": _NONE,
    "tsrange": _NONE,
    "tstzrange": _NONE,
    "int4multirange": _NONE,
    "point": _NONE,
    "pg_lsn": _NONE,
    "tsvector": _NONE,
}
"""Each type by its short name, with the modifiers it may bear."""

NO_KEY = frozenset({"json", "jsonb", "point"})
"""Types without an order, or whose equality is too loose to foretell, so not in keys."""

INTEGERS = ("integer", "bigint", "smallint")


def column_types(
    bases: Sequence[str] = tuple(BASES),
    *,
    arrays: bool = True,
    user_types: Sequence[UserType] = (),
    version: int = 15,
) -> st.SearchStrategy[ColumnType]:
    """Draw types that a column may have.

    Args:
        bases: the short names to draw from, keys of :data:`BASES`.
        arrays: also arrays of them, to two dimensions.
        user_types: enums and domains that exist already and may be drawn as well.
        version: the server's major version; all types drawn today exist since 14.

    Raises:
        ValueError: A name in *bases* is none of :data:`BASES`, or *version* is below 15.
    """
    check_version(version)
    return _types(tuple(bases), arrays, tuple(user_types))


@lru_cache(maxsize=1024)
def _types(
    bases: tuple[str, ...], arrays: bool, user_types: tuple[UserType, ...]
) -> st.SearchStrategy[ColumnType]:
    if unknown := sorted(set(bases) - set(BASES)):
        raise ValueError(f"no such types: {', '.join(unknown)}; there are {', '.join(BASES)}")
    choices = [_plain_types(bases)]
    if arrays:
        choices.append(_array_types(bases))
    if user_types:
        own = [ColumnType(one.base.base if one.base else "enum", user=one) for one in user_types]
        choices.append(st.sampled_from(own))
    # Every other draw is a plain one: tables full of arrays are rare, and slow to read.
    return counted("column_types", st.one_of(choices[0], *choices))


@cache
def _plain_types(bases: tuple[str, ...]) -> st.SearchStrategy[ColumnType]:
    return st.sampled_from(bases).flatmap(
        lambda base: BASES[base].map(lambda modifiers: ColumnType(base, modifiers))
    )


@cache
def _array_types(bases: tuple[str, ...]) -> st.SearchStrategy[ColumnType]:
    return st.tuples(_plain_types(bases), st.sampled_from((1, 1, 2))).map(
        lambda drawn: ColumnType(drawn[0].base, drawn[0].modifiers, drawn[1])
    )


def key_types(*, version: int = 15) -> st.SearchStrategy[ColumnType]:
    """Draw types that a primary key, a unique constraint or an ordered index takes."""
    return column_types([base for base in BASES if base not in NO_KEY], arrays=False,
                        version=version)  # fmt: skip


def is_key_type(type_: ColumnType) -> bool:
    """Return whether an ordered index takes columns of *type_*."""
    return type_.underlying.base not in NO_KEY


def enum_types(*, avoid: Sequence[Identifier] = ()) -> st.SearchStrategy[UserType]:
    """Draw enums of one to five labels."""
    return counted(
        "column_types",
        st.tuples(identifiers("type", avoid=avoid), _LABELS).map(
            lambda drawn: UserType(drawn[0], labels=drawn[1])
        ),
    )


def domain_types(*, avoid: Sequence[Identifier] = ()) -> st.SearchStrategy[UserType]:
    """Draw domains over built-in types, those over integers with a check now and then."""
    base = column_types(arrays=False)

    def checked(drawn: tuple[Identifier, ColumnType, int | None]) -> UserType:
        name, over, at_least = drawn
        return UserType(name, base=over, at_least=at_least if over.base in INTEGERS else None)

    return counted(
        "column_types",
        st.tuples(
            identifiers("type", avoid=avoid), base, st.none() | st.integers(-10, 10)
        ).map(checked),
    )  # fmt: skip


def check_version(version: int) -> None:
    """Raise ValueError for a server older than the strategies know."""
    if version < 15:
        raise ValueError(f"PostgreSQL {version} is older than 15, the oldest known here")
