"""The charts' script is packed once for each plotly, and what is kept is never trusted blindly."""

from __future__ import annotations

import base64
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hormesis.reports.page import chart_library
from hormesis.reports.page.chart_library import packed_chart_library


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small plotly, and caches of the test's own."""
    package = tmp_path / "plotly"
    script = package / "package_data" / "plotly.min.js"
    script.parent.mkdir(parents=True)
    script.write_text("draw()")
    spec = SimpleNamespace(submodule_search_locations=[str(package)])
    monkeypatch.setattr(chart_library, "find_spec", lambda name: spec)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    packed_chart_library.cache_clear()
    yield script
    packed_chart_library.cache_clear()


@pytest.fixture
def again() -> Callable[[], str]:
    """Return what another process would get, unpacked."""

    def call() -> str:
        packed_chart_library.cache_clear()
        packed = packed_chart_library()
        assert packed is not None
        return gzip.decompress(base64.b64decode(packed)).decode()

    return call


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "caches" / "hormesis" / "charts").iterdir())


def test_it_is_packed_once(
    script: Path, again: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert again() == "draw()"
    monkeypatch.setattr(gzip, "compress", lambda *given, **more: pytest.fail("packed again"))
    assert again() == "draw()"
    assert len(kept(tmp_path)) == 1


def test_another_script_takes_the_place_of_the_old_one(
    script: Path, again: Callable[[], str], tmp_path: Path
) -> None:
    assert again() == "draw()"
    script.write_text("draw_better()")
    assert again() == "draw_better()"
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("damage", [b"", b"abc\ndef", b"\xff\xfe", None])
def test_a_damaged_file_is_made_anew(
    script: Path, again: Callable[[], str], tmp_path: Path, damage: bytes | None
) -> None:
    again()
    (file,) = kept(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-3] if damage is None else damage)
    assert again() == "draw()"
    assert kept(tmp_path) == [file]
    assert file.read_bytes() == whole


def test_without_a_cache_it_is_packed_each_time(
    script: Path, again: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert again() == again() == "draw()"
    assert os.listdir(tmp_path / "plotly") == ["package_data"]
