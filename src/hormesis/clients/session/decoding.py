"""Content encodings: what a server compressed is read as it was meant."""

from __future__ import annotations

import importlib
import zlib
from functools import cache
from typing import Any

BYTES_MAX = 256 * 1024 * 1024
"""A decoded body may be this large, so that a few bytes cannot fill the memory."""


class Undecodable(ValueError):
    """The body is not encoded as its header says, or too large."""


def accepted() -> str:
    """Return what this installation can decode, for ``Accept-Encoding``."""
    return "gzip, deflate, br" if _brotli() is not None else "gzip, deflate"


def decoded(body: bytes, encoding: str) -> bytes:
    """Return *body* without the content encodings that the header *encoding* lists.

    Raises:
        Undecodable: it is not encoded so, or in a way that cannot be read here.
    """
    for one in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        try:
            body = _decoded(body, one)
        except (zlib.error, EOFError) as error:
            raise Undecodable(f"not {one}: {error}") from error
    return body


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding in ("identity", "") or not body:
        return body
    if encoding in ("gzip", "x-gzip"):
        return _inflated(body, 16 + zlib.MAX_WBITS)
    if encoding == "deflate":
        # RFC 9110 means the zlib format; some servers send the bare stream.
        bare = (body[0] & 0x0F) != 8 or (body[0] << 8 | body[1 % len(body)]) % 31
        return _inflated(body, -zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
    if encoding == "br" and (brotli := _brotli()) is not None:
        try:
            whole: bytes = brotli.decompress(body)
        except brotli.error as error:
            raise Undecodable(f"not br: {error}") from error
        return whole
    raise Undecodable(f"cannot read the content encoding {encoding!r}")


def _inflated(body: bytes, window: int) -> bytes:
    whole = bytearray()
    while body:  # a gzip file may have several members
        stream = zlib.decompressobj(window)
        whole += stream.decompress(body, BYTES_MAX + 1 - len(whole))
        if len(whole) > BYTES_MAX:
            raise Undecodable(f"it exceeds {BYTES_MAX} bytes")
        if not stream.eof:
            raise Undecodable("it is cut off")
        body = stream.unused_data
    return bytes(whole)


@cache
def _brotli() -> Any:
    try:
        return importlib.import_module("brotli")
    except ImportError:
        return None
