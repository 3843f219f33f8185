"""Bodies of requests: JSON, forms, multipart, bytes. Pure."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

File = bytes | str | Path | tuple[str, bytes] | tuple[str, bytes, str]
"""Content; a path to read; or a name with content, and perhaps its type."""


def body_of(
    boundary: Callable[[], str],
    *,
    json_value: Any = None,
    data: Any = None,
    files: Mapping[str, File] | None = None,
    body: bytes | str | None = None,
) -> tuple[bytes | None, str]:
    """Return a body and its content type; (None, "") when nothing was given.

    ``boundary()`` makes what separates the parts of a form with files. ``data`` is a mapping or
    pairs of form fields; bytes or text are sent as they are.

    Raises:
        ValueError: more than one body was given.
    """
    if sum(one is not None for one in (json_value, data if files is None else None, body)) > 1:
        raise ValueError("expected one of json, data and body")
    if files is not None:
        if json_value is not None or body is not None:
            raise ValueError("expected files with data, without json and body")
        return _multipart(_fields(data), files, boundary())
    if json_value is not None:
        return json.dumps(json_value, separators=(",", ":")).encode(), JSON
    given = body if data is None else data
    if given is None:
        return None, ""
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given), "application/octet-stream"
    if isinstance(given, str):
        return given.encode(), "text/plain; charset=utf-8"
    return urlencode(list(_fields(given))).encode(), FORM


def with_params(url: str, params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None) -> str:
    """Return *url* with *params* added to its query, before any fragment."""
    if not params:
        return url
    url, mark, fragment = url.partition("#")
    query = urlencode(list(_fields(params)))
    return f"{url}{'&' if '?' in url else '?'}{query}{mark}{fragment}"


def _fields(given: Any) -> Iterable[tuple[str, str]]:
    pairs = given.items() if isinstance(given, Mapping) else given or ()
    for name, value in pairs:
        for one in value if isinstance(value, list | tuple) else (value,):
            if one is not None:
                yield str(name), _text(one)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _multipart(
    fields: Iterable[tuple[str, str]], files: Mapping[str, File], boundary: str
) -> tuple[bytes, str]:
    """Return a body as RFC 7578 has it."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode()
        + value.encode()
        for name, value in fields
    ]
    for name, file in files.items():
        called, content, kind = _file(name, file)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"; '
            f'filename="{_quoted(called)}"\r\nContent-Type: {kind}\r\n\r\n'
        )
        parts.append(head.encode() + content)
    whole = b"\r\n".join([*parts, f"--{boundary}--\r\n".encode()])
    return whole, f"multipart/form-data; boundary={boundary}"


def _file(name: str, file: File) -> tuple[str, bytes, str]:
    if isinstance(file, Path):
        return file.name, file.read_bytes(), _type_of(file.name)
    if isinstance(file, str):
        return name, file.encode(), _type_of(name)
    if isinstance(file, tuple):
        called, content = file[0], file[1]
        return called, content, file[2] if len(file) == 3 else _type_of(called)
    return name, bytes(file), _type_of(name)


def _type_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
