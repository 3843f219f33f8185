"""What several scenarios lack for one reason is told once."""

from __future__ import annotations

from hormesis.compose.cause import causes_of, several
from hormesis.compose.lack import Lack, missing_process

DSN = Lack("the variable dsn", "add it")
BROKEN = Lack("the disk is full")


def test_one_cause_is_told_with_all_that_it_concerns() -> None:
    causes = causes_of({"ONE": [DSN, BROKEN], "TWO": [DSN, DSN], "FREE": []})
    assert [(one.lack, one.scenarios) for one in causes] == [
        (DSN, ("ONE", "TWO")),
        (BROKEN, ("ONE",)),
    ]
    assert [one.lack for one in several(causes)] == [DSN]


def test_what_concerns_the_same_scenarios_alike_is_one() -> None:
    both = [missing_process("worker-1"), missing_process("worker-2")]
    (first, second) = causes_of({"ONE": both, "TWO": both, "THREE": both[:1]})
    assert first.lack.what == "the process worker-1"
    assert second.scenarios == ("ONE", "TWO")
