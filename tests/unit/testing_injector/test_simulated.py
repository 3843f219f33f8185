from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import psycopg
import pytest

from hormesis.testing import ChaosInjector
from hormesis.testing.injector.backend import pid_of
from hormesis.testing.injector.connection_failure import SimulatedConnectionFailure, When
from hormesis.words.trouble import UsageTrouble


class Sleeps:
    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.slept.append(-seconds)


def test_a_delay_is_over_when_it_was_called_plainly() -> None:
    sleeps = Sleeps()
    injector = ChaosInjector(seed=3, sleeps=sleeps)
    ms = [injector.random_delay(10, 20).ms for _ in range(50)]
    assert sleeps.slept == [one / 1000 for one in ms]
    assert min(ms) >= 10 and max(ms) <= 20 and len(set(ms)) > 40


def test_in_a_loop_a_delay_takes_place_when_it_is_awaited() -> None:
    sleeps = Sleeps()
    injector = ChaosInjector(seed=3, sleeps=sleeps)

    async def test() -> float:
        delay: Awaitable[float] = injector.random_delay(10, 20)
        assert sleeps.slept == []
        return await delay

    ms = asyncio.run(test())
    assert sleeps.slept == [-ms / 1000]


def test_the_class_itself_will_do() -> None:
    async def test() -> None:
        assert await ChaosInjector.random_delay(min_ms=0, max_ms=0) == 0
        with ChaosInjector.simulate_connection_failure(probability=0.0):
            pass

    asyncio.run(test())
    assert ChaosInjector.with_retry(lambda: 7) == 7


def test_delays_are_seeded_and_other_draws_do_not_disturb_them() -> None:
    def delays(seed: int, *, failing: bool) -> list[float]:
        injector = ChaosInjector(seed=seed, sleeps=Sleeps())
        found = []
        for _ in range(5):
            if failing:
                with injector.simulate_connection_failure(0.0):
                    injector.rng.random()
            found.append(injector.random_delay().ms)
        return found

    assert delays(3, failing=False) == delays(3, failing=True)
    assert delays(3, failing=False) != delays(4, failing=False)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_failure_is_the_drivers_own_error(when: When) -> None:
    injector = ChaosInjector(seed=3)
    ran = []
    with (
        pytest.raises(psycopg.OperationalError, match="simulated"),
        injector.simulate_connection_failure(1.0, when=when),
    ):
        ran.append(1)
    assert ran == ([1] if when == "after" else [])
    assert [bite.word for bite in injector.bites] == ["connection-failure"]


def test_failures_are_as_frequent_as_asked() -> None:
    injector = ChaosInjector(seed=3)
    failed = 0
    for _ in range(1000):
        try:
            with injector.simulate_connection_failure(0.3, when="either"):
                pass
        except SimulatedConnectionFailure:
            failed += 1
    assert 250 < failed < 350
    assert len(injector.bites) == failed


def test_the_blocks_own_error_goes_before() -> None:
    with (
        pytest.raises(KeyError),
        ChaosInjector(seed=3).simulate_connection_failure(1.0, when="after"),
    ):
        raise KeyError


@pytest.mark.parametrize("arguments", [(-1, 2), (3, 2)])
def test_nonsense_is_refused(arguments: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="min_ms"):
        ChaosInjector(seed=1).random_delay(*arguments)
    with pytest.raises(ValueError, match="from 0 to 1"):
        ChaosInjector(seed=1).simulate_connection_failure(2)


class Info:
    backend_pid = 7


class Line:
    info = Info()


class Outer:
    """As SQLAlchemy's connection has the driver's."""

    info: dict[str, Any] = {}  # noqa: RUF012 - as it is there

    class connection:
        driver_connection = Line()


@pytest.mark.parametrize("one", [7, Line(), Outer()])
def test_a_backend_is_found_in_a_connection(one: Any) -> None:
    assert pid_of(one) == 7


def test_what_is_no_connection_is_refused() -> None:
    with pytest.raises(TypeError, match="process id"):
        pid_of("7")


def test_without_a_server_it_says_what_to_take() -> None:
    injector = ChaosInjector(seed=1)
    with pytest.raises(UsageTrouble, match="no database"):
        injector.terminate(7)
    with pytest.raises(UsageTrouble, match="no link"), injector.fail_statements("INSERT"):
        pass
    with pytest.raises(UsageTrouble, match="this one is yours"):
        injector.crash_server()
