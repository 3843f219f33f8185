"""The shelf of means: what a machine may be able to do, each found out by doing it.

Every module here is one means, and its file stem, with dashes, is its name. It says what it is for
(``USE``), how to get it (``REMEDY``), and why it is not there (``missing()``, an empty text when it
is). Whatever is tried is tried in throw-away namespaces: the host is never touched.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, cast


class Means(Protocol):
    """One thing a machine may be able to do; implemented by a module."""

    USE: str
    REMEDY: str

    def missing(self) -> str:
        """Return why it is not there, in a clause; an empty text when it is."""
        ...


def means_names() -> list[str]:
    """Return the names of all means, sorted."""
    return sorted(found.name.replace("_", "-") for found in pkgutil.iter_modules(__path__))


def load_means(name: str) -> Means:
    """Return the means called *name*.

    Raises:
        LookupError: there is no such means; the message lists those there are.
    """
    if name not in means_names():
        raise LookupError(f"there is no means {name!r}; there are {', '.join(means_names())}")
    return cast(Means, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))


def survey(names: Iterable[str]) -> dict[str, str]:
    """Return, for each of *names*, why it is not there; an empty text when it is."""
    asked = sorted(set(names))
    with ThreadPoolExecutor(max(1, min(8, len(asked)))) as pool:
        return dict(zip(asked, pool.map(_missing, asked), strict=True))


def _missing(name: str) -> str:
    try:
        return load_means(name).missing()
    except (OSError, LookupError) as error:
        return str(error)
