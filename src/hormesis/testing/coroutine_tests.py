"""Coroutine tests: those that use our fixtures run where no plugin for asyncio is installed."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

OTHERS = ("asyncio", "anyio", "trio", "tornado", "twisted")
"""Markers of tests that another plugin runs."""


def play_coroutine_test(item: pytest.Function) -> object | None:
    """Run *item* on a loop of its own when it is a coroutine function; None when it is not ours."""
    test = item.obj
    given = getattr(test, "hypothesis", None)
    inner = test if given is None else given.inner_test
    if not inspect.iscoroutinefunction(inner) or _another_runs(item):
        return None
    arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
    with asyncio.Runner() as runner:
        if given is None:
            runner.run(test(**arguments))
            return True
        given.inner_test = _synchronous(inner, runner)
        try:
            test(**arguments)
        finally:
            given.inner_test = inner
    return True


def _another_runs(item: pytest.Function) -> bool:
    if "anyio_backend" in item.fixturenames:
        return True
    return any(item.get_closest_marker(name) is not None for name in OTHERS)


def _synchronous(
    test: Callable[..., Coroutine[Any, Any, None]], runner: asyncio.Runner
) -> Callable[..., None]:
    @wraps(test)
    def play(*args: Any, **kwargs: Any) -> None:
        runner.run(test(*args, **kwargs))

    return play
