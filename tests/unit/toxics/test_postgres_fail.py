"""Failing statements: what the server gets and what the client is told, however bytes are cut."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.proxy.postgres_messages import message
from hormesis.toxics.postgres_fail import MARK, PostgresFail
from tests.unit.toxics.pairs import CUTS, Pair, data_of, ends, moments, pieces

SSL_REQUEST = struct.pack("!II", 8, 80877103)
STARTUP = struct.pack("!II", 8 + 14, 3 << 16) + b"user\0postgres\0"
SYNC = message(b"S", b"")
EXECUTE = message(b"E", b"\0\0\0\0\0")
GREETING = message(b"R", b"\0\0\0\0")


def ready(status: bytes = b"I") -> bytes:
    return message(b"Z", status)


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


def parse(name: str, sql: str) -> bytes:
    return message(b"P", f"{name}\0{sql}\0".encode() + b"\0\0")


def bind(name: str) -> bytes:
    return message(b"B", f"\0{name}\0".encode() + b"\0\0\0\1\0\0\0\4\0\1\2\3\0\0")


def error(text: bytes, severity: bytes = b"ERROR") -> bytes:
    fields = [b"S" + severity, b"V" + severity, b"C42601", b"M" + text, b"P1"]
    return message(b"E", b"".join(field + b"\0" for field in fields) + b"\0")


INJECTED = message(b"E", b"SERROR\0VERROR\0C40001\0Minjected by the link\0\0")


def pair_of(**given: Any) -> Pair:
    return Pair(PostgresFail.model_validate(given))


def opened(status: bytes = b"I", **given: Any) -> Pair:
    pair = pair_of(**given)
    assert pair.ask(STARTUP) == STARTUP
    assert pair.answer(GREETING + ready(status)) == GREETING + ready(status)
    return pair


def mark_in(sent: bytes) -> bytes:
    """Return the name that the server is to fail on."""
    start = sent.index(MARK.encode())
    return sent[start : start + len(MARK) + 8]


def test_a_simple_query_is_replaced_and_its_error_reworded() -> None:
    pair = opened(matching="^insert")
    assert pair.ask(query("select 1")) == query("select 1")
    pair.answer(ready())
    sent = pair.ask(query("INSERT INTO t VALUES (1)"))
    assert sent == message(b"Q", mark_in(sent) + b"\0")
    refused = error(b'syntax error at or near "%s"' % mark_in(sent)) + ready()
    assert pair.answer(refused) == INJECTED + ready()
    assert pair.hits.count == 1


def test_a_bind_is_for_a_statement_that_is_not_there_and_keeps_its_values() -> None:
    pair = opened(matching="from t")
    assert pair.ask(parse("p1", "select from t") + SYNC) == parse("p1", "select from t") + SYNC
    pair.answer(ready())
    sent = pair.ask(bind("p1") + EXECUTE + SYNC)
    assert sent == bind(mark_in(sent).decode()) + EXECUTE + SYNC
    refused = error(b'prepared statement "%s" does not exist' % mark_in(sent))
    assert pair.answer(refused) == INJECTED


def test_a_commit_in_a_transaction_becomes_what_ends_it() -> None:
    pair = opened(b"T", matching="commit", sqlstate="40P01")
    sent = pair.ask(query("COMMIT;"))
    assert sent.startswith(message(b"Q", b"")[:1]) and b"PREPARE TRANSACTION '" in sent
    answer = pair.answer(error(b"whatever it says") + ready())
    assert b"C40P01\0" in answer and answer.endswith(ready())


@pytest.mark.parametrize("status", [b"I", b"T"])
def test_only_a_plain_commit_is_special(status: bytes) -> None:
    pair = opened(status, matching="commit")
    sql = "commit" if status == b"I" else "commit and chain"
    assert b"PREPARE" not in pair.ask(query(sql))


def test_a_failed_transaction_is_let_alone() -> None:
    pair = opened(b"E", matching="")
    assert pair.ask(query("select 1")) == query("select 1")


def test_one_failure_at_a_time_in_a_pipeline() -> None:
    pair = opened()
    batch = parse("", "a") + bind("") + EXECUTE
    sent = pair.ask(batch + batch + SYNC + batch + SYNC)
    assert sent.count(MARK.encode()) == 1
    pair.answer(error(mark_in(sent)) + ready())
    assert MARK.encode() not in pair.ask(parse("", "a"))
    assert pair.ask(bind("")) == bind(mark_in(sent).decode())


def test_errors_that_are_not_ours_pass() -> None:
    pair = opened(matching="^insert")
    sent = pair.ask(query("insert"))
    fatal = error(b"terminating because of %s" % mark_in(sent), b"FATAL")
    assert pair.answer(error(b"division by zero") + fatal) == error(b"division by zero") + fatal
    assert pair.hits.count == 0


def test_an_encrypted_connection_passes() -> None:
    pair = pair_of()
    assert pair.ask(SSL_REQUEST) == SSL_REQUEST
    assert pair.answer(b"S") == b"S"
    hello = b"\x16\x03\x01hello" + query("x")
    assert pair.ask(hello) == hello
    assert pair.answer(hello) == hello


def test_refused_encryption_goes_on_in_the_clear() -> None:
    pair = pair_of()
    pair.ask(SSL_REQUEST)
    assert pair.answer(b"N") == b"N"
    pair.ask(STARTUP)
    pair.answer(GREETING + ready())
    assert MARK.encode() in pair.ask(query("select 1"))


def test_a_live_connection_is_picked_up_with_the_next_answer() -> None:
    pair = pair_of()
    assert pair.ask(query("one")) == query("one")
    row = message(b"D", b"a row")
    assert pair.answer(row[:7]) + pair.answer(row[7:]) == row
    assert pair.ask(query("two")) == query("two")
    assert pair.answer(row + ready()) == row + ready()
    assert MARK.encode() in pair.ask(query("three"))


def test_a_huge_statement_is_swallowed_to_its_end() -> None:
    pair = opened()
    huge = query("insert " + "x" * 200_000)
    sent = pair.ask(huge[:100_000]) + pair.ask(huge[100_000:] + query("next"))
    assert sent == message(b"Q", mark_in(sent) + b"\0") + query("next")


def test_a_toxic_that_is_removed_within_a_spoilt_statement_closes() -> None:
    pair = opened()
    pair.ask(query("insert " + "x" * 200_000)[:100_000])
    pair.remove()
    assert ends(pair.up) == ["Finish"]


@given(st.sampled_from(["", "jobs", "^commit"]), CUTS, CUTS)
def test_the_cuts_change_nothing_but_the_grouping(
    matching: str, cuts: Sequence[int], others: Sequence[int]
) -> None:
    asked = query("select jobs") + parse("a", "select 1") + bind("a") + EXECUTE + SYNC
    asked += query("commit") + message(b"d", b"x" * 50) + query("jobs")
    mark = mark_in(opened().ask(query("a")))
    answered = message(b"D", b"E\0\0\0\5Z") + error(mark) + ready(b"T") + error(b"x") + ready()
    results = []
    for where in (cuts, others):
        pair = pair_of(matching=matching)
        for piece in pieces(STARTUP, [8]):
            pair.ask(piece)
        for piece in pieces(GREETING + ready(b"T"), where):
            pair.answer(piece)
        for piece in pieces(asked, where):
            pair.ask(piece)
        for piece in pieces(answered, where):
            pair.answer(piece)
        pair.finish()
        results.append((moments(pair.up), data_of(pair.down), pair.hits))
    assert results[0] == results[1]
    assert matching == "" or results[0][2].taken == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"matching": "("}, "expected a regular expression"),
        ({"sqlstate": "00000"}, "five characters"),
        ({"sqlstate": "4000"}, "five characters"),
        ({"message": "a\0b"}, "without a NUL"),
    ],
)
def test_what_cannot_be_is_refused(given: Any, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        PostgresFail.model_validate(given)
