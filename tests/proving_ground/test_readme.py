"""What the README of the proving ground says is so; its tables of canaries are tests/tidy's."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import entry_points

import pytest

from proving_ground.cli import command_line_parser
from proving_ground.up_program import PORTS
from tests.proving_ground.base_image import PROVING_GROUND

README = (PROVING_GROUND / "README.md").read_text(encoding="utf-8")
COMPOSE = (PROVING_GROUND / "compose.yaml").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)
    for line in README.replace("\\\n", " ").splitlines()
    if line.startswith("python -m proving_ground ")
]


def test_each_part_stands_in_the_table_with_its_address() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", README, re.MULTILINE)
    addresses = {name: re.search(r"127\.0\.0\.1:(\d+)", where) for name, where in rows}
    assert {name: int(one[1]) for name, one in addresses.items() if one} == PORTS
    assert {name for name, one in addresses.items() if not one} == {"bot", "worker", "admin"}


def test_each_variable_of_the_compose_file_is_told() -> None:
    told = set(re.findall(r"`([A-Z_]+)`", README))
    for name in set(re.findall(r"\$\{(\w+):-", COMPOSE)) - told:
        assert name.endswith("_PORT"), f"{name} is not told"


def test_commands_are_shown() -> None:
    assert {words[3] for words in COMMANDS} >= {"up", "server", "admin", "postgres", "bot"}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[3:5]))
def test_each_command_shown_is_understood(words: list[str]) -> None:
    assert command_line_parser().parse_args(words[3:]).command == words[3]


def test_the_systems_told_are_those_there_are() -> None:
    known = {one.name for one in entry_points(group="hormesis.systems")}
    assert set(re.findall(r"`(proving-ground[a-z-]*)` \(", README)) == known
