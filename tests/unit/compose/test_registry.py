from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from hormesis.compose import registry
from hormesis.compose.registry import SHELVES, kinds_of, systems
from hormesis.faults.pause import Pause
from hormesis.words.trouble import CapabilityTrouble

FOLDER = Path(registry.__file__).parent.parent


def plugins(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Let these entry points be the installed ones, whatever their group."""
    points = [EntryPoint(name.replace("_", "-"), value, "g") for name, value in values.items()]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


@pytest.mark.parametrize("shelf", SHELVES)
def test_a_shelf_is_its_folder(shelf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins(monkeypatch)
    kinds = kinds_of(shelf)
    stems = {path.stem.replace("_", "-") for path in (FOLDER / shelf).glob("*.py")} - {"--init--"}
    assert set(kinds) == stems
    assert list(kinds) == sorted(kinds)
    assert all(kind.kind == name for name, kind in kinds.items())


def test_a_plugin_joins_under_the_name_of_its_entry_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugins(monkeypatch, my_pause="tests.unit.compose.plugin_fault:Doze")
    kinds = kinds_of("faults")
    assert kinds["my-pause"].kind == "my-pause"
    assert kinds["pause"] is Pause


def test_a_name_taken_twice_names_both_files(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins(monkeypatch, pause="tests.unit.compose.plugin_fault:Doze")
    with pytest.raises(CapabilityTrouble, match="two kinds are called 'pause'") as caught:
        kinds_of("faults")
    assert "faults/pause.py" in str(caught.value)
    assert "plugin_fault.py" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("no_such_package:Fault", "cannot be loaded: No module named 'no_such_package'"),
        ("tests.unit.compose.plugin_fault:Absent", "cannot be loaded"),
        ("pathlib:Path", "is not a Fault"),
        ("hormesis.probes.tcp:Tcp", "is not a Fault"),
    ],
)
def test_a_plugin_that_is_none_is_told(
    value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins(monkeypatch, mine=value)
    with pytest.raises(CapabilityTrouble, match=told):
        kinds_of("faults")


def test_an_installed_system_is_its_package_s_file(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins(monkeypatch, ground="proving_ground")
    (path,) = systems().values()
    assert path.name == "system.yaml"
    assert path.is_file()
