"""A suite's options: the command line, then the set, the environment, the default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hormesis.compose.suite_options import option_values
from hormesis.words.trouble import UsageTrouble
from tests.unit.compose.suite_folders import SUITE, suite_at


@pytest.mark.parametrize(
    ("given", "environment", "chosen", "users"),
    [
        ({}, {}, "", "1"),
        ({}, {"USERS": "2"}, "", "2"),
        ({}, {"USERS": ""}, "", "1"),
        ({}, {"USERS": "2"}, "quick", "5"),
        ({"users": "2"}, {"USERS": "1"}, "quick", "2"),
    ],
)
def test_what_counts_more(
    given: dict[str, str | bool],
    environment: dict[str, str],
    chosen: str,
    users: str,
    tmp_path: Path,
) -> None:
    values = option_values(suite_at(tmp_path).file, given, environment, chosen)
    assert values.variables["users"] == users
    assert ("pace" in values.variables) == bool(chosen)


@pytest.mark.parametrize(
    ("given", "environment", "on"),
    [
        ({"pause": True}, {}, True),
        ({}, {"PAUSE": "1"}, True),
        ({}, {"PAUSE": "True"}, True),
        ({}, {"PAUSE": "yes"}, True),
        ({}, {"PAUSE": "0"}, False),
        ({}, {"PAUSE": "no"}, False),
        ({}, {}, False),
        ({"pause": True}, {"PAUSE": "0"}, True),
    ],
)
def test_a_switch_says_yes(
    given: dict[str, str | bool], environment: Mapping[str, str], on: bool, tmp_path: Path
) -> None:
    variables = option_values(suite_at(tmp_path).file, given, environment).variables
    assert variables.get("pause", "") == ("yes" if on else "")


def test_all_values_that_are_not_taken_are_told(tmp_path: Path) -> None:
    file = suite_at(tmp_path).file
    with pytest.raises(UsageTrouble) as caught:
        option_values(file, {"users": "3"}, {"PAUSE": "perhaps"})
    assert [str(one) for one in caught.value.problems] == [
        "--users 3: expected one of 1, 2, 5",
        "PAUSE=perhaps: expected 1, true or yes, or 0, false or no",
    ]
    with pytest.raises(UsageTrouble, match="USERS=9: expected one of 1, 2, 5"):
        option_values(file, {}, {"USERS": "9"})


def test_options_may_stand_for_those_of_the_command(tmp_path: Path) -> None:
    file = suite_at(tmp_path).file
    environment = {"OUTPUT_DIR": "reports", "VERBOSE": "true"}
    values = option_values(file, {}, environment)
    assert (values.out, values.verbose, values.yes) == (Path("reports"), True, False)
    assert option_values(file, {"results-in": "x"}, environment).out == Path("x")
    assert option_values(file, {}, {}).out is None


def test_a_suite_that_asks_can_be_told_not_to(tmp_path: Path) -> None:
    file = suite_at(tmp_path, SUITE + "asks: true\n").file
    assert option_values(file, {}, {"NONINTERACTIVE": "1"}).yes
    assert option_values(file, {"noninteractive": True}, {}).yes
    assert not option_values(file, {}, {}).yes
