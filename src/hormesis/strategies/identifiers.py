"""Identifiers as Hypothesis draws them: plain, quoted, reserved, Unicode, 63 bytes long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from string import ascii_lowercase, digits
from typing import Literal

from hypothesis import strategies as st

from hormesis.strategies.builtin_types import BUILTIN_TYPES
from hormesis.strategies.drawn import counted
from hormesis.strategies.identifier import BYTES_MAX, Identifier, quoted, truncated
from hormesis.strategies.keywords import keywords, reserved_words

Position = Literal["any", "column", "table", "type", "schema", "role", "database"]
"""Where the name will stand; the server refuses some names in some places."""

SYSTEM_COLUMNS = ("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid")
_ROLES = ("public", "none", "user", "current_user", "session_user", "current_role")
_SERVER_MADE = re.compile(
    r".*_(pkey|key|check|excl|fkey|idx|seq|not_null)[0-9]*", re.DOTALL | re.IGNORECASE
)
"""Names that the server gives to constraints, indexes and sequences by itself."""
_AWKWARD = (
    "A", "a b", 'a"b', "a'b", "a.b", "a-b", "a%b", "a%sb", "a;b", "a$b", "1a", " ", "a--b", "a\\b",
    "/*", "a\nb", "a\tb", "Ab", "ä", "ß", "İ", "é", "e\u0301", "名", "🐘", "\u202eab", "\u00a0",
)  # fmt: skip
_LETTERS = st.characters(exclude_characters="\x00", codec="utf-8")


def identifiers(
    position: Position = "any",
    *,
    plain: bool = False,
    bytes_max: int = BYTES_MAX,
    avoid: Sequence[Identifier] = (),
) -> st.SearchStrategy[Identifier]:
    """Draw names that every supported server takes at *position*.

    Args:
        position: what is named. ``"any"`` keeps away from what is refused anywhere.
        plain: only lower-case ASCII names that need no quotes.
        bytes_max: the longest name, in bytes of UTF-8, 1 to 63.
        avoid: names that are taken.

    The names are plain words, key words, names with letters that need quotes, Unicode, names of
    exactly *bytes_max* bytes, and unquoted names with capitals, which the server folds.
    They shrink to ``a``.
    """
    if not 1 <= bytes_max <= BYTES_MAX:
        raise ValueError(f"bytes_max is 1 to {BYTES_MAX}, not {bytes_max}")
    return _free_names(position, plain, bytes_max, frozenset(one.name for one in avoid))


@lru_cache(maxsize=4096)
def _free_names(
    position: Position, plain: bool, bytes_max: int, taken: frozenset[str]
) -> st.SearchStrategy[Identifier]:
    found = _names(plain, bytes_max, position)
    # One letter is one choice, so every name shrinks to the first letter that is free.
    letters = [Identifier(letter) for letter in ascii_lowercase if letter not in taken]
    if letters:
        found = st.sampled_from(letters) | found
    if taken:
        found = found.filter(lambda one: one.name not in taken)
    return counted("identifiers", found)


@cache
def _names(plain: bool, bytes_max: int, position: Position) -> st.SearchStrategy[Identifier]:
    words = _plain(bytes_max)
    if plain:
        return words.map(Identifier).filter(lambda one: _fits(one.name, position))
    short = [word for word in _AWKWARD if len(word.encode()) <= bytes_max]
    keys = [word for word in sorted(keywords(), key=len) if len(word) <= bytes_max]
    reserved = [word for word in reserved_words() if len(word) <= bytes_max]
    found = st.one_of(
        words.map(Identifier),
        st.sampled_from([*reserved, *keys, *short]).map(Identifier),
        st.sampled_from([*reserved, *short]).map(Identifier),
        st.tuples(words, st.integers(0, 2**bytes_max - 1)).map(_folded),
        st.text(_LETTERS, min_size=1, max_size=12)
        .map(lambda text: Identifier(truncated(text, bytes_max)))
        .filter(lambda one: one.name != ""),
        st.tuples(words, st.sampled_from(("a", "é", "名", "🐘"))).map(
            lambda pair: Identifier(truncated(pair[0] + pair[1] * 63, bytes_max))
        ),
    )
    return found.filter(lambda one: _fits(one.name, position))


def overlong_identifiers() -> st.SearchStrategy[Identifier]:
    """Draw names of more than 63 bytes: ``name`` is what the server cuts from ``spelling``."""
    return counted(
        "identifiers",
        st.tuples(_plain(8), st.sampled_from(("a", "é", "名", "🐘")), st.integers(64, 80))
        .map(lambda drawn: drawn[0] + drawn[1] * drawn[2])
        .map(lambda text: Identifier(truncated(text), spelling=quoted(text))),
    )


def _plain(bytes_max: int) -> st.SearchStrategy[str]:
    head = st.sampled_from(ascii_lowercase + "_")
    tail = st.text(ascii_lowercase + digits + "_", max_size=min(9, bytes_max - 1))
    # A bare key word would not need quotes in all places; those come by ways of their own.
    return st.tuples(head, tail).map("".join).filter(lambda word: quoted(word) == word)


def _folded(drawn: tuple[str, int]) -> Identifier:
    word, capitals = drawn
    spelling = "".join(
        letter.upper() if capitals >> place & 1 else letter for place, letter in enumerate(word)
    )
    return Identifier(word, spelling=spelling)


def _fits(name: str, position: Position) -> bool:
    column = position in ("any", "column")
    if column and name in SYSTEM_COLUMNS:
        return False
    if position in ("any", "table", "type") and _SERVER_MADE.fullmatch(name):
        return False
    # The server's own come first where a name is looked up, so that they would be meant.
    if position in ("any", "type") and (name in BUILTIN_TYPES or name.startswith("_")):
        return False
    if position not in ("column", "database") and name.startswith("pg_"):
        return False
    if position in ("any", "database") and ("\n" in name or "\r" in name):
        return False
    return not (position in ("any", "role") and name in _ROLES)
