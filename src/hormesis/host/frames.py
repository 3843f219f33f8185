"""Frames: whole messages on a stream of bytes, each behind its length in four bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_LENGTH = struct.Struct("<I")
FRAME_BYTES_MAX = 1 << 30
"""What claims to be longer is no frame of ours."""


def framed(payload: bytes) -> bytes:
    """Return *payload* as one frame.

    Raises:
        ValueError: it is longer than a frame may be.
    """
    if len(payload) > FRAME_BYTES_MAX:
        raise ValueError(f"a message of {len(payload):,} bytes is too long")
    return _LENGTH.pack(len(payload)) + payload


class Frames:
    """Puts frames together again from bytes that arrive in any pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the payloads that *data* completes.

        Raises:
            ValueError: the bytes are no frames.
        """
        rest = self._rest
        rest += data
        start = 0
        while len(rest) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(rest, start)
            if length > FRAME_BYTES_MAX:
                raise ValueError(f"a frame of {length:,} bytes is too long")
            end = start + _LENGTH.size + length
            if len(rest) < end:
                break
            yield bytes(memoryview(rest)[start + _LENGTH.size : end])
            start = end
        del rest[:start]
