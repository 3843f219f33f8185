"""The worst of several exit codes, and the merge of outcomes."""

from __future__ import annotations

from itertools import permutations

import pytest

from hormesis.words.outcome import ExitCode, Outcome


def test_nothing_is_unknown() -> None:
    assert ExitCode.worst([]) is ExitCode.UNKNOWN
    assert Outcome.merge([]) is Outcome.UNKNOWN


def test_every_code_has_its_rank() -> None:
    for code in ExitCode:
        assert ExitCode.worst([code]) is code
        assert ExitCode.worst([code, ExitCode.PASS]) is code
        assert ExitCode.worst([code, ExitCode.LEFT_DIRTY]) is ExitCode.LEFT_DIRTY


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ((ExitCode.INTERRUPTED, ExitCode.STOPPED_BY_LIMIT, ExitCode.FAIL), ExitCode.INTERRUPTED),
        ((ExitCode.FAIL, ExitCode.CAPABILITY_MISSING, ExitCode.UNKNOWN), ExitCode.FAIL),
        ((ExitCode.UNKNOWN, ExitCode.PASS), ExitCode.UNKNOWN),
    ],
)
def test_the_order_of_the_runs_does_not_matter(
    codes: tuple[ExitCode, ...], worst: ExitCode
) -> None:
    assert {ExitCode.worst(order) for order in permutations(codes)} == {worst}
