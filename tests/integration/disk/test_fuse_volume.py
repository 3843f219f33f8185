from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from hormesis.host.mounts import LAZY, detach, mount_at
from tests.integration.disk.conftest import FuseVolume
from tests.integration.runs.world import wait_for

pytestmark = pytest.mark.integration


def test_it_passes_everything_through(volume: FuseVolume) -> None:
    path, backing = volume.path, volume.backing
    (path / "a").write_text("content")
    assert (backing / "a").read_text() == "content"
    os.symlink("a", path / "s")
    os.link(path / "a", path / "h")
    assert (os.readlink(path / "s"), (path / "s").read_text()) == ("a", "content")
    assert os.stat(path / "a").st_nlink == 2
    (path / "d").mkdir()
    os.rename(path / "a", path / "d" / "b")
    os.chmod(path / "d" / "b", 0o640)
    os.utime(path / "d" / "b", ns=(10**9, 2 * 10**9))
    stat = os.stat(backing / "d" / "b")
    assert (stat.st_mode & 0o777, stat.st_mtime_ns) == (0o640, 2 * 10**9)
    assert sorted(os.listdir(path)) == ["d", "h", "s"]
    os.truncate(path / "h", 3)
    assert (path / "d" / "b").read_text() == "con"
    with pytest.raises(OSError, match="not empty"):
        (path / "d").rmdir()
    shutil.rmtree(path / "d")
    assert sorted(os.listdir(backing)) == ["h", "s"]


def test_files_live_on_when_they_are_removed_while_open(volume: FuseVolume) -> None:
    with open(volume.path / "a", "w+b") as file:
        file.write(b"x" * 300_000)
        file.flush()
        os.unlink(volume.path / "a")
        assert os.fstat(file.fileno()).st_size == 300_000
        file.seek(0)
        assert len(file.read()) == 300_000
        os.fsync(file.fileno())
    assert os.listdir(volume.backing) == []


def test_appends_and_holes_and_room(volume: FuseVolume) -> None:
    log = volume.path / "log"
    with open(log, "ab", buffering=0) as first, open(log, "ab", buffering=0) as second:
        for file in (first, second, first):
            file.write(b"line\n")
    assert (volume.path / "log").read_bytes() == b"line\n" * 3
    hole = os.open(volume.path / "f", os.O_CREAT | os.O_RDWR)
    os.posix_fallocate(hole, 0, 10_000)
    assert os.fstat(hole).st_size == 10_000
    os.close(hole)
    room, beneath = os.statvfs(volume.path), os.statvfs(volume.backing)
    assert (room.f_blocks, room.f_frsize) == (beneath.f_blocks, beneath.f_frsize)


def test_a_rule_fails_what_it_names_also_on_open_files(volume: FuseVolume) -> None:
    with open(volume.path / "wal", "wb", buffering=0) as file:
        file.write(b"before")
        volume.add(operations=["write", "fsync"], errno="ENOSPC", match="wal", bytes_free=0)
        with pytest.raises(OSError) as caught:
            file.write(b"more")
        assert caught.value.errno == errno.ENOSPC
        with pytest.raises(OSError):
            os.fsync(file.fileno())
        (volume.path / "other").write_text("is spared")
        assert os.statvfs(volume.path).f_bavail == 0
        reading = volume.reading()
        assert (reading["active"], reading["hits"]) == (True, 2)
        volume.remove()
        file.write(b" after")
    assert (volume.backing / "wal").read_bytes() == b"before after"
    assert volume.reading()["active"] is False
    assert os.statvfs(volume.path).f_bavail > 0


def test_reads_are_hit_although_the_kernel_remembers(volume: FuseVolume) -> None:
    (volume.path / "a").write_text("content")
    with open(volume.path / "a", "rb", buffering=0) as file:
        assert file.read() == b"content"
        volume.add(operations=["read"], errno="EIO")
        file.seek(0)
        with pytest.raises(OSError) as caught:
            file.read()
    assert caught.value.errno == errno.EIO


def test_what_waits_holds_nothing_else_up_and_is_let_go(volume: FuseVolume) -> None:
    volume.add(operations=["fsync"], delay_s=60)

    def sync(name: str) -> None:
        # The kernel lets one sync of a file go on at a time.
        file = os.open(volume.path / name, os.O_RDWR | os.O_CREAT)
        os.fsync(file)
        os.close(file)

    waiting = [threading.Thread(target=sync, args=(f"a{n}",)) for n in range(20)]
    for thread in waiting:
        thread.start()
    wait_for(lambda: volume.reading()["seen"] == 20, "all are on their way")
    began = time.monotonic()
    (volume.path / "b").write_text("is not held up")
    assert time.monotonic() - began < 5
    volume.remove()
    for thread in waiting:
        thread.join(10)
    assert not any(thread.is_alive() for thread in waiting)
    assert volume.reading()["hits"] == 20


def test_requests_that_make_no_sense_are_answered(volume: FuseVolume) -> None:
    for request in ({"op": "add", "name": "x", "attributes": {"operations": ["fly"]}},
                    {"op": "read", "link": "nothing", "toxic": "x"}, {"op": "dance"}):  # fmt: skip
        answer = volume.ask(str(request.pop("op")), **request)
        assert answer["ok"] is False and answer["error"]
    assert volume.ask("links")["links"][0]["name"] == "data"


def test_its_death_leaves_a_mount_that_goes(volume: FuseVolume, tmp_path: Path) -> None:
    volume.process.send_signal(signal.SIGKILL)
    volume.process.wait(10)
    with pytest.raises(OSError):
        os.listdir(volume.path)
    assert mount_at(str(volume.path)) is not None
    detach(str(volume.path), LAZY)
    assert os.listdir(volume.path) == []


def test_the_end_of_its_lifeline_unmounts_it(volume: FuseVolume) -> None:
    assert volume.process.stdin is not None
    volume.process.stdin.close()
    volume.process.wait(10)
    assert mount_at(str(volume.path)) is None
