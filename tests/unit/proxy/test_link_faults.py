"""The faults that are toxics: what they ask of the proxy, and which readings prove them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.faults.bandwidth import Bandwidth
from hormesis.faults.corrupt import Corrupt
from hormesis.faults.down import Down
from hormesis.faults.http_delay import HttpDelay
from hormesis.faults.http_header import HttpHeader
from hormesis.faults.http_status import HttpStatus
from hormesis.faults.http_truncate import HttpTruncate
from hormesis.faults.latency import Latency
from hormesis.faults.limit_data import LimitData
from hormesis.faults.parts.link_fault import LinkFault
from hormesis.faults.postgres_delay import PostgresDelay
from hormesis.faults.postgres_fail import PostgresFail
from hormesis.faults.redis_delay import RedisDelay
from hormesis.faults.redis_fail import RedisFail
from hormesis.faults.reset import Reset
from hormesis.faults.slicer import Slicer
from hormesis.faults.slow_close import SlowClose
from hormesis.faults.timeout import Timeout
from hormesis.proxy.shelf import toxic_of
from hormesis.proxy.tally import UNSEEN
from hormesis.words.fault import Measure
from hormesis.words.kind import Scalar
from hormesis.words.target import Target

TARGET = Target(name="db", link="db-link")
BEFORE: dict[str, Scalar] = {**UNSEEN, "listening": True}

FAULTS: list[tuple[type[LinkFault], dict[str, Any], dict[str, Scalar], str]] = [
    (
        Latency, {"delay": "200ms"}, {"hits": 57, "delay_ms_mean": 201.2},
        "added 201 ms to 57 chunks (asked 200 ms ± 0)",
    ),
    (
        Bandwidth, {"rate": "10KB"}, {"hits": 9, "bytes_per_s": 10_010.0},
        "let 10010 B/s through in 9 pieces (asked 10000 B/s)",
    ),
    (Timeout, {}, {"hits": 3}, "swallowed or closed 3 chunks and connections"),
    (Reset, {}, {"hits": 2}, "reset 2 connections"),
    (
        Down, {}, {"hits": 2, "listening": False, "connections": 1},
        "refused or closed 2 connections, the last",
    ),
    (
        PostgresDelay, {"min": "2s", "max": "5s"}, {"hits": 4, "delay_ms_mean": 3400.0},
        "delayed 4 batches by 3400 ms on average (asked 2000 to 5000 ms)",
    ),
    (
        SlowClose, {"delay": "400ms"}, {"hits": 3, "delay_ms_mean": 401.0},
        "held 3 ends back for 401 ms (asked 400 ms)",
    ),
    (Slicer, {"average_size": "10B", "delay": "1ms"}, {"hits": 9}, "cut data into 9 pieces"),
    (LimitData, {"bytes": "10KB"}, {"hits": 2}, "closed 2 connections after 10000 bytes each"),
    (
        Corrupt, {"probability": "1%", "spare": "1KB"}, {"hits": 9, "bytes_shaped": 1000},
        "changed 9 of 1000 bytes",
    ),
    (
        HttpStatus, {"status": 500, "body": "no", "headers": {"Retry-After": "1"}, "first": 3},
        {"hits": 3, "met": 9}, "answered 3 of 9 matching requests with 500",
    ),
    (
        HttpDelay, {"min": "1s", "max": "2s", "path": "^/a", "stream": "both"},
        {"hits": 4, "delay_ms_mean": 1400.0},
        "delayed 4 requests by 1400 ms on average (asked 1000 to 2000 ms)",
    ),
    (
        HttpTruncate, {"bytes": "1KB", "reset": True}, {"hits": 1, "met": 2},
        "cut 1 of 2 matching responses after 1KB",
    ),
    (
        HttpHeader, {"set": {"A": "b"}, "remove": ["c"], "stream": "upstream"},
        {"hits": 2, "met": 2}, "changed the headers of 2 messages, of 2 matching requests",
    ),
    (
        PostgresFail, {"matching": "^insert", "sqlstate": "40P01", "skip": 1},
        {"hits": 2, "met": 5}, "failed 2 of 5 matching statements with 40P01",
    ),
    (
        RedisDelay, {"min": "1s", "max": "2s", "command": "GET"},
        {"hits": 4, "delay_ms_mean": 1400.0},
        "delayed 4 commands by 1400 ms on average (asked 1000 to 2000 ms)",
    ),
    (
        RedisFail, {"command": "SET", "key": "^a", "error": "OOM no room"}, {"hits": 2, "met": 5},
        "failed 2 of 5 matching commands with OOM",
    ),
]  # fmt: skip


def now(**values: Scalar) -> dict[str, Scalar]:
    return {**BEFORE, "active": True, "generation": 1, **values}


@pytest.mark.parametrize(("fault", "given", "seen", "proof"), FAULTS)
def test_a_fault_is_one_toxic_that_the_proxy_understands(
    fault: type[LinkFault], given: dict[str, Any], seen: dict[str, Scalar], proof: str
) -> None:
    one = fault.model_validate(given)
    (call,) = one.verbs(TARGET, Random(1))
    args = call.args
    assert (call.verb, args["subject"]) == ("toxic", "db-link")
    toxic = toxic_of("hormesis.toxics", args["toxic"], args.get("stream"), args["attributes"])
    assert toxic.kind == one.kind
    assert one.look(TARGET).link == "db-link"


@pytest.mark.parametrize(("fault", "given", "seen", "proof"), FAULTS)
def test_a_fault_bites_by_its_numbers_and_not_before(
    fault: type[LinkFault], given: dict[str, Any], seen: dict[str, Scalar], proof: str
) -> None:
    one = fault.model_validate(given)
    assert one.hurts(BEFORE, now(**seen)).startswith(proof)
    assert one.hurts(BEFORE, now()) == ""
    assert one.hurts(BEFORE, {"error": "no proxy"}) == ""
    assert one.hurts(now(**seen), now(**seen)) == "", "an earlier toxic of that name"


@pytest.mark.parametrize(("fault", "given", "seen", "proof"), FAULTS)
def test_a_fault_is_healed_once_its_toxic_is_gone(
    fault: type[LinkFault], given: dict[str, Any], seen: dict[str, Scalar], proof: str
) -> None:
    one = fault.model_validate(given)
    assert one.healed(BEFORE, now(**seen)) == ""
    assert one.healed(BEFORE, {"error": "no proxy"}) == ""
    assert one.healed(BEFORE, {**now(**seen), "active": False, "listening": True})


def test_all_that_is_given_reaches_the_toxic() -> None:
    given = {"min": "1s", "max": "2s", "path": "a", "method": "PUT", "probability": "50%"}
    more = {"skip": 1, "first": 3, "share": "30%", "stream": "downstream"}
    one = HttpDelay.model_validate({**given, **more})
    args = one.verbs(TARGET, Random(1))[0].args
    toxic = toxic_of("hormesis.toxics", args["toxic"], args["stream"], args["attributes"])
    shared = {"min", "max", "path", "method", "probability", "skip", "first", "stream"}
    assert toxic.model_dump(include=shared) == one.model_dump(include=shared)
    assert args["toxicity"] == 0.3


def test_a_bite_is_measured_beside_what_was_asked() -> None:
    slow = RedisDelay.model_validate({"min": "1s", "max": "2s"})
    assert slow.measured(BEFORE, now()) is None
    measure = slow.measured(BEFORE, now(hits=1, delay_ms_mean=1400.0))
    assert measure == Measure(1500.0, 1400.0, "ms")
    some = HttpStatus.model_validate({"probability": "50%"})
    assert some.measured(BEFORE, now(hits=4, met=10)) == Measure(
        0.5, 0.4, "of the matching requests"
    )
    assert HttpStatus.model_validate({"first": 1}).measured(BEFORE, now(hits=1, met=9)) is None


def test_a_refusal_for_some_closes_them() -> None:
    one = Down.model_validate({"share": "30%"})
    assert one.hurts(BEFORE, now(hits=2, listening=True)) == "closed 2 connections"
    assert one.hurts(BEFORE, now(hits=0, listening=True)) == ""


def test_a_link_that_does_not_listen_again_is_not_healed() -> None:
    assert Down().healed(BEFORE, now(active=False, listening=False)) == ""


def test_a_delay_far_below_the_asked_one_is_no_bite() -> None:
    one = Latency.model_validate({"delay": "200ms"})
    assert one.hurts(BEFORE, now(hits=50, delay_ms_mean=150.0)) == ""


def test_few_chunks_of_a_jittered_delay_may_be_fast() -> None:
    one = Latency.model_validate({"delay": "200ms", "jitter": "150ms"})
    assert one.hurts(BEFORE, now(hits=2, delay_ms_mean=90.0))
    assert one.hurts(BEFORE, now(hits=200, delay_ms_mean=90.0)) == ""


def test_bad_parameters_are_refused() -> None:
    with pytest.raises(ValidationError, match="no less than min"):
        PostgresDelay.model_validate({"min": "2s", "max": "1s"})
    with pytest.raises(ValidationError, match="regular expression"):
        PostgresDelay.model_validate({"min": "1s", "max": "1s", "matching": "("})


def test_a_link_that_nobody_uses_is_not_hurt_by_a_refusal() -> None:
    assert Down().hurts(BEFORE, now(hits=9, listening=False, connections=0)) == ""
