"""``eventually: PROBE``: met within a time after an edge of the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from hormesis.checks.parts.cut_short import unless_cut_short
from hormesis.record.extent import last_event
from hormesis.record.samples import Sample, probe_samples, watched_until
from hormesis.record.unreadable import unreadable
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.units import Seconds, text_of_seconds

START, END = "start", "end"


class Eventually(Check):
    """A probe met its expectation within a time after a fault, or after the tracks' start or end.

    ``after`` names a fault track, ``start`` or ``end``; for a fault the time counts from each
    release, or each injection, to the end of a look: an answer that took long came late. With
    ``steady`` it must then stay met that long. When nobody looked until the time was over, a miss
    is unknown and not a failure; where only an early end of the run was in the way, the other edges
    count.
    """

    shorthand: ClassVar[str] = "probe"
    refers: ClassVar[Mapping[str, str]] = {"probe": "probe", "after": "fault-or-edge"}

    probe: str
    """The probe's name."""
    within: Seconds
    """How long it may take."""
    after: str = END
    """A fault track's name, or `start` or `end` of the tracks."""
    edge: Literal["injected", "released"] = "released"
    """For a fault: which of its moments the time counts from."""
    steady: Seconds = 0.0
    """How long it must stay met from then on."""
    expect: Any = None
    """What the observation should be; left out: what the probe itself expects."""
    advice: str = (
        "Look at what the system still waits for: reconnect with exponential backoff and bounded "
        "time-outs, and let a supervisor restart what cannot recover by itself."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        edge = self.after if self.after in (START, END) else f"{self.after} was {self.edge}"
        return f"{self.probe} within {text_of_seconds(self.within)} after {edge}"

    def judge(self, history: History) -> Verdict:
        """Judge every edge; the worst one counts."""
        edges, why = self._edges(history)
        if why:
            return self.verdict(Outcome.UNKNOWN, why)
        records = history.observations(self.probe)
        if not records:
            return self.verdict(Outcome.UNKNOWN, f"probe {self.probe!r} was never observed")
        samples, why = probe_samples(records, expect=self.expect, absent="miss")
        if why := why or unreadable(history, self.probe):
            return self.verdict(Outcome.UNKNOWN, why)
        every = [self._judge_edge(moment, cite, samples) for moment, cite in edges]
        ends = [moment + self.within + self.steady for moment, _ in edges]
        told = unless_cut_short(every, [one for one, _, _ in every], ends, history)
        outcome = Outcome.merge(one for one, _, _ in told)
        worst = next(finding for one, _, finding in told if one is outcome)
        took = [took_s for _, took_s, _ in told if took_s is not None]
        figures = {"worst_s": round(max(took), 6)} if took else {}
        findings = [finding for _, _, finding in every]
        return self.verdict(outcome, worst.sentence, findings, edges=len(told), **figures)

    def _edges(self, history: History) -> tuple[list[tuple[float, str]], str]:
        """Return (moment, citation) of every edge, or why there is none."""
        if self.after in (START, END):
            window = history.tracks_window
            if window is None:
                return [], "the tracks never began"
            moment = window[self.after == END]
            if moment > last_event(history):
                return [], f"the record does not reach the {self.after} of the tracks"
            return [(moment, f"{moment:.1f} s")], ""
        every = history.faults_of(self.after)
        records = [one for one in every if not one.unreached]
        if not records:
            why = f": {every[0].unreached} before it began" if every else ""
            return [], f"there was no fault {self.after!r}{why}"
        edges = []
        for one in records:
            moment_of = one.injected if self.edge == "injected" else one.released
            if moment_of is None:
                return [], f"fault {one.id} was never {self.edge}"
            edges.append((moment_of, one.id))
        return edges, ""

    def _judge_edge(
        self, edge: float, cite: str, samples: Sequence[Sample]
    ) -> tuple[Outcome, float | None, Finding]:
        """Return the outcome, seconds until met, and the finding of one edge."""
        seen = [one for one in samples if one.time >= edge]
        if not seen:
            why = f"nobody looked after {cite}"
            return Outcome.UNKNOWN, None, Finding(why, (cite,))
        for number, one in enumerate(seen):
            if one.time - edge > self.within:
                break
            if not one.good or one.ended - edge > self.within:
                continue
            held = _held_until(seen[number:])
            if held - one.time >= self.steady:
                took = one.ended - edge
                sentence = f"met {text_of_seconds(round(took, 3))} after {cite}"
                return Outcome.PASS, took, Finding(sentence, (cite, one.cite), {"took_s": took})
            if held == seen[-1].time:
                sentence = f"met, but watched for only {held - one.time:.1f} s after that"
                return Outcome.UNKNOWN, None, Finding(sentence, (cite, one.cite))
        return self._missed(edge, cite, seen)

    def _missed(
        self, edge: float, cite: str, seen: Sequence[Sample]
    ) -> tuple[Outcome, float | None, Finding]:
        in_time = [one for one in seen if one.time - edge <= self.within]
        if not in_time:
            sentence = f"the first look after {cite} came too late, at {seen[0].time:.1f} s"
            return Outcome.UNKNOWN, None, Finding(sentence, (cite, seen[0].cite))
        bad = [one for one in in_time if not one.good] or [one for one in seen if not one.good]
        last = (bad or in_time)[-1]
        text = last.text or f"the answer came {last.ended - edge:.1f} s after it"
        watched = seen[-1].ended - edge
        cites = (cite, last.cite)
        times = [one.time for one in seen]
        if not watched_until(times, seen[-1].ended, edge + self.within, self.within):
            sentence = f"not met, but watched for only {watched:.1f} s after {cite}: {text}"
            return Outcome.UNKNOWN, None, Finding(sentence, cites, {"watched_s": watched})
        allowed = text_of_seconds(self.within)
        sentence = f"not met within {allowed} after {cite}: {text}"
        return Outcome.FAIL, None, Finding(sentence, cites, {"watched_s": watched})


def _held_until(samples: Sequence[Sample]) -> float:
    """Return the time of the last good sample in the unbroken series that begins *samples*."""
    held = samples[0].time
    for one in samples:
        if not one.good:
            break
        held = one.time
    return held
