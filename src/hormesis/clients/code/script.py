"""Script: a Python file that says who the users are, and perhaps how the load goes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from math import gcd
from pathlib import Path
from types import ModuleType
from typing import Any

from hormesis.clients.virtual.function_user import scenario_weight, user_of_function
from hormesis.clients.virtual.shape import LoadShape
from hormesis.clients.virtual.user import HttpUser, User
from hormesis.host.http_origin import Origin
from hormesis.host.user_code import module_of
from hormesis.words.trouble import InputTrouble

PATTERN_MAX = 10_000
SETUP_S = 60.0
"""How long ``setup`` and ``teardown`` may take, each."""


@dataclass(frozen=True)
class ScriptUser:
    """One sort of user of a script."""

    name: str
    made_by: type[User]
    weight: int = 1
    fixed_count: int = 0

    @property
    def waits(self) -> bool:
        """Return whether it has a waiting time, which loads with arrivals do not use."""
        return self.made_by.wait_time is not None


@dataclass(frozen=True)
class Script:
    """What a file says: ``options`` is its mapping of that name, ``setup`` its function."""

    where: str
    users: tuple[ScriptUser, ...]
    shapes: tuple[type[LoadShape], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    setup: Callable[..., Any] | None = None
    teardown: Callable[..., Any] | None = None

    def user(self, number: int) -> ScriptUser:
        """Return what sort of user the one with *number* (from 1) is.

        Those with a fixed count come first. The others follow in a pattern in which each has its
        share of every stretch, so that several processes agree without talking.
        """
        for one in self.users:
            if number <= one.fixed_count:
                return one
            number -= one.fixed_count
        if not self.users:
            raise InputTrouble(f"{self.where} defines no user")
        pattern = _pattern(tuple(one.weight for one in self.users if not one.fixed_count))
        shared = [one for one in self.users if not one.fixed_count] or list(self.users)
        return shared[pattern[(number - 1) % len(pattern)]] if pattern else shared[-1]

    def check_bases(self) -> None:
        """See that the users have URLs to go to, where they say any.

        Raises:
            InputTrouble: one of these is none.
        """
        for one in self.users:
            made_by = one.made_by
            if not issubclass(made_by, HttpUser) or not (made_by.base or made_by.host):
                continue
            try:
                Origin.of(made_by.base or made_by.host)
            except ValueError as error:
                word = "base" if made_by.base else "host"
                raise InputTrouble(f"{self.where}: {word} of {one.name}: {error}") from error

    @asynccontextmanager
    async def prepared(self, within_s: float = SETUP_S) -> AsyncIterator[Any]:
        """Run ``setup``, give what it returned, and run ``teardown`` however the block ends.

        ``teardown`` gets it too if it takes an argument; None when ``setup`` failed half-way.

        Raises:
            InputTrouble: one of them raised, or took longer than *within_s* seconds.
        """
        data = None
        try:
            if self.setup is not None:
                data = await self._called(self.setup, (), within_s)
            yield data
        finally:
            if self.teardown is not None:
                takes = bool(inspect.signature(self.teardown).parameters)
                await self._called(self.teardown, (data,) if takes else (), within_s)

    async def _called(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], within_s: float
    ) -> Any:
        what = f"{self.where}: {function.__name__}()"
        try:
            async with asyncio.timeout(within_s):
                if inspect.iscoroutinefunction(function):
                    return await function(*arguments)
                return await asyncio.to_thread(function, *arguments)
        except TimeoutError as error:
            raise InputTrouble(f"{what} took longer than {within_s:g} s") from error
        except Exception as error:
            raise InputTrouble(f"{what} raised {type(error).__name__}: {error}") from error


def loaded_script(path: Path) -> Script:
    """Import the file at *path* and return what it says.

    Raises:
        InputTrouble: it cannot be imported, or defines no user.
    """
    try:
        module = module_of(path.resolve())
    except Exception as error:
        raise InputTrouble(f"{path}: {type(error).__name__}: {error}") from error
    script = script_of(module, str(path))
    if not script.users:
        raise InputTrouble(f"{path} defines no user: no class derived from User, no @scenario")
    return script


def script_of(module: ModuleType, where: str) -> Script:
    """Return what *module* says; it may have no users of its own.

    Raises:
        InputTrouble: something of it is wrong.
    """
    users = users_of(module)
    options = getattr(module, "options", {})
    if not isinstance(options, Mapping):
        raise InputTrouble(f"{where}: expected options to be a mapping, found {options!r}")
    shapes = tuple(_own_classes(module, LoadShape))
    return Script(
        where,
        users,
        shapes,
        options,
        _function(module, "setup"),
        _function(module, "teardown"),
    )


def users_of(module: ModuleType) -> tuple[ScriptUser, ...]:
    """Return the users that *module* defines itself: classes that are not abstract, scenarios.

    Raises:
        InputTrouble: a weight or a fixed count is no whole number from 0 on.
    """
    found = [
        ScriptUser(
            cls.__name__, cls, _count(cls, "weight", cls.weight),
            _count(cls, "fixed_count", cls.fixed_count),
        )
        for cls in _own_classes(module, User)
    ]  # fmt: skip
    found += [
        ScriptUser(name, user_of_function(thing), scenario_weight(thing))
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and scenario_weight(thing)
    ]
    return tuple(one for one in found if one.weight > 0 or one.fixed_count > 0)


def _count(cls: type[User], name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        file = Path(inspect.getfile(cls)).name
        expected = f"expected {name} to be a whole number from 0, found {value!r}"
        raise InputTrouble(f"{file}: class {cls.__name__}: {expected}")
    return value


def _own_classes(module: ModuleType, base: type) -> list[Any]:
    return [
        thing
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and issubclass(thing, base)
        and thing.__module__ == module.__name__
        and not vars(thing).get("abstract", False)
    ]


def _function(module: ModuleType, name: str) -> Callable[..., Any] | None:
    thing = getattr(module, name, None)
    return thing if inspect.isfunction(thing) else None


@cache
def _pattern(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Return indices in which each of *weights* has its share of every stretch.

    Smooth weighted round-robin, as nginx has it.
    """
    if not weights:
        return ()
    shared = gcd(*weights)
    steps = [weight // shared for weight in weights]
    credit, pattern = [0] * len(steps), []
    for _ in range(min(sum(steps), PATTERN_MAX)):
        credit = [have + step for have, step in zip(credit, steps, strict=True)]
        best = max(range(len(credit)), key=credit.__getitem__)
        credit[best] -= sum(steps)
        pattern.append(best)
    return tuple(pattern)
