"""Locate: the text of a file → plain data and the place of every key and value in it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NoReturn

from hormesis.spec.document import Document
from hormesis.spec.json_text import read_json
from hormesis.spec.yaml_text import read_yaml
from hormesis.words.trouble import InputTrouble, Place, Problem

BYTES_MAX = 1_000_000
"""A larger file is not an experiment; it is refused before it is parsed."""
_KEPT = 128
"""How many documents are kept; a document is never changed."""


def locate(path: Path) -> Document:
    """Read the YAML or JSON file at *path*, whose top must be a mapping.

    Raises:
        InputTrouble: it cannot be read, is not UTF-8, or is not what its suffix says.
    """
    document = locate_any(path)
    if not isinstance(document.data, dict):
        found = "a list" if isinstance(document.data, list) else "a single value"
        if document.data is None:
            found = "nothing but comments"
        place = document.place(())
        _refuse(str(path), f"expected a mapping of keys to values, found {found}", place)
    return document


def locate_any(path: Path) -> Document:
    """Read the YAML or JSON file at *path*, whatever its top is.

    Raises:
        InputTrouble: it cannot be read, is not UTF-8, or is not what its suffix says.
    """
    text = _text(path)
    file, folder = str(path), str(path.absolute().parent)
    if not text.strip():
        _refuse(file, "expected a mapping of keys to values, found an empty file")
    as_json = path.suffix == ".json" or (
        path.suffix not in (".yaml", ".yml") and text.lstrip()[0] in "{["
    )
    return _parsed(text, file, folder, as_json)


@lru_cache(maxsize=_KEPT)
def _parsed(text: str, file: str, folder: str, as_json: bool) -> Document:
    """Parse a text once: the scenarios of a suite include the same files, and each is read anew."""
    return (read_json if as_json else read_yaml)(text, file, folder)


def _text(path: Path) -> str:
    file = str(path)
    try:
        if path.is_dir():
            _refuse(file, "expected a file, found a directory")
        with path.open("rb") as stream:
            content = stream.read(BYTES_MAX + 1)
    except FileNotFoundError:
        _refuse(file, "expected a file, found nothing there")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        _refuse(file, f"expected a readable file: {reason}")
    if len(content) > BYTES_MAX:
        _refuse(file, f"expected at most {BYTES_MAX:,} bytes, found a larger file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        message = f"expected UTF-8 text, found the byte 0x{content[error.start]:02x}"
        _refuse(file, message, Place(file, line, column))


def _refuse(file: str, message: str, place: Place | None = None) -> NoReturn:
    raise InputTrouble(Problem(message, place or Place(file)))
