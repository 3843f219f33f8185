"""``recovers: FAULT``: what a fault broke is good again within a time after its release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hormesis.checks.parts.cut_short import never_whole, unless_cut_short
from hormesis.checks.parts.growth import ROUNDS_MIN, growth_of
from hormesis.record.sample_table import SampleTable, op_samples
from hormesis.record.samples import Sample, probe_samples, watched_until
from hormesis.record.unreadable import unreadable
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import FaultRecord, History
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome
from hormesis.words.timeline import Timeline
from hormesis.words.units import Seconds, text_of_seconds

_NAMED_MAX = 3

_Places = NDArray[np.intp]
"""Which samples."""


@dataclass(frozen=True, slots=True)
class _Episode:
    """One injection to the next one, or to the end; times in seconds of the run.

    ``disturbed`` is when another fault was asked for that was there after the release.
    """

    injected: float
    released: float
    until: float
    disturbed: float
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What one episode says."""

    outcome: Outcome
    finding: Finding
    detect_s: float | None = None
    recover_s: float | None = None


class Recovers(Check):
    """After each release of a fault, a probe or operation is good again within a time.

    Recovered is the first good sample that is followed by good ones only, for ``steady``, and that
    comes after what the fault broke, even if that shows only after its release. A relapse after
    that is told; when everything is bad again for the last ``steady`` seconds of the watched time,
    which ends when the next fault of any track is asked for, it never recovered. A fault that
    never made anything bad counts as recovered in 0 s, and the verdict says so. A look counts from
    its end, because an answer that hung until the system was back is no sooner good. When nobody
    looked until ``within`` was over, the verdict is unknown; where only an early end of the run was
    in the way, the other episodes count. A recovery from rounds of which none lasted as long as was
    asked, because the run ended early, proves nothing. Faults of one track that overlap are one
    episode, measured from the last release. With ``growth`` the recoveries are compared with each
    other too.
    """

    shorthand: ClassVar[str] = "fault"
    refers: ClassVar[Mapping[str, str]] = {"fault": "fault", "of": "probe-or-op"}

    fault: str
    """The fault track's name; `*` for all."""
    of: str
    """The probe or operation that shows whether the system is well."""
    within: Seconds = 30.0
    """How long recovery may take."""
    steady: Seconds = 2.0
    """How long it must stay good to count as recovered."""
    expect: Any = None
    """For a probe: what it should be; left out: what the probe itself expects."""
    slow: Seconds | None = None
    """For an operation: a response that takes longer than this is bad too."""
    growth: float | None = Field(default=None, gt=1)
    """How many times as long the later half of the recoveries may take as the earlier half, by the
    quickest of each; of at least four. Left out: each may take as long as ``within`` says."""
    advice: str = (
        "Use a connection pool with health checks, bounded time-outs, and reconnects with "
        "exponential backoff behind a circuit breaker."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        told = f"{self.of} recovers within {text_of_seconds(self.within)} after {self.fault}"
        return told if self.growth is None else f"{told}, growing at most {self.growth:g} times"

    def foresee(self, timeline: Timeline) -> str:
        """Return when the last look is, if that is too soon after the last release."""
        releases = [
            one.at_s + one.for_s
            for one in timeline.actions
            if self.fault in ("*", one.track) and not (one.skip or one.by_hand)
        ]
        watched_s = _watched_s(timeline, self.of)
        if not releases or watched_s is None or watched_s >= max(releases) + self.steady:
            return ""
        last, until = (text_of_seconds(round(one, 3)) for one in (max(releases), watched_s))
        good = f"{text_of_seconds(self.steady)} of good looks must follow"
        return (
            f"{self.of} is looked at until {until}, {self.fault} is released at {last}, and "
            f"{good}; {_longer(timeline, self.of)}"
        )

    def judge(self, history: History) -> Verdict:
        """Judge every episode; the worst one counts."""
        episodes, why = self._episodes(history)
        if why:
            return self.verdict(Outcome.UNKNOWN, why)
        samples, why = self._samples(history)
        if why:
            return self.verdict(Outcome.UNKNOWN, why)
        every = [self._judge_alone(episode, samples) for episode in episodes]
        ends = [one.released + self.within + self.steady for one in episodes]
        told = unless_cut_short(every, [one.outcome for one in every], ends, history)
        outcome = Outcome.merge(one.outcome for one in told)
        figures: dict[str, Scalar] = {"episodes": len(told)}
        if len(told) < len(every):
            figures["cut_short"] = len(every) - len(told)
        detected = [one.detect_s for one in told if one.detect_s is not None]
        recovered = [one.recover_s for one in told if one.recover_s is not None]
        if detected:
            figures["detect_s"] = round(max(detected), 6)
        if recovered:
            figures["recover_s"] = round(sum(recovered) / len(recovered), 6)
            figures["worst_s"] = round(max(recovered), 6)
        worst = [one for one in told if one.outcome is outcome]
        slowest = max(worst, key=_rank)
        findings = [one.finding for one in every]
        summary = slowest.finding.sentence
        if outcome is Outcome.PASS and self.growth is not None:
            outcome, figures["growth"], grown = self._grown(recovered, samples)
            summary = f"{grown}; {summary}"
        if outcome is Outcome.PASS and (why := never_whole(history, self.fault)):
            outcome, summary = Outcome.UNKNOWN, f"{why}; {summary}"
        return self.verdict(outcome, summary, findings, **figures)

    def _grown(
        self, recovered: Sequence[float], samples: SampleTable
    ) -> tuple[Outcome, float | None, str]:
        """Return what the recoveries come to together: the outcome, their growth, and words."""
        gaps = np.diff(samples.time)
        found = growth_of(recovered, float(np.median(gaps)) if len(gaps) else 0.0)
        if found is None:
            told = f"{len(recovered)} recoveries are too few to see growth, {ROUNDS_MIN} are needed"
            return Outcome.UNKNOWN, None, told
        ratio, most = round(found.ratio, 3), self.growth or float("inf")
        if ratio > most:
            return Outcome.FAIL, ratio, f"{found.describe()}; {most:g} times were allowed"
        return Outcome.PASS, ratio, found.describe()

    def _episodes(self, history: History) -> tuple[list[_Episode], str]:
        records = [one for one in history.faults_of(self.fault) if one.injected is not None]
        if not records:
            return [], f"fault {self.fault!r} was never injected"
        groups: list[list[FaultRecord]] = []
        end = float("-inf")
        for one in sorted(records, key=lambda record: record.injected or 0.0):
            start, released = one.window or (0.0, 0.0)
            if start <= end:
                groups[-1].append(one)
            else:
                groups.append([one])
            end = max(end, released)
        if end == float("inf"):
            return [], f"fault {self.fault!r} was never released"
        spans = [
            (min(one.injected or 0.0 for one in group), max(one.released or 0.0 for one in group))
            for group in groups
        ]
        nexts = [*(start for start, _ in spans[1:]), float("inf")]
        return [
            _Episode(*span, until, _disturbed(span, group, history), tuple(one.id for one in group))
            for span, until, group in zip(spans, nexts, groups, strict=True)
        ], ""

    def _samples(self, history: History) -> tuple[SampleTable, str]:
        records = history.observations(self.of)
        if records:
            seen, why = probe_samples(records, expect=self.expect, absent="miss")
            return SampleTable.of(seen), why or unreadable(history, self.of)
        samples = op_samples(history, self.of, slow_s=self.slow)
        never = f"{self.of!r} was never observed, and no operation was called so"
        return samples, "" if len(samples) else never

    def _judge_alone(self, episode: _Episode, samples: SampleTable) -> _Told:
        """Judge an episode; what the next fault does is not booked on this one as a failure."""
        told = self._judge_episode(episode, samples)
        until = max(episode.disturbed, episode.released)
        if told.outcome is Outcome.FAIL and until < episode.until:
            told = self._judge_episode(replace(episode, until=until), samples)
        return told if told.outcome is not Outcome.FAIL else _bad_before(told, episode, samples)

    def _judge_episode(self, episode: _Episode, samples: SampleTable) -> _Told:
        time, good = samples.time, samples.good
        ours = time < episode.until
        wrong = np.flatnonzero(ours & (time >= episode.injected) & ~good)
        after = np.flatnonzero(ours & (time >= episode.released))
        name = ", ".join(episode.ids[:_NAMED_MAX]) + " …" * (len(episode.ids) > _NAMED_MAX)
        bad = samples[wrong[0]] if len(wrong) else None
        detect_s = bad.time - episode.injected if bad else None
        if not len(after):
            sentence = f"nobody looked after the release of {name}"
            return _Told(Outcome.UNKNOWN, Finding(sentence, episode.ids), detect_s)
        if bad is None:
            return self._never_bad(episode, name, samples)
        # A fault may show only after its release: what was good until then is no recovery from it.
        felt = bad.time if bad.time - episode.released <= self.within else 0.0
        place = self._recovered(samples, after[time[after] > felt])
        if place is None:
            return self._not_recovered(episode, name, (samples, after), detect_s)
        well = samples[place]
        took = well.ended - episode.released
        again = wrong[time[wrong] > well.time]
        worse = samples[again[0]] if len(again) else None
        relapse = f"; bad again at {worse.time:.1f} s: {worse.text}" if worse else ""
        relapsed = self._relapsed(episode, samples, after[time[after] >= well.time])
        if relapsed is not None:
            relapse += f", and still at {relapsed.time:.1f} s, when watching ended"
        allowed = text_of_seconds(self.within)
        sentence = (
            f"bad {detect_s:.1f} s after the injection of {name} ({bad.text}), "
            f"good again {took:.1f} s after its release{relapse}"
        )
        outcome = Outcome.PASS
        if took > self.within:
            outcome = self._late(episode, (samples, after), well)
            blind = ", and nobody looked in between" if outcome is Outcome.UNKNOWN else ""
            sentence += f"; {allowed} were allowed{blind}"
        data: dict[str, Any] = {"detect_s": detect_s, "recover_s": took}
        cites = (*episode.ids, bad.cite, well.cite)
        if relapsed is not None and worse is not None:
            finding = Finding(sentence, (*cites, worse.cite, relapsed.cite), data)
            return _Told(Outcome.FAIL, finding, detect_s)
        return _Told(outcome, Finding(sentence, cites, data), detect_s, took)

    def _recovered(self, samples: SampleTable, after: _Places) -> int | None:
        """Return the first good sample that only good ones follow for long enough."""
        if not len(after):
            return None
        good, time = samples.good[after], samples.time[after]
        starts = np.concatenate([[0], 1 + np.flatnonzero(good[1:] != good[:-1])])
        lasted_s = np.maximum.reduceat(time, starts) - time[starts]
        steady = np.flatnonzero(good[starts] & (lasted_s >= self.steady))
        return int(after[starts[steady[0]]]) if len(steady) else None

    def _relapsed(self, episode: _Episode, samples: SampleTable, since: _Places) -> Sample | None:
        """Return the last sample if the watched time since it was good ends with bad ones only."""
        watched = since[samples.time[since] < episode.disturbed]
        if not len(watched):
            return None
        times = samples.time[watched]
        tail = watched[times >= times[-1] - self.steady]
        return None if samples.good[tail].any() else samples[tail[-1]]

    def _late(
        self, episode: _Episode, after: tuple[SampleTable, _Places] | None, good: Sample
    ) -> Outcome:
        """Return fail when *good* is provably late: a look was under way, or others were bad."""
        until = episode.released + self.within
        watched = good.time <= until
        if not watched and after is not None:
            samples, places = after
            seen = places[samples.time[places] < good.time]
            watched = self._watched(samples, seen, until)
        return Outcome.FAIL if watched else Outcome.UNKNOWN

    def _watched(self, samples: SampleTable, seen: _Places, until: float) -> bool:
        if not len(seen):
            return False
        last_end = float(samples.ended[seen[-1]])
        return watched_until(samples.time[seen], last_end, until, self.within)

    def _never_bad(self, episode: _Episode, name: str, samples: SampleTable) -> _Told:
        answers = np.flatnonzero(
            (samples.time < episode.until) & (samples.ended >= episode.released)
        )
        first = samples[answers[np.argmin(samples.ended[answers])]]
        late_s = first.ended - episode.released
        if late_s > self.within:
            outcome = self._late(episode, None, first)
            how = "nothing was seen until" if outcome is Outcome.UNKNOWN else "no answer came until"
            allowed = text_of_seconds(self.within)
            sentence = f"{how} {late_s:.1f} s after the release of {name}; {allowed} were allowed"
            return _Told(outcome, Finding(sentence, (*episode.ids, first.cite)))
        looked = int(
            np.count_nonzero(
                (samples.start < episode.released) & (samples.ended >= episode.injected)
            )
        )
        if not looked:
            sentence = f"nobody looked during {name}, so nothing shows that it was survived"
            return _Told(Outcome.UNKNOWN, Finding(sentence, episode.ids))
        looks = f"in {looked} look{'s' * (looked != 1)}"
        sentence = f"never bad during or after {name}, {looks}: recovered in 0 s"
        return _Told(Outcome.PASS, Finding(sentence, episode.ids, {"recover_s": 0.0}), None, 0.0)

    def _not_recovered(
        self,
        episode: _Episode,
        name: str,
        after: tuple[SampleTable, _Places],
        detect_s: float | None,
    ) -> _Told:
        samples, places = after
        last = samples[places[-1]]
        allowed = text_of_seconds(self.within)
        wrong = places[~samples.good[places]]
        worst = samples[wrong[np.argmax(samples.time[wrong])]] if len(wrong) else last
        watched, bad_s = last.time - episode.released, worst.time - episode.released
        cites = (*episode.ids, worst.cite)
        data = {"detect_s": detect_s, "watched_s": watched}
        still = f"still bad {bad_s:.1f} s after the release of {name}: {worst.text}"
        if not worst.good and bad_s > self.within:
            told, outcome = f"{still}; {allowed} were allowed", Outcome.FAIL
        elif last.good:
            alone_s = min(watched, episode.disturbed - episode.released)
            told = f"good {alone_s:.1f} s after the release of {name}, but not seen to stay so"
            if episode.disturbed < float("inf"):
                told += f": the next fault came at {episode.disturbed:.1f} s"
            outcome = Outcome.UNKNOWN
        elif self._watched(samples, places, episode.released + self.within):
            told, outcome = f"{still}; {allowed} were allowed", Outcome.FAIL
        else:
            cut = episode.disturbed < episode.released + self.within
            why = "the next fault came before" if cut else "nobody looked that long"
            told, outcome = f"{still}; {allowed} are allowed, but {why}", Outcome.UNKNOWN
        return _Told(outcome, Finding(told, cites, data), detect_s)


def _watched_s(timeline: Timeline, name: str) -> float | None:
    """Return until when a probe, or else any load, looks; None when the plan does not say it."""
    if _is_probe(timeline, name):
        return timeline.duration_s
    loads = [one for one in timeline.moments if one.sort == "load"]
    if any(one.until_s is None or one.until_s <= one.at_s for one in loads):
        return None
    return max((one.until_s for one in loads if one.until_s is not None), default=None)


def _longer(timeline: Timeline, name: str) -> str:
    return "set limits.settle" if _is_probe(timeline, name) else "let the load last longer"


def _is_probe(timeline: Timeline, name: str) -> bool:
    return any(one.name == name for one in timeline.probes)


def _bad_before(told: _Told, episode: _Episode, samples: SampleTable) -> _Told:
    """Return *told*, with what was bad already: that is hardly the doing of the fault."""
    before = np.flatnonzero(samples.ended <= episode.injected)
    if not len(before) or samples.good[before[-1]]:
        return told
    last = samples[before[-1]]
    sentence = f"{told.finding.sentence}; it was bad before the fault, too ({last.text})"
    finding = replace(told.finding, sentence=sentence, cites=(*told.finding.cites, last.cite))
    return replace(told, finding=finding)


def _disturbed(span: tuple[float, float], group: Sequence[FaultRecord], history: History) -> float:
    """Return when the next fault of any track was asked for that could be felt after *span*."""
    injected, released = span
    own = {one.id for one in group}
    return min(
        (
            one.asked
            for one in history.faults
            if one.id not in own and not (one.skipped or one.unreached) and one.asked >= injected
            if one.released is None or one.released > released
        ),
        default=float("inf"),
    )


def _rank(told: _Told) -> float:
    return float("inf") if told.recover_s is None else told.recover_s
