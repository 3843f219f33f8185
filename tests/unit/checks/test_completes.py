"""``completes``: done in time passes; each way in which it is not, or nobody knows, is told.

The tracks of these histories begin at 1 s; with 40 s allowed, the deadline is at 41 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hormesis.checks.completes import Completes
from hormesis.words.check import Verdict
from hormesis.words.history import History, ProbeRecord
from hormesis.words.op import Drop, Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import ENDED, look, op, run

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def completes(**given: Any) -> Completes:
    return Completes.model_validate(
        {"of": "submit", "key": "job", "found_in": "done", "within": "40s", **given}
    )


def submit(number: int, due: float = 2.0, key: str = "", **given: Any) -> Op:
    value = {"job": key or f"j{number}", **given.pop("value", {})}
    return op(number, due, name="submit", value=value, **given)


def shows(time: float, *keys: str, count: int | None = None, took: float = 0.0) -> ProbeRecord:
    rows = [{"job": key} for key in keys]
    fields = {"value": keys[0] if keys else None, "count": len(keys) if count is None else count}
    return replace(look(time, probe="done", rows=rows, fields=fields), took_s=took)


def fails(time: float) -> ProbeRecord:
    return look(time, probe="done", reason="refused", fields={})


def watched(done: dict[str, float], until: float = 80.0, every: float = 1.0) -> list[ProbeRecord]:
    """Return looks from 1 s on, at a list that shows each key from its moment on."""
    times = [1.0 + every * n for n in range(int((until - 1.0) / every) + 1)]
    return [shows(time, *[key for key, at in done.items() if at <= time]) for time in times]


FOUR = [submit(n) for n in (1, 2, 3, 4)]
ALL = {f"j{n}": 5.0 * n for n in (1, 2, 3, 4)}


def judged(
    ops: Sequence[Op], probes: Sequence[ProbeRecord], history: dict[str, Any] | None = None,
    **given: Any,
) -> Verdict:  # fmt: skip
    return completes(**given).judge(run(ops=ops, probes=probes, **(history or {})))


def test_all_of_it_in_time() -> None:
    verdict = judged(FOUR, watched(ALL))
    assert (verdict.outcome, verdict.remark) == (PASS, "")
    assert verdict.summary == "4 of 4 done within 40s, the last after 19.0 s"
    assert verdict.figures == {
        "created": 4, "done": 4, "done_in_time": 4, "share": 1.0, "took_s": 19.0,
        "deadline_s": 40.0,
    }  # fmt: skip


def test_what_is_missing_at_the_deadline_fails_and_is_named() -> None:
    verdict = judged(FOUR, watched({**ALL, "j2": 999.0, "j3": 50.0}), noun="Task")
    assert verdict.outcome is FAIL
    assert verdict.summary == (
        "2 of 4 done within 40s, the last after 49.0 s; 1 late, 1 never seen done"
    )
    never, late = verdict.findings
    assert never.sentence == (
        "Task j2 was created at 2.0 s (op 2) and was not seen done (last look: done at 80.000 s)"
    )
    assert never.cites == ("op 2", "done at 80.000 s")
    assert late.sentence.endswith("was seen done at 50.0 s, 9.0 s late")
    assert verdict.advice


@pytest.mark.parametrize(
    ("at_least", "missing", "outcome"), [("75%", 1, PASS), ("75%", 2, FAIL), ("76%", 1, FAIL)]
)
def test_a_share_is_enough(at_least: str, missing: int, outcome: Outcome) -> None:
    done = dict(list(ALL.items())[missing:])
    verdict = judged(FOUR, watched(done), at_least=at_least)
    assert verdict.outcome is outcome
    assert verdict.summary.startswith(
        f"{4 - missing} of 4 done within 40s (at least {at_least} expected)"
    )


def test_too_good_is_a_failure_with_a_sentence_of_its_own() -> None:
    few = dict(list(ALL.items())[:2])
    given: dict[str, Any] = {"at_least": 0, "at_most": "50%"}
    fine = judged(FOUR, watched(few), **given)
    assert fine.outcome is PASS
    assert fine.summary.startswith("2 of 4 done within 40s (0% to 50% expected), the last after")
    assert (fine.figures["share_min"], fine.figures["share_max"]) == (0.0, 0.5)
    verdict = judged(FOUR, watched({**few, "j3": 20.0}), **given)
    assert verdict.outcome is FAIL
    assert verdict.summary == (
        "3 of 4 done within 40s (0% to 50% expected); too good: the fault may not have "
        "bitten, or the work was smaller than stated"
    )
    [finding] = verdict.findings
    assert finding.sentence == "75% were done by 41.0 s, the last at 20.0 s"
    assert verdict.advice.startswith("See whether the fault hit")
    late = judged(FOUR, watched({**few, "j3": 50.0}), **given)
    assert late.outcome is PASS, "what comes late is not too good"


def test_what_is_late_may_pass_with_a_remark() -> None:
    probes = watched({**ALL, "j3": 50.0})
    assert judged(FOUR, probes).outcome is FAIL
    verdict = judged(FOUR, probes, late="pass")
    assert (verdict.outcome, verdict.remark) == (PASS, "late")
    assert verdict.summary == "3 of 4 done within 40s, the last after 49.0 s; 1 late"
    assert [one.data["key"] for one in verdict.findings] == ["j3"]
    never = judged(FOUR, watched({**ALL, "j3": 999.0}), late="pass")
    assert (never.outcome, never.remark) == (FAIL, "")
    enough = judged(FOUR, watched({**ALL, "j3": 50.0, "j4": 999.0}), late="pass", at_least="75%")
    assert (enough.outcome, enough.remark) == (PASS, "late")
    in_time = judged(FOUR, probes, late="pass", at_least="75%")
    assert (in_time.outcome, in_time.remark) == (PASS, "")


def test_observations_that_stop_before_the_deadline_prove_no_failure() -> None:
    short = watched({**ALL, "j3": 999.0}, until=20.0)
    verdict = judged(FOUR, short)
    assert verdict.outcome is UNKNOWN
    assert verdict.summary == (
        "3 of 4 done within 40s; 1 cannot be decided: no look at 'done' had a value from 20.0 s "
        "until the end, and the deadline was at 41.0 s"
    )
    assert judged(FOUR, watched(ALL, until=20.0)).outcome is PASS
    assert judged(FOUR, short, at_least="75%").outcome is PASS


@pytest.mark.parametrize(
    ("blind", "done", "outcome"),
    [
        ((30, 50), 50.0, UNKNOWN),
        ((30, 50), 999.0, FAIL),
        ((20, 39), 45.0, FAIL),
        ((42, 60), 60.0, FAIL),
        ((40, 41), 42.0, UNKNOWN),
    ],
    ids=["may have been done", "was seen missing after it", "seen missing before it",
         "seen missing at it", "two looks missed"],
)  # fmt: skip
def test_a_probe_that_fails_around_the_deadline(
    blind: tuple[int, int], done: float, outcome: Outcome
) -> None:
    probes = [
        fails(one.time) if blind[0] <= one.time <= blind[1] - (blind[1] == done) else one
        for one in watched({**ALL, "j3": done})
    ]
    assert judged(FOUR, probes).outcome is outcome
    if outcome is UNKNOWN:
        assert judged(FOUR, probes, late="pass").outcome is PASS


def test_a_look_counts_from_its_end() -> None:
    hung = [shows(float(t)) for t in range(1, 39)] + [shows(39.0, *ALL, took=8.0)]
    after = [shows(float(t), *ALL) for t in range(48, 60)]
    verdict = judged(FOUR, [*hung, *after])
    assert verdict.outcome is UNKNOWN, "nobody knows when in those 8 s it was done"
    early = [*hung[:38], shows(40.5, took=0.2), shows(41.5, *ALL)]
    assert judged(FOUR, early).outcome is FAIL


def test_a_list_that_was_cut_short_proves_no_absence() -> None:
    cut = [
        replace(one, fields={**one.fields, "count": 500}) if one.rows else one
        for one in watched({"j1": 5.0})
    ]
    verdict = judged(FOUR, cut)
    assert verdict.outcome is UNKNOWN
    assert verdict.summary.endswith("76 lists of 'done' were cut short (rows_max)")
    assert judged(FOUR, cut, at_least="25%").outcome is PASS
    assert judged(FOUR, cut, at_least=0, at_most="25%").outcome is UNKNOWN


def test_what_nobody_acknowledged_is_undecided() -> None:
    unsure = submit(5, outcome=Ended.INFO, error="timeout")
    refused = submit(6, outcome=Ended.FAIL, error="refused")
    again = [submit(7, key="j1"), submit(8, key="j2", outcome=Ended.INFO)]
    verdict = judged([*FOUR, unsure, refused, *again], watched(ALL))
    assert verdict.outcome is PASS
    assert (verdict.figures["created"], verdict.figures["undecided"]) == (4, 1)
    nothing = judged([unsure, refused], watched({**ALL, "j5": 4.0}))
    assert nothing.outcome is UNKNOWN
    assert nothing.summary == (
        "no operation 'submit' ended ok with job (refused: 1, timeout: 1); 1 are undecided"
    )


def test_what_was_created_after_the_deadline_was_not_done_in_time() -> None:
    late = submit(5, 45.0)
    verdict = judged([*FOUR, late], watched({**ALL, "j5": 46.0}))
    assert verdict.outcome is FAIL
    assert "(op 5), after the deadline at 41.0 s, and was seen done" in verdict.findings[0].sentence
    just_before = judged([*FOUR, submit(5, 40.5)], watched(ALL, until=40.0))
    assert just_before.outcome is UNKNOWN


def test_what_was_listed_before_it_was_asked_for_proves_nothing() -> None:
    verdict = judged(FOUR, [shows(0.5, "j3"), *watched({**ALL, "j3": 0.0})])
    assert verdict.outcome is UNKNOWN
    assert verdict.summary.endswith(
        "they were listed before they were created, so their names are not their own"
    )
    tried = submit(9, 0.1, key="j3", outcome=Ended.INFO)
    own = judged([tried, *FOUR], [shows(0.5, "j3"), *watched({**ALL, "j3": 0.0})])
    assert own.outcome is PASS, "an attempt that nobody acknowledged may have created it"


def test_each_phase_counts_its_own() -> None:
    tagged = [submit(n, value={"phase": 1 + n // 3}) for n in (1, 2, 3, 4)]
    probes = watched({"j1": 5.0, "j2": 5.0, "j3": 5.0})
    assert judged(tagged, probes, tagged={"phase": 1}).figures["created"] == 2
    assert judged(tagged, probes, tagged={"phase": "1"}).outcome is PASS
    assert judged(tagged, probes, tagged={"phase": 2}).outcome is FAIL
    none = judged(tagged, probes, tagged={"phase": 3})
    assert none.outcome is UNKNOWN
    assert "ended ok with job and phase 3" in none.summary
    by_tag = [replace(one, tags={"kind": "slow" if one.number == 4 else "fast"}) for one in FOUR]
    assert judged(by_tag, probes, tagged={"kind": "fast"}).outcome is PASS
    assert "submit (phase 1) done within 40s" in completes(tagged={"phase": 1}).title()


def test_the_time_can_count_from_a_load() -> None:
    ops = [submit(n, 20.0, load="second") for n in (1, 2)]
    probes = watched({"j1": 45.0, "j2": 58.0})
    assert judged(ops, probes).outcome is FAIL
    verdict = judged(ops, probes, after="second")
    assert (verdict.outcome, verdict.figures["took_s"]) == (PASS, 38.0)
    history = replace(run(ops=ops, probes=probes), drops=[Drop("second", 15.0)])
    assert completes(after="second").judge(history).outcome is FAIL
    assert judged(ops, probes, after="third").summary == "load 'third' did nothing"


def ended_early(time: float, *, gave_up: bool) -> dict[str, Any]:
    early = {"condition": "x", "time": time, "told": "no progress for 10s", "gave_up": gave_up}
    return {"end": {**ENDED, "early": early}}


@pytest.mark.parametrize("gave_up", [True, False])
def test_when_the_run_ended_early_what_was_not_done_then_is_missing(gave_up: bool) -> None:
    history = ended_early(25.0, gave_up=gave_up)
    verdict = judged(FOUR, watched({**ALL, "j3": 999.0}, until=25.0), history)
    assert verdict.outcome is FAIL
    assert "1 never seen done; the run " in verdict.summary
    assert judged(FOUR, watched(ALL, until=21.0), history).outcome is PASS
    blind = watched({**ALL, "j3": 999.0}, until=15.0)
    assert judged(FOUR, blind, history, at_least="50%").outcome is PASS
    assert judged(FOUR, blind, history).outcome is UNKNOWN
    settled = [*watched({**ALL, "j3": 999.0}, until=25.0), shows(30.0, *ALL)]
    assert judged(FOUR, settled, history).outcome is PASS


def test_without_evidence_nothing_is_said() -> None:
    assert judged(FOUR, []).summary == "probe 'done' was never observed"
    assert judged(FOUR, [fails(9.0)]).summary == "no observation of 'done' had a value: refused"
    other = look(9.0, probe="done", rows=[{"id": "j1"}], fields={"count": 1})
    assert judged(FOUR, [other]).summary == "the observations of 'done' hold no 'job'"
    assert judged(FOUR, [other], column="id").outcome is UNKNOWN
    history = History({}, ops=tuple(FOUR), probes=tuple(watched(ALL)))
    assert completes().judge(history).summary == "the tracks never began"


def test_a_final_look_alone_shows_what_is_done_but_not_when() -> None:
    assert judged(FOUR, [shows(30.0, *ALL)]).outcome is PASS
    assert judged(FOUR, [shows(95.0, *ALL)]).outcome is UNKNOWN
    late = judged(FOUR, [shows(95.0, *ALL)], late="pass")
    assert (late.outcome, late.remark) == (PASS, "late")
    assert judged(FOUR, [shows(95.0, "j1")]).outcome is FAIL


def test_keys_may_stand_together_in_one_field() -> None:
    batch = op(1, 2.0, name="submit", value={"job": "a,b,c"})
    seen = look(9.0, probe="done", fields={"ids": "a,b,c", "value": 3})
    assert judged([batch], [seen], split=",", column="ids").figures["created"] == 3


def test_shares_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="expected at_least to be no more than at_most"):
        completes(at_least="60%", at_most="50%")


Facts = tuple[int, int, int, bool]
FACTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(2, 60), st.integers(2, 70), st.booleans()),
    min_size=1,
    max_size=8,
)


@given(
    facts=FACTS,
    blind=st.sets(st.integers(1, 70), max_size=40),
    until=st.integers(1, 70),
    at_least=st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    at_most=st.sampled_from([1.0, 0.9]),
    late=st.sampled_from(["pass", "fail"]),
)
@example(facts=[(0, 40, 2, True)], blind=set(), until=40, at_least=0.0, at_most=0.9, late="pass")
def test_it_agrees_with_the_truth_wherever_it_speaks(
    facts: list[Facts], blind: set[int], until: int, at_least: float, at_most: float, late: str
) -> None:
    """Whoever sees everything each second knows the truth; a verdict of less may not differ."""
    ops: list[Op] = []
    done: dict[str, float] = {}
    for number, (key, asked, at, ok) in enumerate(facts, start=1):
        name = f"k{key}"
        outcome = Ended.OK if ok else Ended.INFO
        ops.append(op(number, float(asked), name="submit", value={"job": name}, outcome=outcome))
        done.setdefault(name, float(max(at, min(f[1] for f in facts if f[0] == key) + 1)))
    at_least = min(at_least, at_most)
    given: dict[str, Any] = {"at_least": at_least, "at_most": at_most, "late": late}
    every = watched(done)
    seen = [fails(one.time) if one.time in blind else one for one in every if one.time <= until]
    truth, verdict = judged(ops, every, **given), judged(ops, seen, **given)
    assert truth.outcome is _naive(facts, done, at_least, at_most, late)
    if verdict.outcome is FAIL and late == "pass" and truth.outcome is PASS:
        assert truth.remark, "what nobody saw to its end is missing, though it came later"
    elif verdict.outcome is PASS:
        assert truth.outcome is PASS
    elif verdict.outcome is FAIL:
        assert truth.outcome is FAIL


def _naive(
    facts: list[Facts], done: dict[str, float], at_least: float, at_most: float, late: str
) -> Outcome:
    created = {f"k{key}" for key, _, _, ok in facts if ok}
    if not created:
        return UNKNOWN
    share = sum(done[key] <= 41.0 for key in created) / len(created)
    ever = sum(done[key] <= 80.0 for key in created) / len(created)
    if share > at_most:
        return FAIL
    return PASS if share >= at_least or (late == "pass" and ever >= at_least) else FAIL
