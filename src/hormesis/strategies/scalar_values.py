"""Strategies for one value of each built-in type: what to bind, and what is read back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from ipaddress import ip_interface, ip_network
from typing import Any

from hypothesis import strategies as st

Pair = tuple[Any, Any]
"""What to bind, and its normal form."""
Pairs = st.SearchStrategy[Pair]
Modifiers = tuple[int, ...]

LETTERS = st.characters(exclude_characters="\x00", codec="utf-8")
LENGTH_MAX = 40
"""Texts stay so short that any three fit the 2704 bytes that an ordered index takes."""
_TEXTS = ("'", '"', "\\", "%s", "a b", " a", "a ", "\n", "{}", "NULL", "é", "🐘", "e\u0301", "--")
_FIRST, _LAST = (datetime.combine(day, time()) for day in (date.min, date.max))
AWARE_MIN = _FIRST + timedelta(days=365)
AWARE_MAX = _LAST - timedelta(days=365)
"""A year's room on both sides: a session may read in a zone of its own."""


def _as_is(values: st.SearchStrategy[Any]) -> Pairs:
    return values.map(lambda value: (value, value))


def _integers(bits: int) -> Pairs:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return _as_is(st.one_of(st.integers(low, high), st.sampled_from((0, 1, -1, high, low))))


def _text(longest: int) -> st.SearchStrategy[str]:
    awkward = [text for text in _TEXTS if len(text) <= longest]
    return st.one_of(st.text(LETTERS, max_size=longest), st.sampled_from(["", *awkward]))


def _varchar(modifiers: Modifiers) -> Pairs:
    return _as_is(_text(min([*modifiers, LENGTH_MAX])))


def _char(modifiers: Modifiers) -> Pairs:
    length = modifiers[0] if modifiers else 1
    return _text(length).map(lambda text: (text, text.ljust(length)))


def _numeric(modifiers: Modifiers) -> Pairs:
    if not modifiers:
        free = st.decimals(allow_nan=False, allow_infinity=False, places=6,
                           min_value=-(10**20), max_value=10**20)  # fmt: skip
        edges = ("NaN", "Infinity", "-Infinity", "0.1", "1e-200", "-1e+200")
        return _as_is(free | st.sampled_from([Decimal(edge) for edge in edges]))
    precision, scale = modifiers
    most = 10**precision - 1
    whole = st.integers(-most, most) | st.sampled_from((0, most, -most))
    return _as_is(
        st.one_of(whole.map(lambda n: Decimal(n).scaleb(-scale)), st.just(Decimal("NaN")))
    )


def _floats(width: Any) -> Pairs:
    edges = (0.0, -0.0, float("nan"), float("inf"), float("-inf"))
    return _as_is(st.floats(width=width) | st.sampled_from(edges))


def _at_places(microseconds: int, modifiers: Modifiers) -> int:
    step = int(10 ** (6 - (modifiers[0] if modifiers else 6)))
    return microseconds - microseconds % step


def _time(modifiers: Modifiers) -> Pairs:
    times = st.times() | st.sampled_from((time(0), time(23, 59, 59, 999_999)))
    return _as_is(times.map(lambda t: t.replace(microsecond=_at_places(t.microsecond, modifiers))))


def _timetz(modifiers: Modifiers) -> Pairs:
    zones = st.integers(-15 * 60 - 59, 15 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
    return st.tuples(_time(modifiers), zones).map(
        lambda drawn: (drawn[0][0].replace(tzinfo=drawn[1]),) * 2
    )


def _timestamp(modifiers: Modifiers) -> Pairs:
    edges = (_FIRST, _LAST + timedelta(hours=24, microseconds=-1))
    moments = st.datetimes() | st.sampled_from(edges)
    return _as_is(
        moments.map(lambda t: t.replace(microsecond=_at_places(t.microsecond, modifiers)))
    )


def _timestamptz(modifiers: Modifiers) -> Pairs:
    zones = st.sampled_from((0, 60, -330, 765)).map(lambda m: timezone(timedelta(minutes=m)))
    moments = st.datetimes(AWARE_MIN, AWARE_MAX, timezones=zones | st.just(UTC))
    return _as_is(
        moments.map(lambda t: t.replace(microsecond=_at_places(t.microsecond, modifiers)))
    )


def _interval(modifiers: Modifiers) -> Pairs:
    edges = (timedelta.min, timedelta.max, timedelta(microseconds=-1), timedelta(days=30))
    spans = st.timedeltas() | st.sampled_from(edges)
    # Places are cut towards the smaller span, so that the largest one stays one.
    return _as_is(
        spans.map(lambda t: timedelta(t.days, t.seconds, _at_places(t.microseconds, modifiers)))
    )


@cache
def _json_text() -> Pairs:
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), _text(20),
        # No minus zero: jsonb keeps numbers as numeric, which has none.
        st.floats(width=16, allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    )  # fmt: skip
    trees = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text(8), inner, max_size=3),
        max_leaves=6,
    )
    return trees.map(lambda tree: (json.dumps(tree, ensure_ascii=False), tree))


