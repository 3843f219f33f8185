from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.host.holders.strace_io import Tally, arguments, open_files


def inject_of(found: list[str]) -> str:
    return found[-1].removeprefix("inject=")


def test_sockets_are_spared_without_a_folder() -> None:
    found = inject_of(arguments({"operations": ["write"], "errno": "EIO"}, []))
    assert found == "pwrite64,pwritev,pwritev2,fallocate:error=EIO"


def test_with_files_the_plain_calls_are_hit_too() -> None:
    found = arguments({"operations": ["read"], "delay_s": 0.05}, ["/d/a", "/d/b"])
    assert found[found.index("-P") : found.index("-e")] == ["-P", "/d/a", "-P", "/d/b"]
    assert inject_of(found) == "pread64,preadv,preadv2,read,readv:delay_enter=50000"


@pytest.mark.parametrize(("share", "when"), [
    (1.0, ""), (0.5, ":when=1+2"), (0.1, ":when=1+10"), (0.33, ":when=1+3"), (0.7, ":when=1+2"),
    (0.4, ":when=1+3"),
])  # fmt: skip
def test_a_share_is_every_nth_call_and_never_more(share: float, when: str) -> None:
    found = arguments({"operations": ["fsync"], "errno": "EIO", "share": share}, [])
    assert inject_of(found) == f"fsync,fdatasync,sync_file_range,syncfs:error=EIO{when}"


@pytest.mark.parametrize(("folder", "pattern", "hit"), [
    (True, "", True), (True, "log/*", True), (True, "*.db", False), (False, "*.wal", True),
    (False, "log/*", True), (False, "other/*", False),
])  # fmt: skip
def test_open_files_are_narrowed_by_folder_and_by_name(
    folder: bool, pattern: str, hit: bool, tmp_path: Path
) -> None:
    file = tmp_path / "log" / "1.wal"
    file.parent.mkdir()
    with file.open("w"):
        found = open_files([os.getpid()], str(tmp_path) if folder else "", pattern)
    assert (os.path.realpath(file) in found) is hit


def test_calls_that_only_some_machines_have_are_optional() -> None:
    assert "?open," in inject_of(arguments({"operations": ["open", "rmdir"], "errno": "EIO"}, []))


def test_lines_are_counted_wherever_they_are_cut() -> None:
    lines = (
        b"7 fsync(3 <unfinished ...>\n8 pwrite64(3, \"\"..., 9, 0) = 9 <0.000010>\n"
        b"7 <... fsync resumed>) = -1 EIO (Input/output error) (INJECTED) <0.000005>\n"
        b"8 fsync(3) = 0 (DELAYED) <0.100000>\n"
    )
    tally = Tally()
    for start in range(0, len(lines), 7):
        tally.take(lines[start : start + 7])
    assert (tally.seen, tally.hits) == (3, 2)
    assert tally.took_s == pytest.approx(0.100005)
