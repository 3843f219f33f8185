"""Judging: every check's verdict plus the evidence behind them, merged into the verdict of a run.

The evidence is judged like a check, in verdicts of kind ``evidence``: whether the run completed,
its record is whole, every fault bit and healed, every load ran. They never *fail* a run, because
they say nothing about the system under test; missing evidence makes it *unknown*. A check that
failed stays failed: evidence against the system is not taken back by evidence that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from hormesis.words.check import Check, Finding, RunVerdict, Verdict
from hormesis.words.end_condition import EarlyEnd, early_end
from hormesis.words.history import RELEASE_OF, REVERTED, FaultRecord, History, ProcessRecord
from hormesis.words.kind import Scalar
from hormesis.words.not_ok import told_not_ok
from hormesis.words.op import Ended
from hormesis.words.op_sequence import count_of, ops_ended_before
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.steady_state import steady_verdicts
from hormesis.words.verb import SYSTEM, effect_left

EVIDENCE = "evidence"
"""The kind of the verdicts that say whether the run can be trusted."""

PUT_BACK = "everything was put back"
"""The name of the evidence that nothing is left on the host; ``RunVerdict.dirty`` says what is."""

INTERRUPTED = "interrupted"
"""``RunVerdict.stopped_by`` of a run that somebody interrupted."""

_NEVER_EXIT = "never-exit"
"""The kind of the checks that themselves fail a run in which a service ended by itself."""
_TOLD_MAX = 3


def judge_run(history: History, checks: Sequence[Check]) -> RunVerdict:
    """Return the verdict of a run; pure, so that the same history is always judged alike."""
    if not_run := _not_run(history.manifest):
        return not_run
    seen = _until_torn_down(history)
    judged = [_judged(check, seen) for check in checks]
    judged += steady_verdicts(seen)
    evidence = list(_evidence(history, checks))
    end = history.end or {}
    outcome = Outcome.merge([one.outcome for one in (*judged, *evidence)])
    if not judged and outcome is Outcome.PASS:
        outcome = Outcome.UNKNOWN
    dirty = _dirty(end)
    return RunVerdict(
        outcome=outcome,
        reason=_reason(judged, evidence, dirty) + _ended_early(end),
        verdicts=(*judged, *evidence),
        dirty=dirty,
        stopped_by=_stopped_by(end),
        unsafe=_texts(end, "unsafe"),
    )


def _dirty(end: Mapping[str, object]) -> tuple[str, ...]:
    return _texts(end, "dirty")


def _texts(end: Mapping[str, object], key: str) -> tuple[str, ...]:
    """Return the texts under *key* in what the end of a run says."""
    told = end.get(key) or ()
    return tuple(map(str, told)) if isinstance(told, list | tuple) else (str(told),)


def code_of(verdict: RunVerdict) -> ExitCode:
    """Return the exit code: dirty, stopped by a limit, interrupted, fail, unknown, pass."""
    if verdict.dirty:
        return ExitCode.LEFT_DIRTY
    if verdict.stopped_by == INTERRUPTED:
        return ExitCode.INTERRUPTED
    if verdict.stopped_by:
        return ExitCode.STOPPED_BY_LIMIT
    return ExitCode.of(verdict.outcome)


def _not_run(manifest: Mapping[str, object]) -> RunVerdict | None:
    """Return the verdict of a scenario that was skipped or never begun, None for a real run."""
    if skipped := str(manifest.get("skipped") or ""):
        return RunVerdict(Outcome.UNKNOWN, f"Skipped. {skipped}", (), skipped=skipped)
    if not_begun := str(manifest.get("not_begun") or ""):
        return RunVerdict(Outcome.UNKNOWN, f"Not begun. {not_begun}", ())
    return None


def _until_torn_down(history: History) -> History:
    """Return *history* without what came after the custodian took the system down by itself.

    A system that the toolkit stopped answers nothing, and that is no failure of the system.
    """
    torn = [
        note.time
        for note in history.notes
        if note.level == "fatal" and note.text.startswith(f"{REVERTED}{SYSTEM}")
    ]
    if not torn:
        return history
    end = min(torn)
    return replace(
        history,
        ops=ops_ended_before(history.ops, end),
        probes=[one for one in history.probes if one.time + one.took_s < end],
        processes=[one for one in history.processes if one.time < end],
    )


def _judged(check: Check, history: History) -> Verdict:
    try:
        return check.judge(history)
    except Exception as trouble:  # noqa: BLE001
        # A plugin's bug must cost its own verdict only, and must never look like a pass.
        why = f"the check itself broke: {type(trouble).__name__}: {trouble}"
        return check.verdict(Outcome.UNKNOWN, why)


def _stopped_by(end: Mapping[str, object]) -> str:
    reason = str(end.get("reason", ""))
    if reason == INTERRUPTED:
        return INTERRUPTED
    return str(end.get("detail") or "a limit") if reason == "stopped" else ""


def _ended_early(end: Mapping[str, object]) -> str:
    early = early_end(end)
    return f"; the run {early}" if early and end.get("reason") == "completed" else ""


def _reason(judged: Sequence[Verdict], evidence: Sequence[Verdict], dirty: Sequence[str]) -> str:
    if not dirty:
        return _reason_of_outcome(judged, evidence)
    # What is left stands beside the reason wherever a verdict is told.
    said = _reason_of_outcome(judged, [one for one in evidence if one.check != PUT_BACK])
    return f"{len(dirty)} effect{'s' * (len(dirty) != 1)} left on this host. {said}"


def _reason_of_outcome(judged: Sequence[Verdict], evidence: Sequence[Verdict]) -> str:
    failed = [one for one in judged if one.outcome is Outcome.FAIL]
    if failed:
        return f"{len(failed)} of {len(judged)} checks failed. {_told(failed)}"
    open_ones = [one for one in (*evidence, *judged) if one.outcome is Outcome.UNKNOWN]
    if open_ones:
        return f"Not enough evidence. {_told(open_ones)}"
    if not judged:
        return "Not enough evidence. Nothing was checked"
    return f"All {len(judged)} checks held" if len(judged) > 1 else "The one check held"


def _told(verdicts: Sequence[Verdict]) -> str:
    more = len(verdicts) - _TOLD_MAX
    told = [f"{one.check}: {one.summary}" for one in verdicts[:_TOLD_MAX]]
    return "; ".join([*told, f"and {more} more"] if more > 0 else told)


def _evidence(history: History, checks: Sequence[Check]) -> Iterator[Verdict]:
    yield _completed(history)
    yield _whole(history)
    for track in _tracks(history, "fault", [one.track for one in history.faults]):
        yield _bit_and_healed(track, _left_aside(history, track), early_end(history.end))
    for load in _tracks(history, "load", [one.load for one in history.loads]):
        yield _load_ran(load, history)
    if history.processes:
        yield _ends_noticed(history, checks)
    yield from _unseen(history)
    if history.end is not None:
        yield _put_back(history.end)


def _left_aside(history: History, track: str) -> list[FaultRecord]:
    """Return the faults of *track*; of one that is left on the host the trouble says only that.

    Why it could not be undone is told once, with what is left.
    """
    left = {effect_left(text) for text in _dirty(history.end or {})}
    return [
        replace(one, trouble=f"it could not be undone, {effect} is left on this host")
        if one.trouble and (effect := _released_effect(one.trouble)) in left
        else one
        for one in history.faults_of(track)
    ]


def _released_effect(trouble: str) -> str:
    """Return which effect's release the *trouble* of a fault is about; empty when it is not."""
    told = trouble.removeprefix(RELEASE_OF)
    return "" if told == trouble else told.split(":", 1)[0].strip()


