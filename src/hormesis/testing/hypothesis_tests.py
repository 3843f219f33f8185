"""Hypothesis tests: a property may use our fixtures, although they are made once for all inputs.

Before each input every connection of the test is rolled back, so that a transaction that one
input has aborted does not fail the next one, and shrinking finds the smallest input that fails by
itself. That is what the health check about function-scoped fixtures asks for; it stays for a
test that also uses such fixtures of others.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest

PLUGIN = "_hormesis_pytest"
SETTINGS = "_hypothesis_internal_use_settings"


@contextmanager
def prepared_for_hypothesis(item: pytest.Item) -> Iterator[None]:
    """While inside, *item* is fit to be called with many inputs, if it is such a test."""
    test = getattr(item, "obj", None)
    hypothesis: Any = sys.modules.get("hypothesis")
    if hypothesis is None or not hypothesis.is_hypothesis_test(test):
        yield
        return
    if _all_are_ours(item):
        _adjust_settings(test, hypothesis)
    given = getattr(test, "hypothesis", None)
    if given is None:
        yield
        return
    inner = given.inner_test
    given.inner_test = _rolled_back_before(inner)
    try:
        yield
    finally:
        given.inner_test = inner


def _all_are_ours(item: pytest.Item) -> bool:
    """Whether every function-scoped fixture among the test's arguments is of this plugin."""
    wanted = inspect.signature(item.function).parameters  # type: ignore[attr-defined]
    known = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]
    used = [known[name][-1] for name in wanted if name in known]
    functions = [one for one in used if one.scope == "function"]
    return bool(functions) and all(is_plugins(one) for one in functions)


def is_plugins(fixture: pytest.FixtureDef[Any]) -> bool:
    """Whether a fixture is one of this plugin's, not a project's own of the same name."""
    return getattr(fixture.func, "__module__", "") == PLUGIN


def _adjust_settings(test: Any, hypothesis: Any) -> None:
    """Take back the health check, and the usual deadline: a server's answer may take a while."""
    function = getattr(test, "__func__", test)
    given = getattr(function, SETTINGS, hypothesis.settings.default)
    check = hypothesis.HealthCheck.function_scoped_fixture
    usual = hypothesis.settings.get_profile("default").deadline
    adjusted = hypothesis.settings(
        parent=given,
        suppress_health_check={check, *given.suppress_health_check},
        deadline=None if given.deadline == usual else given.deadline,
    )
    setattr(function, SETTINGS, adjusted)


def _rolled_back_before(inner: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(inner):

        @wraps(inner)
        async def anew(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            _roll_back()
            return await inner(*args, **kwargs)
    else:

        @wraps(inner)
        def anew(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            _roll_back()
            return inner(*args, **kwargs)

    return anew


def _roll_back() -> None:
    """Roll back the connections of the test, if it has any."""
    connections = sys.modules.get("hormesis.testing.connections")
    if connections is not None:
        connections.before_example()
