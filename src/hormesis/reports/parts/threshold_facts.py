"""Threshold facts: what each threshold of a run is about, where it looked, and whether it held."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hormesis.record.claim import claim_of
from hormesis.record.claim_window import FAULT_WINDOWS, LENGTHS, without_window
from hormesis.record.extent import clipped, extent_of
from hormesis.words.check import Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from hormesis.words.units import seconds_from
from hormesis.words.window import Stretch, Window

THRESHOLD = "threshold"
_KEPT: Mapping[Outcome, bool | None] = {
    Outcome.PASS: True, Outcome.FAIL: False, Outcome.UNKNOWN: None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ThresholdFact:
    """One threshold: ``expression`` is the claim without its metric, ``window`` where it looked.

    ``kept`` is True when it was kept, False when it was crossed, None when nobody knows. ``metric``
    is empty when the claim is written in words of its own.
    """

    metric: str
    tags: Mapping[str, str]
    expression: str
    kept: bool | None
    verdict: Verdict
    window: Mapping[str, str] = field(default_factory=dict)

    @property
    def metric_told(self) -> str:
        """Return the metric with its tags, as k6 names a submetric."""
        told = ",".join(f"{name}:{value}" for name, value in self.tags.items())
        return f"{self.metric}{{{told}}}" if told else self.metric

    def stretches(self, history: History) -> Sequence[Stretch]:
        """Return where it looked, in seconds of the run; of a ``worst`` one, where that may be."""
        words = {word: self.window[word] for word in FAULT_WINDOWS if word in self.window}
        extent = extent_of(history)
        found = clipped(Window.model_validate(words).stretches(history), extent)
        if "last" in self.window and found:
            end = found[-1][1]
            return clipped(found, (end - seconds_from(self.window["last"]), end))
        return found


def threshold_facts(run: Judged) -> list[ThresholdFact]:
    """Return the thresholds of *run* in the order of its file."""
    stored = run.history.manifest.get("checks")
    stored = stored if isinstance(stored, list | tuple) else ()
    facts = []
    for at, verdict in enumerate(run.verdict.verdicts):
        if verdict.kind == THRESHOLD:
            facts.append(
                _fact(_text_of(stored[at] if at < len(stored) else None, verdict), verdict)
            )
    return facts


def _text_of(stored: Any, verdict: Verdict) -> str:
    """Return the claim as the file has it; a threshold's name may say something else."""
    fields = stored.get("fields") if isinstance(stored, Mapping) else None
    if not isinstance(fields, Mapping) or not isinstance(fields.get("expression"), str):
        return verdict.check
    words = (*FAULT_WINDOWS, *LENGTHS)
    window = [f" {word} {fields[word]}" for word in words if fields.get(word)]
    return f"{fields['expression']}{''.join(window)}"


def _fact(text: str, verdict: Verdict) -> ThresholdFact:
    kept = _KEPT[verdict.outcome]
    try:
        claimed, words = without_window(" ".join(text.split()))
        claim = claim_of(claimed)
    except ValueError:
        return ThresholdFact("", {}, text, kept, verdict)
    bare = re.sub(rf"\b{claim.metric}\b\s*(?:\{{.*\}})?\s*", "", claimed, count=1)
    window = "".join(
        f" {word} {words[word]}" for word in (*FAULT_WINDOWS, *LENGTHS) if word in words
    )
    return ThresholdFact(claim.metric, claim.tags, f"{bare}{window}", kept, verdict, words)