def _tracks(history: History, sort: str, seen: Sequence[str]) -> list[str]:
    """Return the names of tracks that the manifest declares or the run recorded."""
    declared = [
        str(track["name"])
        for track in history.manifest.get("tracks") or ()
        if isinstance(track, Mapping) and track.get("sort") == sort and "name" in track
    ]
    return list(dict.fromkeys([*declared, *seen]))


def _row(
    name: str,
    troubles: Sequence[Finding],
    fine: str,
    proofs: Sequence[Finding] = (),
    **figures: Scalar,
) -> Verdict:
    """Return an evidence verdict: unknown with *troubles*, or pass with *proofs*."""
    return Verdict(
        check=name,
        kind=EVIDENCE,
        outcome=Outcome.UNKNOWN if troubles else Outcome.PASS,
        summary="; ".join(one.sentence for one in troubles[:_TOLD_MAX]) if troubles else fine,
        findings=(*troubles, *proofs),
        figures=figures,
    )


def _completed(history: History) -> Verdict:
    name = "the run completed"
    if history.end is None:
        return _row(name, [Finding("the record is cut off: the run's end is not in it")], "")
    moment, reason = float(history.end["time"]), str(history.end.get("reason", ""))
    if reason != "completed":
        detail = f": {history.end['detail']}" if history.end.get("detail") else ""
        early = f"the run ended at {moment:.1f} s, {reason or 'for no stated reason'}{detail}"
        return _row(name, [Finding(early, (f"{moment:.1f} s",))], "", duration_s=moment)
    ended = early_end(history.end)
    how = f"as planned after {moment:.1f} s"
    if ended is not None:
        how = f"as asked after {moment:.1f} s: it {ended}"
    return _row(name, [], f"it ended {how}", duration_s=moment)


