"""By hand, alone: one fault, or one proxied connection, in a run of its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from hormesis.compose.by_hand import RUNS, ByHand, by_hand
from hormesis.compose.by_hand_fault import Bite, FaultByHand
from hormesis.compose.never_entered import called_from
from hormesis.compose.registry import catalogue
from hormesis.spec.translate import keys_of
from hormesis.words.trouble import UsageTrouble

TARGET = "target"
"""What the one target of a fault alone is called."""
LINK = "link"
"""What a link of its own is called."""


class HasPid(Protocol):
    """A process, however it was started."""

    @property
    def pid(self) -> int | None:
        """Its process id."""
        ...


class FaultAlone:
    """One fault on one target, in a run of its own: a context manager, to be entered once.

    *facets* are the keys of a target as in a file; ``link`` is where a link of its own leads.
    """

    def __init__(
        self,
        kind: str,
        facets: Mapping[str, Any],
        fields: Mapping[str, Any],
        *,
        out: str | Path = RUNS,
        seed: int | None = None,
    ) -> None:
        self._kind = kind
        self._fields = dict(fields)
        document = _document(kind, dict(facets), self._fields)
        # Several faults on one target, each in a run of its own, are what the program asks for.
        self.run: ByHand = by_hand(document, out=out, name=kind, seed=seed, force=True)
        """The run that it is in; ``run.finished`` once it is over."""
        self._stack = ExitStack()
        self._waiting = AsyncExitStack()
        self._where = called_from()

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        return f"fault({self._kind!r}, …) at {self._where}" if self.run.never_entered else ""

    @property
    def address(self) -> str:
        """``host:port`` of its own link, through which whatever is to be hurt must connect."""
        return self.run.address(LINK)

    @property
    def url(self) -> str:
        """The URL of what is behind its own link, leading through it."""
        return self.run.url(LINK)

    def __enter__(self) -> Bite:
        with ExitStack() as stack:
            stack.enter_context(self.run)
            bite = stack.enter_context(self._fault())
            self._stack = stack.pop_all()
        return bite

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(sort, error, trace)

    async def __aenter__(self) -> Bite:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.run)
            bite = await stack.enter_async_context(self._fault())
            self._waiting = stack.pop_all()
        return bite

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._waiting.__aexit__(sort, error, trace)

    def _fault(self) -> FaultByHand:
        return self.run.fault(self._kind, TARGET, **self._fields)


class Proxy:
    """A link to a server, in a run of its own: a context manager, to be entered once."""

    def __init__(
        self, upstream: str, *, out: str | Path = RUNS, seed: int | None = None
    ) -> None:
        self.run: ByHand = by_hand(
            {"links": {LINK: {"upstream": upstream}}}, out=out, name="proxy", seed=seed, force=True
        )
        """The run that it is in; ``run.finished`` once it is over."""
        self._told = f"proxy({upstream!r}) at {called_from()}"

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        return self._told if self.run.never_entered else ""

    @property
    def address(self) -> str:
        """``host:port`` where it listens."""
        return self.run.address(LINK)

    @property
    def host(self) -> str:
        """The host on which it listens."""
        return self.run.variables[f"link.{LINK}.host"]

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self.run.variables[f"link.{LINK}.port"])

    @property
    def url(self) -> str:
        """The URL that it was given, leading through it."""
        return self.run.url(LINK)

    def fault(self, kind: str, **given: Any) -> FaultByHand:
        """Return a fault on the link; see :meth:`ByHand.fault <hormesis.compose.by_hand.ByHand>`.

        Raises:
            InputTrouble: it has problems; all of them are listed, and nothing has happened.
        """
        return self.run.fault(kind, LINK, **given)

    def __enter__(self) -> Self:
        self.run.__enter__()
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run.__exit__(sort, error, trace)

    async def __aenter__(self) -> Self:
        await self.run.__aenter__()
        return self

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.run.__aexit__(sort, error, trace)


def _document(kind: str, facets: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Return the system of one target; what is the fault's own is moved to its *fields*."""
    known = catalogue().faults.get(kind)
    upstream = facets.pop("link", None)
    if known is not None and upstream is not None and "path" in keys_of(known):
        # A request's path, not a folder of the target.
        fields |= {"path": facets.pop("path")} if "path" in facets else {}
    process = facets.pop("process", None)
    if process is not None:
        facets["pid"] = _pid_of(process)
    document: dict[str, Any] = {"targets": {TARGET: facets}}
    if upstream is not None:
        facets["link"] = LINK
        document["links"] = {LINK: {"upstream": upstream}}
    elif not facets:
        raise UsageTrouble(
            f"{kind} has no target", hint="say one: process=…, port=…, link=…, postgres=…, path=…"
        )
    return document


def _pid_of(process: int | HasPid) -> int:
    pid = process if isinstance(process, int) else getattr(process, "pid", process)
    if pid is None:
        raise UsageTrouble("the process was not started, so it cannot be hurt")
    if not isinstance(pid, int) or isinstance(pid, bool):
        raise UsageTrouble(
            f"process={process!r}: expected a process id or what has a .pid, such as a Popen",
            hint="a process by its name is a fault in a run by hand: run.fault(kind, name)",
        )
    return pid
