"""Apart: work in a thread of its own, because it blocks, or has an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_a_thread(work: Callable[[], T]) -> T:
    """Return what *work* returns, done in a thread of its own.

    An interrupt of the one who waits goes through; the thread does not keep the process alive.
    """
    done: Future[T] = Future()

    def do() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            done.set_exception(error)

    threading.Thread(target=do, name="hormesis-apart", daemon=True).start()
    return done.result()


def run_apart(work: Callable[[], T]) -> T:
    """Return what *work* returns; it may begin an event loop of its own, also below another one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    return in_a_thread(work)
