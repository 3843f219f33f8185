"""The shelf of verbs: every module here is one, and its file stem is its name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from hormesis.host.verb_protocol import Reader, Verb


def verb_names() -> list[str]:
    """Return the names of all verbs, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load_verb(name: str) -> Verb:
    """Return the verb called *name*.

    Raises:
        LookupError: there is no such verb; the message lists those there are.
    """
    if not name.isidentifier() or name not in verb_names():
        raise LookupError(f"there is no verb {name!r}; there are {', '.join(verb_names())}")
    return cast(Verb, importlib.import_module(f"{__name__}.{name}"))


def reader_of(name: str) -> Reader | None:
    """Return what reads how effects of the verb *name* stand, or None where nothing does."""
    return cast(Reader | None, getattr(load_verb(name), "read", None))
