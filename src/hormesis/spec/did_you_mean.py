"""Did you mean: the nearest known word, or what there is to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 12
_NEAR = 0.65


def did_you_mean(word: str, known: Iterable[str], *, noun: str = "known") -> str:
    """Return a hint for the unknown *word*: the nearest of *known*, else the list of them."""
    names = list(dict.fromkeys(known))
    near = nearest(word, names)
    if near is not None:
        return f"did you mean {near}?"
    if not names:
        return f"{noun}: none"
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{noun}: {', '.join(names[:_SHOWN])}{more}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *word* must mean; None when it is near to none."""
    by_form = {_form(name): name for name in reversed(list(known))}
    near = get_close_matches(_form(word), by_form, n=1, cutoff=_NEAR)
    return by_form[near[0]] if near else None


def _form(word: str) -> str:
    return word.casefold().replace("_", "-")
