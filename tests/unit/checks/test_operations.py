"""Checks over operations: duplicates, losses, exits, thresholds."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.never_exit import NeverExit
from hormesis.checks.never_lost import NeverLost
from hormesis.checks.threshold import Threshold
from hormesis.words.history import LoadRecord, ProcessRecord
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import fault, look, op, run, started


def threshold(expression: str, **window: object) -> Threshold:
    return Threshold.model_validate({"expression": expression, **window})


def test_a_duplicate_is_told_in_one_sentence_with_who_and_which() -> None:
    check = NeverDuplicate.model_validate({"of": "claim", "key": ["job", "attempt"], "by": "bot"})
    ops = [
        op(n, value={"job": "job-1", "attempt": 1, "bot": bot})
        for n, bot in [(10, 4), (11, 7), (12, 9)]
    ]
    verdict = check.judge(run(ops=[*ops, op(13, value={"job": "job-1", "attempt": 2, "bot": 1})]))
    [finding] = verdict.findings
    assert finding.sentence == "Job job-1 (attempt 1) claimed 3 times, by bots 4, 7, 9"
    assert finding.data == {
        "key": {"job": "job-1", "attempt": 1}, "ops": [10, 11, 12], "by": [4, 7, 9],
    }  # fmt: skip


def test_operations_about_nothing_do_not_count() -> None:
    check = NeverDuplicate.model_validate({"of": "claim", "key": "job"})
    nothing = [op(n, value={}) for n in range(3)] + [op(4, value={"job": None})]
    assert check.judge(run(ops=nothing)).outcome is Outcome.UNKNOWN
    failed = [op(n, value={"job": "a"}, outcome=Ended.FAIL) for n in range(3)]
    assert check.judge(run(ops=[*failed, op(5, value={"job": "a"})])).outcome is Outcome.PASS


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, 2), st.sampled_from(Ended)), max_size=12
    )
)
def test_duplicates_are_those_that_brute_force_finds(
    rows: list[tuple[str, int, Ended]],
) -> None:
    ops = [
        op(n, value={"job": job, "attempt": attempt}, outcome=outcome)
        for n, (job, attempt, outcome) in enumerate(rows)
    ]
    check = NeverDuplicate.model_validate({"of": "claim", "key": ["job", "attempt"]})
    verdict = check.judge(run(ops=ops))
    taken = Counter((job, attempt) for job, attempt, outcome in rows if outcome is Ended.OK)
    expected = {key for key, count in taken.items() if count > 1}
    assert {tuple(one.data["key"].values()) for one in verdict.findings} == expected
    wanted = Outcome.FAIL if expected else Outcome.PASS if taken else Outcome.UNKNOWN
    assert verdict.outcome is wanted


@pytest.mark.parametrize("key", [[], "", [""], 7])
def test_a_key_must_name_fields(key: object) -> None:
    with pytest.raises(ValueError, match="a field's name"):
        NeverDuplicate.model_validate({"of": "claim", "key": key})


def lost(**given: object) -> NeverLost:
    return NeverLost.model_validate(
        {"of": "submit", "key": "ids", "found_in": "jobs", "split": ",", "noun": "Job", **given}
    )


def test_a_lost_key_is_found_among_lists_and_rows() -> None:
    submitted = op(3, 5.0, name="submit", value={"ids": "a,b, c"})
    rows = [{"id": "a"}, {"id": "c"}]
    seen = look(95.0, probe="jobs", rows=rows, fields={"value": "a", "count": 2})
    verdict = lost(column="id").judge(run(ops=[submitted], probes=[seen]))
    assert verdict.outcome is Outcome.FAIL
    [finding] = verdict.findings
    assert finding.sentence == "Job b was acknowledged at 5.0 s (op 3) and is not in jobs"
    assert finding.cites == ("op 3", "jobs at 95.000 s")


def test_a_field_can_hold_the_keys_and_numbers_equal_their_texts() -> None:
    submitted = op(3, 5.0, name="submit", value={"ids": 7})
    seen = look(95.0, probe="jobs", fields={"ids": "6,7", "value": "6,7"})
    assert lost().judge(run(ops=[submitted], probes=[seen])).outcome is Outcome.PASS


def test_what_cannot_be_known_is_unknown_not_lost() -> None:
    early, late = (
        op(n, t, name="submit", value={"ids": f"j{n}"}) for n, t in [(1, 5.0), (2, 80.0)]
    )
    short = look(50.0, probe="jobs", rows=[{"ids": "j1"}], fields={"count": 1})
    verdict = lost().judge(run(ops=[early, late], probes=[short]))
    assert (verdict.outcome, verdict.figures["undecided"]) == (Outcome.UNKNOWN, 1)
    cut_short = replace(short, time=95.0, fields={"count": 500})
    assert lost().judge(run(ops=[early, late], probes=[cut_short])).outcome is Outcome.UNKNOWN
    failing = look(95.0, probe="jobs", reason="refused")
    assert lost().judge(run(ops=[early], probes=[short, failing])).outcome is Outcome.PASS
    assert lost().judge(run(ops=[early], probes=[failing])).outcome is Outcome.UNKNOWN
    no_column = replace(short, rows=({"other": 1},))
    assert lost().judge(run(ops=[early], probes=[no_column])).outcome is Outcome.UNKNOWN


def test_an_empty_table_lost_everything() -> None:
    submitted = op(3, 5.0, name="submit", value={"ids": "a,b"})
    seen = look(95.0, probe="jobs", fields={"value": None, "count": 0})
    verdict = lost().judge(run(ops=[submitted], probes=[seen]))
    assert verdict.figures["lost"] == 2


def test_an_undecided_submit_may_or_may_not_be_there() -> None:
    ops = [
        op(1, name="submit", value={"ids": "a"}, outcome=Ended.INFO),
        op(2, name="submit", value={"ids": "b"}),
        op(3, name="complete", value={"ids": "b"}),
    ]
    verdict = lost(found_in="complete").judge(run(ops=ops))
    assert (verdict.outcome, verdict.figures["undecided"]) == (Outcome.PASS, 1)


def test_a_key_that_only_an_undecided_operation_holds_is_unknown() -> None:
    ops = [
        op(2, name="submit", value={"ids": "b"}),
        op(3, name="complete", value={"ids": "b"}, outcome=Ended.INFO),
    ]
    assert lost(found_in="complete").judge(run(ops=ops)).outcome is Outcome.UNKNOWN


def test_a_planned_exit_is_fine_and_an_unplanned_one_names_the_fault_it_fell_into() -> None:
    planned = ProcessRecord("bot-1", 22.0, "exited", 5, -9, planned=True)
    check = NeverExit(of="bot-*")
    assert check.judge(run(processes=(started("bot-1"), planned))).outcome is Outcome.PASS
    own = replace(planned, planned=False)
    verdict = check.judge(run(faults=[fault()], processes=(started("bot-1"), own)))
    assert verdict.summary == "bot-1 (pid 5) ended by itself at 22.0 s, by signal 9, during pause-1"
    assert verdict.findings[0].cites == ("22.000 s", "pause-1")
    assert NeverExit(of="server").judge(run(processes=(own,))).outcome is Outcome.UNKNOWN


def test_an_exit_of_a_system_that_never_came_up_is_not_held_against_it() -> None:
    own = ProcessRecord("bot-1", 2.0, "exited", 5, 1)
    told = run(processes=(started("bot-1"), own))
    never_up = replace(told, end={"time": 3.0, "reason": "failed-to-start"})
    assert NeverExit(of="bot-*").judge(told).outcome is Outcome.FAIL
    verdict = NeverExit(of="bot-*").judge(never_up)
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.summary.endswith("with status 1, and the system never came up")


OPS = [
    *(op(n, float(n), took=n / 100, lag=0.001) for n in range(1, 81)),
    *(op(n, float(n), took=2.0, outcome=Ended.INFO, error="timeout") for n in range(81, 86)),
    *(op(n, 5.0, name="submit", outcome=Ended.FAIL, error="http-409") for n in range(86, 101)),
]
LOADS = (LoadRecord("main", 1.0, 86.0, 5, iterations=300, dropped=2),)


@pytest.mark.parametrize(
    ("expression", "value", "held"),
    [
        ("http_req_duration{name:claim} p(50) < 500ms", 0.431, True),
        ("http_req_duration{name:claim,outcome:ok} max <= 801ms", 0.801, True),
        ("http_req_service{name:claim, outcome:ok} max < 800ms", 0.8, False),
        ("lag max < 5ms", 0.001, True),
        ("http_req_duration{name:submit} avg < 5ms", 0.01, False),
        ("http_req_duration min > 5ms", 0.01, True),
        ("http_req_duration{name:claim} med < 1s", 0.431, True),
        ("http_req_duration count == 100", 100, True),
        ("http_req_failed rate < 5%", 0.2, False),
        ("http_req_failed{name:claim} rate < 0.1", 5 / 85, True),
        ("http_req_failed count <= 20", 20, True),
        ("http_reqs count != 99", 100, True),
        ("http_reqs rate > 1/s", 100 / 85, True),
        ("http_reqs{error:timeout} count < 5", 5, False),
        ("http_reqs{expected_response:true} count >= 80", 80, True),
        ("http_reqs{name:claim,error:http-409} count == 0", 0, True),
        ("http_reqs{name:claim,recorded:job} count == 5", 0, False),
        ("iterations count > 299", 300, True),
        ("iterations{load:main} rate > 200/m", 300 / 85, True),
        ("dropped_iterations count == 0", 2, False),
    ],
)
def test_figures_of_a_known_run(expression: str, value: float, held: bool) -> None:
    verdict = threshold(expression).judge(run(ops=OPS, loads=LOADS))
    [figure] = [number for name, number in verdict.figures.items() if name.startswith("value")]
    assert figure == pytest.approx(value, rel=1e-4)
    assert verdict.outcome is (Outcome.PASS if held else Outcome.FAIL)


def test_winners_are_counted_by_what_they_recorded_and_losers_are_no_errors() -> None:
    won = [op(n, value={"job": f"job-{n}", "bot": n}) for n in range(1, 6)]
    lost = [op(n, value={"bot": n}) for n in range(6, 51)]
    history = run(ops=[*won, *lost])
    winners = threshold("http_reqs{name:claim,recorded:job} count == 5").judge(history)
    assert winners.outcome is Outcome.PASS
    assert winners.summary == "count is 5, allowed == 5, over 5 operations"
    assert threshold("http_req_failed rate == 0").judge(history).outcome is Outcome.PASS
    more = run(ops=[*won, *lost, op(51, value={"job": "job-1"})])
    assert threshold(winners.check).judge(more).outcome is Outcome.FAIL


def test_the_slowest_operations_are_cited() -> None:
    verdict = threshold("http_req_duration{outcome:ok,name:claim} p(95) < 500ms").judge(
        run(ops=OPS, loads=LOADS)
    )
    assert verdict.findings[0].sentence == (
        "op 80 (claim, user 80) took 801ms, due at 80.0 s, ended ok"
    )
    assert verdict.summary == "p(95) is 761ms, allowed < 500ms, over 80 operations"


def test_failures_are_grouped_by_error() -> None:
    verdict = threshold("http_req_failed rate < 5%").judge(run(ops=OPS, loads=LOADS))
    assert [one.data["error"] for one in verdict.findings] == ["http-409", "timeout"]
    assert "submit ended fail 15 times: http-409" in verdict.findings[0].sentence
    assert verdict.summary == "rate is 20%, allowed < 5%, over 100 operations"
    assert (verdict.figures["failed"], verdict.figures["undecided"]) == (15, 5)


def test_a_window_chooses_by_when_the_operation_was_due() -> None:
    history = run(ops=[op(1, 19.0, took=9.0), op(2, 25.0, took=3.0), op(3, 40.0)], faults=[fault()])
    limit = "http_req_duration max < 1s"
    outcomes = {
        name: threshold(limit, **{name: "pause"}).judge(history).outcome
        for name in ("before", "during", "after", "outside")
    }
    assert outcomes == {
        "before": Outcome.UNKNOWN, "during": Outcome.FAIL,
        "after": Outcome.PASS, "outside": Outcome.PASS,
    }  # fmt: skip


@pytest.mark.parametrize("window", ["after", "outside"])
def test_finishing_does_not_dilute_a_window(window: str) -> None:
    failed = [op(n, 80.0, outcome=Ended.FAIL, error="x") for n in range(1, 4)]
    finishing = [op(n, 92.0, load="finish") for n in range(4, 100)]
    history = run(faults=[fault()], ops=[*failed, op(100, 81.0), *finishing])
    verdict = threshold("http_req_failed rate < 50%", **{window: "pause"}).judge(history)
    assert (verdict.outcome, verdict.figures["samples"]) == (Outcome.FAIL, 4)
    only = threshold("http_req_failed rate < 50%", **{window: "pause"}).judge(
        run(faults=[fault()], ops=finishing)
    )
    assert only.outcome is Outcome.UNKNOWN


def test_a_load_without_an_end_has_no_count_of_drops() -> None:
    loads = (LoadRecord("main", 1.0),)
    verdict = threshold("dropped_iterations count == 0").judge(run(ops=[op(1)], loads=loads))
    assert verdict.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", "expected METRIC"),
        ("p(95) < 500ms", "expected METRIC"),
        ("http_req_duration p(95) < ", "expected METRIC"),
        ("http_req_duration p(95) ~ 5ms", "expected METRIC"),
        ("http_req_durations p(95) < 5ms", "did you mean http_req_duration"),
        ("http-req-duration p(95) < 5ms", "expected METRIC"),
        ("http_req_qqq p(95) < 5ms", "expected a metric; did you mean"),
        ("http_req_duration p95 < 5ms", "expected METRIC"),
        ("http_req_duration p < 5ms", "such as p(95)"),
        ("http_req_duration p(101) < 5ms", "from 0 to 100"),
        ("http_req_duration avg(5) < 5ms", "no number elsewhere"),
        ("http_req_duration rate < 5ms", "aggregation that http_req_duration has"),
        ("http_req_duration maxi < 5ms", "did you mean max"),
        ("http_req_duration p(95) < 500x", "a time such as 500ms"),
        ("http_req_failed rate < 5", "share from 0 to 1"),
        ("http_req_failed rate < 5ms", "share from 0 to 1"),
        ("http_reqs rate > 5x", "a rate such as 50/s"),
        ("http_reqs count > 5/s", "plain number"),
        ("http_req_duration{nam:x} max < 5ms", "did you mean name"),
        ("http_req_duration{name} max < 5ms", "tag such as name:claim"),
        ("http_req_failed{error:timeout} rate < 5%", "tags: name, load"),
        ("iterations{name:x} count > 1", "tags: load"),
        ("http_req_sending avg < 5ms", "part of http_req_waiting"),
        ("http_req_duration p(95) < 5ms druing(x)", "behind it may stand during(FAULT)"),
    ],
)
def test_a_bad_expression_says_what_was_expected(expression: str, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        threshold(expression)
    assert expected in str(caught.value)
