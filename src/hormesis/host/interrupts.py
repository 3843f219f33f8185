"""Ctrl-C and SIGTERM: the first asks for an orderly end, a second one insists."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_interrupt(ask: Callable[[str], None], insist: Callable[[], None]) -> Iterator[None]:
    """While inside, call *ask* with the signal's name at the first, *insist* at later ones."""
    loop = asyncio.get_running_loop()
    asked = False

    def received(name: str) -> None:
        nonlocal asked
        if asked:
            insist()
        asked = True
        ask(name)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, received, number.name)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
