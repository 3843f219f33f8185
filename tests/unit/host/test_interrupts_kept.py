"""Signals between two runs of a suite are kept, and those during a run are the run's."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from hormesis.host.interrupts import Kept, interrupts_kept, on_interrupt


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_is_kept_and_a_second_one_interrupts(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with interrupts_kept() as kept:
        send(number)
        assert kept.name == number.name
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
    assert signal.getsignal(number) is before


def test_during_a_run_it_is_the_run_s_and_afterwards_kept_again() -> None:
    asked: list[str] = []

    async def run() -> None:
        told = asyncio.Event()

        def ask(name: str) -> None:
            asked.append(name)
            told.set()

        with on_interrupt(ask, lambda: None):
            send(signal.SIGTERM)
            await told.wait()

    with interrupts_kept() as kept:
        asyncio.run(run())
        assert (asked, kept.name) == (["SIGTERM"], "")
        send(signal.SIGTERM)
        assert kept.name == "SIGTERM"


def test_one_that_came_just_before_a_run_is_the_run_s() -> None:
    asked: list[str] = []

    async def run() -> None:
        with on_interrupt(asked.append, lambda: None):
            pass

    with interrupts_kept():
        send(signal.SIGTERM)
        asyncio.run(run())
    asyncio.run(run())
    assert asked == ["SIGTERM"]


def test_while_somebody_is_asked_it_is_the_answer() -> None:
    with interrupts_kept() as kept:
        kept.asking = True
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
    assert kept.name == "SIGINT"


def test_in_another_thread_signals_stay_as_they_are() -> None:
    seen: list[Kept] = []
    before = signal.getsignal(signal.SIGTERM)

    def work() -> None:
        with interrupts_kept() as kept:
            seen.append(kept)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (seen, signal.getsignal(signal.SIGTERM)) == ([Kept()], before)
