"""Fault story: the five steps of a fault with their times, and whether its bite was proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hormesis.reports.parts.wording import moment, span
from hormesis.words.history import FaultRecord


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``time`` is None if it never came, ``after`` is told since the one before."""

    name: str
    time: float | None
    after: str = ""


@dataclass(frozen=True, slots=True)
class FaultStory:
    """``state`` is one of the keys of a standing: ``pass`` means proven and gone again."""

    record: FaultRecord
    state: str
    word: str
    steps: tuple[Step, ...]

    @property
    def proven(self) -> bool:
        """Return whether the bite was seen, and seen to be gone."""
        return self.state == "pass"

    @property
    def sentence(self) -> str:
        """Return the whole story in one line, for formats without drawings."""
        told = [f"{step.name} {moment(step.time)}" for step in self.steps if step.time is not None]
        proofs = [text for text in (self.record.proof, self.record.proof_gone) if text]
        return " → ".join(told) + "".join(f"; {text}" for text in proofs)


def fault_stories(faults: Sequence[FaultRecord]) -> list[FaultStory]:
    """Return the stories of *faults* in order of the time they were asked for."""
    return [fault_story(fault) for fault in sorted(faults, key=lambda one: (one.asked, one.id))]


def fault_story(fault: FaultRecord) -> FaultStory:
    """Return the story of one fault."""
    times = (
        ("asked", fault.asked),
        ("injected", fault.injected),
        ("bite seen", fault.bitten),
        ("released", fault.released),
        ("bite gone", fault.healed),
    )
    steps: list[Step] = []
    last: float | None = None
    for name, time in times:
        after = f"+{span(time - last)}" if time is not None and last is not None else ""
        steps.append(Step(name, time, after))
        last = last if time is None else time
    state, word = _state(fault)
    return FaultStory(fault, state, word, tuple(steps))


def _state(fault: FaultRecord) -> tuple[str, str]:
    if fault.skipped:
        return "skipped", "skipped"
    if fault.unreached:
        return "skipped", "not reached"
    if fault.injected is None:
        return "unknown", "not injected"
    if fault.bitten is None:
        return "unknown", "never bit"
    if fault.released is None:
        return "dirty", "not released"
    if fault.healed is None:
        return "unknown", "bite not gone"
    if fault.released_by.startswith("custodian"):
        return "unknown", "released by custodian"
    return ("unknown", "in trouble") if fault.trouble else ("pass", "proven")
