"""Words, numbers and selections that all reports share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hormesis.reports.parts.buckets import readable_width
from hormesis.reports.parts.fault_story import fault_story
from hormesis.reports.parts.heading import heading_of
from hormesis.reports.parts.manifest_facts import replay_command
from hormesis.reports.parts.recommendations import recommendations
from hormesis.reports.parts.standing import standing_of_suite
from hormesis.reports.parts.wording import count, figure, moment, share, shortened, span
from hormesis.words.check import RunVerdict
from hormesis.words.history import FaultRecord, History
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged
from tests.unit.reports.runs import dirty
from tests.unit.reports.sample import sample_suite

PROVEN = FaultRecord("f", "t", "pause", "server", 1.0, 1.1, 1.2, 5.0, 5.5, released_by="engine")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "0 ms"), (0.00042, "0.42 ms"), (0.34, "340 ms"), (0.9996, "1 s"), (3.21, "3.21 s"),
     (119.9, "120 s"), (119.97, "2 min 00 s"), (125.4, "2 min 05 s"), (3725, "1 h 02 min"),
     (None, "–"), (float("nan"), "–"), (float("inf"), "–")],
)  # fmt: skip
def test_spans(seconds: float | None, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(12.345, "12.3 s"), (125.0, "2:05.0"), (3725.5, "1:02:05.5"), (-0.4, "-0.4 s"), (None, "–")],
)
def test_moments(seconds: float | None, told: str) -> None:
    assert moment(seconds) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0 %"), (0.00001, "<0.01 %"), (0.0104, "1.04 %"), (0.99999, ">99.99 %"),
     (0.9996, "99.96 %"), (1.0, "100 %"), (None, "–")],
)  # fmt: skip
def test_a_share_is_never_rounded_to_none_or_to_all(value: float | None, told: str) -> None:
    assert share(value) == told


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("recover_s", 3.21, ("recover", "3.21 s")), ("p95_ms", 21.4, ("p95", "21.4 ms")),
     ("failed_share", 0.113, ("failed", "11.3 %")), ("rate_per_s", 80.0, ("rate", "80/s")),
     ("claims", 2000, ("claims", "2\u202f000")), ("worst_s", None, ("worst", "–")),
     ("held", True, ("held", "yes")), ("size_bytes", 1500, ("size", "1.5 kB"))],
)  # fmt: skip
def test_figures_are_told_in_their_unit(name: str, value: Scalar, told: tuple[str, str]) -> None:
    assert figure(name, value)[1] == told[1]
    assert value is None or figure(name, value) == told


def test_counts_and_cuts() -> None:
    assert count(1_234_567) == "1\u202f234\u202f567"
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [({}, "pass", "proven"), ({"injected": None}, "unknown", "not injected"),
     ({"bitten": None}, "unknown", "never bit"), ({"released": None}, "dirty", "not released"),
     ({"healed": None}, "unknown", "bite not gone"), ({"skipped": "no GPU"}, "skipped", "skipped"),
     ({"released_by": "custodian: lease"}, "unknown", "released by custodian"),
     ({"trouble": "odd"}, "unknown", "in trouble")],
)  # fmt: skip
def test_only_a_whole_chain_is_proven(changes: dict[str, object], state: str, word: str) -> None:
    story = fault_story(replace(PROVEN, **changes))  # type: ignore[arg-type]
    assert (story.state, story.word) == (state, word)
    assert story.proven == (state == "pass")


def test_the_worst_run_decides_and_dirt_outranks_it() -> None:
    suite = sample_suite()
    assert standing_of_suite(suite).word == "FAIL"
    assert standing_of_suite([*suite, dirty()]).word == "LEFT DIRTY"
    passed = [run for run in suite if run.verdict.outcome is Outcome.PASS]
    assert standing_of_suite(passed).reason == f"All {len(passed)} scenarios passed."
    assert standing_of_suite([]).word == "UNKNOWN"


@pytest.mark.parametrize(
    ("name", "title", "heading"),
    [("J-1", "Claiming", "J-1 · Claiming"), ("Claiming", "Claiming", "Claiming"), ("x", "", "x"),
     ("J-1", "J-1 claiming", "J-1 claiming"), ("J-1 claiming", "claiming", "J-1 claiming")],
)  # fmt: skip
def test_a_heading_says_nothing_twice(name: str, title: str, heading: str) -> None:
    verdict = RunVerdict(Outcome.PASS, "", ())
    assert heading_of(Judged(name, History({"title": title}), verdict)) == heading


@pytest.mark.parametrize(
    ("manifest", "command"),
    [({"replay": "hormesis run a --seed 3"}, "hormesis run a --seed 3"),
     ({"command": ["hormesis", "run", "my file.yaml"], "seed": 3},
      "hormesis run 'my file.yaml' --seed 3"),
     ({"command": ["hormesis", "run", "a", "--seed", "4"], "seed": 4},
      "hormesis run a --seed 4"), ({}, ""), ({"command": 7}, "")],
)  # fmt: skip
def test_the_replay_command_always_has_its_seed(manifest: dict[str, object], command: str) -> None:
    assert replay_command(History(manifest)) == command


def test_advice_stands_once_with_all_its_reasons() -> None:
    found = recommendations(sample_suite())
    assert len(found) == 2
    breaker = next(one for one in found if "circuit breaker" in one.advice)
    assert [one.check for one in breaker.reasons] == [
        "recovers after partition", "http_req_failed rate < 5% outside partition",
    ]  # fmt: skip
    assert breaker.reasons[0].finding.startswith("Still failing 31.2 s")


def test_what_stayed_unknown_gives_no_advice() -> None:
    open_ones = [
        replace(
            run,
            verdict=replace(
                run.verdict,
                verdicts=[replace(one, outcome=Outcome.UNKNOWN) for one in run.verdict.verdicts],
            ),
        )
        for run in sample_suite()
    ]
    assert recommendations(open_ones) == []


@pytest.mark.parametrize(
    ("least", "width"),
    [(0, 0.1), (0.1, 0.1), (0.11, 0.2), (0.3, 0.5), (0.6, 1), (7, 10), (90, 100)],
)
def test_buckets_have_readable_widths(least: float, width: float) -> None:
    assert readable_width(least) == pytest.approx(width)
