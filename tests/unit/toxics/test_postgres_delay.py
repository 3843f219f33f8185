"""The PostgreSQL delay tells queries from everything else, however the bytes are cut."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.proxy.postgres_frontend import SQL_MAX
from hormesis.toxics.postgres_delay import PostgresDelay
from hormesis.words.shaper import Send, Shaped, Shaper, Stream

SSL_REQUEST = struct.pack("!II", 8, 80877103)
GSS_REQUEST = struct.pack("!II", 8, 80877104)
STARTUP = struct.pack("!II", 8 + 14, 3 << 16) + b"user\0postgres\0"
SYNC = b"S\0\0\0\x04"


def message(kind: str, body: bytes) -> bytes:
    return kind.encode() + struct.pack("!I", 4 + len(body)) + body


def query(sql: str) -> bytes:
    return message("Q", sql.encode() + b"\0")


def parse(name: str, sql: str) -> bytes:
    return message("P", f"{name}\0{sql}\0".encode() + b"\0\0")


def bind(name: str) -> bytes:
    return message("B", f"\0{name}\0".encode() + b"\0" * 6)


EXECUTE = message("E", b"\0\0\0\0\0")
PASSWORD = message("p", b"secret\0")


def shaper_of(matching: str = "", **times: str) -> Shaper:
    toxic = PostgresDelay.model_validate({"min": "1s", "max": "1s", "matching": matching, **times})
    return toxic.shaper(Stream.UPSTREAM, Random(1))


def delays(shaped: Iterable[Shaped], now: float) -> list[tuple[bytes, float]]:
    return [(one.data, one.at - now) for one in shaped if isinstance(one, Send)]


def opened(matching: str = "") -> Shaper:
    shaper = shaper_of(matching)
    assert delays(shaper.received(STARTUP, 0.0), 0.0) == [(STARTUP, 0.0)]
    return shaper


def test_logging_in_passes_and_a_query_waits() -> None:
    shaper = opened()
    assert delays(shaper.received(PASSWORD, 1.0), 1.0) == [(PASSWORD, 0.0)]
    assert delays(shaper.received(query("select 1"), 2.0), 2.0) == [(query("select 1"), 1.0)]
    assert delays(shaper.received(message("X", b""), 9.0), 9.0) == [(message("X", b""), 0.0)]


def test_a_batch_waits_once_as_a_whole() -> None:
    batch = parse("", "select $1") + bind("") + EXECUTE + SYNC
    assert delays(opened().received(batch, 2.0), 2.0) == [(batch, 1.0)]


def test_a_batch_in_pieces_goes_together() -> None:
    shaper = opened()
    first = delays(shaper.received(parse("", "select 1"), 2.0), 0.0)
    rest = delays(shaper.received(bind("") + EXECUTE + SYNC, 2.5), 0.0)
    assert [at for _, at in first + rest] == [3.0, 3.0]


def test_only_matching_statements_wait() -> None:
    shaper = opened(r"\bfrom\s+jobs\b")
    assert delays(shaper.received(query("select 1"), 2.0), 2.0)[0][1] == 0.0
    assert delays(shaper.received(query("SELECT *\nFROM jobs"), 3.0), 3.0)[0][1] == 1.0


def test_a_prepared_statement_waits_whenever_it_is_bound() -> None:
    shaper = opened("jobs")
    list(shaper.received(parse("a", "select jobs") + parse("b", "select 1") + SYNC, 1.0))
    assert delays(shaper.received(bind("b") + EXECUTE + SYNC, 5.0), 5.0)[0][1] == 0.0
    assert delays(shaper.received(bind("a") + EXECUTE + SYNC, 6.0), 6.0)[0][1] == 1.0


def test_a_pipelined_query_never_overtakes() -> None:
    shaper = opened("slow")
    out = delays(shaper.received(query("slow") + query("fast"), 1.0), 1.0)
    assert b"".join(data for data, _ in out) == query("slow") + query("fast")
    assert [at for _, at in out] == [1.0]


def test_refused_encryption_goes_on_in_the_clear() -> None:
    shaper = shaper_of()
    assert delays(shaper.received(SSL_REQUEST, 0.0), 0.0)[0][1] == 0.0
    assert delays(shaper.received(STARTUP, 0.1), 0.1)[0][1] == 0.0
    assert delays(shaper.received(query("select 1"), 0.2), 0.2)[0][1] == 1.0


@pytest.mark.parametrize("request_first", [True, False])
def test_encrypted_chunks_all_wait(request_first: bool) -> None:
    shaper = shaper_of()
    if request_first:
        list(shaper.received(SSL_REQUEST, 0.0))
    assert delays(shaper.received(b"\x16\x03\x01hello", 1.0), 1.0)[0][1] == 1.0
    assert delays(shaper.received(b"\x17\x03\x03data", 5.0), 5.0)[0][1] == 1.0


def test_an_accepted_gss_encryption_is_opaque_too() -> None:
    shaper = shaper_of()
    list(shaper.received(GSS_REQUEST, 0.0))
    token = struct.pack("!I", 12) + b"\x60\x0aabcdefghij"
    assert delays(shaper.received(token, 1.0), 1.0)[0][1] == 1.0


def test_a_live_connection_is_picked_up_at_a_message_that_begins_a_chunk() -> None:
    shaper = shaper_of()
    assert delays(shaper.received(b"the middle of a row\n", 1.0), 1.0)[0][1] == 0.0
    assert delays(shaper.received(query("select 1"), 2.0), 2.0)[0][1] == 1.0


def test_nonsense_after_a_message_passes_until_sense_returns() -> None:
    shaper = opened()
    assert delays(shaper.received(b"\xff" * 40, 1.0), 1.0)[0][1] == 0.0
    assert delays(shaper.received(query("select 1"), 2.0), 2.0)[0][1] == 1.0


def test_a_huge_statement_is_judged_by_its_beginning() -> None:
    shaper = opened("jobs")
    huge = query("insert into jobs values ('" + "x" * (3 * SQL_MAX) + "')")
    held = delays(shaper.received(huge[:100], 1.0), 1.0)
    assert held == []
    judged = delays(shaper.received(huge[100 : SQL_MAX + 100], 2.0), 2.0)
    assert judged[0][1] == 1.0
    rest = delays(shaper.received(huge[SQL_MAX + 100 :], 2.5), 2.0)
    assert rest[0][1] == 1.0


def test_answers_pass_at_once() -> None:
    shaper = PostgresDelay.model_validate({"min": "1s", "max": "1s"}).shaper(
        Stream.DOWNSTREAM, Random(1)
    )
    assert delays(shaper.received(query("select 1"), 1.0), 1.0)[0][1] == 0.0


@given(st.data())
def test_the_cuts_change_nothing_but_the_grouping(data: st.DataObject) -> None:
    session = STARTUP + PASSWORD + query("select jobs") + parse("a", "select 1") + SYNC
    session += bind("a") + EXECUTE + SYNC + message("d", b"x" * 50) + query("jobs")
    cuts = sorted(data.draw(st.sets(st.integers(1, len(session) - 1), max_size=20)))
    # A first chunk too short to tell is passed on unread; a real start-up packet is one write.
    cuts = [cut for cut in cuts if cut >= 8]
    shaper = shaper_of("jobs")
    out: list[tuple[bytes, float]] = []
    for start, end in zip([0, *cuts], [*cuts, len(session)], strict=True):
        out += delays(shaper.received(session[start:end], 1.0), 1.0)
    waits = b"".join(bytes([int(at)]) * len(piece) for piece, at in out)
    assert b"".join(piece for piece, _ in out) == session
    undelayed = len(STARTUP + PASSWORD)
    assert waits == b"\0" * undelayed + b"\1" * (len(session) - undelayed)


def test_a_bad_expression_is_refused_when_it_is_given() -> None:
    with pytest.raises(ValidationError, match="expected a regular expression"):
        PostgresDelay.model_validate({"matching": "("})
