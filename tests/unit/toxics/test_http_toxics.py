"""HTTP toxics change what matches and nothing else, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.proxy.http_stream import HEAD_MAX
from hormesis.toxics.http_delay import HttpDelay
from hormesis.toxics.http_header import HttpHeader
from hormesis.toxics.http_status import HttpStatus
from hormesis.toxics.http_truncate import HttpTruncate
from hormesis.words.shaper import Toxic
from tests.unit.toxics.pairs import CUTS, Pair, data_of, ends, moments, pieces

GET = b"GET /a?x=1 HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD = b"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /"
CHUNKED = (
    b"PUT /orders/7 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    b"4;x=y\r\nHTTP\r\n1\r\n/\r\n0\r\nTrailer: t\r\n\r\n"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-A: 1\r\n\r\nfine"
OK_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n"
    b"3\r\nfin\r\n1\r\ne\r\n0\r\n\r\n"
)
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NONE = b"HTTP/1.1 204 No Content\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\neverything until the end"

ASKED = GET + POST + HEAD + CHUNKED + b"\r\n" + GET + POST
ANSWERED = OK + CONTINUE + OK_CHUNKED + OK_HEAD + NONE + OK + UNTIL_CLOSE


def http_status(**given: Any) -> HttpStatus:
    return HttpStatus.model_validate(given)


NEVER_MATCHING: list[Toxic] = [
    http_status(path="^/nowhere"),
    http_status(probability="0%"),
    http_status(skip=99),
    HttpDelay.model_validate({"min": "1s", "max": "1s", "method": "TRACE"}),
    HttpDelay.model_validate({"min": "1s", "max": "1s", "path": "no", "stream": "both"}),
    HttpTruncate.model_validate({"bytes": "1B", "path": "^/nowhere"}),
    HttpHeader.model_validate({"set": {"A": "b"}, "path": "^/nowhere", "stream": "both"}),
]


def run(toxic: Toxic, asked: bytes, answered: bytes, cuts: Sequence[int] = ()) -> Pair:
    pair = Pair(toxic)
    for piece in pieces(asked, cuts):
        pair.ask(piece)
    for piece in pieces(answered, cuts):
        pair.answer(piece)
    pair.finish()
    return pair


@given(st.sampled_from(NEVER_MATCHING), CUTS)
def test_what_does_not_match_is_not_touched(toxic: Toxic, cuts: Sequence[int]) -> None:
    pair = run(toxic, ASKED, ANSWERED, cuts)
    assert data_of(pair.up) == ASKED
    assert data_of(pair.down) == ANSWERED
    assert pair.hits.count == 0


@given(st.sampled_from(NEVER_MATCHING), st.binary(), st.binary(), CUTS)
def test_what_is_not_http_is_not_touched(
    toxic: Toxic, asked: bytes, answered: bytes, cuts: Sequence[int]
) -> None:
    everything = http_status(path="") if cuts else toxic
    for head in (b"", b"\x16\x03\x01", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0"):
        pair = run(everything, head + asked, answered, cuts)
        assert data_of(pair.up) == head + asked
        assert data_of(pair.down) == answered


HITTING: list[Toxic] = [
    http_status(status=500, path="orders"),
    http_status(status=502, body="bad", headers={"Retry-After": "1"}, first=3),
    http_status(status=204, skip=1),
    http_status(probability="50%"),
    HttpHeader.model_validate({"set": {"X-B": "2"}, "remove": ["x-a"], "stream": "both"}),
    HttpTruncate.model_validate({"bytes": "2B", "skip": 2}),
    HttpTruncate.model_validate({"bytes": "10B", "reset": True}),
    HttpDelay.model_validate({"min": "1s", "max": "2s", "stream": "both", "probability": 0.5}),
]


@given(st.sampled_from(HITTING), CUTS, CUTS)
def test_the_cuts_change_nothing_but_the_grouping(
    toxic: Toxic, cuts: Sequence[int], others: Sequence[int]
) -> None:
    one, other = run(toxic, ASKED, ANSWERED, cuts), run(toxic, ASKED, ANSWERED, others)
    assert moments(one.up) == moments(other.up)
    assert moments(one.down) == moments(other.down)
    assert (ends(one.up), ends(one.down)) == (ends(other.up), ends(other.down))
    assert one.hits == other.hits


def test_a_matching_request_gets_the_other_status_and_keeps_its_place_and_body() -> None:
    pair = Pair(http_status(status=500, method="post|put", path="^/orders"))
    assert pair.ask(ASKED) == ASKED, "the server gets every request"
    answer = pair.answer(ANSWERED)
    changed = [
        one.replace(b"200 OK", b"500 Internal Server Error") if hit else one
        for one, hit in [(OK, 0), (CONTINUE, 0), (OK_CHUNKED, 1), (OK_HEAD, 0)]
    ]
    nothing = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
    last = UNTIL_CLOSE.replace(b"200 OK", b"500 Internal Server Error")
    assert answer == b"".join(changed) + nothing + OK + last
    assert pair.hits.count == 3


def test_another_body_comes_with_its_own_length_whatever_the_old_framing() -> None:
    toxic = http_status(status=503, body="späť", headers={"content-type": "text/x"})
    expected = (
        b"HTTP/1.1 503 Service Unavailable\r\nX-A: 1\r\ncontent-type: text/x\r\n"
        b"Content-Length: 6\r\n\r\nsp\xc3\xa4\xc5\xa5"
    )
    for old in (OK, OK_CHUNKED):
        pair = Pair(toxic)
        pair.ask(GET + GET)
        assert pair.answer(old + old) == 2 * expected
    pair = Pair(toxic)
    pair.ask(HEAD + GET)
    assert pair.answer(OK_HEAD + OK).endswith(b"Content-Length: 6\r\n\r\n" + expected)


def test_the_first_ones_fail_over_all_connections_and_then_all_pass() -> None:
    toxic = http_status(first=2, skip=1)
    hits = toxic.hits()
    failed = []
    for _ in range(5):
        pair = Pair(toxic, hits)
        pair.ask(GET)
        failed.append(b" 503 " in pair.answer(OK))
    assert failed == [False, True, True, False, False]


def test_a_switch_of_protocols_makes_the_rest_opaque() -> None:
    pair = Pair(http_status(path="^/never"))
    upgrade = b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    frames = b"\x81\x05hello" + OK
    assert pair.ask(upgrade) == upgrade
    assert pair.answer(switched + frames) == switched + frames
    assert pair.ask(GET) == GET
    assert pair.answer(OK) == OK
    assert pair.hits.count == 0


def test_a_refused_switch_of_protocols_closes() -> None:
    pair = Pair(http_status(status=403, body="no"))
    pair.ask(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
    answer = pair.answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81")
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(b"\r\n\r\nno")
    assert ends(pair.down) == ["Finish"]


def test_an_answer_that_nobody_asked_for_passes() -> None:
    pair = Pair(http_status())
    timeout = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    assert pair.answer(timeout) == timeout


def test_a_live_connection_is_picked_up_where_a_request_begins() -> None:
    pair = Pair(http_status())
    assert pair.answer(b"the rest of an answer") == b"the rest of an answer"
    assert pair.ask(b"the rest of a request") == b"the rest of a request"
    pair.ask(GET)
    assert b" 503 " in pair.answer(OK)


def test_a_live_connection_in_the_middle_of_an_answer_is_left_alone() -> None:
    pair = Pair(http_status())
    pair.ask(GET)
    assert pair.answer(b"the rest of an answer") == b"the rest of an answer"
    assert pair.answer(OK) == OK
    assert pair.ask(GET) == GET
    assert pair.answer(OK) == OK


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: yes\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * HEAD_MAX + b"\r\n\r\n",
    ],
)
def test_unclear_requests_make_the_connection_opaque(head: bytes) -> None:
    pair = Pair(http_status())
    assert pair.ask(head) == head
    assert pair.answer(OK) == OK
    assert pair.ask(GET) == GET
    assert pair.answer(OK) == OK


def test_a_toxic_that_is_removed_gives_back_what_was_not_whole() -> None:
    pair = Pair(http_status())
    assert pair.ask(GET[:20]) == b""
    pair.remove()
    assert data_of(pair.up) == GET[:20]
    assert ends(pair.up) == []


def test_a_toxic_that_is_removed_in_a_replaced_body_closes() -> None:
    pair = Pair(http_status(body="no"))
    pair.ask(GET)
    assert pair.answer(OK[:-2]).endswith(b"\r\n\r\nno")
    pair.remove()
    assert ends(pair.down) == ["Finish"]


@given(CUTS)
def test_a_body_is_cut_after_so_many_bytes_of_content(cuts: Sequence[int]) -> None:
    toxic = HttpTruncate.model_validate({"bytes": "2B", "path": "^/a"})
    pair = run(toxic, POST + GET, OK + OK_CHUNKED + OK, cuts)
    assert data_of(pair.down) == OK + OK_CHUNKED[: OK_CHUNKED.index(b"fin") + 2]
    assert ends(pair.down) == ["Finish"]
    assert pair.hits.count == 1


def test_a_body_that_is_no_longer_is_whole() -> None:
    pair = Pair(HttpTruncate.model_validate({"bytes": "4B", "reset": True}))
    pair.ask(GET + GET)
    assert pair.answer(OK) == OK
    assert pair.answer(OK.replace(b"4", b"5") + b"!") == OK.replace(b"4", b"5")
    assert ends(pair.down) == ["Reset"]
    assert pair.hits.count == 1


def test_only_matching_routes_wait_and_none_overtakes() -> None:
    toxic = HttpDelay.model_validate({"min": "1s", "max": "1s", "path": "^/orders"})
    pair = Pair(toxic)
    pair.ask(GET, 5.0)
    pair.ask(POST[:10], 6.0)
    pair.ask(POST[10:] + GET, 7.0)
    waits = {at for at, _ in moments(pair.up)}
    assert waits == {5.0, 8.0}
    assert data_of(pair.up) == GET + POST + GET
    assert pair.hits.count == 1


def test_a_late_answer_waits_from_when_it_came() -> None:
    pair = Pair(HttpDelay.model_validate({"min": "1s", "max": "1s", "stream": "downstream"}))
    assert pair.ask(GET, 0.0) == GET
    pair.answer(OK[:-2], 3.0)
    pair.answer(OK[-2:], 3.5)
    assert {at for at, _ in moments(pair.up)} == {0.0}
    assert {at for at, _ in moments(pair.down)} == {4.0}


def test_headers_are_set_and_removed_on_the_asked_side() -> None:
    given = {"set": {"Host": "other", "X-B": "2"}, "remove": ["x-a"]}
    up = Pair(HttpHeader.model_validate({**given, "stream": "upstream"}))
    assert up.ask(POST) == (
        b"POST /orders HTTP/1.1\r\nContent-Length: 5\r\nHost: other\r\nX-B: 2\r\n\r\nGET /"
    )
    assert up.answer(OK) == OK
    down = Pair(HttpHeader.model_validate(given))
    assert down.ask(POST) == POST
    assert down.answer(OK) == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nHost: other\r\nX-B: 2\r\n\r\nfine"
    )


@pytest.mark.parametrize(
    ("toxic", "given", "expected"),
    [
        (HttpStatus, {"path": "("}, "expected a regular expression"),
        (HttpStatus, {"status": 204, "body": "x"}, "expected no body"),
        (HttpStatus, {"status": 101}, "greater than or equal to 200"),
        (HttpStatus, {"headers": {"Content-Length": "3"}}, "says where a message ends"),
        (HttpStatus, {"headers": {"A": "b\r\nC: d"}}, "printable ASCII"),
        (HttpHeader, {"set": {"a b": "c"}}, "expected the name of a header"),
        (HttpHeader, {"remove": ["transfer-encoding"]}, "says where a message ends"),
        (HttpDelay, {"min": "2s", "max": "1s"}, "no less than min"),
        (HttpStatus, {"first": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(toxic: type[Toxic], given: Any, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        toxic.model_validate(given)
