"""A base for the image of the proving ground, made of this machine's Python: nothing is pulled.

It has the interpreter with its standard library, the shared libraries that they need, busybox as
shell, and an environment with the dependencies, pip and the build backend, but not the proving
ground itself: that is what the Dockerfile installs.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement

PROVING_GROUND = Path(__file__).resolve().parents[2] / "apps/proving_ground"
ENVIRONMENT = Path("/opt/python")
_BUILD = ("pip", "hatchling")
_APPLETS = ("sh", "mkdir", "chown", "cat", "ls", "sleep")
_LIBRARY = re.compile(r"(?:=>\s*)?(/\S+)\s+\(0x")
_SKIPPED = shutil.ignore_patterns(
    "test", "tests", "idlelib", "tkinter", "site-packages", "dist-packages"
)


def base_tree(tree: Path) -> None:
    """Fill the directory *tree*."""
    for name in ("bin", "etc", "tmp", "root", "usr/local/bin"):
        (tree / name).mkdir(parents=True, exist_ok=True)
    (tree / "tmp").chmod(0o1777)
    shutil.copy(shutil.which("busybox") or "busybox", tree / "bin/busybox")
    for name in _APPLETS:
        (tree / "bin" / name).symlink_to("busybox")
    (tree / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n"
    )
    (tree / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (tree / "etc/nsswitch.conf").write_text("hosts: files dns\n")
    _copy_interpreter(tree)
    _copy_distributions(tree)
    _copy_libraries(tree)


def _inside(tree: Path, path: Path) -> Path:
    return tree / path.relative_to("/")


def _copy_interpreter(tree: Path) -> None:
    interpreter = Path(os.path.realpath(sys.executable))
    _inside(tree, interpreter).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(interpreter, _inside(tree, interpreter))
    library = Path(sysconfig.get_path("stdlib"))
    shutil.copytree(library, _inside(tree, library), ignore=_SKIPPED)
    binaries = _inside(tree, ENVIRONMENT) / "bin"
    binaries.mkdir(parents=True)
    for name in ("python", "python3"):
        (binaries / name).symlink_to(interpreter)
    (binaries.parent / "pyvenv.cfg").write_text(
        f"home = {interpreter.parent}\ninclude-system-site-packages = false\n"
    )


def _copy_distributions(tree: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = _inside(tree, ENVIRONMENT) / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    for one in _closure():
        for file in one.files or ():
            source = Path(str(one.locate_file(file)))
            if ".." in file.parts or not source.exists():
                continue
            (packages / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, packages / file)  # compiled modules know their source's time


def _closure() -> Iterator[importlib.metadata.Distribution]:
    """Yield what the proving ground and its build need, and what that needs."""
    project = tomllib.loads((PROVING_GROUND / "pyproject.toml").read_text())["project"]
    waiting = _needed([*project["dependencies"], *_BUILD])
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        one = importlib.metadata.distribution(name)
        if not extra:
            yield one
        waiting += _needed(one.requires or (), extra)


def _needed(requirements: Iterable[str], extra: str = "") -> list[tuple[str, str]]:
    """Return the names that apply here, each with no extra and with each extra that is asked."""
    applying = [
        one
        for one in map(Requirement, requirements)
        if one.marker is None or one.marker.evaluate({"extra": extra})
    ]
    return [(one.name, more) for one in applying for more in ("", *one.extras)]


def _copy_libraries(tree: Path) -> None:
    """Copy the shared libraries that binaries of the tree find on this machine."""
    for binary in [one for one in tree.rglob("*") if _is_dynamic(one)]:
        # Its own libraries are found beside it, so it is asked where it came to lie.
        said = subprocess.run(
            ["ldd", str(binary)], capture_output=True, text=True, check=False
        ).stdout  # fmt: skip
        for found in _LIBRARY.findall(said):
            library = Path(found)
            if not library.is_relative_to(tree) and not _inside(tree, library).exists():
                _inside(tree, library).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(os.path.realpath(library), _inside(tree, library))


def _is_dynamic(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
