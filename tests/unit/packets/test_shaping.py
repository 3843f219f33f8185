"""The rule for each packet, in virtual time."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.host.packets.shaping import FLOWS_MAX, QUEUE_S, Fate, Shape, Shaper, damaged

MANY = 20_000


def fates(config: dict[str, Any], count: int = MANY, gap_s: float = 0.001) -> list[Fate]:
    shaper = Shaper(Shape.of(config), Random(7))
    return [shaper.fate(number * gap_s, 100) for number in range(count)]


def test_a_delay_is_exact_and_keeps_the_rate() -> None:
    assert [one.due for one in fates({"delay_s": 0.5}, 3, 1.0)] == [0.5, 1.5, 2.5]


@pytest.mark.parametrize(("distribution", "mean"), [
    ("uniform", 0.05), ("normal", 0.05), ("exponential", 0.06), ("pareto", 0.06),
])  # fmt: skip
def test_a_jitter_has_its_mean(distribution: str, mean: float) -> None:
    config = {"delay_s": 0.05, "jitter_s": 0.01, "distribution": distribution}
    # So far apart that keeping the order delays nothing further.
    waited = [one.due - 10.0 * number for number, one in enumerate(fates(config, MANY, 10.0))]
    assert fmean(waited) == pytest.approx(mean, rel=0.03)
    assert max(waited) > min(waited) >= 0


@given(st.lists(st.sampled_from([b"a", b"b"]), min_size=2, max_size=60), st.integers(0, 2**32))
def test_a_jitter_never_reorders_one_connection(flows: list[bytes], seed: int) -> None:
    shaper = Shaper(Shape(delay_s=0.05, jitter_s=0.05), Random(seed))
    dues: dict[bytes, list[float]] = {b"a": [], b"b": []}
    for number, flow in enumerate(flows):
        dues[flow].append(shaper.fate(number * 0.001, 100, flow).due)
    assert all(one == sorted(one) for one in dues.values())


def test_connections_without_anything_waiting_are_forgotten() -> None:
    shaper = Shaper(Shape(delay_s=0.001), Random(7))
    for number in range(3 * FLOWS_MAX):
        shaper.fate(float(number), 100, number.to_bytes(4, "big"))
    assert len(shaper._last_due) <= FLOWS_MAX


@pytest.mark.parametrize("share", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_the_asked_share_is_lost_with_or_without_bursts(share: float, correlation: float) -> None:
    lost = [one.dropped for one in fates({"loss": share, "correlation": correlation}, 100_000)]
    assert fmean(lost) == pytest.approx(share, abs=0.015)


def test_a_correlation_makes_bursts() -> None:
    def bursts(correlation: float) -> float:
        lost = [one.dropped for one in fates({"loss": 0.2, "correlation": correlation})]
        starts = sum(b and not a for a, b in pairwise(lost))
        return sum(lost) / starts

    assert bursts(0.0) < 1.4
    assert bursts(0.8) > 3


def test_a_rate_spaces_packets_and_saves_nothing_up() -> None:
    shaper = Shaper(Shape(rate=1000), Random(7))
    assert [shaper.fate(at, 100).due for at in (0.0, 0.0, 5.0)] == pytest.approx([0.1, 0.2, 5.1])


def test_what_would_wait_too_long_for_a_rate_is_dropped() -> None:
    shaper = Shaper(Shape(rate=1000), Random(7))
    fates_ = [shaper.fate(0.0, 1000) for _ in range(int(QUEUE_S) + 3)]
    assert [one.dropped for one in fates_] == [False] * int(QUEUE_S) + [True] * 3


@pytest.mark.parametrize(("share", "what"), [
    ("duplicate", "doubled"), ("corrupt", "damaged"), ("reorder", "held_back"),
])  # fmt: skip
def test_other_shares(share: str, what: str) -> None:
    seen = fmean(getattr(one, what) for one in fates({share: 0.25, "reorder_by_s": 0.1}))
    assert seen == pytest.approx(0.25, abs=0.02)
    assert not any(getattr(one, what) for one in fates({}, 100))


def test_those_held_back_are_overtaken() -> None:
    dues = [one.due for one in fates({"reorder": 0.2, "reorder_by_s": 0.0105}, 100)]
    assert dues != sorted(dues)


def test_the_same_seed_gives_the_same_fates() -> None:
    config = {"loss": 0.2, "jitter_s": 0.01, "duplicate": 0.1}
    assert fates(config, 500) == fates(config, 500)


@given(st.binary(min_size=20, max_size=200), st.integers(0, 2**32))
def test_damage_is_one_bit_behind_the_header(body: bytes, seed: int) -> None:
    packet = b"\x45" + bytes(19) + body
    changed = damaged(packet, Random(seed))
    assert changed[:20] == packet[:20]
    bits = int.from_bytes(packet, "big") ^ int.from_bytes(changed, "big")
    assert bits.bit_count() == 1


@pytest.mark.parametrize("packet", [b"", b"\x45", b"\x45" + bytes(19), b"\x60" + bytes(39)])
def test_nothing_behind_the_header_cannot_be_damaged(packet: bytes) -> None:
    assert damaged(packet, Random(1)) == packet
