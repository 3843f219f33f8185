"""The registry: a shelf folder is its own list.

File stem = kind = configuration name. Packages outside join through the entry-point group
``hormesis.<shelf>``, where the entry point's name is the kind's name. A name that is taken twice
is an error that names both places.
"""

from __future__ import annotations

import inspect
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path

from hormesis.compose.shelf import Shelf, taken_twice
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


def kinds_of(shelf: str) -> Shelf:
    """Return one shelf's kinds by name, in alphabetical order; plugins are loaded at once."""
    base = SHELVES[shelf]
    plugins: dict[str, type[Kind]] = {}
    for point in entry_points(group=f"hormesis.{shelf}"):
        kind = _loaded(point, base)
        if point.name in plugins:
            raise CapabilityTrouble(taken_twice(point.name, plugins[point.name], kind))
        plugins[point.name] = kind
    return Shelf(f"hormesis.{shelf}", base, plugins)


def systems() -> dict[str, Path]:
    """Return installed systems under test by name: the path of each one's ``system.yaml``.

    An entry point of the group ``hormesis.systems`` names a package that holds the file; its
    ``__init__`` is imported and nothing else.
    """
    return {
        point.name: Path(str(files(point.value).joinpath("system.yaml")))
        for point in entry_points(group="hormesis.systems")
    }


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
