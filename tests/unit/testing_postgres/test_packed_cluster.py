"""A packed cluster comes out as it went in, or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from hormesis.host.postgres.packed_cluster import DamagedPack, pack, unpack

KB = 1024


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    (root / "base" / "1").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "PG_VERSION").write_text("18\n")
    (root / "base" / "1" / "same").write_bytes(b"abc" * 50_000)
    (root / "base" / "same").write_bytes(b"abc" * 50_000)
    (root / "base" / "nothing").write_bytes(b"")
    (root / "zeros").write_bytes(bytes(300 * KB))
    (root / "holes").write_bytes(bytes(128 * KB) + b"x" + bytes(200 * KB) + b"y")
    return root


def packed(directory: Path) -> bytes:
    file = io.BytesIO()
    pack(directory, file)
    return file.getvalue()


def contents(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


def test_everything_comes_out_as_it_went_in(directory: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert unpack(packed(directory), out) == 6
    assert contents(out) == contents(directory)
    assert (out / "PG_VERSION").stat().st_mode & 0o777 == 0o600


def test_equal_contents_and_zeros_are_kept_once(directory: Path) -> None:
    assert len(packed(directory)) < 300 * KB


@pytest.mark.parametrize("at", [5, 60, 400, -1])
def test_a_changed_byte_is_noticed_before_anything_is_made(
    directory: Path, tmp_path: Path, at: int
) -> None:
    damaged = bytearray(packed(directory))
    damaged[at] ^= 0xFF
    with pytest.raises(DamagedPack):
        unpack(bytes(damaged), tmp_path)
    assert list(tmp_path.iterdir()) == [directory]


@pytest.mark.parametrize("size", [0, 1, 30, 2000])
def test_a_file_cut_short_is_noticed(directory: Path, tmp_path: Path, size: int) -> None:
    with pytest.raises(DamagedPack):
        unpack(packed(directory)[:size], tmp_path)
