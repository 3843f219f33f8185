"""``results.txt``: the result lines that readers of the older chaos test runner expect."""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.record.extent import last_event
from hormesis.words.check import Verdict
from hormesis.words.history import History, ProbeRecord
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

_SIGNS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.UNKNOWN: "❔"}
_NAMES = {Outcome.PASS: "PASS", Outcome.FAIL: "FAIL", Outcome.UNKNOWN: "UNKNOWN"}


class TasksResults(Report):
    """Totals, then one line for each scenario: how much was done, how long it took, retries."""

    file_name: str = "results.txt"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        ran = [one for one in runs if not one.verdict.skipped]
        passed = sum(one.verdict.outcome is Outcome.PASS for one in ran)
        failed = sum(one.verdict.outcome is Outcome.FAIL for one in ran)
        share = f"{100 * passed / len(ran):.0f}%" if ran else "none ran"
        lines = [
            title,
            "=" * len(title),
            f"Total scenarios: {len(runs)}",
            f"Passed: {passed}",
            f"Failed: {failed}",
            *([f"Unknown: {len(ran) - passed - failed}"] if len(ran) > passed + failed else []),
            *([f"Skipped: {len(runs) - len(ran)}"] if len(runs) > len(ran) else []),
            f"Success rate: {share}",
            f"Total duration: {sum(_end_s(one.history) for one in ran):.0f}s",
            "",
            "Scenario Results:",
            *(_line(one) for one in runs),
        ]
        return "\n".join([*lines, ""]).encode()


def _line(judged: Judged) -> str:
    verdict = judged.verdict
    if verdict.skipped:
        return f"⏭ {judged.name}: SKIP ({verdict.skipped})"
    late = any(one.remark for one in verdict.verdicts) and verdict.outcome is Outcome.PASS
    name = _NAMES[verdict.outcome] + ("*" if late else "")
    told = ", ".join(_figures(judged))
    return f"{_SIGNS[verdict.outcome]} {judged.name}: {name} ({told})"


def _figures(judged: Judged) -> list[str]:
    """Return the share that was done, the time that took, retries, and recovery times.

    A run whose record is cut off has no length; it is *unfinished*.
    """
    verdicts = judged.verdict.verdicts
    completions = [one for one in verdicts if one.kind == "completes"]
    told = []
    created = _sum(completions, "created")
    if created:
        least, most = _all(completions, "share_min"), _all(completions, "share_max")
        band = f" of {100 * least[0]:g}-{100 * most[0]:g}% expected" if least and most else ""
        told.append(f"{100 * _sum(completions, 'done') / created:.1f}%{band}")
    took = _all(completions, "took_s")
    finished = judged.history.end is not None
    if took or finished:
        told.append(f"{max(took):.0f}s" if took else f"{_length_s(judged.history):.0f}s")
    if not finished:
        told.append("unfinished")
    retries = judged.history.observations("retries")
    if retries or finished:
        told.append(f"{_last(retries)} retries")
    throughput = judged.history.observations("throughput")
    if throughput:
        told.append(f"{_last(throughput)} tasks/s")
    return [*told, *_recovery([one for one in verdicts if one.kind == "recovers"])]


def _recovery(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the slowest recovery, and the mean as well where a fault came several times."""
    worst = _all(verdicts, "worst_s")
    if not worst:
        return []
    rounds = [
        (float(one.figures["recover_s"] or 0), int(one.figures.get("episodes") or 1))
        for one in verdicts
        if "recover_s" in one.figures
    ]
    several = any(count > 1 for _, count in rounds)
    mean_s = sum(took * count for took, count in rounds) / sum(count for _, count in rounds)
    told = f"recovered within {max(worst):.1f}s"
    return [f"{told}, {mean_s:.1f}s in the mean" if several else told]


def _sum(verdicts: Sequence[Verdict], figure: str) -> float:
    return sum(_all(verdicts, figure))


def _all(verdicts: Sequence[Verdict], figure: str) -> list[float]:
    found = [one.figures.get(figure) for one in verdicts]
    return [float(value) for value in found if isinstance(value, int | float)]


def _last(records: Sequence[ProbeRecord]) -> str:
    values = [record.fields.get("value") for record in records]
    return str(values[-1]) if values and values[-1] is not None else "unknown"


def _length_s(history: History) -> float:
    window = history.tracks_window
    return window[1] - window[0] if window is not None else 0.0


def _end_s(history: History) -> float:
    return float(history.end["time"]) if history.end else last_event(history)
