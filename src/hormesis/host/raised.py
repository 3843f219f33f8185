"""What user code raised: where, and in words that a record can hold."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import hormesis

WORD_MAX = 80
"""Characters of an exception that become an operation's error."""
TEXT_MAX = 300
"""Characters of an exception's text in a trouble."""
BUGS = (
    ArithmeticError,
    AttributeError,
    BufferError,
    ImportError,
    LookupError,
    NameError,
    NotImplementedError,
    RecursionError,
    SyntaxError,
    TypeError,
)
"""What Python raises for mistakes in the code that runs, and hardly ever for a server's."""

_NOT_THE_USERS = (
    str(Path(hormesis.__file__).parent),
    *{sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib", "platstdlib")},
)


def place_of(error: BaseException) -> str:
    """Return ``shop.py:18``: the last line of user code that *error* went through; "" if none."""
    found, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if _is_users(file):
            found = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def told(error: BaseException) -> str:
    """Return the sort and the text of *error*: ``KeyError: 'price'``."""
    text = " ".join(str(error).split())
    short = text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"
    return f"{type(error).__name__}: {short}" if short else type(error).__name__


def word_of(error: BaseException) -> str:
    """Return an operation's error for *error*, never only the name of its class.

    An exception with a ``word`` says it itself; without a text its place stands for it.
    """
    if isinstance(word := getattr(error, "word", ""), str) and word:
        return word
    if not str(error).strip() and (place := place_of(error)):
        return f"{type(error).__name__} in {place}"
    return told(error)[:WORD_MAX]


def is_bug(error: BaseException) -> bool:
    """Return whether *error* is a mistake in the code that raised it, as far as its sort tells."""
    return isinstance(error, BUGS)


def _is_users(file: str) -> bool:
    """Return whether *file* is neither Hormesis nor Python nor what was installed."""
    return not file.startswith("<") and not _under(file, _NOT_THE_USERS)


def _under(file: str, folders: tuple[str, ...]) -> bool:
    return any(file.startswith(f"{folder}/") for folder in folders)
