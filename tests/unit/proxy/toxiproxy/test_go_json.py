"""JSON is read and written as Go's standard library does it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.proxy.toxiproxy.go_json import (
    Fields,
    Float32,
    GoJsonError,
    decoded,
    encoded,
    float32_text,
    plain,
)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "EOF"),
        (b" \n", "EOF"),
        (b"{", "unexpected EOF"),
        (b'{"a', "unexpected EOF"),
        (b"[1,", "unexpected EOF"),
        (b"tru", "unexpected EOF"),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b"nonsense", "invalid character 'o' in literal null (expecting 'u')"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b"[" * 100_000, "exceeded max depth"),
    ],
)
def test_what_is_no_json_is_told_as_go_does(body: bytes, told: str) -> None:
    with pytest.raises(GoJsonError) as caught:
        decoded(body)
    assert str(caught.value) == told


def test_only_the_first_value_counts() -> None:
    assert plain(decoded(b' {"a": [1, 2.5, "\xff"]} trailing')) == {"a": [1, 2.5, "\ufffd"]}


def test_names_match_whatever_their_case_and_null_changes_nothing() -> None:
    fields = Fields(decoded(b'{"NAME": "x", "rate": null, "Enabled": false}'), "T")
    assert (fields.text("name"), fields.integer("rate", 7), fields.boolean("enabled", True)) == (
        "x", 7, False,
    )  # fmt: skip


@pytest.mark.parametrize("number", ["1.0", "1e2", "1.5", '"1"', "true", "9223372036854775808"])
def test_only_whole_numbers_are_integers(number: str) -> None:
    fields = Fields(decoded(f'{{"rate": {number}}}'.encode()), "toxics.X")
    with pytest.raises(GoJsonError, match=r"into Go struct field X\.rate of type int64"):
        fields.integer("rate", 0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"), (0, "0"), (0.5, "0.5"), (0.1, "0.1"), (1 / 3, "0.33333334"), (-1, "-1"),
        (1e-9, "1e-9"), (1e-6, "0.000001"), (123456789, "123456790"), (1e30, "1e+30"),
        (1e20, "100000000000000000000"),
    ],
)  # fmt: skip
def test_a_float32_has_its_shortest_text(value: float, text: str) -> None:
    assert float32_text(Float32.of(value)) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_text_of_a_float32_reads_as_the_same(value: float) -> None:
    text = float32_text(Float32(value))
    assert struct.unpack("<f", struct.pack("<f", float(text)))[0] == value


def test_writing_is_compact_and_safe_in_html() -> None:
    value = {"a<b>&\u2028": [1, True, None, 'é"\\\n'], "t": Float32.of(0.25)}
    assert encoded(value).decode() == (
        r'{"a\u003cb\u003e\u0026\u2028":[1,true,null,"é\"\\\n"],"t":0.25}'
    )
