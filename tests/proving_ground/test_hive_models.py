"""A model is in the hive's folder as a whole or not at all."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proving_ground.hive.models import BadName, DiskFull, Models


async def chunks(*parts: bytes, error: BaseException | None = None) -> AsyncIterator[bytes]:
    """Yield the parts; then fail as a write or a connection does, if that is asked for."""
    for part in parts:
        yield part
    if error is not None:
        raise error


def put(models: Models, name: str, *parts: bytes, error: BaseException | None = None) -> int:
    return asyncio.run(models.put(name, chunks(*parts, error=error)))


def full() -> OSError:
    return OSError(errno.ENOSPC, "No space left on device")


def test_a_model_is_kept_replaced_and_removed(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset())
    assert put(models, "small", b"abc", b"def") == 6
    assert put(models, "small", b"g") == 1
    assert (models.names(), models.size("small"), models.size("large")) == (["small"], 1, None)
    assert (models.delete("small"), models.delete("small")) == (True, False)
    assert models.listing()["models"] == []


@pytest.mark.parametrize("name", ["", ".", "../up", "a/b", ".hidden", "x" * 101])
def test_a_name_cannot_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadName):
        put(Models(tmp_path, frozenset()), name, b"x")


def test_what_does_not_fit_leaves_nothing(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset())
    put(models, "old", b"whole")
    with pytest.raises(DiskFull):
        put(models, "old", b"hal", error=full())
    assert models.listing()["incomplete"] == 0
    assert models.size("old") == 5
    assert put(models, "new", b"fits again") == 10


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset())
    with pytest.raises(ConnectionResetError):
        put(models, "gone", b"hal", error=ConnectionResetError())
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_removed_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "old.1.part").write_bytes(b"hal")
    assert Models(tmp_path, frozenset()).listing()["incomplete"] == 0


def test_half_written_model(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset({"half-written-model"}))
    with pytest.raises(DiskFull):
        put(models, "m", b"hal", error=full())
    assert models.listing()["incomplete"] == 1


def test_truncated_model_kept(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset({"truncated-model-kept"}))
    with pytest.raises(DiskFull):
        put(models, "m", b"hal", error=full())
    assert models.listing()["incomplete"] == 0
    assert models.size("m") == 3


def test_only_the_models_of_a_prefix_are_listed(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset())
    put(models, "old-1", b"x")
    put(models, "new-1", b"xy")
    assert models.listing("new-")["models"] == [{"name": "new-1", "bytes": 2}]
    assert len(models.listing()["models"]) == 2


def test_disk_full_for_ever(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset({"disk-full-for-ever"}))
    with pytest.raises(DiskFull):
        put(models, "m", b"hal", error=full())
    with pytest.raises(DiskFull, match="before"):
        put(models, "m", b"x")


def test_full_disk_acknowledged(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset({"full-disk-acknowledged"}))
    with pytest.raises(DiskFull):
        put(models, "m", b"hal", error=full())
    assert put(models, "m", b"hal", error=full()) == 3
    assert models.size("m") is None


def test_cut_model_acknowledged(tmp_path: Path) -> None:
    models = Models(tmp_path, frozenset({"cut-model-acknowledged"}))
    assert put(models, "m", b"hal", error=full()) == 3
    assert models.size("m") == 3
    assert models.listing()["incomplete"] == 0
