"""The requests an engine can make of its custodian, one method per ``op``.

Every request has an ``id``; every reply repeats it. Replies come when they are ready, not in the
order of the requests.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from hormesis.custodian.effects import Effect, Reverted
from hormesis.custodian.keeper import Keeper
from hormesis.custodian.loop import Task
from hormesis.host.listeners import listener_of
from hormesis.host.process import Identity, boot_id
from hormesis.host.seats import Seats, Wanted
from hormesis.host.service import Service
from hormesis.host.verb_protocol import Missing, NothingDone, Scene
from hormesis.host.verbs import load_verb
from hormesis.words.command import ON_FAIL
from hormesis.words.verb import SYSTEM, Undone, VerbCall

Request = dict[str, Any]
NO_FAULTS = (SYSTEM, f"{ON_FAIL}/")
"""How the names of effects begin that are no fault, and do not count as one."""


class Refused(Exception):
    """A request that is not carried out; ``why`` is the word for programs."""

    def __init__(self, why: str, message: str) -> None:
        super().__init__(message)
        self.why = why


class Requests:
    """Answers the engine on behalf of a keeper."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._seats = Seats(keeper.services)
        self._ops: dict[str, Callable[[Request], None]] = {
            "hello": self._hello, "beat": self._beat, "do": self._do, "undo": self._undo,
            "adopt": self._adopt, "service": self._service, "report": self._report,
            "seat": self._seat, "leave": self._leave, "close": self._close,
        }  # fmt: skip

    def answer(self, request: Request) -> None:
        """Carry *request* out, or say why not."""
        op = str(request.get("op"))
        try:
            if op not in self._ops:
                raise Refused("failed", f"unknown request {op!r}; known: {', '.join(self._ops)}")
            if self._keeper.expired and op != "close":
                raise Refused("lease", "the lease ran out, and everything was reverted")
            if self._keeper.leaving and op not in ("close", "beat", "service", "report"):
                raise Refused("failed", "the run is being reverted")
            self._ops[op](request)
        except Refused as refused:
            self._refuse(request, refused)
        except Exception as error:  # noqa: BLE001  (a bad request must not cost the custodian)
            self._refuse(request, Refused("failed", f"{type(error).__name__}: {error}"))

    def _accept(self, request: Request, result: dict[str, Any]) -> None:
        self._keeper.loop.channel.send({"id": request.get("id"), "ok": True, "result": result})

    def _refuse(self, request: Request, error: BaseException) -> None:
        why = error.why if isinstance(error, Refused) else "failed"
        message = str(error) or type(error).__name__
        if isinstance(error, Missing):
            why = "missing"
        self._keeper.loop.channel.send(
            {"id": request.get("id"), "ok": False, "error": message, "why": why}
        )

    def _hello(self, request: Request) -> None:
        self._accept(request, {"pid": os.getpid(), "run": self._keeper.run})

    def _beat(self, request: Request) -> None:
        self._accept(request, {})

    def _do(self, request: Request) -> None:
        keeper, name = self._keeper, str(request["effect"])
        call = VerbCall(str(request["verb"]), dict(request.get("args") or {}))
        hold_s = None if request.get("hold_s") is None else float(request["hold_s"])
        try:
            load_verb(call.verb)
        except LookupError as error:
            raise Refused("unknown-verb", str(error)) from None
        faults = sum(not one.name.startswith(NO_FAULTS) for one in keeper.effects.open)
        # Faults that last to the end must not keep the system from being made safe.
        reason = keeper.permit.refusal(call, hold_s, 0 if name.startswith(NO_FAULTS) else faults)
        if reason:
            raise Refused("permit", reason)
        if keeper.effects.find(name) is not None:
            raise Refused("failed", f"there is an effect {name!r} already")
        scene = Scene(
            run=keeper.run, effect=name, services=keeper.services, companions=keeper.companions,
            note=partial(keeper.effects.note, name),
        )  # fmt: skip
        effect = Effect(name, call, scene, {}, boot_id())

        def settled(found: dict[str, Any] | None, error: BaseException | None) -> None:
            effect.cancel = None
            if error is not None:
                self._refuse(request, error)
            else:
                self._accept(request, found or {})

        task: Task = keeper.loop.spawn(keeper.effects.do(effect, hold_s), settled)
        if not task.over:
            effect.cancel = lambda: keeper.loop.cancel(
                task, Refused("failed", "the run is being reverted")
            )

    def _undo(self, request: Request) -> None:
        name = str(request["effect"])
        effect = self._keeper.effects.find(name)
        if effect is None:
            self._accept(request, {"undone": Undone.GONE.value})
        else:
            self._keeper.undo(
                effect, lambda undone, error: self._undone(request, undone, error)
            )

    def _undone(
        self, request: Request, undone: Undone | None, error: BaseException | None
    ) -> None:
        if undone is None:
            self._refuse(request, error or RuntimeError("it was not undone"))
        else:
            self._accept(request, {"undone": undone.value})

    def _adopt(self, request: Request) -> None:
        data = dict(request["service"])
        name = str(data.get("name", ""))
        if not self._keeper.permit.names(name):
            raise Refused("permit", f"the permit of this run does not name {name!r}")
        service = Service.from_recipe({**data, "effect": ""})
        pid = int(data.get("pid") or 0) or (listener_of(service.port) if service.port else None)
        who = Identity.of(pid) if pid else None
        if who is None or not who.alive:
            where = f"on port {service.port}" if service.port else f"with pid {pid}"
            raise Refused("absent", f"service {name!r} is not there: no process {where}")
        known = self._keeper.services.find(name)
        if known is not None and known.state != "gone":
            raise Refused("failed", f"there is a service {name!r} already")
        for other in self._keeper.services:
            if other.process == who:
                # Effects on one process are kept apart by its name, so it can have only one.
                told = f"process {who.pid} is {other.name!r} already: use one target for both"
                raise Refused("failed", told)
        service.process, service.generation = who, 1
        self._keeper.services.add(service)
        self._accept(request, {"pid": who.pid, "generation": 1, "state": service.state})

    def _seat(self, request: Request) -> None:
        """Find the child that a slot stands for now; ``pid`` is None when the others took all."""
        of = tuple(str(name) for name in request["of"])
        share = request.get("share")
        wanted = Wanted(
            slot=str(request["slot"]), holder=str(request["holder"]), draw=str(request["draw"]),
            of=of, matching=str(request.get("matching") or ""),
            order=str(request.get("order") or "oldest"), number=int(request.get("number") or 1),
            share=None if share is None else float(share),
        )  # fmt: skip
        allowed = self._keeper.permit.children
        if not all((wanted.slot, parent) in allowed for parent in of):
            told = f"{wanted.slot!r} to be a child of {', '.join(of)}"
            raise Refused("permit", f"the permit of this run does not allow {told}")
        try:
            service = self._seats.take(wanted)
        except NothingDone as error:
            raise Refused("nobody", str(error)) from None
        process = service.process if service is not None else None
        self._accept(request, {"pid": process.pid if process is not None else None})

    def _leave(self, request: Request) -> None:
        self._seats.leave(str(request["slot"]), str(request["holder"]))
        self._accept(request, {})

    def _service(self, request: Request) -> None:
        service = self._keeper.services.find(str(request["name"]))
        if service is None:
            raise Refused("failed", f"the custodian knows no service {request['name']!r}")
        state = service.state
        pid = service.process.pid if service.process is not None and state != "gone" else None
        self._accept(request, {"state": state, "pid": pid, "generation": service.generation})

    def _report(self, request: Request) -> None:
        self._accept(request, self._keeper.report_of(str(request["effect"])))

    def _close(self, request: Request) -> None:
        keeper = self._keeper

        def settled(outcome: Reverted) -> None:
            self._accept(request, {"dirty": outcome.dirty, "reverted": len(outcome.undone)})
            keeper.finish()

        keeper.leave("close", settled)
