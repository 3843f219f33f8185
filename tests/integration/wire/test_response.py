"""What a response tells of its headers and its body, in both makes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.wire.feeding import REQUEST, TIMEOUT_NS, Line, line
from tests.unit.wire.makes import Make


@pytest.fixture
def one(make: Make) -> Iterator[Line]:
    loop = asyncio.new_event_loop()
    with line(make, loop) as found:
        yield found
    loop.close()


def answered(one: Line, head: bytes, body: bytes, *, pieces: int = 1) -> Any:
    waiting = one.connection.exchange(REQUEST, TIMEOUT_NS)
    data = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (head, len(body)) + body
    step = -(-len(data) // pieces)
    for at in range(0, len(data), step):
        one.send(data[at : at + step])
    return waiting.result()


@pytest.mark.parametrize("pieces", [1, 3])
def test_headers_are_found_whatever_their_case(one: Line, pieces: int) -> None:
    head = b"X-One:  a b \t\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nEmpty:\r\nLatin: \xe9:\xe8\r\n"
    response = answered(one, head, b"ab", pieces=pieces)
    assert response.headers == [
        ("X-One", "a b"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("Empty", ""),
        ("Latin", "é:è"), ("Content-Length", "2"),
    ]  # fmt: skip
    assert response.header("x-ONE") == "a b"
    assert response.header("Set-Cookie") == "a=1"
    assert (response.header("empty"), response.header("x-on"), response.header("é")) == (
        "", None, None,
    )  # fmt: skip
    assert response.body is response.body
    assert response.body == b"ab"


def test_an_answer_like_the_last_one_is_not_taken_for_it(one: Line) -> None:
    """Heads are recognised by their bytes, so those that differ in a digit must differ."""
    for head, body in [(b"A: 1\r\n", b"xy"), (b"A: 2\r\n", b"zw"), (b"A: 1\r\n", b"xyz")]:
        response = answered(one, head, body)
        assert (response.header("a"), response.body) == (head[3:4].decode(), body)


@pytest.mark.parametrize(
    "body",
    [
        b' {"a": 1}\n',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32-le"),
    ],
)
def test_json_in_any_encoding_it_may_have(one: Line, body: bytes) -> None:
    assert answered(one, b"", body).json() == {"a": 1}


def test_what_is_not_json_is_a_value_error(one: Line) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        answered(one, b"", b"<html>").json()
