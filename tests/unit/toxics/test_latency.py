"""Latency delays each chunk by its own draw and never reorders."""

from __future__ import annotations

from random import Random

import pytest

from hormesis.toxics.latency import Latency
from hormesis.words.shaper import Finish, Send, Shaped, Stream


def moments(toxic: Latency, count: int, seed: int = 3) -> list[float]:
    shaper = toxic.shaper(Stream.DOWNSTREAM, Random(seed))
    shaped: list[Shaped] = []
    for number in range(count):
        shaped += shaper.received(b"x", float(number))
    return [one.at - number for number, one in enumerate(shaped)]


def test_without_jitter_every_chunk_waits_the_same() -> None:
    assert moments(Latency.model_validate({"delay": "200ms"}), 3) == pytest.approx([0.2] * 3)


def test_jitter_stays_in_its_range_and_spreads() -> None:
    drawn = moments(Latency.model_validate({"delay": "200ms", "jitter": "50ms"}), 500)
    assert 0.15 <= min(drawn) < 0.16
    assert 0.24 < max(drawn) <= 0.25
    assert sum(drawn) / 500 == pytest.approx(0.2, abs=0.005)


def test_normal_jitter_has_the_asked_deviation() -> None:
    toxic = Latency.model_validate({"delay": "200ms", "jitter": "20ms", "distribution": "normal"})
    drawn = moments(toxic, 2000)
    mean = sum(drawn) / 2000
    deviation = (sum((one - mean) ** 2 for one in drawn) / 2000) ** 0.5
    assert mean == pytest.approx(0.2, abs=0.003)
    assert deviation == pytest.approx(0.02, rel=0.1)


def test_the_same_seed_draws_the_same_delays() -> None:
    toxic = Latency.model_validate({"delay": "200ms", "jitter": "50ms"})
    assert moments(toxic, 20, seed=1) == moments(toxic, 20, seed=1)
    assert moments(toxic, 20, seed=1) != moments(toxic, 20, seed=2)


def test_a_short_draw_does_not_overtake_and_the_end_comes_last() -> None:
    toxic = Latency.model_validate({"delay": "100ms", "jitter": "100ms"})
    shaper = toxic.shaper(Stream.DOWNSTREAM, Random(5))
    shaped = [one for n in range(100) for one in shaper.received(b"x", n / 1000)]
    shaped += shaper.finished(0.1)
    times = [one.at for one in shaped]
    assert times == sorted(times)
    assert isinstance(shaped[0], Send)
    assert isinstance(shaped[-1], Finish)


@pytest.mark.parametrize(("distribution", "median"), [("exponential", 13.9), ("pareto", 10.4)])
def test_a_tail_adds_the_jitter_on_average_and_never_less_than_the_delay(
    distribution: str, median: float
) -> None:
    given = {"delay": "200ms", "jitter": "20ms", "distribution": distribution}
    drawn = sorted(moments(Latency.model_validate(given), 5000))
    assert drawn[0] >= 0.2 - 1e-9
    assert sum(drawn) / 5000 == pytest.approx(0.22, abs=0.002)
    assert drawn[2500] == pytest.approx(0.2 + median / 1000, abs=0.001)
