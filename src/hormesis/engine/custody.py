"""Custody: the engine's asynchronous side of the custodian.

Every effect on the host goes through here. An answer to ``do`` means that the undo is durable. When
the custodian dies or the lease was lost, the engine is told, so that it can revert by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hormesis.custodian.launch import Custody, start_custodian
from hormesis.custodian.privilege import Starter
from hormesis.words.kind import Scalar
from hormesis.words.permit import Permit
from hormesis.words.verb import VerbCall

LEAVE_S = 60.0
"""How long a custodian may take to revert what is left and to end."""
SILENCE_S = 15.0
"""A custodian that answers no beat for so long is frozen; it is killed and its ledger replayed."""


class Denied(Exception):
    """The custodian did not do what was asked.

    ``why`` is permit, missing (a means), absent (who was to be adopted), failed, lease or gone.
    """

    def __init__(self, error: str, why: str) -> None:
        self.why = why
        super().__init__(error)


class Custodian:
    """One custodian process and the conversation with it."""

    def __init__(self, handle: Custody, lease_s: float) -> None:
        self._handle = handle
        self._lease_s = lease_s
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.closed = False
        self.died = asyncio.Event()
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None

    @classmethod
    async def start(
        cls,
        *,
        ledger: Path,
        run_id: str,
        permit: Permit,
        lease_s: float,
        state: Path,
        starter: Starter | None = None,
    ) -> Custodian:
        """Start the process and begin to renew its lease.

        Raises:
            CapabilityTrouble: it did not come up, with its reason.
        """
        handle = await asyncio.to_thread(
            start_custodian,
            ledger=ledger,
            run_id=run_id,
            permit=permit,
            lease_s=lease_s,
            state=state,
            starter=starter,
        )
        self = cls(handle, lease_s)
        await self._open()
        return self

    async def _open(self) -> None:
        reader, self._writer = await asyncio.open_connection(sock=self._handle.link, limit=2**24)
        self._listening = asyncio.create_task(self._listen(reader))
        self._beating = asyncio.create_task(self._beat())

    @property
    def pid(self) -> int:
        """Return the custodian's process id."""
        return self._handle.pid

    async def ask(self, op: str, **args: Any) -> dict[str, Any]:
        """Send one request and return its result.

        Raises:
            Denied: it was refused, it failed, or the custodian is gone.
        """
        if self.died.is_set() or self._writer is None:
            raise Denied("the custodian is gone", "gone")
        self._number += 1
        number = self._number
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        line = json.dumps({"id": number, "op": op, **args}, separators=(",", ":"))
        self._writer.write(line.encode() + b"\n")
        reply = await answer
        if not reply.get("ok"):
            told = str(reply.get("error", "no reason given"))
            raise Denied(told, str(reply.get("why", "failed")))
        result: dict[str, Any] = reply.get("result") or {}
        return result

    async def do(self, effect: str, call: VerbCall, hold_s: float | None) -> dict[str, Any]:
        """Perform a verb as *effect*; on return the undo is on disk and the effect is there."""
        return await self.ask(
            "do", effect=effect, verb=call.verb, args=dict(call.args), hold_s=hold_s
        )

    async def undo(self, effect: str) -> str:
        """Undo *effect*; return done, gone or not-mine."""
        return str((await self.ask("undo", effect=effect)).get("undone", ""))

    async def seat(self, slot: str, holder: str, draw: str, **chosen: Any) -> int | None:
        """Let *slot* stand for a living child; return its pid, None when others took them all.

        Raises:
            Denied: no child lives, or what *chosen* says is not permitted.
        """
        told = await self.ask("seat", slot=slot, holder=holder, draw=draw, **chosen)
        return None if told.get("pid") is None else int(told["pid"])

    async def leave_seat(self, slot: str, holder: str) -> None:
        """Give *slot* up; says nothing when the custodian is gone, and everything with it."""
        with suppress(Denied):
            await self.ask("leave", slot=slot, holder=holder)

    async def service(self, name: str) -> Mapping[str, Scalar]:
        """Return the reading of a service; an ``error`` entry instead of raising."""
        try:
            return await self.ask("service", name=name)
        except Denied as error:
            return {"error": str(error)}

    async def report(self, effect: str) -> Mapping[str, Scalar]:
        """Return the last report line of a holder or program."""
        try:
            return await self.ask("report", effect=effect)
        except Denied as error:
            return {"error": str(error)}

    async def close(self, patience_s: float = LEAVE_S) -> list[str]:
        """Revert everything that is left, end the custodian; return what could not be undone.

        Raises:
            Denied: it died or took longer than *patience_s* seconds; its ledger must be replayed.
        """
        self.closed = True
        # It needs none while it reverts. One that is sent just as it goes would break the line, and
        # its last answer, which nobody has read yet, would be lost with it.
        await _stop(self._beating)
        try:
            async with asyncio.timeout(patience_s):
                result = await self.ask("close")
        except TimeoutError:
            self._handle.kill()
            raise Denied(f"it did not revert within {patience_s:g} s", "gone") from None
        finally:
            await self.leave()
        return [str(text) for text in result.get("dirty", [])]

    async def leave(self) -> None:
        """Stop talking; the custodian reverts whatever is left when the line closes."""
        self.closed = True
        await _stop(self._beating, self._listening)
        if self._writer is not None:
            self._writer.close()
            with suppress(OSError):
                await self._writer.wait_closed()
        try:
            await asyncio.to_thread(self._handle.wait, LEAVE_S)
        except TimeoutError:
            # Whatever it hangs on, its ledger says what is left; the next replay takes over.
            self._handle.kill()
        self._handle.release()

    async def _beat(self) -> None:
        """Renew the lease; find out that the custodian hangs, which its death alone would not."""
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    await self.ask("beat")
            except TimeoutError:
                self._handle.kill()
            except Denied:
                pass  # A lost lease and a death are told by events.
            await asyncio.sleep(self._lease_s / 10)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._heard(json.loads(line))
        except (OSError, ValueError):
            pass  # A line that is cut off or no JSON: nothing that follows can be trusted.
        finally:
            self._lost()

    def _heard(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self.on_event(message)
            return
        waiting = self._waiting.pop(int(message.get("id") or 0), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def _lost(self) -> None:
        """Let nobody wait for a custodian that will not answer any more."""
        self.died.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result({"ok": False, "error": "the custodian is gone", "why": "gone"})
        self._waiting.clear()


async def _stop(*tasks: asyncio.Task[None] | None) -> None:
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