def _inet(_: Modifiers) -> Pairs:
    def pair(drawn: tuple[Any, int]) -> Pair:
        address, cut = drawn
        length = address.max_prefixlen - cut % (address.max_prefixlen + 1)
        face = ip_interface(f"{address}/{length}")
        return (str(face), face if length < address.max_prefixlen else address)

    return st.tuples(st.ip_addresses(), st.integers(0, 128)).map(pair)


def _cidr(_: Modifiers) -> Pairs:
    def pair(drawn: tuple[Any, int]) -> Pair:
        address, cut = drawn
        length = address.max_prefixlen - cut % (address.max_prefixlen + 1)
        network = ip_network(f"{address}/{length}", strict=False)
        return (str(network), network)

    return st.tuples(st.ip_addresses(), st.integers(0, 128)).map(pair)


def _bits(modifiers: Modifiers) -> Pairs:
    length = modifiers[0] if modifiers else 1
    return _as_is(st.text("01", min_size=length, max_size=length))


def _varbits(modifiers: Modifiers) -> Pairs:
    return _as_is(st.text("01", max_size=modifiers[0] if modifiers else 20))


def _macs(_: Modifiers) -> Pairs:
    return _as_is(
        st.lists(st.integers(0, 255), min_size=6, max_size=6).map(
            lambda parts: ":".join(f"{part:02x}" for part in parts)
        )
    )


def _lsn(_: Modifiers) -> Pairs:
    half = st.integers(0, 2**32 - 1)
    return _as_is(st.tuples(half, half).map(lambda two: f"{two[0]:X}/{two[1]:X}"))


def _points(_: Modifiers) -> Pairs:
    whole = st.integers(-1000, 1000)
    return _as_is(st.tuples(whole, whole).map(lambda two: f"({two[0]},{two[1]})"))


def _tsvectors(_: Modifiers) -> Pairs:
    words = st.lists(st.text("abcdefgh", min_size=1, max_size=6), max_size=4, unique=True)
    return _as_is(
        words.map(lambda some: " ".join(f"'{w}'" for w in sorted(some)))
    )


def _blobs(_: Modifiers) -> Pairs:
    return _as_is(st.binary(max_size=LENGTH_MAX))


def _dates(_: Modifiers) -> Pairs:
    return _as_is(st.dates() | st.sampled_from((date(1, 1, 1), date(9999, 12, 31))))


SCALARS: Mapping[str, Callable[[Modifiers], Pairs]] = {
    "integer": lambda _: _integers(32),
    "bigint": lambda _: _integers(64),
    "smallint": lambda _: _integers(16),
    "text": _varchar,
    "varchar": _varchar,
    "char": _char,
    "boolean": lambda _: _as_is(st.booleans()),
    "numeric": _numeric,
    "real": lambda _: _floats(32),
    "double precision": lambda _: _floats(64),
    "bytea": _blobs,
    "date": _dates,
    "time": _time,
    "timetz": _timetz,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "interval": _interval,
    "uuid": lambda _: _as_is(st.uuids()),
    "json": lambda _: _json_text(),
    "jsonb": lambda _: _json_text(),
    "inet": _inet,
    "cidr": _cidr,
    "macaddr": _macs,
    "bit": _bits,
    "varbit": _varbits,
    "point": _points,
    "pg_lsn": _lsn,
    "tsvector": _tsvectors,
}
"""Built-in type → strategy of (to bind, normal form), given its modifiers."""
