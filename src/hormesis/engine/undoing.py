"""Undoing: everything that a run did to the host is undone, with the custodian or in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from hormesis.custodian.privilege import Starter
from hormesis.custodian.recover import replay
from hormesis.engine.custody import Custodian, Denied
from hormesis.words.experiment import Service
from hormesis.words.history import REVERTED
from hormesis.words.trouble import Trouble
from hormesis.words.verb import SYSTEM, effect_left

REVERT_S = 60.0
"""How long the custodian may take to revert everything, beyond what services take to stop."""


class Undoing:
    """Undoes what the *ledger* of a run holds open; *note* takes level, source and text.

    *starter* is what started the custodian with rights that the engine lacks.
    """

    def __init__(
        self,
        ledger: Path,
        *,
        starter: Starter | None,
        services: Sequence[Service],
        note: Callable[[str, str, str], None],
    ) -> None:
        self._ledger = ledger
        self._starter = starter
        self._close_s = REVERT_S + sum(service.stop_grace_s for service in services)
        self._note = note
        self._replaying: asyncio.Task[list[str]] | None = None
        self._left: list[str] = []
        self._unknown = False

    def at_once(self) -> None:
        """Begin in the place of a custodian that died: what is broken must not wait for loads."""
        self._note("fatal", "engine", f"{REVERTED}{SYSTEM}*: the custodian died")
        self._replaying = asyncio.create_task(self._replay())

    @property
    def begun(self) -> bool:
        """Whether it has begun at once; a second replay of one ledger would be in its way."""
        return self._replaying is not None

    def undid(self, holds: Callable[[str], bool]) -> bool:
        """Return whether no effect is left that *holds* is true of; False when nobody knows."""
        return not self._unknown and not any(holds(effect_left(text)) for text in self._left)

    async def all(self, custodian: Custodian) -> list[str]:
        """Let *custodian* revert, or do so when it is dead or silent; return what is left."""
        self._left = await self._all(custodian)
        return self._left

    async def _all(self, custodian: Custodian) -> list[str]:
        if not custodian.died.is_set():
            try:
                return await custodian.close(self._close_s)
            except Denied as error:
                self._note("fatal", "custodian", f"closing: {error}")
        left = [] if self._replaying is None else await self._replaying
        await custodian.leave()
        return left if self._replaying is not None and not left else await self._replay()

    async def _replay(self) -> list[str]:
        """Undo what the ledger still holds open, in the custodian's place."""
        try:
            # A custodian that had more rights than we have left what only such rights can undo.
            how = replay if self._starter is None else self._starter.replay
            replayed = await asyncio.to_thread(how, self._ledger)
        except (Trouble, OSError) as error:
            self._unknown = True
            return [f"the ledger could not be replayed: {error}"]
        self._unknown = False
        return [one.told for one in replayed if one.trouble]
