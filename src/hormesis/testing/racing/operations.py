"""Operations: what a race is given, by name, and which of them each worker performs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any, TypeVar

Operation = TypeVar("Operation", bound=Callable[..., Any])


def named(
    given: Operation | Mapping[str, Operation] | Sequence[Operation],
) -> list[tuple[str, Operation]]:
    """Return the operations with their names: the key, else what the function is called.

    Raises:
        TypeError: something given is no function.
        ValueError: there is none.
    """
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif callable(given):
        pairs = [(name_of(given), given)]
    else:
        pairs = [(name_of(one), one) for one in given]
    for name, one in pairs:
        if not callable(one):
            raise TypeError(f"expected a function for operation {name!r}, found {one!r}")
    if not pairs:
        raise ValueError("expected at least one operation")
    return pairs


def name_of(operation: Callable[..., Any]) -> str:
    """Return the name of *operation*; dots would separate a load's name."""
    inner = getattr(operation, "func", operation)
    name = getattr(inner, "__name__", type(inner).__name__)
    return "operation" if name == "<lambda>" else str(name).replace(".", "_")


def dealt(count: int, worker: int, round_: int) -> int:
    """Return which of *count* operations *worker* performs in *round_*.

    They are dealt out in turn, and every round one further, so that with as many workers as
    operations each is performed in each round, and by another worker each time.
    """
    return (worker + round_) % count


def uses_connection(operation: Callable[..., Any]) -> bool:
    """Return whether *operation* asks for ``worker.conn``, as far as its code shows.

    Who does gets the connection before the start: connecting takes longer than many a race.
    """
    inner = getattr(operation, "func", operation)
    inner = getattr(inner, "__func__", inner)
    code = getattr(inner, "__code__", None)
    return isinstance(code, CodeType) and _names(code, "conn")


def _names(code: CodeType, name: str) -> bool:
    return name in code.co_names or any(
        isinstance(one, CodeType) and _names(one, name) for one in code.co_consts
    )
