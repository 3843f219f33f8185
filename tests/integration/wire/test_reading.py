"""Any answer, cut anywhere, is read alike by both makes; so is what is malformed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.wire.feeding import fed
from tests.unit.wire.makes import BUILT, Make

OK = b"HTTP/1.1 200 OK\r\n"
LOOP = asyncio.new_event_loop()


@pytest.fixture(scope="module", autouse=True)
def the_loop() -> Iterator[None]:
    yield
    LOOP.close()


def ended(make: Make, data: bytes, *, head: bool = False) -> tuple[object, ...]:
    found = fed(make, LOOP, [data], head=head)
    last = found[2]
    assert isinstance(last, tuple)
    return last


PLAIN = st.sampled_from(
    [b"Server: x\r\n", b"X-A:\r\n", b"x-b: a, b ; c\t\r\n", b"Set-Cookie: a=b\r\n", b"Vary:  *\r\n"]
)
BODY = st.one_of(st.binary(max_size=40), st.just(b"\r\n\r\n"), st.binary(min_size=900).map(bytes))


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=4)))
    parts = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a < b]
    written = b"".join(
        b"%x%s\r\n%s\r\n" % (len(part), draw(st.sampled_from([b"", b";a=b", b" ; x"])), part)
        for part in parts
    )
    return written + b"0\r\n" + draw(st.sampled_from([b"", b"X-Sum: 1\r\n"])) + b"\r\n"


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bool, int, bytes, bool]:
    """Bytes of an answer; whether to HEAD; its status and body; whether the end completes it."""
    lines = b"".join(draw(st.lists(PLAIN, max_size=3)))
    interim = draw(st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    status = draw(st.sampled_from([200, 200, 404, 302, 204, 304]))
    first = b"HTTP/1.1 %d Fine\r\n" % status
    body = draw(BODY)
    to_head = draw(st.booleans()) and draw(st.booleans())
    framing = draw(st.sampled_from(["length", "chunks", "end"]))
    if to_head or status in (204, 304):
        tail = b"Content-Length: 5\r\n\r\n" if framing == "length" else b"\r\n"
        return interim + first + lines + tail, to_head, status, b"", False
    if framing == "length":
        tail = b"content-length: %d\r\n\r\n" % len(body) + body
    elif framing == "chunks":
        tail = b"Transfer-Encoding: Chunked\r\n\r\n" + draw(chunked(body))
    else:
        tail = b"\r\n" + body
    return interim + first + lines + tail, to_head, status, body, framing == "end"


def cut(data: bytes, at: list[int]) -> list[bytes]:
    cuts = sorted({one % (len(data) + 1) for one in at})
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


DAMAGE = [b"", b"\n", b"\r", b"\0", b":", b" ", b"9", b"x", b"\r\n"]
CUTS = st.lists(st.integers(0, 10_000), max_size=6)


@given(answers(), CUTS)
@settings(max_examples=150)
def test_an_answer_is_the_same_however_it_is_cut(
    answer: tuple[bytes, bool, int, bytes, bool], at: list[int]
) -> None:
    data, to_head, status, body, by_end = answer
    found = {make.name: fed(make, LOOP, cut(data, at), head=to_head) for make in BUILT}
    for before, usable, after, usable_after in found.values():
        assert isinstance(before, tuple) and isinstance(after, tuple)
        assert before == (("pending",) if by_end else after)
        assert (usable, usable_after) == (not by_end, False)
        assert (after[0], after[2], after[4]) == (status, body, len(data))
    assert len({str(one) for one in found.values()}) == 1


@given(answers(), st.data(), CUTS)
@settings(max_examples=200)
def test_what_is_malformed_is_judged_alike(
    answer: tuple[bytes, bool, int, bytes, bool], draw: st.DataObject, at: list[int]
) -> None:
    data = bytearray(answer[0])
    for _ in range(draw.draw(st.integers(1, 3))):
        position = draw.draw(st.integers(0, len(data)))
        new = draw.draw(st.sampled_from(DAMAGE))
        data[position : position + draw.draw(st.integers(0, 2))] = new
    whole = [bytes(data)] if data else []
    ends: set[str] = set()
    for pieces in (whole, cut(bytes(data), at)):
        found = [fed(make, LOOP, pieces, head=answer[1])[2] for make in BUILT]
        assert len({str(one) for one in found}) == 1, found
        assert found[0] != ("pending",)
        ends |= {str(one[:3]) for one in found if isinstance(one, tuple)}
    assert len(ends) == 1, ends


@given(st.binary(max_size=60), CUTS)
@settings(max_examples=50)
def test_rubbish_is_no_answer(data: bytes, at: list[int]) -> None:
    found = {str(fed(make, LOOP, cut(data, at))[2]) for make in BUILT}
    assert len(found) == 1
    assert "bad-http" in str(found) or b"HTTP/1.".startswith(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"-ERR unknown command\r\n", "does not begin"),
        (b"HTTP/2 200\r\n\r\n", "does not begin"),
        (b"HTTP/1.2 200 OK\r\n\r\n", "status line"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "status line"),
        (b"HTTP/1.1\r\n\r\n", "status line"),
        (b"HTTP/1.1 200 OK\n\n", "ends wrongly"),
        (OK + b"A: 1\nB: 2\r\n\r\n", "control"),
        (OK + b"A: 1\x00\r\n\r\n", "control"),
        (OK + b"A: 1\r\n folded\r\n\r\n", "header line"),
        (OK + b"A : 1\r\n\r\n", "header line"),
        (OK + b": 1\r\n\r\n", "header line"),
        (OK + b"A 1\r\n\r\n", "header line"),
        (OK + b"Content-Length: -1\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: 1, 1\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length:\r\n\r\n", "Content-Length"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "two different"),
        (OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "beside"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n", "other than chunked"),
        (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "switches"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1 2\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "too long"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n", "trailer"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 5000, "too long"),
        (OK + b"A: " + b"a" * 66_000, "exceeds 65536"),
        (OK + b"A: " + b"a" * 66_000 + b"\r\n\r\n", "exceeds 65536"),
        (OK + b"Content-Length: 99999999999\r\n\r\n", "exceeds 67108864"),
        (b"HTTP/1.1 100 \r\n\r\n" * 101, "interim"),
    ],
)
def test_what_breaks_the_protocol_is_refused(make: Make, data: bytes, why: str) -> None:
    word, sent, _, message = ended(make, data)
    assert (word, sent) == ("bad-http", True)
    assert why in str(message)


def test_an_end_in_the_middle_is_told_from_an_end_before(make: Make) -> None:
    assert ended(make, b"")[:3] == ("disconnected", True, True)
    assert ended(make, b"HTTP/1.1 2")[:3] == ("disconnected", True, False)
    assert ended(make, OK + b"Content-Length: 3\r\n\r\nab")[:3] == ("disconnected", True, False)
    assert ended(make, b"HTTP/1.1 100 Continue\r\n\r\n")[:3] == ("disconnected", True, False)


@pytest.mark.parametrize(
    ("head", "usable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\njunk", False),
        (b"HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", False),
    ],
)
def test_a_connection_is_usable_again_only_after_a_clean_end(
    make: Make, head: bytes, usable: bool
) -> None:
    found = fed(make, LOOP, [head])
    assert found[0] == found[2] and found[1] is usable


def test_what_needs_a_closer_look_is_special(make: Make) -> None:
    heads = {b"": False, b"Set-Cookie: a=b\r\n": True, b"content-encoding: gzip\r\n": True,
             b"Connection: close\r\n": True, b"Connection: keep-alive\r\n": False}  # fmt: skip
    for more, special in heads.items():
        assert ended(make, OK + more + b"Content-Length: 0\r\n\r\n")[3] is special
    assert ended(make, b"HTTP/1.1 307 Go\r\nContent-Length: 0\r\n\r\n")[3] is True
