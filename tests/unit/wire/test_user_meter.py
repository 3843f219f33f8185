from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.wire.makes import Make


def test_only_the_first_operation_is_due_by_the_schedule(make: Make) -> None:
    user = make.UserMeter(make.Meter(), 3)
    assert (user.number, user.first_ns, user.take_due_ns(7)) == (3, -1, 7)
    user.due_at(5)
    assert (user.take_due_ns(9), user.first_ns) == (5, 9)
    assert (user.take_due_ns(11), user.first_ns) == (11, 9)
    user.due_at(20)
    assert user.first_ns == -1


def test_checks_are_counted_by_what_their_names_lead_to(make: Make) -> None:
    class Checked(make.UserMeter):  # type: ignore[name-defined, misc]
        def checked(self, name: str) -> Callable[[float], None]:
            added[name] = []
            self.checks[name] = add = added[name].append
            return add

    added: dict[str, list[float]] = {}
    user = Checked(make.Meter(), 1)
    assert user.check("small", True) is True
    assert user.check("small", []) is False
    assert user.check("small", passed="yes") is True
    assert user.check("large", 0) is False
    assert added == {"small": [1.0, 0.0, 1.0], "large": [0.0]}
    user.checks = {"small": added["large"].append}
    user.check("small", True)
    assert added["large"] == [0.0, 1.0]


@pytest.mark.parametrize("given", [(), ("one",), ("one", True, 3)])
def test_a_check_has_a_name_and_an_outcome(make: Make, given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        make.UserMeter(make.Meter(), 1).check(*given)


def test_what_says_neither_true_nor_false_is_not_counted(make: Make) -> None:
    class Undecided:
        def __bool__(self) -> bool:
            raise ValueError("neither")

    user = make.UserMeter(make.Meter(), 1)
    user.checks["it"] = pytest.fail
    with pytest.raises(ValueError, match="neither"):
        user.check("it", Undecided())


def test_a_reply_has_the_body_of_what_came(make: Make) -> None:
    class Raw:
        body = b"hello"

    class Answer(make.Reply):  # type: ignore[name-defined, misc]
        __slots__ = ()

    answer = Answer(Raw(), 200, "GET", "/a")
    assert (answer.status, answer.method, answer._url, answer.body) == (200, "GET", "/a", b"hello")
    with pytest.raises(AttributeError):
        answer.colour = 1
