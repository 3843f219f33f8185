"""The build hook compiles where it can, and never makes an installation fail."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import hatch_build

ROOT = Path(hatch_build.__file__).parent
SUFFIX = str(sysconfig.get_config_var("EXT_SUFFIX"))
HEADER = Path(sysconfig.get_path("include")) / "Python.h"
NEEDS_COMPILER = pytest.mark.skipif(
    not (shutil.which("cc") or shutil.which("gcc")) or not HEADER.exists(),
    reason="no C compiler or no Python.h (apt-get install gcc libc6-dev python3-dev)",
)


class App:
    """Stands for hatchling's."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.display_info = self.display_warning = self.told.append


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / hatch_build.FOLDER
    shutil.copytree(ROOT / hatch_build.FOLDER, found, ignore=shutil.ignore_patterns("*.so"))
    return found


def built(tmp_path: Path, version: str = "standard", target: str = "wheel") -> dict[str, Any]:
    app, data = App(), {"artifacts": [], "pure_python": True, "infer_tag": False}
    given: list[Any] = [str(tmp_path), {}, None, None, "", target, app]
    hook = hatch_build.CompiledWire(*given)
    hook.initialize(version, data)
    return {**data, "told": "\n".join(app.told)}


@NEEDS_COMPILER
def test_the_wheel_gets_what_was_compiled(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HORMESIS_PURE", raising=False)
    data = built(tmp_path)
    made = folder / f"_compiled{SUFFIX}"
    assert made.exists() and not list(folder.glob("*.tmp"))
    assert (data["pure_python"], data["infer_tag"]) == (False, True)
    assert data["artifacts"] == [f"/{hatch_build.FOLDER}/{made.name}"]
    assert built(tmp_path, "editable")["artifacts"] == []
    monkeypatch.setenv("CC", "false")
    assert built(tmp_path)["artifacts"], "nothing changed: the compiler is not asked again"


@pytest.mark.parametrize("compiler", ["false", "/no/such/compiler"])
@pytest.mark.skipif(not HEADER.exists(), reason="no Python.h")
def test_without_a_compiler_the_wheel_is_pure(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str
) -> None:
    monkeypatch.delenv("HORMESIS_PURE", raising=False)
    monkeypatch.setenv("CC", compiler)
    stale = folder / f"_compiled{SUFFIX}"
    stale.write_bytes(b"")
    os.utime(stale, (1, 1))
    data = built(tmp_path)
    assert (data["pure_python"], data["artifacts"]) == (True, [])
    assert "without its compiled wire" in data["told"]
    assert not stale.exists()


def test_pure_on_request(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORMESIS_PURE", "1")
    assert "HORMESIS_PURE" in built(tmp_path)["told"]
    assert built(tmp_path, target="sdist")["told"] == ""
