"""The key words of PostgreSQL, by version, from a pinned copy of ``pg_get_keywords()``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

VERSIONS = (15, 16, 17, 18)
"""The major versions that the pinned file tells of."""
FILE = Path(__file__).with_name("keywords.tsv")


@cache
def keywords() -> Mapping[str, Mapping[int, str]]:
    """Return word → major version → category, one of ``U C T R`` as the server names them."""
    words: dict[str, Mapping[int, str]] = {}
    for line in FILE.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            word, letters = line.split("\t")
            categories = zip(VERSIONS, letters, strict=True)
            words[word] = MappingProxyType({v: one for v, one in categories if one != "-"})
    return MappingProxyType(words)


@cache
def quoted_words() -> frozenset[str]:
    """Return the words that some version takes as a name only between quotes."""
    return frozenset(word for word, by in keywords().items() if set(by.values()) != {"U"})


@cache
def reserved_words() -> tuple[str, ...]:
    """Return the words that are fully reserved in some version, shortest first."""
    found = [word for word, by in keywords().items() if "R" in by.values()]
    return tuple(sorted(found, key=lambda word: (len(word), word)))
