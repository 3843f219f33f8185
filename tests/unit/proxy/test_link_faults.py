"""The faults that are toxics: what they ask of the proxy, and which readings prove them."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.faults.bandwidth import Bandwidth
from hormesis.faults.down import Down
from hormesis.faults.latency import Latency
from hormesis.faults.postgres_delay import PostgresDelay
from hormesis.faults.reset import Reset
from hormesis.faults.timeout import Timeout
from hormesis.proxy.link_fault import LinkFault
from hormesis.proxy.shelf import toxic_of
from hormesis.proxy.tally import UNSEEN
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
