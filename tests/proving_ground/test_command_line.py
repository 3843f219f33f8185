from __future__ import annotations

import os
from importlib.metadata import entry_points
from importlib.resources import files

import pytest
import yaml

from proving_ground.canaries import every_canary, parse_canaries
from proving_ground.cli import command_line_parser, main
from proving_ground.durations import duration_s
from proving_ground.usage import UsageError


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PROVING_GROUND_")]:
        monkeypatch.delenv(name)


SERVER = ["server", "--port", "1", "--database-url", "postgresql://x", "--admin-token", "t"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sever"], "unknown command 'sever'; did you mean 'server'?"),
        (["server", "--port", "0"], "a port from 1 to 65535"),
        (["server", "--port", "1"], "--database-url (or PROVING_GROUND_DATABASE_URL) is needed"),
        ([*SERVER, "--canary", "cleanup-of"], "did you mean 'cleanup-off'?"),
        ([*SERVER, "--bot-timeout", "5"], "a duration such as 500ms, 1s or 2m"),
        ([*SERVER, "--nonsense"], "unrecognized arguments: --nonsense"),
        (["server", *SERVER[1:4], "nonsense", *SERVER[5:]], "--database-url"),
        (["postgres", "--port", "1"], "--data"),
        (["postgres", "--data", "x", "--port", "1", "--bin", "/nowhere"], "no postgres binary"),
        (["bot", "--server", "x", "--name", "n"], "an address such as http://host:port"),
    ],
)
def test_bad_input_is_one_line_and_64(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 64
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["postgres", "redis", "server", "bot", "canaries"])
def test_each_program_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_canaries_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["canaries"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(every_canary())


def test_several_canaries_are_read() -> None:
    assert parse_canaries(" cleanup-off, no-reconnect,") == {"cleanup-off", "no-reconnect"}
    assert parse_canaries("") == frozenset()


def test_durations_bear_units() -> None:
    assert [duration_s(text) for text in ("250ms", "1s", "1.5 s", "2m")] == [0.25, 1, 1.5, 120]
    for text in ("1", "", "0s", "-1s", "1 day"):
        with pytest.raises(UsageError):
            duration_s(text)


def test_the_system_file_runs_commands_that_exist() -> None:
    system = yaml.safe_load(files("proving_ground").joinpath("system.yaml").read_text())
    assert list(system["processes"]) == ["postgres", "server", "bot"]
    own_processes = [one for name, one in system["processes"].items() if name != "postgres"]
    for process in own_processes:
        python, _, module, *arguments = process["run"]
        assert (python, module) == ("${python}", "proving_ground")
        given = ["1" if "${port" in argument else argument for argument in arguments]
        assert command_line_parser().parse_args(given).command == arguments[0]
    for target in system["targets"].values():
        assert target.get("link") in (None, *system["links"])


def test_the_toolkit_can_find_the_system() -> None:
    (entry,) = entry_points(group="hormesis.systems", name="proving-ground")
    assert entry.value == "proving_ground"
