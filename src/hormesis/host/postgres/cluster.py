"""A new cluster in a data directory: unpacked from a cache, which ``initdb`` fills once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hormesis.host.cache_folder import cache_folder
from hormesis.host.postgres.account import Account
from hormesis.host.postgres.identity import identity_of
from hormesis.host.postgres.packed_cluster import DamagedPack, pack, unpack
from hormesis.words.trouble import CapabilityTrouble

OWN_SETTINGS = "hormesis.conf"
"""The file of settings beside ``postgresql.conf``; what ``ALTER SYSTEM`` sets counts more."""
_INITDB = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
_UNUSED_S_MAX = 30 * 24 * 3600
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a cluster is made of; a cached one serves only the very same recipe."""

    binaries: Path
    version: str
    locale: str = "C"

    @property
    def key(self) -> str:
        """Return the name of its file in the cache."""
        told = [identity_of(self.binaries), self.version, self.locale, *_INITDB]
        return f"{self.version}-{hashlib.sha256(' '.join(told).encode()).hexdigest()[:16]}"


def make_cluster(recipe: Recipe, data: Path, cache: Path | None) -> None:
    """Fill *data*, which is there and empty but for dot files, with a cluster that is shut down.

    Several processes may do this at once with one cache: one of them makes the file, the others
    wait for it. A damaged file is made anew. Without *cache* ``initdb`` works for *data* alone.

    Raises:
        CapabilityTrouble: ``initdb`` failed; its last line says why.
        OSError: *data* cannot be written to.
    """
    if cache is None:
        _make_in_place(recipe, data)
        return
    file = cache / f"{recipe.key}.cluster"
    for _ in range(_TRIES):
        try:
            packed = file.read_bytes()
        except OSError:
            packed = b""
        if packed:
            with contextlib.suppress(DamagedPack):
                unpack(packed, data)
                _mark_used(file)
                return
        try:
            _fill(cache, file, packed, recipe)
        except OSError:
            # A cache that cannot be written to (a full disk, a read-only one) is none.
            break
    _make_in_place(recipe, data)


def cache_for(account: Account | None) -> Path | None:
    """Return a folder that only the account that will run the server can write to, or None.

    To be called before root is given up: root keeps its cache below ``/var/cache``, everybody
    else in their own.
    """
    if account is not None:
        root = Path("/var/cache/hormesis")
        uid, gid = account.uid, account.gid
    else:
        root = cache_folder()
        uid, gid = os.geteuid(), os.getegid()
    folder = root / f"clusters-{uid}"
    try:
        root.mkdir(mode=0o755, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, uid, gid)
        state = folder.lstat()
    except OSError:
        return None
    return folder if stat.S_ISDIR(state.st_mode) and state.st_uid == uid else None


def _fill(cache: Path, file: Path, damaged: bytes, recipe: Recipe) -> None:
    """Make the cached file, unless another process has done so since it was found *damaged*."""
    with _locked(cache / f"{recipe.key}.lock"):
        with contextlib.suppress(FileNotFoundError):
            if file.read_bytes() != damaged:
                return
        for left in cache.glob(f".{recipe.key}.*"):
            # Of one that was killed: whoever makes this file has the lock.
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f".{recipe.key}.", dir=cache) as scratch:
            data, made = Path(scratch, "data"), Path(scratch, "made")
            data.mkdir(mode=0o700)
            _initdb(recipe, data)
            packed = io.BytesIO()
            pack(data, packed)
            made.write_bytes(packed.getbuffer())
            made.rename(file)
        _forget_unused(cache, file)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _initdb(recipe: Recipe, data: Path) -> None:
    command = [str(recipe.binaries / "initdb"), "-D", str(data), *_INITDB]
    command.append(f"--locale={recipe.locale}")
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip() or "it says nothing").splitlines()
        raise CapabilityTrouble(f"initdb of PostgreSQL {recipe.version} failed: {told[-1]}")
    with (data / "postgresql.conf").open("a") as settings:
        settings.write(f"\ninclude_if_exists = '{OWN_SETTINGS}'\n")


def _make_in_place(recipe: Recipe, data: Path) -> None:
    # initdb wants a folder without anything in it, not even a mark of ours.
    scratch = data / ".initdb"
    scratch.mkdir(mode=0o700)
    _initdb(recipe, scratch)
    for entry in scratch.iterdir():
        entry.rename(data / entry.name)
    scratch.rmdir()


def _mark_used(file: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(file)


def _forget_unused(cache: Path, newest: Path) -> None:
    """Remove what no start has used for a month: clusters of builds that are gone."""
    now = newest.stat().st_mtime
    for other in cache.glob("*.cluster"):
        with contextlib.suppress(OSError):
            if now - other.stat().st_mtime > _UNUSED_S_MAX:
                other.unlink()
