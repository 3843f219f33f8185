from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hormesis.compose.shelf import Shelf
from hormesis.words.fault import Fault
from hormesis.words.trouble import CapabilityTrouble

NOTHING = "from hormesis.words.fault import Fault\n"
Look = Callable[[Shelf, str], object]
FOLDERS: dict[str, Path] = {}
A_FAULT = NOTHING + "class Doze(Fault):\n    '''Do nothing.'''\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of kinds: two that are, one that is none, and a package of parts."""
    name = f"shelf_{abs(hash(tmp_path))}"
    folder = tmp_path / name
    (folder / "parts").mkdir(parents=True)
    for stem, code in (("nap_time", A_FAULT), ("doze", A_FAULT), ("empty", NOTHING)):
        (folder / f"{stem}.py").write_text(code)
    for one in (folder, folder / "parts"):
        (one / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(FOLDERS, name, folder)
    return name


def test_names_are_known_without_an_import_and_a_kind_is_imported_alone(package: str) -> None:
    shelf = Shelf(package, Fault, {})
    assert list(shelf) == ["doze", "empty", "nap-time"]
    assert len(shelf) == 3
    assert "doze" in shelf
    assert "nap-time" in shelf
    assert "parts" not in shelf
    assert not {one for one in sys.modules if one.startswith(f"{package}.")}
    assert shelf["nap-time"].kind == "nap-time"
    assert {one for one in sys.modules if one.startswith(f"{package}.")} == {f"{package}.nap_time"}
    assert shelf["nap-time"] is shelf["nap-time"]


def test_what_is_not_there_is_no_kind(package: str) -> None:
    shelf = Shelf(package, Fault, {})
    assert shelf.get("nap_time") is None
    with pytest.raises(KeyError):
        shelf["parts"]


@pytest.mark.parametrize("look", [Shelf.__getitem__, Shelf.get])
def test_what_cannot_be_imported_is_told_and_not_absent(package: str, look: Look) -> None:
    (FOLDERS[package] / "broken.py").write_text("{}['nothing']\n")
    shelf = Shelf(package, Fault, {})
    with pytest.raises(CapabilityTrouble, match=r"broken cannot be imported: KeyError"):
        look(shelf, "broken")


def test_two_files_of_one_name_are_both_named(package: str) -> None:
    (FOLDERS[package] / "nap-time.py").write_text(A_FAULT)
    with pytest.raises(CapabilityTrouble, match=r"two kinds are called 'nap-time'") as caught:
        Shelf(package, Fault, {})
    assert "nap_time" in str(caught.value)


def test_a_file_without_a_kind_is_told_when_it_is_looked_up(package: str) -> None:
    with pytest.raises(CapabilityTrouble, match=r"empty\.py: expected one Fault .* found 0"):
        Shelf(package, Fault, {})["empty"]
