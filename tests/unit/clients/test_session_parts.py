"""The pure parts of the HTTP session."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from hormesis.clients.session import decoding
from hormesis.clients.session.answer import AnswerHeaders
from hormesis.clients.session.body import body_of, with_params
from hormesis.clients.session.cookies import Cookies
from hormesis.clients.session.head import quoted
from hormesis.clients.session.headers import Headers
from hormesis.clients.session.outcome import outcome_of
from hormesis.clients.session.redirect import next_hop
from hormesis.host.http_header import block_of, merged


@pytest.mark.parametrize(
    ("method", "status", "location", "expected"),
    [
        ("GET", 200, "/x", None),
        ("GET", 304, "/x", None),
        ("GET", 302, None, None),
        ("GET", 301, "x?a=1#part", ("GET", "http://h:1/a/x?a=1")),
        ("POST", 301, "/x", ("GET", "http://h:1/x")),
        ("POST", 302, "//other/x", ("GET", "http://other/x")),
        ("PUT", 302, "/x", ("PUT", "http://h:1/x")),
        ("PUT", 303, "/x", ("GET", "http://h:1/x")),
        ("HEAD", 303, "/x", ("HEAD", "http://h:1/x")),
        ("POST", 307, "https://s/x", ("POST", "https://s/x")),
        ("DELETE", 308, "/x", ("DELETE", "http://h:1/x")),
    ],
)
def test_next_hop(method: str, status: int, location: str | None, expected: Any) -> None:
    assert next_hop(method, status, location, "http://h:1/a/b") == expected


@pytest.mark.parametrize(
    ("method", "status", "expected", "definite", "ended"),
    [
        ("GET", 200, None, (), "ok"),
        ("GET", 302, None, (), "ok"),
        ("GET", 404, None, (), "fail"),
        ("GET", 500, None, (), "fail"),
        ("POST", 500, None, (), "info"),
        ("POST", 503, None, (503,), "fail"),
        ("POST", 200, 201, (), "info"),
        ("POST", 404, (200, 404), (), "ok"),
        ("PUT", 429, None, (), "fail"),
    ],
)
def test_outcome(method: str, status: int, expected: Any, definite: Any, ended: str) -> None:
    outcome, word = outcome_of(method, status, expected, definite)
    assert (outcome.value, word) == (ended, "" if ended == "ok" else f"http-{status}")


def test_a_small_body_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "BYTES_MAX", 1000)
    assert decoding.decoded(gzip.compress(b"x" * 1000), "gzip") == b"x" * 1000
    with pytest.raises(decoding.Undecodable, match="exceeds 1000 bytes"):
        decoding.decoded(gzip.compress(b"x" * 1001), "gzip")


@pytest.mark.parametrize(
    ("body", "encoding", "fragment"),
    [
        (gzip.compress(b"text", mtime=0)[:-3], "gzip", "cut off"),
        (b"\xff\xff", "deflate", "not deflate"),
        (b"text", "zstd", "cannot read the content encoding 'zstd'"),
    ],
)
def test_what_cannot_be_decoded(body: bytes, encoding: str, fragment: str) -> None:
    with pytest.raises(decoding.Undecodable, match=fragment):
        decoding.decoded(body, encoding)


def test_members_of_a_gzip_body_belong_together() -> None:
    assert decoding.decoded(gzip.compress(b"a") + gzip.compress(b"b"), "gzip") == b"ab"
    assert decoding.decoded(b"", "gzip") == b""


def test_headers_know_no_case_and_tell_of_changes() -> None:
    changes: list[int] = []
    headers = Headers({"X-A": "1"}, lambda: changes.append(1))
    assert (headers["x-a"], list(headers), len(headers)) == ("1", ["X-A"], 1)
    headers["x-A"] = "2"
    del headers["X-a"]
    assert (dict(headers), len(changes)) == ({}, 2)
    assert block_of(merged({"A": "1", "B": "2"}, {"a": "3"})) == "a: 3\r\nB: 2\r\n"
    assert AnswerHeaders([("Vary", "a"), ("vary", "b")])["VARY"] == "a, b"


def test_bodies_and_queries() -> None:
    def boundary() -> str:
        return "line"

    assert body_of(boundary) == (None, "")
    assert body_of(boundary, json_value={}) == (b"{}", "application/json")
    assert body_of(boundary, data=[("a", 1), ("a", None)])[0] == b"a=1"
    whole, kind = body_of(boundary, data={"a": 1}, files={'f"': b"x"})
    assert kind == "multipart/form-data; boundary=line"
    assert whole is not None
    assert whole.startswith(
        b'--line\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--line'
    )
    assert b'name="f%22"; filename="f%22"' in whole
    assert whole.endswith(b"\r\nx\r\n--line--\r\n")
    assert with_params("/a?b=1#c", {"d": "e f", "g": [1, True]}) == "/a?b=1&d=e+f&g=1&g=true#c"
    assert quoted("/a b#c") == "/a%20b"
    assert quoted("/a%20b\r\nX: y") == "/a%20b%0D%0AX:%20y"


def test_cookies_set_by_hand_and_forgotten() -> None:
    changes: list[int] = []
    cookies = Cookies(lambda: changes.append(1))
    cookies.set("a", "1", domain="h.example")
    assert cookies.header("http://h.example/x") == "a=1"
    assert cookies.header("http://other.example/x") == ""
    assert (cookies.as_dict(), len(cookies), cookies.expires) == ({"a": "1"}, 1, False)
    cookies.keep("http://h.example/", ["b=2; Max-Age=60"])
    assert cookies.expires
    cookies.keep("http://h.example/", ["b=2; Max-Age=60"])
    cookies.clear()
    assert (len(cookies), len(changes)) == (0, 3)
