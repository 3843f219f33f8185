"""Report ``prometheus``: a run's figures as Prometheus text, for a text-file collector or a push.

The families are those that a running load serves, and three about the run. Labels are ``load``,
``name``, ``outcome`` (ok, fail, info) and ``error``; of a suite ``scenario`` too. Latencies are
histograms in seconds: ``hormesis_response_seconds`` from when an operation was due,
``hormesis_service_seconds`` from the send, ``hormesis_lag_seconds`` what lies between both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from hormesis.host.prometheus_text import exposition
from hormesis.record.exposition import Family, FamilySort, Sample
from hormesis.record.load_tally import LoadTally
from hormesis.reports.parts.totals import end_of
from hormesis.words.check import Verdict
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report


class Prometheus(Report):
    """A run's figures in the Prometheus text format."""

    unasked: ClassVar[bool] = False

    file_name: str = "metrics.prom"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the text as UTF-8."""
        found = [
            replace(family, samples=[_of_scenario(one, run, runs) for one in family.samples])
            for run in runs
            for family in [*_about(run), *LoadTally.of(run.history).families()]
        ]
        return exposition(_joined(found)).encode("utf-8", errors="replace")


def _of_scenario(sample: Sample, run: Judged, runs: Sequence[Judged]) -> Sample:
    return sample if len(runs) == 1 else replace(
        sample, labels={"scenario": run.name, **sample.labels}
    )  # fmt: skip


def _joined(families: Iterable[Family]) -> list[Family]:
    """Return every family once, because its samples must stand together."""
    found: dict[str, Family] = {}
    for one in families:
        known = found.get(one.name)
        found[one.name] = replace(known, samples=[*known.samples, *one.samples]) if known else one
    return list(found.values())


def _labels_of(one: Verdict) -> dict[str, str]:
    labels = {"check": one.check, "kind": one.kind, "outcome": one.outcome.value}
    return {**labels, "remark": one.remark} if one.remark else labels


def _about(run: Judged) -> list[Family]:
    manifest = run.history.manifest
    told = {name: str(manifest.get(name) or "") for name in ("run", "title", "version", "seed")}
    outcomes = [
        Sample({"outcome": one.value}, float(run.verdict.outcome is one)) for one in Outcome
    ]
    checks = [
        Sample(_labels_of(one), 1.0)
        for one in {(one.check, one.kind): one for one in run.verdict.verdicts}.values()
    ]
    gauge = FamilySort.GAUGE
    return [
        Family("hormesis_run_info", gauge, "which run this is", [Sample(told, 1.0)]),
        Family("hormesis_run_duration_seconds", gauge, "how long the run lasted",
               [Sample({}, end_of(run.history))]),
        Family("hormesis_run_outcome", gauge, "1 for the run's outcome", outcomes),
        Family("hormesis_check_outcome", gauge, "each check with its outcome", checks),
    ]  # fmt: skip
