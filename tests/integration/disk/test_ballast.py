from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hormesis.host.children import Children
from hormesis.host.mounts import LAZY, attach, detach
from hormesis.host.services import Services
from hormesis.host.steps import drive
from hormesis.host.verb_protocol import NothingDone, Scene
from hormesis.host.verbs import ballast
from hormesis.words.verb import Undone

pytestmark = pytest.mark.integration


@pytest.fixture
def scene() -> Scene:
    """Return the scene of an effect of run r."""
    return Scene("r", "full/0", lambda facts: None, Services("r", Children()), {})


def test_a_disk_of_the_machine_is_never_filled_beyond_the_floor(
    scene: Scene, tmp_path: Path
) -> None:
    for left in (0, 10**6):
        args = {"subject": "disk", "path": str(tmp_path), "what": "bytes", "left": left}
        with pytest.raises(NothingDone, match="not a volume of this run"):
            ballast.capture(scene, args)
    assert os.listdir(tmp_path) == []


def test_with_a_floor_it_fills_to_what_is_to_be_left(scene: Scene, tmp_path: Path) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    # Barely anything is taken: the machine's other programs share this disk.
    left = max(0, free - (8 << 20))
    args = {"subject": "d", "path": str(tmp_path), "what": "bytes", "left": left, "floor": 0}
    facts = ballast.capture(scene, args)
    facts.update(drive(ballast.perform(scene, args, facts)))
    (made,) = tmp_path.iterdir()
    assert "hormesis-r" in made.name
    assert ballast.read(scene, args, facts)["wrote"] == "", "a trial of that size is no trial"
    assert drive(ballast.undo(scene, args, facts)) is Undone.DONE
    assert drive(ballast.undo(scene, args, facts)) is Undone.GONE
    assert os.listdir(tmp_path) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 4 MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        attach("hormesis-r", str(path), "tmpfs", data="size=4m")
    except PermissionError:
        pytest.skip("it takes root to mount")
    try:
        yield path
    finally:
        detach(str(path), LAZY)


@pytest.mark.parametrize("left", [0, 500_000])
def test_a_small_disk_is_full_and_is_as_before(scene: Scene, disk: Path, left: int) -> None:
    (disk / "mine").write_text("stays")
    args = {"subject": "disk", "path": str(disk), "what": "bytes", "left": left}
    facts = ballast.capture(scene, args)
    drive(ballast.perform(scene, args, facts))
    held = ballast.read(scene, args, facts)
    assert left <= held["free"] < left + 2 * held["block"]
    assert held["wrote"] == "ENOSPC"
    assert drive(ballast.undo(scene, args, facts)) is Undone.DONE
    assert ballast.read(scene, args, facts)["wrote"] == "ok"
    assert os.listdir(disk) == ["mine"]


def test_a_file_that_was_there_for_a_moment_leaves_no_room(scene: Scene, disk: Path) -> None:
    upload = disk / "upload"
    upload.write_bytes(bytes(200_000))
    args = {"subject": "disk", "path": str(disk), "what": "bytes", "left": 0}
    facts = ballast.capture(scene, args)
    filling = ballast.perform(scene, args, facts)
    while os.statvfs(disk).f_bavail:
        next(filling)
    upload.unlink()
    assert os.statvfs(disk).f_bavail
    drive(filling)
    assert ballast.read(scene, args, facts)["wrote"] == "ENOSPC"
    assert drive(ballast.undo(scene, args, facts)) is Undone.DONE
