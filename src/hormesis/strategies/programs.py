"""Concurrent programs: which client performs which operations, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from hormesis.strategies.drawn import counted


@dataclass(frozen=True)
class Operation:
    """One operation by name, with its arguments."""

    name: str
    arguments: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items())})"


@dataclass(frozen=True)
class Program:
    """What each client does, one after the other; the clients go at the same time."""

    clients: tuple[tuple[Operation, ...], ...]

    @property
    def size(self) -> int:
        """How many operations there are in all."""
        return sum(len(client) for client in self.clients)

    def as_race(
        self, functions: Mapping[str, Callable[..., Any]]
    ) -> dict[str, Callable[[Any], None]]:
        """Return what ``race`` of ``hormesis.testing`` takes: one operation per client.

        Args:
            functions: name of an operation → what does it, called with the worker and the
                operation's arguments. Each call is recorded under that name.

        Raises:
            ValueError: an operation of the program has no function.
        """
        named = {one.name for client in self.clients for one in client}
        if missing := sorted(named - set(functions)):
            raise ValueError(f"no function for {', '.join(missing)}")
        return {
            f"client {number}": _performed(client, functions)
            for number, client in enumerate(self.clients)
        }

    def __str__(self) -> str:
        return "\n".join(
            f"client {number}: {'; '.join(str(one) for one in client) or 'nothing'}"
            for number, client in enumerate(self.clients)
        )


def _performed(
    client: Sequence[Operation], functions: Mapping[str, Callable[..., Any]]
) -> Callable[[Any], None]:
    def perform(worker: Any) -> None:
        for one in client:
            with worker.op(one.name, **one.arguments) as recording:
                found = functions[one.name](worker, **one.arguments)
                if isinstance(found, Mapping):
                    recording.note(**found)

    return perform


Operations = Sequence[str] | Mapping[str, Mapping[str, st.SearchStrategy[Any]]]


def programs(
    operations: Operations,
    *,
    clients: int | tuple[int, int] = (2, 5),
    max_size: int = 5,
) -> st.SearchStrategy[Program]:
    """Draw programs; they shrink to few clients with few operations, the first ones named.

    Args:
        operations: names, or name → argument → strategy of it.
        clients: how many clients, or the fewest and the most.
        max_size: the most operations of one client; each client has at least one.

    Raises:
        ValueError: there are no operations, or there is no client.
    """
    arguments = operations if isinstance(operations, Mapping) else {one: {} for one in operations}
    fewest, most = (clients, clients) if isinstance(clients, int) else clients
    if not arguments or fewest < 1 or most < fewest:
        raise ValueError("a program needs at least one operation and one client")
    choices = [
        st.builds(Operation, st.just(name), st.fixed_dictionaries(dict(fields)))
        for name, fields in arguments.items()
    ]
    client = st.lists(st.one_of(choices), min_size=1, max_size=max_size).map(tuple)
    drawn = st.lists(client, min_size=fewest, max_size=most)
    return counted("programs", drawn.map(lambda some: Program(tuple(some))))
