"""Tasks: what a user does, one at a time, drawn by weight."""

from __future__ import annotations

import inspect
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any, TypeVar, overload

WEIGHT = "hormesis_weight"
TAGS = "hormesis_tags"

Given = TypeVar("Given", bound=Callable[..., Any])


@overload
def task(weight: Given) -> Given: ...
@overload
def task(weight: int = 1) -> Callable[[Given], Given]: ...
def task(weight: Any = 1) -> Any:
    """Make a method, or a class of nested tasks, a task: ``@task`` or ``@task(3)``.

    A task of weight 3 is drawn three times as often as one of weight 1.

    Raises:
        ValueError: the weight is not a whole number above 0.
    """
    if callable(weight):
        setattr(weight, WEIGHT, 1)
        return weight
    if not isinstance(weight, int) or weight < 1:
        raise ValueError(f"expected a weight of 1 or more, found {weight!r}")

    def decorate(given: Given) -> Given:
        setattr(given, WEIGHT, weight)
        return given

    return decorate


def tag(*names: str) -> Callable[[Given], Given]:
    """Tag a task, so that a run can be told to do only these, or not these.

    Raises:
        ValueError: no name was given.
    """
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError('expected names, as in @tag("smoke")')

    def decorate(given: Given) -> Given:
        setattr(given, TAGS, getattr(given, TAGS, frozenset()) | frozenset(names))
        return given

    return decorate


@dataclass(frozen=True, slots=True)
class Task:
    """One task: what is called with its owner, or a class of nested tasks."""

    call: Any
    weight: int
    nested: bool
    blocking: bool
    simple: bool
    """Whether it is neither."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tasks of a run may be done, by their tags."""

    only: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def allows(self, thing: Any) -> bool:
        """Return whether a task is among them; a class is when any task of its is."""
        tags: frozenset[str] = getattr(thing, TAGS, frozenset())
        if tags & self.without:
            return False
        if inspect.isclass(thing):
            return bool(tasks_of(thing, Choice(without=self.without) if tags & self.only else self))
        return not self.only or bool(tags & self.only)


class Tasks:
    """The tasks of a class, and the draw among them."""

    __slots__ = ("_steps", "_total", "blocking", "every", "only")

    def __init__(self, every: tuple[Task, ...]) -> None:
        self.every = every
        self.blocking = any(one.blocking for one in every)
        """Whether any of them needs a thread."""
        self._steps = tuple(accumulate(one.weight for one in every))
        self.only = every[0] if len(every) == 1 else None
        """The only one, which needs no draw."""
        self._total = self._steps[-1] if every else 0

    def __bool__(self) -> bool:
        return bool(self.every)

    def draw(self, owner: Any) -> Task:
        """Return one by weight, from the stream ``owner.rng``, which a single one does not need."""
        if self.only is not None:
            return self.only
        rng: Random = owner.rng
        return self.every[bisect(self._steps, rng.random() * self._total)]


NO_TASKS = Tasks(())


def tasks_of(owner: type, choice: Choice) -> Tasks:
    """Return the tasks of a class in the order of their definition, inherited ones first.

    Those of its list or mapping ``tasks`` come before the decorated ones.

    Raises:
        ValueError: something in ``tasks`` cannot be a task.
    """
    known = _KNOWN.get((owner, choice))
    if known is not None:
        return known
    found = list(_listed(owner))
    methods: dict[str, Any] = {}
    for cls in reversed(owner.__mro__):
        for name, thing in vars(cls).items():
            methods.pop(name, None)
            if hasattr(thing, WEIGHT):
                methods[name] = thing
    found += [(thing, getattr(thing, WEIGHT)) for thing in methods.values()]
    made = Tasks(tuple(_task(thing, weight) for thing, weight in found if choice.allows(thing)))
    _KNOWN[owner, choice] = made
    return made


_KNOWN: dict[tuple[type, Choice], Tasks] = {}


def _listed(owner: type) -> Iterable[tuple[Any, int]]:
    given: Mapping[Any, int] | Iterable[Any] = getattr(owner, "tasks", ())
    pairs = given.items() if isinstance(given, Mapping) else ((one, 1) for one in given)
    for thing, weight in pairs:
        if not callable(thing):
            raise ValueError(f"{owner.__name__}.tasks: expected functions or classes, not {thing}")
        yield thing, weight


def _task(thing: Any, weight: int) -> Task:
    nested = inspect.isclass(thing)
    blocking = not nested and not inspect.iscoroutinefunction(thing)
    return Task(thing, weight, nested, blocking, not nested and not blocking)
