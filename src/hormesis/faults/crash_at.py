"""Crash a process at one exact point of its work."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from hormesis.faults.parts.life import lives_again
from hormesis.words.fault import Fault, Measure, Mechanism
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall

_RESTARTABLE = frozenset({Facet.PROCESS, Facet.RESTARTABLE})


class CrashAt(Fault):
    """Crash a process at the n-th call of one of its functions, or at its n-th system call.

    A ``function`` is one of a Python service: the service is started anew with a failpoint in it,
    which its own code never sees, and once more without it on release. Every start in between,
    by a supervisor for instance, is one without. A ``syscall`` can be one of any running program;
    ``strace`` counts them for each thread and kills the program at the n-th.
    """

    momentary: ClassVar[bool] = True
    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("failpoint", _RESTARTABLE),
        Mechanism("strace", _RESTARTABLE, frozenset({"strace"})),
    )

    function: str = Field(default="", pattern=r"^$|^[\w.]+:[\w.]+$")
    """The Python function, as `module:function` or `module:Class.method`."""
    syscall: str = Field(default="", pattern=r"^[a-z0-9_]*$")
    """The system call, as `strace` names it: `fsync`, `sendto`."""
    nth: int = Field(default=1, ge=1)
    """At which call, counted from the moment the fault begins."""
    action: Literal["kill", "raise", "sleep"] = "kill"
    """What happens there; a system call can only kill."""
    error: str = "RuntimeError"
    """The built-in exception to raise."""
    message: str = "injected fault"
    """What the exception says."""
    delay: Seconds = 1.0
    """How long to sleep."""
    repeat: bool = False
    """Strike at every call from the n-th on."""

    @model_validator(mode="after")
    def _one_point(self) -> CrashAt:
        if bool(self.function) == bool(self.syscall):
            raise ValueError("give either a function or a syscall")
        if self.syscall and self.action != "kill":
            raise ValueError(f"a system call can kill, but not {self.action}")
        return self

    def ways(self) -> tuple[Mechanism, ...]:
        return self.mechanisms[1:] if self.syscall else self.mechanisms[:1]

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.syscall:
            return [
                VerbCall("rerun", {"subject": target.service, "stop": False, "start": "undo"}),
                VerbCall("holder", {
                    "subject": target.service, "program": "crash_on_syscall",
                    "process": target.service,
                    "config": {"syscall": self.syscall, "nth": self.nth},
                }),
            ]  # fmt: skip
        module, _, function = self.function.partition(":")
        failpoint = {
            "module": module, "function": function, "nth": self.nth, "action": self.action,
            "error": self.error, "message": self.message, "delay_s": self.delay,
            "repeat": self.repeat,
        }  # fmt: skip
        return [VerbCall("rerun", {"subject": target.service, "failpoint": failpoint})]

    def look(self, target: Target) -> tuple[Look, ...]:
        return (EffectLook(), ProcessLook(target.service or ""))

    def hurts(self, before: Reading, now: Reading) -> str:
        if self.syscall:
            return f"killed at {self.syscall}, call {self.nth}" if now.get("dead") else ""
        if not now.get("strikes"):
            return ""
        done = {"kill": "killed", "raise": f"raised {self.error}", "sleep": "slept"}[self.action]
        times = f", {now['strikes']} times" if self.repeat else ""
        return f"{done} at {self.function}, call {now.get('call')}{times}"

    def healed(self, before: Reading, now: Reading) -> str:
        lives = lives_again(before, now)
        return f"{lives}, without the failpoint" if lives and self.function else lives

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        call = now.get("calls" if self.syscall else "call")
        return Measure(self.nth, float(call), "call") if call else None
