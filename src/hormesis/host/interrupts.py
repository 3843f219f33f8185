"""Ctrl-C and SIGTERM: the first asks for an orderly end, a second one insists."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def on_interrupt(ask: Callable[[str], None], insist: Callable[[], None]) -> Iterator[None]:
    """While inside, call *ask* with the signal's name at the first, *insist* at later ones.

    In a thread other than the main one, signals stay as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    asked = False

    def received(name: str) -> None:
        nonlocal asked
        if asked:
            insist()
        asked = True
        ask(name)

    before = {number: signal.getsignal(number) for number in _NUMBERS}
    for number in _NUMBERS:
        loop.add_signal_handler(number, received, number.name)
    if _keeping and _keeping[-1].name:
        # It came just before: nobody else will ask for the end that it wants.
        received(_keeping[-1].name)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            if handler is not None:
                signal.signal(number, handler)


@dataclass
class Kept:
    """Which signal came first, and was kept; empty: none."""

    name: str = ""
    asking: bool = False
    """True while a person is asked something: the signal is the answer, and interrupts at once."""


_keeping: list[Kept] = []
"""Who keeps signals in this process, the innermost last."""


@contextmanager
def interrupts_kept() -> Iterator[Kept]:
    """While inside, keep the first Ctrl-C or SIGTERM for the one who asks; a second one interrupts.

    :func:`on_interrupt` may be used inside; it takes the signals for as long as it lasts. In a
    thread other than the main one, signals stay as they are.
    """
    kept = Kept()
    if threading.current_thread() is not threading.main_thread():
        yield kept
        return

    def received(number: int, frame: FrameType | None) -> None:
        again, kept.name = bool(kept.name), kept.name or signal.Signals(number).name
        if again or kept.asking:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, received) for number in _NUMBERS}
    _keeping.append(kept)
    try:
        yield kept
    finally:
        _keeping.remove(kept)
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
