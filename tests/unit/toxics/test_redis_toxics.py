"""Redis toxics hit the commands they are for, in their places, however the bytes are cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.toxics.redis_delay import RedisDelay
from hormesis.toxics.redis_fail import MARK, RedisFail
from hormesis.words.shaper import Toxic
from tests.unit.toxics.pairs import CUTS, Pair, data_of, ends, moments, pieces


def command(*arguments: str | bytes) -> bytes:
    texts = [one.encode() if isinstance(one, str) else one for one in arguments]
    bulks = b"".join(b"$%d\r\n%s\r\n" % (len(text), text) for text in texts)
    return b"*%d\r\n%s" % (len(texts), bulks)


SET, GET = command("SET", "a", b"*1\r\n$4\r\nEXEC\r\n" * 9), command("get", "a")
INCR = command("INCR", "orders:7")
BIG = command("SET", "big", b"x" * 80_000)
LONG = command("MSET", "a", "1", "b", "2", "c", "3", "d", "4")
SESSION = (
    command("HELLO", "3") + b"PING\r\n" + SET + GET + INCR + BIG + LONG
    + command("EVAL", "return 1", "1", "orders:9", "x") + command("MULTI") + INCR + command("EXEC")
    + command("PING")
)  # fmt: skip
NAME = re.compile(rb"\*1\r\n\$\d+\r\n(" + MARK.encode() + rb"[0-9A-F]{12})\r\n")


def redis_fail(**given: Any) -> RedisFail:
    return RedisFail.model_validate(given)


def server(sent: bytes) -> bytes:
    """Answer what a Redis server got: commands it does not know with its error, others with OK."""
    answers, place = [], 0
    while place < len(sent):
        if not sent.startswith(b"*", place):
            place = sent.index(b"\n", place) + 1
            answers.append(b"+PONG\r\n")
            continue
        end = sent.index(b"\r\n", place)
        arguments, count, place = [], int(sent[place + 1 : end]), end + 2
        for _ in range(count):
            end = sent.index(b"\r\n", place)
            size = int(sent[place + 1 : end])
            arguments.append(sent[end + 2 : end + 2 + size])
            place = end + 4 + size
        unknown = arguments[0].startswith(MARK.encode())
        told = b"-ERR unknown command '%s', with args beginning with: \r\n" % arguments[0]
        aborted = arguments == [b"EXEC"] and answers and answers[-1].startswith(b"-")
        answers.append(
            told if unknown
            else b"-EXECABORT Transaction discarded because of previous errors.\r\n" if aborted
            else b"$9\r\n-ERR unkn\r\n"
        )  # fmt: skip
    return b"".join(answers)


def run(toxic: Toxic, cuts: Sequence[int] = (), session: bytes = SESSION) -> Pair:
    pair = Pair(toxic)
    for piece in pieces(session, cuts):
        pair.ask(piece)
    for piece in pieces(server(data_of(pair.up)), cuts):
        pair.answer(piece)
    pair.finish()
    return pair


TOXICS: list[Toxic] = [
    redis_fail(),
    redis_fail(command="INCR|EXEC", error="LOADING wait"),
    redis_fail(key="^orders:"),
    redis_fail(command="SET", first=1, skip=1),
    redis_fail(probability=0.5),
    RedisDelay.model_validate({"min": "1s", "max": "2s", "key": "^a$"}),
]


@given(st.sampled_from(TOXICS), CUTS)
def test_the_cuts_change_nothing_but_the_grouping(toxic: Toxic, cuts: Sequence[int]) -> None:
    one, other = run(toxic), run(toxic, cuts)
    assert moments(one.up) == moments(other.up)
    assert data_of(one.down) == data_of(other.down)
    assert one.hits == other.hits
    assert one.hits.count > 0


@given(st.binary(), st.binary(), CUTS)
def test_what_does_not_match_is_not_touched(up: bytes, down: bytes, cuts: Sequence[int]) -> None:
    for data in (SESSION + up, up):
        pair = Pair(redis_fail(command="NOTHING"))
        for piece in pieces(data, cuts):
            pair.ask(piece)
        for piece in pieces(down, cuts):
            pair.answer(piece)
        pair.finish()
        assert data_of(pair.up) == data
        assert data_of(pair.down) == down


def test_a_failing_command_does_not_reach_the_server_and_keeps_its_place() -> None:
    pair = Pair(redis_fail(command="set", error="OOM no room"))
    sent = pair.ask(GET + SET + GET)
    found = NAME.search(sent)
    assert found and sent == GET + found[0] + GET
    assert pair.answer(server(sent)) == b"$9\r\n-ERR unkn\r\n-OOM no room\r\n$9\r\n-ERR unkn\r\n"
    assert pair.hits.count == 1


def test_a_failing_exec_ends_the_transaction_and_is_answered_once() -> None:
    pair = Pair(redis_fail(command="EXEC"))
    sent = pair.ask(command("MULTI") + INCR + command("EXEC") + GET)
    assert sent.endswith(command("EXEC") + GET)
    answers = pair.answer(server(sent))
    ok = b"$9\r\n-ERR unkn\r\n"
    assert answers == ok + ok + b"-ERR injected by the link\r\n" + ok


def test_an_unknown_command_of_the_client_keeps_its_own_error() -> None:
    pair = Pair(redis_fail(command="GET"))
    pair.ask(command("OOPS") + GET)
    own = b"-ERR unknown command 'OOPS', with args beginning with: \r\n"
    assert pair.answer(own[:9]) == b""
    assert pair.answer(own[9:]) == own


def test_an_empty_pattern_leaves_the_connections_own_commands_alone() -> None:
    pair = Pair(redis_fail())
    own = command("HELLO", "3") + command("AUTH", "x") + command("MULTI") + b"PING\r\n"
    assert pair.ask(own) == own
    named = Pair(redis_fail(command="AUTH|MULTI"))
    assert NAME.match(named.ask(command("AUTH", "x")))
    assert named.ask(command("MULTI")) == command("MULTI")


def test_only_matching_keys_wait_and_none_overtakes() -> None:
    pair = Pair(RedisDelay.model_validate({"min": "1s", "max": "1s", "key": "^orders:"}))
    pair.ask(GET, 1.0)
    pair.ask(INCR + GET, 2.0)
    assert {at for at, _ in moments(pair.up)} == {1.0, 3.0}
    assert data_of(pair.up) == GET + INCR + GET


def test_a_toxic_that_is_removed_within_a_spoilt_command_closes() -> None:
    pair = Pair(redis_fail())
    pair.ask(BIG[:70_000])
    pair.remove()
    assert ends(pair.up) == ["Finish"]


def test_a_toxic_that_is_removed_gives_back_what_was_not_whole() -> None:
    pair = Pair(redis_fail())
    assert pair.ask(GET[:-4]) == b""
    pair.remove()
    assert (data_of(pair.up), ends(pair.up)) == (GET[:-4], [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"command": "("}, "expected a regular expression"),
        ({"error": "ERR a\r\n+OK"}, "should match pattern"),
        ({"error": "lower case"}, "should match pattern"),
    ],
)
def test_what_cannot_be_is_refused(given: Any, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        RedisFail.model_validate(given)