def _whole(history: History) -> Verdict:
    troubles = [Finding(f"unreadable: {problem}") for problem in history.problems]
    return _row("the record is whole", troubles, "every line of it was readable")


def _bit_and_healed(
    track: str, records: Sequence[FaultRecord], early: EarlyEnd | None
) -> Verdict:
    proven = any(one.bitten is not None for one in records)
    troubles = [
        Finding(sentence, (one.id,))
        for one in records
        for sentence in _fault_troubles(one, cut_short=proven and _is_cut_short(one, early))
    ]
    unreached = [one for one in records if one.unreached]
    if not records:
        troubles = [Finding(f"fault {track} was never asked for")]
    elif len(unreached) == len(records):
        troubles = [Finding(f"fault {track}: {unreached[0].unreached} before it began")]
    proofs = [
        Finding(f"{one.target}: {one.proof}; then {one.proof_gone or 'it was gone'}", (one.id,))
        for one in records
        if one.bitten is not None and one.healed is not None
    ]
    tried = len(records) - len(unreached)
    fine = f"its bite was seen, and seen gone, on {tried} target{'s' * (tried != 1)}"
    if cut := [one for one in records if one.bitten is not None and _is_cut_short(one, early)]:
        fine = f"{fine}; {len(cut)} cut short when the tracks ended early"
    if unreached:
        fine = f"{fine}; {len(unreached)} more were not reached: {unreached[0].unreached}"
    return _row(f"fault {track} bit and healed", troubles, fine, proofs, targets=tried)


def _is_cut_short(one: FaultRecord, early: EarlyEnd | None) -> bool:
    """Return whether the tracks ended early while it was there, perhaps before it could bite."""
    window = one.window
    return early is not None and window is not None and window[0] <= early.time <= window[1]


def _fault_troubles(one: FaultRecord, *, cut_short: bool) -> Iterator[str]:
    """Yield what is wrong with one fault's record, in sentences."""
    what = f"fault {one.track} on {one.target}"
    if one.unreached:
        return
    if one.skipped:
        yield f"{what} was skipped: {one.skipped}"
        return
    if one.trouble:
        yield f"{what} was in trouble: {one.trouble}"
    if one.injected is None:
        if not one.trouble:
            yield f"{what} was never injected"
        return
    if one.bitten is None and not cut_short:
        yield f"{what} never bit: {one.unseen or 'nothing shows that it hurt'}"
    if one.released is None:
        yield f"{what} was never released"
    elif one.healed is None and not one.trouble:
        yield f"{what} was released, but nothing shows that its bite is gone"
    if one.released_by.startswith("custodian"):
        yield f"{what} was released behind the engine's back, by {one.released_by}"


