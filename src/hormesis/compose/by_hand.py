"""By hand: a run that a program steers, instead of a timeline.

The run plays in a thread of its own, so that it gets on whatever the program does, and its record
and its undoing are those of every run: `hormesis check` judges it again, and when the program is
killed its custodian puts everything back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Self

from hormesis.compose.by_hand_document import document_by_hand, fault_document
from hormesis.compose.by_hand_fault import FaultByHand
from hormesis.compose.by_hand_trouble import NotUndone, RunEnded
from hormesis.compose.faults_taken import FaultsTaken
from hormesis.compose.never_entered import called_from, must_be_entered
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.ready_again import ready_again
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished
from hormesis.compose.running import run as run_prepared
from hormesis.compose.thread_waiting import awaited, settled
from hormesis.engine.by_hand import Hand
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.trouble import DirtyTrouble, InputTrouble, Trouble, UsageTrouble

RUNS = Path("hormesis-runs")


def by_hand(
    document: Mapping[str, Any] | str | PurePath,
    *,
    out: str | Path = RUNS,
    name: str = "by-hand",
    seed: int | None = None,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    reports: Sequence[str] | None = (),
    force: bool = False,
    command: Sequence[str] = (),
) -> ByHand:
    """Return a run to be entered with ``with`` or ``async with``; nothing happens before.

    Args:
        document: an experiment, or only its system, as in a file; or the path of a file. The keys
            of the system may stand at the top. Tracks of its own are played as ever.
        out: the folder in which the run directory is made.
        name: what the run directory is called after.
        seed: overrides the document's seed.
        variables: values for declared variables.
        environment: what ``${env.NAME}`` sees; None: this process's environment.
        reports: the kinds of reports to write; None: every kind there is.
        force: run although another run tests the same target.
        command: the command line that repeats the program; left out: this program's own.

    Raises:
        InputTrouble: a file cannot be read, or a value is none that a file could hold.
    """
    written, lifted = document_by_hand(document)
    request = RunRequest(
        file=Path(name) if isinstance(document, Mapping) else Path(document),
        out=Path(out),
        overrides=dict(variables or {}),
        environment=dict(os.environ if environment is None else environment),
        seed=seed,
        force=force,
        written=written,
        reports=None if reports is None else tuple(reports),
        command=tuple(command),
        by_hand=True,
    )
    return ByHand(request, lifted=lifted)


class ByHand:
    """A run that plays from entering to leaving. Its methods may be called from any thread."""

    def __init__(self, request: RunRequest, *, lifted: bool = False) -> None:
        self._request = request
        self._lifted = lifted
        self._hand = Hand()
        self._pid = os.getpid()
        self._prepared: Prepared | None = None
        self._taken: FaultsTaken | None = None
        self._over: Future[Finished] = Future()
        self._thread: threading.Thread | None = None
        self._where = called_from()
        self._asked: list[FaultByHand] = []
        self.finished: Finished | None = None
        """The judged run, once it is over."""

    @property
    def prepared(self) -> Prepared:
        """What is played.

        Raises:
            UsageTrouble: the run was not entered.
        """
        if self._prepared is None:
            raise UsageTrouble("the run was not begun", hint="enter it: with by_hand(…) as run:")
        return self._prepared

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn in it."""
        return self.prepared.experiment.seed

    @property
    def directory(self) -> Path:
        """Where its record lies."""
        return self.prepared.stand.directory

    @property
    def variables(self) -> Mapping[str, str]:
        """What ``${…}`` stands for in it: ``port.NAME``, ``link.NAME.url``, declared ones …"""
        experiment = self.prepared.experiment
        return {**experiment.variables, **experiment.given}

    def address(self, link: str) -> str:
        """Return ``host:port`` where *link* listens.

        Raises:
            InputTrouble: there is no such link.
        """
        return self._link(link, "address")

    def url(self, link: str) -> str:
        """Return the URL of what is behind *link*, leading through it.

        Raises:
            InputTrouble: there is no such link.
        """
        return self._link(link, "url")

    def _link(self, link: str, part: str) -> str:
        given = self.prepared.experiment.given
        if f"link.{link}.{part}" not in given:
            known = [one.name for one in self.prepared.experiment.links]
            hint = did_you_mean(link, known, noun="declared links")
            raise InputTrouble(f"expected the name of a link, found {link!r}", hint=hint)
        return given[f"link.{link}.{part}"]

    def fault(
        self,
        kind: str,
        target: str,
        *,
        for_: str | float | None = None,
        wait: bool | None = None,
        name: str | None = None,
        **fields: Any,
    ) -> FaultByHand:
        """Return a fault to be entered with ``with`` or ``async with``; nothing happens before.

        Entering returns once it was seen to hurt, leaving once it was seen to be gone.

        Args:
            kind: the fault's name, as in a file.
            target: the name of a target, process or link.
            for_: how long it may last at most, as in a file or in seconds; left out: as long as
                ``limits.hold`` allows.
            wait: false: enter as soon as it is there, and want it seen until it is left. Left out:
                false for what can be seen only when something is sent through, written or called.
            name: how it is called in the record; left out: as its kind.
            fields: its parameters, as in a file.

        Raises:
            InputTrouble: it has problems; all of them are listed, and nothing has happened.
            CapabilityTrouble: this machine lacks what it takes.
        """
        taken = self._faults()
        length = f"{for_}s" if isinstance(for_, int | float) else for_
        told = {"for": length or taken.hold, **({"name": name} if name else {}), **fields}
        track = taken.read(fault_document(kind, target, told))
        fault = FaultByHand(track, taken, self._hand, wait)
        self._asked = [*(one for one in self._asked if one.never_entered), fault]
        return fault

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        return "" if self._thread is not None else f"{self._request.file.name} at {self._where}"

    def hit(self, kind: str, target: str, *, for_: str | float = "0s", **fields: Any) -> str:
        """Let a fault happen from beginning to end, and return the proof that it did.

        Args: those of :meth:`fault`; it lasts as long as *for_* says.

        Raises:
            NoBite: it was not seen to hurt.
            NotUndone: it was not undone, or not seen to be gone.
            InputTrouble: it has problems; nothing has happened.
        """
        return self.fault(kind, target, for_=for_, **fields).through()

    def until_ready(self, process: str, within: str | float | None = None) -> None:
        """Return once *process* answers as its ``ready`` says, after a fault that restarted it.

        Args:
            process: its name; it must have a ``ready``.
            within: how long it may take; left out: as its ``ready`` says.

        Raises:
            InputTrouble: there is no such process, or it has no ``ready``.
            NotReady: it did not answer in time.
        """
        self._readiness(process, within).result()

    async def until_ready_async(self, process: str, within: str | float | None = None) -> None:
        """Do as :meth:`until_ready`, without blocking the loop."""
        await awaited(self._readiness(process, within))

    def _readiness(self, process: str, within: str | float | None) -> Future[None]:
        known = {one.name: one for one in self.prepared.experiment.services if one.ready}
        if process not in known:
            hint = did_you_mean(process, known, noun="processes that say when they are ready")
            raise InputTrouble(f"expected a process with `ready`, found {process!r}", hint=hint)
        clock, directory = self.prepared.clock, self.directory
        return self._hand.ask(lambda: ready_again(known[process], directory, clock, within))

    def _faults(self) -> FaultsTaken:
        if self._taken is None or self._over.done():
            raise self._ended()
        return self._taken

    def _ended(self) -> Trouble:
        if self._thread is None:
            return UsageTrouble("the run was not begun", hint="enter it: with by_hand(…) as run:")
        return RunEnded("the run is over, so nothing can be broken in it any more")

    def __enter__(self) -> Self:
        self._start()
        try:
            self._hand.began.result()
        except BaseException:
            self._hand.let_go()
            self._over.exception()
            raise
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if os.getpid() != self._pid:
            return
        self._hand.let_go()
        self._over.exception()
        self._end(error)

    async def __aenter__(self) -> Self:
        self._start()
        try:
            await awaited(self._hand.began)
        except BaseException:
            self._hand.let_go()
            await settled(self._over)
            raise
        return self

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if os.getpid() != self._pid:
            return
        self._hand.let_go()
        await settled(self._over)
        self._end(error)

    def _start(self) -> None:
        if self._thread is not None:
            raise UsageTrouble("the run was begun already", hint="make another one with by_hand(…)")
        self._thread = threading.Thread(target=self._play, name="hormesis-by-hand", daemon=True)
        self._thread.start()

    def _play(self) -> None:
        """Play the run; whatever becomes of it, whoever waits hears of it."""
        try:
            self._prepared = prepared = prepare(self._request)
            self._taken = FaultsTaken(prepared)
            self.finished = run_prepared(prepared, hand=self._hand)
        except BaseException as error:  # noqa: BLE001 - raised again where the program waits
            failure = self._as_given(error)
            self._hand.end(failure)
            self._over.set_exception(failure)
        else:
            self._hand.end(self._why_ended(self.finished))
            self._over.set_result(self.finished)

    def _as_given(self, error: BaseException) -> BaseException:
        """Return *error* with the system's keys where the program has them."""
        if not (self._lifted and isinstance(error, InputTrouble)):
            return error
        return InputTrouble(
            [replace(one, path=one.path.removeprefix("system.")) for one in error.problems]
        )

    def _end(self, error: BaseException | None) -> None:
        """Raise what went wrong; what the program itself raised goes before, but for left dirt."""
        failure = self._over.exception()
        if failure is None and self.finished is not None:
            dirty = self.finished.judged.verdict.dirty
            if dirty:
                failure = NotUndone("; ".join(dirty), hint="run `hormesis revert`")
            elif (self.finished.judged.history.end or {}).get("reason") != "completed":
                failure = self._why_ended(self.finished)
        if failure is None:
            if error is None:
                must_be_entered(self._asked)
            return
        if error is None or isinstance(failure, NotUndone | DirtyTrouble):
            raise failure
        error.add_note(f"and the run: {failure}")

    def _why_ended(self, finished: Finished) -> Trouble:
        end = finished.judged.history.end or {}
        why = end.get("detail") or finished.judged.verdict.reason
        return RunEnded(f"the run ended before it was let go: {why}")
