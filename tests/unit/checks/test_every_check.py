"""Every kind of check: a clean run passes, a planted defect fails, no evidence is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from hormesis.compose.registry import kinds_of
from hormesis.words.check import Check
from hormesis.words.history import History, ProcessRecord
from hormesis.words.kind import Kind
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from hormesis.words.window import Window
from tests.unit.record.histories import MANIFEST, fault, look, op, run, started

KINDS: Mapping[str, type[Check]] = kinds_of("checks")


@dataclass(frozen=True)
class Case:
    """One kind's fields, a history that keeps the claim and one that breaks it."""

    fields: dict[str, Any]
    clean: History
    broken: History
    cites: str


def looks(bad: range = range(0), step: int = 1) -> list[Any]:
    return [
        look(float(t), "value is 0, expected 1" if t in bad else "") for t in range(1, 90, step)
    ]


CASES = {
    "always": Case(
        {"probe": "ready"},
        run(probes=looks()),
        run(probes=looks(range(12, 15))),
        "ready at 12.000 s",
    ),
    "sometimes": Case(
        {"probe": "ready"},
        run(probes=looks(range(60))),
        run(probes=looks(range(99))),
        "ready at 1.000 s",
    ),
    "never": Case(
        {"probe": "ready"},
        run(probes=looks(range(99))),
        run(probes=looks(range(60))),
        "ready at 60.000 s",
    ),
    "eventually": Case(
        {"probe": "ready", "within": "10s", "after": "pause"},
        run(faults=[fault()], probes=looks(range(20, 35))),
        run(faults=[fault()], probes=looks(range(20, 99))),
        "pause-1",
    ),
    "invariant": Case(
        {"probe": "duplicates"},
        run(probes=[look(5.0, probe="duplicates", fields={"value": None, "count": 0})]),
        run(probes=[look(5.0, probe="duplicates", rows=[{"job": "j1"}], fields={"count": 1})]),
        "duplicates at 5.000 s",
    ),
    "never-duplicate": Case(
        {"of": "claim", "key": "job"},
        run(ops=[op(1, value={"job": "a"}), op(2, value={"job": "b"})]),
        run(ops=[op(1, value={"job": "a"}), op(2, value={"job": "a"})]),
        "op 2",
    ),
    "never-lost": Case(
        {"of": "submit", "key": "job", "found_in": "complete"},
        run(
            ops=[
                op(1, name="submit", value={"job": "a"}),
                op(2, name="complete", value={"job": "a"}),
            ]
        ),
        run(
            ops=[
                op(1, name="submit", value={"job": "a"}),
                op(2, name="complete", value={"job": "b"}),
            ]
        ),
        "op 1",
    ),
    "completes": Case(
        {"of": "submit", "key": "job", "found_in": "done", "within": "20s"},
        run(
            ops=[op(1, name="submit", value={"job": "a"})],
            probes=[look(15.0, probe="done", rows=[{"job": "a"}], fields={"count": 1})],
        ),
        run(
            ops=[op(1, name="submit", value={"job": "a"})],
            probes=[look(25.0, probe="done", fields={"value": None, "count": 0})],
        ),
        "op 1",
    ),
    "exactly-once": Case(
        {"of": "submit", "key": "job", "found_in": "complete"},
        run(
            ops=[
                op(1, name="submit", value={"job": "a"}),
                op(2, name="complete", value={"job": "a"}),
            ]
        ),
        run(
            ops=[
                op(1, name="submit", value={"job": "a"}),
                op(2, name="complete", value={"job": "a"}),
                op(3, name="complete", value={"job": "a"}),
            ]
        ),
        "op 3",
    ),
    "monotonic": Case(
        {"of": "claim"},
        run(ops=[op(n, float(n), value={"value": n}) for n in range(1, 9)]),
        run(ops=[op(n, float(n), value={"value": n % 7}) for n in range(1, 9)]),
        "op 7",
    ),
    "bank-total": Case(
        {"of": "claim", "total": 100},
        run(ops=[op(1, value={"balances": "[60, 40]"})]),
        run(ops=[op(1, value={"balances": "[60, 45]"})]),
        "op 1",
    ),
    "counter": Case(
        {"of": "read", "added_by": "add"},
        run(ops=[op(1, name="add"), op(2, 5.0, name="read", value={"value": 1})]),
        run(ops=[op(1, name="add"), op(2, 5.0, name="read", value={"value": 0})]),
        "op 2",
    ),
    "set": Case(
        {"of": "read", "added_by": "add", "key": "job"},
        run(
            ops=[
                op(1, name="add", value={"job": "a"}),
                op(2, 5.0, name="read", value={"job": '["a"]'}),
            ]
        ),
        run(
            ops=[
                op(1, name="add", value={"job": "a"}),
                op(2, 5.0, name="read", value={"job": '["b"]'}),
            ]
        ),
        "op 1",
    ),
    "queue": Case(
        {"of": "take", "added_by": "put", "key": "job"},
        run(
            ops=[
                op(1, name="put", value={"job": "a"}),
                op(2, 5.0, name="take", value={"job": "a"}),
                op(3, 6.0, name="take"),
            ]
        ),
        run(ops=[op(1, name="put", value={"job": "a"}), op(3, 6.0, name="take")]),
        "op 1",
    ),
    "never-exit": Case(
        {"of": "server"},
        run(processes=(started(),)),
        run(processes=(started(), ProcessRecord("server", 25.0, "exited", 11, 70))),
        "25.000 s",
    ),
    "threshold": Case(
        {"expression": "http_req_duration p(95) < 500ms"},
        run(ops=[op(n, float(n), took=0.1) for n in range(2, 50)]),
        run(ops=[op(n, float(n), took=0.1 + n / 50) for n in range(2, 50)]),
        "op 49",
    ),
    "recovers": Case(
        {"fault": "pause", "of": "ready", "within": "10s"},
        run(faults=[fault()], probes=looks(range(21, 35))),
        run(faults=[fault()], probes=looks(range(21, 45))),
        "pause-1",
    ),
}


