"""Waiting in a test: the first true value, or an error that says what was seen last."""

from __future__ import annotations

import asyncio

import pytest

from hormesis.testing import wait_until, wait_until_async


def test_the_first_true_value_is_returned_and_an_error_means_not_yet() -> None:
    answers = iter([ConnectionRefusedError(), 0, [], "there", "later"])

    def look() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert wait_until(look, every_s=0) == "there"


def test_late_says_what_was_waited_for_and_the_last_value() -> None:
    with pytest.raises(AssertionError, match=r"two rows: not within 0\.0 s; last value: 0"):
        wait_until(lambda: 0, within_s=0, what="two rows")


def test_late_says_the_last_error_and_keeps_it() -> None:
    def look() -> bool:
        raise ConnectionRefusedError("no")

    with pytest.raises(AssertionError, match="last error: ConnectionRefusedError") as caught:
        wait_until(look, within_s=0)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_the_same_in_a_coroutine() -> None:
    answers = iter([0, 7])

    async def look() -> int:
        return next(answers)

    async def never() -> None:
        return None

    assert asyncio.run(wait_until_async(look, every_s=0)) == 7
    with pytest.raises(AssertionError, match=r"a row: not within .* last value: None"):
        asyncio.run(wait_until_async(never, within_s=0, what="a row"))
