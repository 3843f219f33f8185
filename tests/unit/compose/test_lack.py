"""Lacks that say the same of several things are said once."""

from __future__ import annotations

from hormesis.compose.lack import Lack, grouped, missing_process


def test_equal_lacks_are_one() -> None:
    told = grouped([missing_process(f"worker-{number}") for number in (3, 4, 5)])
    assert [str(one) for one in told] == [
        "the processes worker-3, worker-4 and worker-5; add `worker-3:` with pid or port to "
        "`targets`, and the same for each"
    ]


def test_other_lacks_stay_as_they_are() -> None:
    lacks = (Lack("the disk is full"), missing_process("api"), Lack("no `start:`", "say how"))
    assert grouped(lacks) == lacks