def made(kind: str) -> Check:
    return KINDS[kind].model_validate(CASES[kind].fields)


def test_every_kind_has_a_case() -> None:
    assert sorted(CASES) == sorted(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_clean_run_passes(kind: str) -> None:
    verdict = made(kind).judge(CASES[kind].clean)
    assert verdict.outcome is Outcome.PASS, verdict
    assert verdict.advice == ""
    assert verdict.summary


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_planted_defect_fails_with_findings_that_cite_and_with_advice(kind: str) -> None:
    verdict = made(kind).judge(CASES[kind].broken)
    assert verdict.outcome is Outcome.FAIL, verdict
    assert CASES[kind].cites in [cite for one in verdict.findings for cite in one.cites]
    assert all(one.sentence and one.cites for one in verdict.findings)
    assert verdict.advice


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_was_not_seen_gives_no_advice(kind: str) -> None:
    verdict = made(kind).judge(History(MANIFEST))
    assert (verdict.outcome, verdict.advice) == (Outcome.UNKNOWN, "")


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("history", [History(MANIFEST), run()], ids=["empty", "idle"])
def test_no_evidence_is_unknown_with_the_reason(kind: str, history: History) -> None:
    verdict = made(kind).judge(history)
    assert verdict.outcome is Outcome.UNKNOWN, verdict
    assert verdict.summary


@pytest.mark.parametrize("kind", sorted(k for k, c in KINDS.items() if issubclass(c, Window)))
def test_a_window_on_a_fault_that_was_never_injected_is_unknown(kind: str) -> None:
    check = KINDS[kind].model_validate({**CASES[kind].fields, "during": "nosuch"})
    assert check.judge(CASES[kind].broken).outcome is Outcome.UNKNOWN
    assert "during nosuch" in check.title()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_title_reads_like_a_claim_and_can_be_replaced(kind: str) -> None:
    check = made(kind)
    assert "model_" not in check.title()
    assert check.kind == kind
    named = KINDS[kind].model_validate({**CASES[kind].fields, "name": "my claim"})
    assert named.judge(CASES[kind].clean).check == "my claim"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_reference_names_a_field(kind: str) -> None:
    refers: dict[str, str] = getattr(KINDS[kind], "refers", {})
    assert refers
    assert set(refers) <= set(KINDS[kind].model_fields)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_unknown_parameters_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="surprise"):
        KINDS[kind].model_validate({**CASES[kind].fields, "surprise": 1})


def test_undecided_operations_are_neither_ok_nor_duplicates() -> None:
    ops = [op(1, value={"job": "a"}), op(2, value={"job": "a"}, outcome=Ended.INFO)]
    verdict = made("never-duplicate").judge(run(ops=ops))
    assert verdict.outcome is Outcome.PASS
    assert verdict.figures["undecided"] == 1
    assert isinstance(made("never-duplicate"), Kind)
