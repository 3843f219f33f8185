"""A suite's options: the command line, then the set, the environment, the default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hormesis.compose.suite_options import check_overrides, option_values
from hormesis.spec.given_text import GivenText
from hormesis.words.trouble import InputTrouble, UsageTrouble
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


TYPED = """\
title: mine
options:
  patience: {var: patience, env: PATIENCE, type: seconds}
  pause-for: {var: pause_for, type: duration}
  port: {var: port, env: PORT, type: port}
  share: {var: share, type: number}
  database: {var: database, env: DATABASE, type: url, schemes: [postgresql, postgres]}
  place: {var: place, env: PLACE, choices: [process, container], default: process}
  container: {var: container, env: CONTAINER, implies: {place: container}}
"""


@pytest.mark.parametrize(
    ("option", "good", "bad", "expected"),
    [
        ("patience", ["5", "0.5"], ["abc", "-5", "0", "5s", "nan", "1e3"], "a number of seconds"),
        ("pause-for", ["500ms", "1m30s"], ["5", "-5s"], "a duration with a unit"),
        ("port", ["1", "65535"], ["0", "65536", "80.0", "abc", "-1"], "a port from 1 to 65535"),
        ("share", ["-1.5", "0"], ["much", "inf"], "a number"),
        (
            "database",
            ["postgres://u:p@h/x", "host=h dbname=x"],
            ["garbage", "http://h", "postgresql://h:port/x"],
            "a URL such as postgresql://",
        ),
    ],
)
def test_a_value_must_be_of_its_option_s_type(
    option: str, good: list[str], bad: list[str], expected: str, tmp_path: Path
) -> None:
    file = suite_at(tmp_path, TYPED).file
    for text in good:
        assert text in option_values(file, {option: text}, {}).variables.values()
    for text in bad:
        with pytest.raises(UsageTrouble, match=f"--{option} {text}: expected {expected}"):
            option_values(file, {option: text}, {})


def test_a_value_of_the_environment_is_told_to_who_takes_it(tmp_path: Path) -> None:
    file = suite_at(tmp_path, TYPED).file
    text = option_values(file, {}, {"PATIENCE": "abc"}).variables["patience"]
    assert isinstance(text, GivenText)
    assert (text.said, text.expected[:19]) == ("PATIENCE=abc", "a number of seconds")
    option_values(file, {"patience": "5"}, {"PATIENCE": "abc"})


@pytest.mark.parametrize("option", ["patience", "place", "container"])
def test_an_empty_value_is_none(option: str, tmp_path: Path) -> None:
    file = suite_at(tmp_path, TYPED).file
    with pytest.raises(UsageTrouble, match=f"--{option}: expected .*, found nothing"):
        option_values(file, {option: ""}, {})


@pytest.mark.parametrize(
    ("given", "environment", "place"),
    [
        ({}, {}, "process"),
        ({"container": "c"}, {}, "container"),
        ({}, {"CONTAINER": "c"}, "container"),
        ({"container": "c"}, {"PLACE": "process"}, "container"),
        ({"place": "process"}, {"CONTAINER": "c"}, "process"),
        ({"container": "c", "place": "container"}, {}, "container"),
    ],
)
def test_an_option_may_imply_another(
    given: dict[str, str | bool], environment: dict[str, str], place: str, tmp_path: Path
) -> None:
    file = suite_at(tmp_path, TYPED).file
    assert option_values(file, given, environment).variables["place"] == place


@pytest.mark.parametrize(
    ("given", "environment", "told"),
    [
        (
            {"container": "c", "place": "process"},
            {},
            "--container c: expected --place container with it, found --place process",
        ),
        ({}, {"CONTAINER": "c", "PLACE": "process"}, "found PLACE=process"),
    ],
)
def test_what_contradicts_what_it_implies_is_told(
    given: dict[str, str | bool], environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageTrouble, match=told):
        option_values(suite_at(tmp_path, TYPED).file, given, environment)


def test_overrides_have_the_types_of_the_options(tmp_path: Path) -> None:
    file = suite_at(tmp_path, TYPED).file
    system = tmp_path / "mine.yaml"
    system.write_text("overrides:\n  patience: soon\n  port: '${other}'\n  share: 1\n")
    with pytest.raises(UsageTrouble) as used:
        check_overrides(file, {"port": "x", "patience": "1", "place": "elsewhere"}, system)
    assert str(used.value) == "--set port=x: expected a port from 1 to 65535"
    with pytest.raises(InputTrouble) as written:
        check_overrides(file, {}, system)
    assert str(written.value).endswith(
        "mine.yaml:2:13: overrides.patience: expected a number of seconds above 0, without a unit, "
        "found 'soon'"
    )
    check_overrides(file, {"patience": "5"}, system)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("type: seconds", "type: second", "did you mean seconds?"),
        ("type: seconds", "type: seconds, default: 5s", "a number of seconds above 0, without"),
        ("type: seconds", "type: seconds, switch: true", "a switch to have no choices and no type"),
        ("[postgresql, postgres]", "[postgresql, ftp]", "found ftp"),
        ("{place: container}", "{plase: container}", "did you mean place?"),
        ("{place: container}", "{place: elsewhere}", "one of process, container, found elsewhere"),
    ],
)
def test_slips_of_typed_options_are_told(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(InputTrouble) as caught:
        suite_at(tmp_path, TYPED.replace(old, new))
    assert told in str(caught.value)
