"""Nemesis: trouble in the background while a block runs; at its end everything is undone."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psycopg

from hormesis.compose.by_hand_trouble import NoBite
from hormesis.compose.never_entered import called_from
from hormesis.testing.dirt import dirt_of
from hormesis.testing.injector.acts import Act, Script
from hormesis.testing.nemesis.schedule import MOMENTARY, Faults, choices_of, drawn_script
from hormesis.words.randomness import stream_of
from hormesis.words.trouble import Trouble
from hormesis.words.units import seconds_from

if TYPE_CHECKING:
    from hormesis.testing.injector.injector import ChaosInjector

MOST = 100
_LAST_S = 180.0
"""How long the last act may take to be undone."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act that came: its proof, or why it did not hurt."""

    act: Act
    proof: str = ""
    trouble: str = ""


class Nemesis:
    """Does one thing after the other in a thread of its own, until its block is left.

    Args:
        injector: does it.
        faults: what may come; see :data:`hormesis.testing.nemesis.schedule.Faults`.
        seed: of the choice and the moments.
        every: the mean pause between two acts, in seconds or as ``"500ms"``.
        for_s: how long those last that last, in seconds.
        most: how many there are at most.
        must_bite: leaving the block without anything having hurt is an error.
    """

    def __init__(
        self,
        injector: ChaosInjector,
        faults: Faults = (),
        *,
        seed: int = 0,
        every: float | str = 1.0,
        for_s: float = 0.5,
        most: int = MOST,
        must_bite: bool = True,
        script: Script | None = None,
    ) -> None:
        every_s = seconds_from(every) if isinstance(every, str) else float(every)
        if every_s <= 0 or for_s < 0 or most < 1:
            raise ValueError("expected a pause above 0 and at least one act")
        self.script = script or drawn_script(
            choices_of(faults), stream_of(seed, "nemesis"),
            every_s=every_s, for_s=for_s, most=most,
        )  # fmt: skip
        """What is to come, if the block lasts that long."""
        self.seed = seed
        self._injector = injector
        self._must_bite = must_bite
        self._over = threading.Event()
        self._done: list[Done] = []
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._where = called_from()

    @property
    def never_entered(self) -> str:
        """What was asked for, and where; empty once it was entered."""
        return "" if self._thread is not None else f"nemesis(…) at {self._where}"

    @classmethod
    def replay(cls, script: Script | str, injector: ChaosInjector) -> Nemesis:
        """Return a nemesis that does what *script* tells, at the same moments.

        Raises:
            ValueError: it is no script.
        """
        return cls(injector, script=Script.read(script), seed=injector.seed)

    @property
    def done(self) -> tuple[Done, ...]:
        """What has come so far."""
        return tuple(self._done)

    @property
    def played(self) -> Script:
        """The part of the script that has come so far; to be given to :meth:`replay`."""
        return Script(one.act for one in self._done)

    def __str__(self) -> str:
        lines = [f"nemesis, seed {self.seed}: {len(self._done)} acts"]
        for one in self._done:
            lines.append(f"{one.act}: {one.proof or one.trouble}")
        return "\n".join([*lines, f"again: chaos_injector.replay({self.played.text()!r})"])

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError("this nemesis has been here before; ask for another one")
        self._thread = threading.Thread(target=self._play, name="hormesis-nemesis", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join(_LAST_S)
            if self._thread.is_alive():
                raise NoBite(f"the nemesis did not end within {_LAST_S:g} s")
        sys.stdout.write(f"{self}\n")
        if error is not None:
            error.add_note(str(self))
            if self._failure is not None and dirt_of(self._failure):
                # More than this test failed: nothing after it may begin.
                raise self._failure from error
        elif self._failure is not None:
            raise self._failure
        elif self._must_bite and not any(one.proof for one in self._done):
            raise NoBite(f"nothing that the nemesis did was seen to hurt\n{self}")

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.__exit__, sort, error, trace)

    def _play(self) -> None:
        began = time.monotonic()
        for act in self.script:
            if self._over.wait(max(0.0, began + act.at_s - time.monotonic())):
                return
            try:
                self._done.append(Done(act, proof=self._do(act)))
            except (NoBite, psycopg.Error) as error:
                # Nothing was there to hurt just then, or the test itself had taken it away.
                self._done.append(Done(act, trouble=str(error).partition("\n")[0]))
            except (Trouble, Exception) as error:  # noqa: BLE001 - raised when the block is left
                self._done.append(Done(act, trouble=str(error)))
                self._failure = error
                return

    def _do(self, act: Act) -> str:
        method = getattr(self._injector, act.name)
        if act.name in MOMENTARY:
            return str(method(**act.fields).proof)
        with method(**act.fields) as bite:
            self._over.wait(act.for_s or 0.0)
        return str(bite.proof)
