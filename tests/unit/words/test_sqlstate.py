"""SQLSTATEs: what did not happen, what nobody knows, and what is worth another attempt."""

from __future__ import annotations

import pytest

from hormesis.words.sqlstate import happened_unknown, is_worth_retrying, state_of


@pytest.mark.parametrize(
    ("state", "unknown", "again"),
    [
        ("40001", False, True),
        ("40P01", False, True),
        ("40003", True, False),
        ("23505", False, False),
        ("53300", False, False),
        ("57014", False, False),
        ("57P01", True, True),
        ("57P02", True, True),
        ("57P03", False, True),
        ("57P05", True, True),
        ("08006", True, True),
        ("08001", False, True),
        ("08004", False, True),
        ("58030", True, False),
        ("XX000", True, False),
        ("", False, False),
    ],
)
def test_what_a_state_says(state: str, unknown: bool, again: bool) -> None:
    assert (happened_unknown(state), is_worth_retrying(state)) == (unknown, again)


class Told(Exception):
    sqlstate = "40001"


class Wrapping(Exception):
    orig = Told()


def test_the_state_of_the_error_inside() -> None:
    assert state_of(Wrapping()) == "40001"
    chained = ValueError()
    chained.__cause__ = Told()
    assert state_of(chained) == "40001"
    assert state_of(ValueError()) == ""
