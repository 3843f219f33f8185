"""A shelf: one folder's kinds by name. Those of ours are imported when somebody asks for them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

from hormesis.words.kind import Kind
from hormesis.words.trouble import CapabilityTrouble


class Shelf(Mapping[str, type[Any]]):
    """The kinds of *package*, classes below *base*, and *plugins*; in alphabetical order.

    An experiment names a dozen kinds of more than a hundred, and each costs milliseconds to
    import: looking one up imports that one, going through all values imports all.

    Raises:
        CapabilityTrouble: two kinds have one name; when looked up: a file does not define one
            class of its shelf, or cannot be imported.
    """

    def __init__(
        self, package: str, base: type[Kind], plugins: Mapping[str, type[Kind]]
    ) -> None:
        self._base = base
        self._found: dict[str, type[Kind]] = {}
        self._modules = _modules_in(package)
        for name, plugin in plugins.items():
            if name in self._modules:
                raise CapabilityTrouble(taken_twice(name, self[name], plugin))
        self._found.update(plugins)
        self._names = sorted({*self._modules, *plugins})

    def __getitem__(self, name: str) -> type[Any]:
        if name not in self._found:
            self._found[name] = _kind_in(self._modules[name], self._base)
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._found or name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _modules_in(package: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if module.ispkg:  # It holds the parts of a kind, not a kind.
            continue
        name, path = module.name.replace("_", "-"), f"{package}.{module.name}"
        if name in found:
            raise CapabilityTrouble(f"two kinds are called {name!r}: {found[name]} and {path}")
        found[name] = path
    return found


def _kind_in(module_name: str, base: type[Kind]) -> type[Kind]:
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise CapabilityTrouble(f"{module_name} cannot be imported: {error!r}") from error
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


def taken_twice(name: str, one: type[Kind], other: type[Kind]) -> str:
    """Return that two kinds have one name, and where both are."""
    return f"two kinds are called {name!r}: {_where(one)} and {_where(other)}"


def _where(kind: type[Kind]) -> str:
    return inspect.getsourcefile(kind) or kind.__module__
