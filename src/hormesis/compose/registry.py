"""The registry: a shelf folder is its own list.

File stem = kind = configuration name. Packages outside join through the entry-point group
``hormesis.<shelf>``, where the entry point's name is the kind's name. A name that is taken twice
is an error that names both places.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Any

from hormesis.words.catalogue import Catalogue
from hormesis.words.check import Check
from hormesis.words.client import ClientKind
from hormesis.words.fault import Fault
from hormesis.words.kind import Kind
from hormesis.words.load import Load
from hormesis.words.probe import Probe
from hormesis.words.report import Report
from hormesis.words.shaper import Toxic
from hormesis.words.trouble import CapabilityTrouble, Problem

SHELVES: dict[str, type[Kind]] = {
    "faults": Fault,
    "toxics": Toxic,
    "loads": Load,
    "clients": ClientKind,
    "probes": Probe,
    "checks": Check,
    "reports": Report,
}


@cache
def catalogue() -> Catalogue:
    """Return every kind there is, ours and those of installed packages.

    Raises:
        CapabilityTrouble: two places define one name, or a plugin cannot be loaded.
    """
    return Catalogue(**{shelf: kinds_of(shelf) for shelf in SHELVES})


def kinds_of(shelf: str) -> dict[str, Any]:
    """Return one shelf's kinds by name, in alphabetical order."""
    base = SHELVES[shelf]
    found: dict[str, type[Kind]] = {}
    package = importlib.import_module(f"hormesis.{shelf}")
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:  # a package holds the parts of a kind, not a kind
            kind = _kind_in(f"hormesis.{shelf}.{module.name}", base)
            _add(found, kind.kind, kind)
    for point in entry_points(group=f"hormesis.{shelf}"):
        _add(found, point.name, _loaded(point, base))
    return dict(sorted(found.items()))


def systems() -> dict[str, Path]:
    """Return installed systems under test by name: the path of each one's ``system.yaml``.

    An entry point of the group ``hormesis.systems`` names a package that holds the file; its
    ``__init__`` is imported and nothing else.
    """
    return {
        point.name: Path(str(files(point.value).joinpath("system.yaml")))
        for point in entry_points(group="hormesis.systems")
    }


def _kind_in(module_name: str, base: type[Kind]) -> type[Kind]:
    module = importlib.import_module(module_name)
    own = [
        thing
        for _, thing in inspect.getmembers(module, inspect.isclass)
        if issubclass(thing, base) and thing.__module__ == module_name
    ]
    if len(own) != 1:
        raise CapabilityTrouble(
            f"{module.__file__}: expected one {base.__name__} in a shelf's file, found {len(own)}"
        )
    return own[0]


def _loaded(point: EntryPoint, base: type[Kind]) -> type[Kind]:
    try:
        thing = point.load()
    except Exception as error:
        raise CapabilityTrouble(
            Problem(f"plugin {point.value!r} cannot be loaded: {error}", hint="is it installed?")
        ) from error
    if not (inspect.isclass(thing) and issubclass(thing, base)):
        raise CapabilityTrouble(f"plugin {point.value!r} is not a {base.__name__}")
    kind: type[Kind] = thing
    kind.kind = point.name
    return kind


def _add(found: dict[str, type[Kind]], name: str, kind: type[Kind]) -> None:
    if name in found:
        raise CapabilityTrouble(
            f"two kinds are called {name!r}: {_where(found[name])} and {_where(kind)}"
        )
    found[name] = kind


def _where(kind: type[Kind]) -> str:
    return inspect.getsourcefile(kind) or kind.__module__
