"""Failpoints: where the crash tests make the custodian or its engine die. Inert unless set.

``HORMESIS_CRASH_AT=STEP:VERB:VICTIM`` strikes once, when the custodian reaches STEP of an effect
of VERB (``*`` for any). VICTIM is ``custodian``, ``engine``, ``both`` (all SIGKILL) or ``freeze``
(SIGSTOP for the engine). The steps, in order: ``before-intent``, ``after-intent``,
``after-perform``, ``after-applied``, ``before-undo``, ``after-undo``, ``after-done``.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

VARIABLE = "HORMESIS_CRASH_AT"
STEPS = (
    "before-intent", "after-intent", "after-perform", "after-applied",
    "before-undo", "after-undo", "after-done",
)  # fmt: skip


@dataclass(slots=True)
class Failpoint:
    """The one place where this custodian is to crash, if any."""

    engine: int = 0
    step: str = ""
    verb: str = ""
    victim: str = ""

    @classmethod
    def from_environment(cls, engine: int) -> Failpoint:
        """Read the variable; *engine* is the engine's pid. Services started later do not see it."""
        step, _, rest = os.environ.pop(VARIABLE, "").partition(":")
        verb, _, victim = rest.partition(":")
        return cls(engine, step, verb, victim)

    def reach(self, step: str, verb: str) -> None:
        """Strike when this is the place, and never again."""
        if step != self.step or self.verb not in ("*", verb):
            return
        self.step = ""
        if self.victim in ("engine", "both"):
            os.kill(self.engine, signal.SIGKILL)
        if self.victim == "freeze":
            os.kill(self.engine, signal.SIGSTOP)
        if self.victim in ("custodian", "both"):
            os.kill(os.getpid(), signal.SIGKILL)
