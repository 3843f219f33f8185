"""The steady state as a claim: what held before the faults holds again after them."""

from __future__ import annotations

from collections.abc import Iterator

from hormesis.words.check import Finding, Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome

STEADY_STATE = "steady-state"
"""The kind of these verdicts."""


def steady_verdicts(history: History) -> Iterator[Verdict]:
    """Yield one verdict per steady-state condition that the manifest declares.

    Each condition is observed after everything was released until it is met or its time is over;
    its last observation there decides.
    """
    starts = [phase.start for phase in history.phases if phase.name == "steady-after"]
    for name in history.manifest.get("steady_state") or ():
        yield _verdict(str(name), starts[0] if starts else None, history)


def _verdict(name: str, start: float | None, history: History) -> Verdict:
    check = f"steady state: {name}"
    later = [one for one in history.observations(name) if start is not None and one.time >= start]
    if not later:
        why = "it was not observed after the tracks"
        return Verdict(check, STEADY_STATE, Outcome.UNKNOWN, why)
    last = later[-1]
    waited_s = round(last.time + last.took_s - later[0].time, 3)
    if last.good:
        told = f"met again, {waited_s:.1f} s after the tracks"
        return Verdict(check, STEADY_STATE, Outcome.PASS, told, figures={"waited_s": waited_s})
    told = f"not met in {waited_s:.1f} s after the tracks: {last.reason or last.miss}"
    finding = Finding(f"{name}: {last.reason or last.miss}", (f"{last.time:.1f} s",))
    advice = "The system did not come back by itself; look at its log from the last release on."
    return Verdict(
        check, STEADY_STATE, Outcome.FAIL, told, (finding,), {"waited_s": waited_s}, advice
    )
