"""Play one fault against a real server: do, look, undo, with the companions it becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hormesis.engine.clock import LoopClock
from hormesis.engine.waiting import wait_until
from hormesis.host.looks.redis import read_redis
from hormesis.host.looks.sql import read_sql
from hormesis.words.fault import Fault
from hormesis.words.look import Reading, RedisLook, SqlLook
from hormesis.words.target import Target
from hormesis.words.verb import VerbCall
from tests.integration.postgres_faults.companions import Companion

PATIENCE_S = 10.0


@dataclass
class Played:
    """One fault on one target; ``pids`` stand for the processes of the target's service."""

    fault: Fault
    target: Target
    pids: list[int] = field(default_factory=list)
    hold_s: float = 30.0

    def __post_init__(self) -> None:
        self._holders: list[Companion] = []
        self._undo: list[tuple[str, dict[str, Any]]] = []
        self.told: dict[str, Any] = {}
        self.before: Reading = {}

    def do(self) -> None:
        """Do everything that the fault becomes."""
        self.before = self.look()
        for call in self.fault.verbs(self.target, Random(7)):
            self._hold(call) if call.verb == "holder" else self._run(call)

    def _hold(self, call: VerbCall) -> None:
        config = {**call.args["config"], "hold_s": self.hold_s}
        holder = Companion(f"hormesis.host.holders.{call.args['program']}", config)
        self._holders.append(holder)
        report = holder.report()
        assert report.get("ready"), report
        self.told.update(report)

    def _run(self, call: VerbCall) -> None:
        module = f"hormesis.host.programs.{call.args['program']}"
        captured = self._once(module, call.args["capture"]) if "capture" in call.args else None
        self.told.update(self._once(module, {**call.args["do"], "pids": self.pids}))
        if call.args.get("undo") is not None:
            self._undo.append((module, {**call.args["undo"], "captured": captured}))

    def _once(self, module: str, config: dict[str, Any]) -> dict[str, Any]:
        program = Companion(module, config)
        report = program.report()
        assert program.end() == 0, report
        return report

    def look(self) -> dict[str, Any]:
        """Take the fault's own readings of the server, but for what its companions say."""
        looks = self.fault.look(self.target)
        found: dict[str, Any] = {}
        for look in looks if isinstance(looks, tuple) else (looks,):
            if isinstance(look, SqlLook):
                found.update(asyncio.run(read_sql(look)))
            elif isinstance(look, RedisLook):
                found.update(asyncio.run(read_redis(look)))
        return found

    def proof(self) -> str:
        """Wait until it bites; return the proof."""

        def once() -> str:
            for holder in self._holders:
                self.told.update(holder.report())
            return self.fault.hurts(self.before, {**self.told, **self.look()})

        return waited(once, "it bites")

    def undo(self) -> dict[str, Any]:
        """Undo everything, in reverse order; return what the last program said."""
        said: dict[str, Any] = {}
        for holder in reversed(self._holders):
            assert holder.end() == 0
        self._holders.clear()
        for module, config in reversed(self._undo):
            said = self._once(module, config)
        return said

    def healed(self) -> str:
        """Wait until the bite is gone; return the proof."""
        return waited(
            lambda: self.fault.healed(self.before, {**self.told, **self.look(), "ended": True}),
            "it heals",
        )

    def kill(self) -> None:
        """End what still runs, as a crash would."""
        for holder in self._holders:
            holder.process.kill()
            holder.process.communicate()


def waited(condition: Callable[[], str], what: str) -> str:
    """Return the first text that is not empty; fail when none comes in time."""

    async def wait() -> str:
        async def once() -> str:
            return await asyncio.to_thread(condition)

        clock = LoopClock()
        return await wait_until(
            once, what=what, deadline=clock.now() + PATIENCE_S, clock=clock, every_s=0.02
        )

    return asyncio.run(wait())
