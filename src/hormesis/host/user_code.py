"""User code: Python files and modules that a user's experiment names.

A reference is ``path/to/file.py:Name`` or ``package.module:Name``. Finding its source runs no code;
importing does, and a file is imported once per process, whoever names it.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def is_file(where: str) -> bool:
    """Return whether the first part of a reference is a path, and no module's name."""
    return where.endswith(".py") or "/" in where


def file_of(where: str, folder: Path) -> Path:
    """Return the file that *where* names, from *folder* on.

    Raises:
        ValueError: it is not there.
    """
    path = (folder / where).resolve()
    if not path.is_file():
        raise ValueError(f"no file {where} beside the experiment")
    return path


def source_of(where: str, folder: Path) -> Path | None:
    """Return the source of the file or module *where*; None when it has none that could be read.

    Raises:
        ValueError: it is not there.
    """
    if is_file(where):
        return file_of(where, folder)
    try:
        spec = importlib.util.find_spec(where)
    except (ImportError, ValueError) as error:
        raise ValueError(f"no module {where}: {error}") from error
    if spec is None:
        raise ValueError(f"no module {where}")
    source = Path(spec.origin or "")
    return source if source.suffix == ".py" and source.is_file() else None


def imported(where: str, folder: Path) -> ModuleType:
    """Import the file or module *where*.

    Raises:
        ValueError: it is not there; besides, whatever its code raises.
    """
    if is_file(where):
        return module_of(file_of(where, folder))
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as error:
        raise ValueError(f"no module {where}: {error}") from error


def module_of(path: Path) -> ModuleType:
    """Return the module that the file at *path* (absolute) is; it is imported once a process.

    Its folder is put at the end of the import path, so that it can import its neighbours.

    Raises:
        ValueError: it is no file that could be imported; besides, whatever its code raises.
    """
    name = f"hormesis_client_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path.name} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
