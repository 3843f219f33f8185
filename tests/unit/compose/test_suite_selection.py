"""Which scenarios a command line means: everything that it says must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hormesis.compose.suite_selection import Asked
from hormesis.words.trouble import UsageTrouble
from tests.unit.compose.suite_folders import SUITE, suite_at

EVERY = ["NF-1", "NF-2", "W-1", "L-1"]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        (Asked(), ["NF-1", "W-1"]),
        (Asked({"size": "all"}), EVERY),
        (Asked({"sort": "network"}), ["NF-1", "NF-2"]),
        (Asked({"sort": "network", "size": "large"}), ["NF-2"]),
        (Asked(named=["W-1,NF-1", "L-1"]), ["W-1", "NF-1", "L-1"]),
        (Asked(named=["all"]), EVERY),
        (Asked({"sort": "network"}, ["all"]), ["NF-1", "NF-2"]),
        (Asked({"sort": "network"}, ["W-1", "NF-2"]), ["NF-2"]),
        (Asked(set="quick"), ["NF-2", "NF-1"]),
        (Asked(set="whole"), EVERY),
        (Asked({"size": "large"}, set="quick"), ["NF-2"]),
    ],
    ids=str,
)
def test_all_that_is_said_must_agree(asked: Asked, ids: list[str], tmp_path: Path) -> None:
    assert list(suite_at(tmp_path).select(asked)) == ids


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked({"sort": "netwrk"}), "--sort netwrk: expected one of network, worker, all"),
        (Asked({"sort": "netwrk"}), "did you mean network?"),
        (Asked(named=["NF-1,WC-1"]), "has no scenario 'WC-1'; did you mean W-1?"),
        (Asked(named=["XX-1234"]), " --options` lists all"),
        (Asked(named=[""]), "--scenario: expected the name of a scenario, found nothing"),
        (Asked({"sort": ""}), "--sort: expected one of network, worker, all, found nothing"),
        (Asked(set="quik"), "has no set 'quik'; did you mean quick?"),
        (
            Asked({"sort": "worker", "size": "large"}),
            "no scenario is left by --sort worker and --size large; "
            "--sort worker: W-1; --size large: NF-2",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_told(asked: Asked, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble) as caught:
        suite_at(tmp_path).select(asked)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("option: size", "option: sort", "select[1].option: expected an option of its own"),
        ("option: size", "option: users", "options.users: expected an option of its own"),
        ("option: size", "option: seed", "expected an option that `hormesis run` does not have"),
        ("default: small", "default: tiny", "select[1].default: expected one of all, small, large"),
        ("[NF-2, NF-1]", "[NF-2, NF-3]", "sets.quick.scenarios[1]: expected the name of a scen"),
        ("short.yaml", "shrt.yaml", "short_form: expected the path of a file, found 'shrt.yaml'"),
        ("{sets: out, env", "{var: x, sets: out, env", "exactly one of var and sets, found both"),
        ("{sets: out, env", "{sets: outt, env", "did you mean out?"),
        ("default: 1}", "default: 3}", "expected one of its choices as default, found 3"),
        ("{sets: verbose, env: VERBOSE, switch: true}", "{sets: verbose}", "to be a switch"),
    ],
)
def test_a_suite_file_s_slips_are_told(
    old: str, new: str, told: str, tmp_path: Path
) -> None:
    assert old in SUITE
    with pytest.raises(Exception, match=r"suite\.yaml:") as caught:
        suite_at(tmp_path, SUITE.replace(old, new))
    assert told in str(caught.value)


def test_every_unknown_scenario_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble) as caught:
        suite_at(tmp_path / "mine").select(Asked(named=["NF-1,WC-1,XX-1234", "YY-99"]))
    assert [str(one) for one in caught.value.problems] == [
        "suite 'mine' has no scenario 'WC-1'; did you mean W-1?",
        "suite 'mine' has no scenario 'XX-1234'; it has: NF-1, NF-2, W-1, L-1; "
        "`hormesis run mine --options` lists all",
        "suite 'mine' has no scenario 'YY-99'",
    ]


def test_choices_are_listed_once(tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble) as caught:
        suite_at(tmp_path).select(Asked({"sort": "nosuch"}))
    assert str(caught.value) == "--sort nosuch: expected one of network, worker, all"


def test_one_selection_needs_no_list(tmp_path: Path) -> None:
    text = "title: t\nselect: {option: sort, choices: {a: [W-1]}}\n"
    suite = suite_at(tmp_path, text)
    assert list(suite.select(Asked({"sort": "a"}))) == ["W-1"]


def test_the_options_of_every_suite_are_those_of_the_command() -> None:
    import typer.main

    from hormesis.cli.main import app
    from hormesis.compose.suite import RUN_OPTIONS

    group: Any = typer.main.get_command(app)
    words = [word for one in group.commands["run"].params for word in one.opts]
    own = {word.removeprefix("--") for word in words if word.startswith("--")}
    assert own <= set(RUN_OPTIONS)
    assert set(RUN_OPTIONS) - own == {"help", "options"}
