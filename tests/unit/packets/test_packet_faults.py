"""Packet faults as data: what they ask for, and which readings prove them."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from hormesis.faults.bandwidth import Bandwidth
from hormesis.faults.corrupt_packets import CorruptPackets
from hormesis.faults.duplicate import Duplicate
from hormesis.faults.latency import Latency
from hormesis.faults.loss import Loss
from hormesis.faults.partition import Partition
from hormesis.faults.refuse import Refuse
from hormesis.faults.reorder import Reorder
from hormesis.faults.reset import Reset
from hormesis.host.packets.shaping import Shape
from hormesis.words.fault import Fault, NoWay, chosen
from hormesis.words.kind import Scalar
from hormesis.words.look import EffectLook
from hormesis.words.target import Target

SERVICE = Target("shop/web", service="web")
LINK = Target("shop", link="front")
BASE: dict[str, Scalar] = {"ready": True, "matched": 100, "queued": 100, "delayed": 100}

CASES: list[tuple[type[Fault], dict[str, Any], str, dict[str, Any], dict[str, Scalar], str]] = [
    (Partition, {}, "nftables", {"action": "drop", "direction": "both"},
     {"hit": 7}, "dropped 7 packets"),
    (Partition, {"direction": "in", "new_only": True}, "nftables",
     {"direction": "in", "new_only": True}, {"hit": 1}, "dropped 1 packets"),
    (Loss, {"share": "30%"}, "nftables", {"action": "drop", "share": 0.3},
     {"hit": 31}, "dropped 31.0 % of 100 packets (asked 30 %)"),
    (Loss, {"share": "30%", "correlation": "50%"}, "nfqueue",
     {"action": "shape", "shape": {"loss": 0.3, "correlation": 0.5}},
     {"lost": 29}, "dropped 29.0 % of 100 packets"),
    (Duplicate, {"share": "50%"}, "nfqueue", {"shape": {"duplicate": 0.5}},
     {"duplicated": 48}, "doubled 48 of 100 packets (asked 50 %)"),
    (CorruptPackets, {"share": "10%"}, "nfqueue", {"shape": {"corrupt": 0.1}},
     {"corrupted": 9}, "damaged 9 of 100 packets (asked 10 %)"),
    (Reorder, {"share": "20%", "delay": "15ms"}, "nfqueue",
     {"shape": {"reorder": 0.2, "reorder_by_s": 0.015}},
     {"held_back": 21}, "held 21 of 100 packets back (asked 20 %)"),
    (Refuse, {"ports": [80], "protocol": "tcp"}, "nftables",
     {"action": "refuse", "ports": [80], "protocol": "tcp"}, {"hit": 2}, "refused 2 times"),
    (Reset, {"after": "1s"}, "nftables", {"action": "reset", "after_s": 1.0},
     {"aborted": 3}, "reset 3 live connections and 0 packets"),
    (Latency, {"delay": "25ms", "stream": "both"}, "nfqueue",
     {"direction": "both", "shape": {
         "delay_s": 0.025, "jitter_s": 0.0, "distribution": "uniform"}},
     {"delay_ms_mean": 25.3}, "added 25 ms to 100 packets (asked 25 ms ± 0)"),
    (Bandwidth, {"rate": "10KB"}, "nfqueue", {"direction": "out", "shape": {"rate": 10_000}},
     {"bytes_per_s": 9_990.0}, "let 9990 B/s through in 100 packets (asked 10000 B/s)"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "by", "asked", "seen", "proof"), CASES)
def test_a_packet_fault_is_one_holder_at_the_process(
    kind: type[Fault], given: dict[str, Any], by: str, asked: dict[str, Any],
    seen: dict[str, Scalar], proof: str,
) -> None:  # fmt: skip
    fault = chosen(kind.model_validate(given), SERVICE, {})
    assert fault.by == by
    (call,) = fault.verbs(SERVICE, Random(1))
    assert (call.verb, call.args["program"], call.args["process"]) == ("holder", "packets", "web")
    config = call.args["config"]
    assert asked.items() <= config.items()
    assert json.loads(json.dumps(call.args)) == call.args
    assert fault.verbs(SERVICE, Random(1)) == (call,)
    if "shape" in config:
        assert Shape.of(config["shape"]) != Shape()


@pytest.mark.parametrize(("kind", "given", "by", "asked", "seen", "proof"), CASES)
def test_it_bites_by_its_numbers_and_not_before(
    kind: type[Fault], given: dict[str, Any], by: str, asked: dict[str, Any],
    seen: dict[str, Scalar], proof: str,
) -> None:  # fmt: skip
    fault = chosen(kind.model_validate(given), SERVICE, {})
    assert fault.look(SERVICE) == EffectLook()
    assert fault.hurts({}, {**BASE, **seen}).startswith(proof)
    assert fault.hurts({}, {}) == fault.hurts({}, BASE) == ""
    assert fault.healed({}, {**BASE, **seen}) == ""
    assert "gone" in fault.healed({}, {**BASE, **seen, "ended": True})


def test_a_connect_from_inside_is_told() -> None:
    knocked = {"connect": "timeout", "connect_before": "ok", "connect_ms_before": 0.31}
    proof = Partition(by="nftables").hurts({}, {**BASE, "hit": 2, **knocked})
    assert proof == "dropped 2 packets; a connect: timeout, before: ok in 0.3 ms"


@pytest.mark.parametrize(("fault", "seen", "measure"), [
    (Loss.model_validate({"share": 0.3, "by": "nftables"}), {"hit": 31}, (30, 31, "%")),
    (Latency.model_validate({"delay": "25ms"}), {"delay_ms_mean": 25.4}, (25, 25.4, "ms")),
    (Latency.model_validate({"delay": "20ms", "jitter": "5ms", "distribution": "pareto"}),
     {"delay_ms_mean": 25.4}, (25, 25.4, "ms")),
    (Bandwidth.model_validate({"rate": "1KB"}), {"bytes_per_s": 990.0}, (1000, 990, "B/s")),
    (Duplicate.model_validate({"share": 0.5}), {"duplicated": 49}, (50, 49, "%")),
])  # fmt: skip
def test_the_bite_as_a_number(
    fault: Fault, seen: dict[str, Scalar], measure: tuple[float, float, str]
) -> None:
    found = fault.measured({}, {**BASE, **seen})
    assert found is not None
    assert (found.asked, found.seen) == pytest.approx(measure[:2])
    assert found.unit == measure[2]
    assert fault.measured({}, {}) is None


@pytest.mark.parametrize(("target", "where"), [
    (Target("db", address="10.0.0.9:5432"), {"address": "10.0.0.9:5432"}),
    (Target("ns", netns="/run/netns/x"), {"netns": "/run/netns/x", "whole": True}),
    (Target("box", container="web-1", docker="/d.sock"),
     {"container": "web-1", "docker": "/d.sock", "whole": True}),
])  # fmt: skip
def test_where_a_target_is(target: Target, where: dict[str, Any]) -> None:
    (call,) = chosen(Partition(), target, {}).verbs(target, Random(1))
    assert where.items() <= call.args["config"].items()
    assert "process" not in call.args


def test_a_link_is_hurt_in_the_proxy_and_a_process_in_the_kernel() -> None:
    fault = Latency.model_validate({"delay": "1ms"})
    assert chosen(fault, LINK, {}).by == "proxy"
    assert chosen(fault, Target("both", link="front", service="web"), {}).by == "proxy"
    assert chosen(fault, SERVICE, {}).by == "nfqueue"
    assert chosen(fault, SERVICE, {"nfqueue": "no"}).by == "netem"
    with pytest.raises(NoWay) as caught:
        chosen(Partition(), SERVICE, {"nftables": "it takes root"})
    assert caught.value.lacking and "it takes root" in str(caught.value)


def test_netem_is_no_way_to_a_jitter_that_it_spreads_otherwise() -> None:
    given = {"delay": "1ms", "distribution": "exponential"}
    without_queue = {"nfqueue": "no"}
    with pytest.raises(NoWay):
        chosen(Latency.model_validate({**given, "jitter": "1ms"}), SERVICE, without_queue)
    assert chosen(Latency.model_validate(given), SERVICE, without_queue).by == "netem"


def test_only_the_proxy_chooses_connections() -> None:
    with pytest.raises(NoWay):
        chosen(Latency.model_validate({"delay": "1ms", "share": 0.5}), SERVICE, {})


@pytest.mark.parametrize(("fault", "told"), [
    (Bandwidth.model_validate({"rate": "1MB", "by": "htb"}),
     {"discipline": "htb", "rate": 1_000_000, "direction": "out"}),
    (Latency.model_validate({"delay": "1ms", "by": "netem"}),
     {"discipline": "netem", "delay_s": 0.001}),
    (Loss.model_validate({"share": 0.1, "by": "netem"}), {"discipline": "netem", "loss": 0.1}),
    (Duplicate.model_validate({"share": 0.1, "by": "netem"}), {"duplicate": 0.1}),
    (CorruptPackets.model_validate({"share": 0.1, "by": "netem"}), {"corrupt": 0.1}),
    (Reorder.model_validate({"share": 0.1, "by": "netem"}), {"reorder": 0.1, "delay_s": 0.02}),
])  # fmt: skip
def test_a_queueing_discipline_is_a_verb_of_its_own(fault: Fault, told: dict[str, Any]) -> None:
    (call,) = fault.verbs(SERVICE, Random(1))
    assert (call.verb, call.args["subject"], call.args["process"]) == ("qdisc", "web", "web")
    assert told.items() <= call.args.items()
    now: dict[str, Scalar] = {**BASE, "bytes_per_s": 10.0, "there": True}
    assert fault.hurts({}, {**now, "lost": 9})
    assert not fault.healed({}, now)
    assert fault.healed({}, {**now, "there": False}) == "the queueing discipline is gone"