def _load_ran(load: str, history: History) -> Verdict:
    records = [one for one in history.loads if one.load == load]
    count = count_of(history.ops, load)
    troubles = []
    if not records:
        early = early_end(history.end)
        why = f"load {load}: the run {early.briefly} before it began" if early else ""
        troubles.append(Finding(why or f"load {load} never started"))
    troubles += [Finding(f"load {load}: {one.trouble}") for one in records if one.trouble]
    troubles += [Finding(f"load {load}: {one.lost}") for one in records if one.lost]
    if records and not count:
        troubles.append(Finding(f"load {load} made no operation"))
    elif count and not count_of(history.ops, load, Ended.OK):
        # A client that is broken, or asks for what is not there, puts the system under no load.
        why = told_not_ok(history.ops, load=load)
        told = f"none of the {count:,} operations of load {load} ended ok"
        troubles.append(Finding(f"{told} ({why})"))
    if any(one.ended is None for one in records):
        troubles.append(Finding(f"load {load} has no recorded end"))
    dropped = sum(one.dropped for one in records)
    lag = max((one.loop_lag_s for one in records), default=0.0)
    fine = f"{count:,} operations, {dropped:,} dropped, at most {lag * 1000:.0f} ms behind itself"
    return _row(
        f"load {load} ran", troubles, fine, ops=count, dropped=dropped, loop_lag_s=round(lag, 6)
    )


def _ends_noticed(history: History, checks: Sequence[Check]) -> Verdict:
    """Return the verdict on services that ended unasked: repaired, claimed by a check, or neither.

    What ends while everything is being put back is not counted: the system is taken apart then.
    """
    patterns = [str(getattr(one, "of", "")) for one in checks if one.kind == _NEVER_EXIT]
    closing = [phase.start for phase in history.phases if phase.name == "closing"]
    ends = [
        one
        for one in history.processes
        if one.change == "exited" and not one.planned
        if one.time < min(closing, default=float("inf"))
    ]
    unnoticed, repaired = [], []
    for one in ends:
        again = _started_after(one, history)
        status = "status unknown" if one.status is None else f"status {one.status}"
        told = f"{one.service} (pid {one.pid}) ended by itself at {one.time:.1f} s, {status}"
        cites = (f"{one.time:.3f} s",)
        if again is not None:
            repaired.append(Finding(f"{told}, and was started again at {again:.1f} s", cites))
        elif not any(fnmatchcase(one.service, pattern) for pattern in patterns):
            sentence = f"{told}, was not started again, and no `never: exit` check covers it"
            unnoticed.append(Finding(sentence, cites))
    fine = "no service ended by itself"
    if repaired:
        fine = f"{len(repaired)} of {len(ends)} exits were repaired by a restart"
    elif ends:
        fine = f"a `never: exit` check covers every one of {len(ends)} exits"
    name = "no service ended unnoticed"
    return _row(name, unnoticed, fine, repaired, exits=len(ends), repaired=len(repaired))


def _started_after(end: ProcessRecord, history: History) -> float | None:
    times = [
        one.time
        for one in history.processes
        if one.service == end.service and one.change != "exited" and one.time > end.time
    ]
    return min(times, default=None)


def _unseen(history: History) -> Iterator[Verdict]:
    """Yield one verdict on fatal notes: what happened while nobody watched."""
    troubles = [
        Finding(f"{note.source}: {note.text}", (f"{note.time:.1f} s",))
        for note in history.notes
        if note.level == "fatal"
    ]
    yield _row("nothing happened unseen", troubles, "no monitor went blind, no revert was foreign")


def _put_back(end: Mapping[str, object]) -> Verdict:
    troubles = [Finding(f"left on this host: {text}") for text in _dirty(end)]
    return _row(PUT_BACK, troubles, "no effect is left on this host")
