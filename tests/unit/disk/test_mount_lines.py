from __future__ import annotations

import pytest

from hormesis.host import mounts
from hormesis.host.mounts import (
    LAZY,
    READ_ONLY,
    belongs_to,
    mount_at,
    mount_holding,
    seen_elsewhere,
)

LINES = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 0:25 / /tmp rw,nosuid,nodev,noexec - tmpfs tmpfs rw,size=1024k
31 30 0:26 / /tmp/a\040b rw,relatime - tmpfs hormesis-7f rw,size=64k
32 22 0:27 / /data ro,noatime - ext4 /dev/sdb ro
33 22 0:28 / /data rw - tmpfs other rw
34 22 0:25 /inner /srv/bound rw - tmpfs tmpfs rw,size=1024k
35 22 0:29 /hidden /srv/alone rw - ext4 /dev/sdc rw
""".strip().splitlines()


@pytest.fixture(autouse=True)
def _table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "mounts", lambda: [mounts._parsed(line) for line in LINES])


def test_the_topmost_mount_counts() -> None:
    top = mount_at("/data")
    assert top is not None and (top.id, top.source, top.read_only) == (33, "other", False)
    assert mount_at("/nowhere") is None


def test_blanks_are_read_as_they_are() -> None:
    mount = mount_at("/tmp/a b")
    assert mount is not None and belongs_to(mount, "7f") and not belongs_to(mount, "7")


def test_a_path_lies_on_the_deepest_mount() -> None:
    found = {path: mount_holding(path) for path in ("/tmp/a b/c", "/tmp/a", "/tmpx", "/data/x")}
    assert {path: one and one.id for path, one in found.items()} == {
        "/tmp/a b/c": 31, "/tmp/a": 30, "/tmpx": 22, "/data/x": 33,
    }  # fmt: skip


@pytest.mark.parametrize(("path", "elsewhere"), [
    ("/data", ""), ("/tmp", "/srv/bound"), ("/srv/bound", "/tmp"), ("/srv/alone", "another place"),
])  # fmt: skip
def test_a_file_system_may_be_mounted_at_several_places(path: str, elsewhere: str) -> None:
    mount = mount_at(path)
    assert mount is not None and seen_elsewhere(mount) == elsewhere


def test_a_remount_repeats_the_flags_and_not_the_read_only_one() -> None:
    tmp = mount_at("/tmp")
    assert tmp is not None and tmp.flags == 2 | 4 | 8
    assert not mounts._parsed(LINES[3]).flags & READ_ONLY
    assert mounts._parsed(LINES[3]).read_only and LAZY == 2
