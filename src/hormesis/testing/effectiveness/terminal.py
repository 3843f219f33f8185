"""The figures of effectiveness as a few lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from hormesis.reports.parts.wording import plural, share, shortened, span
from hormesis.testing.effectiveness.figures import Figures, by_category

TITLE = "chaos effectiveness"
NO_EVIDENCE = "no evidence"
NOTHING_RAN = ["no chaos test came to its turn: no evidence"]
SHOWN_MAX = 8
"""How many bugs and unstable tests are named."""
WIDTH = 160


def lines_of(found: Figures) -> list[str]:
    """Return the lines, without colours."""
    named = [
        ("bugs found", bugs_told(found), " per 100 chaos tests"),
        ("failure modes", coverage_told(found), " covered"),
        ("stable", stability_told(found), ""),
        ("run time", time_told(found), ""),
        ("shrinking", shrinking_told(found), " steps tried"),
    ]
    lines = [f"{name:<14} {_sentence(*told, unit)}" for name, told, unit in named]
    over = f"{plural(found.runs, 'run')}, {plural(found.executions, 'execution')}"
    return [*lines, f"{'over':<14} {over}", *_details(found)]


Told = tuple[str, str]
"""A figure in words, empty where there is no evidence, and what else is to say of it."""


def bugs_told(found: Figures) -> Told:
    """Return the detection rate in words."""
    bugs = found.detection
    if bugs.per_100 is None:
        return "", ""
    known = sum(bug.sighting.expected for bug in bugs.bugs)
    told = f"{len(bugs.bugs)} in {bugs.tests}, {bugs.new} new"
    return f"{bugs.per_100:.3g}", told + (f", {known} expected" if known else "")


def coverage_told(found: Figures) -> Told:
    """Return the share of failure modes covered, in words."""
    covered = found.coverage.share()
    if covered is None:
        return "", ""
    told = ", ".join(
        f"{category} {part}/{whole}"
        for category, (part, whole) in by_category(found.coverage).items()
        if part
    )
    total = f"{len(found.coverage.covered())} of {len(found.coverage.by_mode)}"
    return share(covered), f"{total} ({told})" if told else total


def stability_told(found: Figures) -> Told:
    """Return the share of stable tests, in words."""
    stable = found.stability
    if stable.share is None:
        return "", "no test came to an end twice on the same code"
    told = f"of {plural(stable.measured, 'test')} run again on the same code"
    return share(stable.share), f"{told}; {stable.once} run once" if stable.once else told


def time_told(found: Figures) -> Told:
    """Return the run time, in words."""
    if found.pace.run_s is None:
        return "", ""
    told = f"median {span(found.pace.median_run_s)}, chaos tests {span(found.pace.tests_s)}"
    return span(found.pace.run_s), told


def shrinking_told(found: Figures) -> Told:
    """Return the shrink steps, in words."""
    shrinks = found.shrinking
    if shrinks.tried_mean is None or shrinks.good_mean is None:
        ran = plural(shrinks.properties, "run of a property", "runs of properties")
        return "", f"nothing shrank in {ran}"
    often = plural(shrinks.shrunk, "time")
    return f"{shrinks.tried_mean:.3g}", f"{shrinks.good_mean:.3g} successful, mean of {often}"


def _sentence(value: str, told: str, unit: str) -> str:
    if not value:
        return f"{NO_EVIDENCE}: {told}" if told else NO_EVIDENCE
    joint = " " if told.startswith("of ") else ", "
    return f"{value}{unit}{joint}{told}"


def _details(found: Figures) -> Iterator[str]:
    bugs = found.detection.bugs
    for bug in bugs[:SHOWN_MAX]:
        one = bug.sighting
        word = f"{'expected, ' if one.expected else ''}{'new' if bug.is_new else 'seen'}"
        yield shortened(f"{word:>14} {one.test}: {one.error} at {one.place or '?'}", WIDTH)
    if len(bugs) > SHOWN_MAX:
        yield f"{'':>14} … and {len(bugs) - SHOWN_MAX} more"
    for name in found.shown_nothing[:SHOWN_MAX]:
        yield shortened(f"{'shown nothing':>14} {name}", WIDTH)
    if (more := len(found.shown_nothing) - SHOWN_MAX) > 0:
        yield f"{'':>14} … and {more} more"
    for test in found.stability.unstable[:SHOWN_MAX]:
        told = f"{test.test}: {test.passed} passed, {test.failed} failed on the same code"
        yield shortened(f"{'unstable':>14} {told}", WIDTH)
    if found.coverage.unlisted:
        yield f"{'unlisted':>14} {', '.join(found.coverage.unlisted)}: in no failure mode"
