"""Runs that nobody planned: empty, cut off, dirty, hostile, full of numbers that are none."""

from __future__ import annotations

from dataclasses import replace

from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.history import FaultRecord, History, Note, Phase, ProbeRecord, ProcessRecord
from hormesis.words.judging import judge_run
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.sample import sample_run

NAN = float("nan")
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&]]> | `x` @everyone\n"
    "\u2028\x00\x1b\ud800"
)
"""Breaks out of scripts, attributes, tables, XML and UTF-8 where nobody escapes."""

EMPTY = Judged("empty", History({}), RunVerdict(Outcome.UNKNOWN, "nothing was checked", ()))


def not_run(**why: str) -> Judged:
    """Return a scenario of a suite that was `skipped`, or `not_begun`, with the reason."""
    history = History({"id": "J-9", "title": "Bots are killed", **why})
    return Judged("J-9", history, judge_run(history, ()))


def cut_off() -> Judged:
    """Return a run whose record stops in the middle of a fault."""
    full = sample_run().history
    history = replace(
        full,
        ops=[op for op in full.ops if op.ended < 45],
        probes=[one for one in full.probes if one.time < 45],
        faults=[full.faults[0], replace(full.faults[1], released=None, healed=None)],
        processes=[one for one in full.processes if one.time < 45],
        notes=(),
        phases=[one for one in full.phases if one.start < 45],
        problems=("ops.bin:3: cut off",),
        end=None,
    )
    return Judged("cut off", history, judge_run(history, ()))


def dirty() -> Judged:
    """Return a run that passed its checks and left something on the host."""
    full = sample_run()
    verdict = RunVerdict(Outcome.PASS, "All checks held.", full.verdict.verdicts[-3:],
                         ("tc rule on eth0 could not be removed",))  # fmt: skip
    return replace(full, name="dirty", verdict=verdict)


def hostile_run() -> Judged:
    """Return a run in which every text is hostile."""
    op = Op(1, HOSTILE, HOSTILE, 1, 0.0, 0.0, 0.1, Ended.FAIL, HOSTILE, {HOSTILE: HOSTILE})
    history = History(
        {"run": HOSTILE, "seed": HOSTILE, "command": [HOSTILE], "experiment": HOSTILE,
         "version": HOSTILE, "machine": {HOSTILE: HOSTILE}, "started_wall": HOSTILE},
        ops=[op],
        faults=[FaultRecord(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 0, 0.1, 0.2, 0.3, 0.4, HOSTILE,
                            HOSTILE, HOSTILE, HOSTILE)],
        probes=[ProbeRecord(HOSTILE, 0.1, {"value": HOSTILE}, "", HOSTILE, True),
                ProbeRecord(HOSTILE, 0.2, {}, HOSTILE, "", True)],
        processes=[ProcessRecord(HOSTILE, 0.1, "started", 7)],
        notes=[Note(0.0, "fatal", HOSTILE, HOSTILE)],
        phases=[Phase(HOSTILE, 0.1)],
        end={"time": 1.0, "reason": HOSTILE},
        problems=(HOSTILE,),
    )  # fmt: skip
    finding = Finding(HOSTILE, (HOSTILE,), {HOSTILE: HOSTILE})
    verdicts = [
        Verdict(HOSTILE, HOSTILE, outcome, HOSTILE, (finding,), {HOSTILE: HOSTILE}, HOSTILE)
        for outcome in Outcome
    ]
    return Judged(HOSTILE, history, RunVerdict(Outcome.FAIL, HOSTILE, verdicts, (), HOSTILE))


def nan_run() -> Judged:
    """Return a run with numbers that JSON cannot hold wherever a number may stand."""
    figures = {"nan_ms": NAN, "inf_s": float("inf"), "fine": 1}
    verdict = Verdict("odd", "threshold", Outcome.UNKNOWN, "odd", figures=figures)
    history = History(
        {"odd": [NAN], "time_scale": NAN},
        ops=[Op(1, "l", "n", 1, 0.0, 0.0, NAN, Ended.OK)],
        probes=[ProbeRecord("p", 0.1, {"value": NAN}), ProbeRecord("p", 0.2, {"value": 1.0}),
                ProbeRecord("p", 0.3, {"value": 2.0})],
        end={"time": 1.0, "reason": "completed"},
    )  # fmt: skip
    return Judged("nan", history, RunVerdict(Outcome.UNKNOWN, "odd", (verdict,)))
