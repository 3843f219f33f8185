"""What looks like a pass and proves nothing: answers that came late, blind ends, dropped load."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hormesis.checks.eventually import Eventually
from hormesis.checks.invariant import Invariant
from hormesis.checks.never import Never
from hormesis.checks.recovers import Recovers
from hormesis.checks.threshold import Threshold
from hormesis.words.check import Check
from hormesis.words.history import LoadRecord, ProbeRecord
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import ENDED, fault, look, op, run

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def slow(time: float, took_s: float) -> ProbeRecord:
    return replace(look(time), took_s=took_s)


def recovers(**given: Any) -> Recovers:
    return Recovers.model_validate({"fault": "pause", "of": "ready", "within": "3s", **given})


@pytest.mark.parametrize(("took_s", "outcome"), [(0.5, PASS), (8.0, FAIL)])
def test_eventually_counts_from_the_end_of_the_look(took_s: float, outcome: Outcome) -> None:
    check = Eventually.model_validate({"probe": "ready", "within": "1s", "after": "pause"})
    verdict = check.judge(run(faults=[fault()], probes=[slow(30.1, took_s)]))
    assert verdict.outcome is outcome
    assert verdict.summary.startswith("met 600ms" if outcome is PASS else "not met within 1s")


@pytest.mark.parametrize(("took_s", "outcome"), [(2.0, PASS), (9.0, FAIL)])
def test_an_answer_that_hung_until_the_system_was_back_is_no_early_recovery(
    took_s: float, outcome: Outcome
) -> None:
    later = [look(30.1 + took_s + wait) for wait in (0.5, 1.5, 2.5, 3.5)]
    probes = [look(20.5, "down"), slow(30.1, took_s), *later]
    verdict = recovers().judge(run(faults=[fault()], probes=probes))
    assert verdict.outcome is outcome
    assert f"good again {0.1 + took_s:.1f} s" in verdict.summary


@pytest.mark.parametrize(
    ("probes", "outcome", "told"),
    [
        ([look(5.0), look(65.0)], UNKNOWN, "nothing was seen until 35.0 s"),
        ([look(5.0), slow(29.0, 9.0), look(39.0)], FAIL, "no answer came until 8.0 s"),
        ([look(25.0), slow(29.0, 2.0), look(31.5)], PASS, "never bad during or after"),
        ([look(25.0, "down"), look(65.0), look(68.0)], UNKNOWN, "nobody looked in between"),
        ([look(25.0, "down"), look(32.9, "down"), look(65.0), look(68.0)], FAIL, "were allowed"),
    ],
    ids=["never looked", "hung", "in time", "gap", "bad to the end of the time"],
)
def test_a_recovery_that_nobody_saw_in_time_is_unknown(
    probes: list[ProbeRecord], outcome: Outcome, told: str
) -> None:
    if told == "were allowed":
        probes = [look(25.0, "down"), *[look(30.0 + n / 2, "down") for n in range(7)], *probes[2:]]
    verdict = recovers().judge(run(faults=[fault()], probes=probes))
    assert (verdict.outcome, told in verdict.summary) == (outcome, True), verdict.summary


@pytest.mark.parametrize(
    "check",
    [
        Never.model_validate({"probe": "ready", "expect": "> 1"}),
        Invariant.model_validate({"probe": "ready"}),
    ],
    ids=["never", "invariant"],
)
def test_a_probe_that_went_blind_proves_nothing_about_the_end(check: Check) -> None:
    seen = [look(float(time), fields={"value": 0, "count": 0}) for time in range(1, 40)]
    blind = [look(float(time), reason="refused") for time in range(40, 90)]
    assert check.judge(run(probes=[*seen, *blind[:3]])).outcome is PASS
    verdict = check.judge(run(probes=[*seen, *blind]))
    assert (verdict.outcome, verdict.summary) == (
        UNKNOWN, "no observation had a value after 39.0 s: refused",
    )  # fmt: skip
    during = check.model_copy(update={"during": "pause"})
    history = run(faults=[fault(released=85.0)], probes=[*seen, *blind])
    assert during.judge(history).outcome is PASS


@pytest.mark.parametrize(
    ("expect", "fields"), [({"stauts": 500}, {"status": 500}), ({"ms": "> 5ms"}, {"ms": 9.0})]
)
def test_never_is_not_proven_by_an_expectation_that_does_not_fit(
    expect: Any, fields: dict[str, Any]
) -> None:
    check = Never.model_validate({"probe": "ready", "expect": expect})
    assert check.judge(run(probes=[look(5.0, fields=fields)])).outcome is UNKNOWN


def judged(expression: str, ops: list[Op], dropped: int = 0, **window: Any) -> Outcome:
    check = Threshold.model_validate({"expression": expression, **window})
    loads = [LoadRecord("main", 1.0, ended=90.0, iterations=len(ops), dropped=dropped)]
    return check.judge(run(ops=ops, loads=loads, faults=[fault()])).outcome


REFUSED = [op(n, 25.0, outcome=Ended.FAIL, error="refused") for n in range(5)]


def test_a_system_that_refuses_everything_is_not_fast() -> None:
    assert judged("http_req_duration p(95) < 500ms", REFUSED) is UNKNOWN
    assert judged("http_req_duration p(95) < 5ms", REFUSED) is FAIL
    assert judged("http_req_duration{outcome:fail} p(95) < 500ms", REFUSED) is PASS
    works = [op(n, 5.0) for n in range(5, 9)]
    assert judged("http_req_duration max < 500ms", [*REFUSED, *works], during="pause") is PASS


@pytest.mark.parametrize(
    ("expression", "dropped", "outcome"),
    [
        ("http_req_duration p(95) < 500ms", 5, PASS),
        ("http_req_duration p(95) < 500ms", 900, UNKNOWN),
        ("http_req_duration p(95) < 1ms", 900, FAIL),
        ("http_req_duration avg < 500ms", 1, UNKNOWN),
        ("http_req_duration max < 500ms", 1, UNKNOWN),
        ("http_req_duration{load:other} max < 500ms", 1, UNKNOWN),
        ("http_req_failed rate < 1%", 0, PASS),
        ("http_req_failed rate < 1%", 1, PASS),
        ("http_req_failed rate < 1%", 2, UNKNOWN),
        ("http_req_failed rate == 0%", 0, PASS),
        ("http_req_failed rate == 0%", 1, UNKNOWN),
        ("http_req_failed rate != 1%", 900, PASS),
        ("http_reqs rate < 100/s", 900, PASS),
        ("lag max < 1s", 900, PASS),
    ],
)
def test_a_limit_that_dropped_arrivals_kept_is_unknown(
    expression: str, dropped: int, outcome: Outcome
) -> None:
    assert judged(expression, [op(n, 5.0) for n in range(150)], dropped) is outcome


EARLY_END = {**ENDED, "early": {"condition": "all-done", "time": 52.0, "told": "done"}}


@pytest.mark.parametrize(
    "check",
    [
        recovers(within="10s", steady="2s"),
        Eventually.model_validate({"probe": "ready", "within": "10s", "after": "pause",
                                   "steady": "2s"}),
    ],
    ids=["recovers", "eventually"],
)  # fmt: skip
def test_what_only_an_early_end_cut_short_does_not_count_beside_what_was_watched(
    check: Check,
) -> None:
    second = replace(fault(injected=50.0, released=52.0), id="pause-2")
    seen = [look(float(t), "down" if 20 <= t < 33 or t >= 50 else "") for t in range(1, 53)]
    twice = run(faults=[fault(), second], probes=seen)
    assert check.judge(twice).outcome is UNKNOWN
    verdict = check.judge(replace(twice, end=EARLY_END))
    assert verdict.outcome is PASS, verdict.summary
    assert len(verdict.findings) == 2
    alone = run(faults=[second], probes=seen, end=EARLY_END)
    assert check.judge(alone).outcome is UNKNOWN
    bad = [look(float(t), "down" if t >= 20 else "") for t in range(1, 53)]
    assert check.judge(run(faults=[fault(), second], probes=bad, end=EARLY_END)).outcome is FAIL


def test_a_fault_that_was_not_reached_is_no_edge_and_disturbs_nothing() -> None:
    unreached = replace(
        fault(injected=40.0), id="pause-2", injected=None, bitten=None, released=None, healed=None,
        asked=32.0, unreached="the run ended early at 32.0 s (all-done)",
    )  # fmt: skip
    seen = [look(float(t), "down" if 20 <= t < 33 else "") for t in range(1, 60)]
    history = run(faults=[fault(), unreached], probes=seen)
    eventually = Eventually.model_validate({"probe": "ready", "within": "10s", "after": "pause"})
    for check in (recovers(within="10s"), eventually):
        assert check.judge(history).outcome is PASS
    only = run(faults=[unreached], probes=seen)
    assert "before it began" in eventually.judge(only).summary
    assert recovers().judge(only).outcome is UNKNOWN


def test_a_recovery_from_a_fault_that_an_early_end_cut_short_proves_nothing() -> None:
    cut = replace(fault(injected=48.0, released=52.0), length_s=10.0)
    seen = [look(float(t), "down" if 49 <= t < 54 else "") for t in range(1, 70)]
    verdict = recovers().judge(run(faults=[cut], probes=seen, end=EARLY_END))
    assert verdict.outcome is UNKNOWN
    assert verdict.summary.startswith("fault pause-1 lasted only 4.0 s of 10s, because the run")
    whole = replace(fault(), id="pause-0", length_s=10.0)
    for faults in ([replace(cut, length_s=4.0)], [replace(cut, length_s=None)], [whole, cut]):
        judged = recovers().judge(run(faults=faults, probes=seen, end=EARLY_END))
        assert judged.outcome is PASS, judged.summary
    assert recovers().judge(run(faults=[cut], probes=seen)).outcome is PASS
