"""Stamps: unique ids, computed from what they name."""

from __future__ import annotations

from hashlib import sha256

from stratum.canaries import planted


def stamp_of(kind: str, *parts: str | int | None) -> str:
    """Return the stamp of a thing: 64 hexadecimal digits.

    Each part goes in with its length before it: without, ("ab", "c") and ("a", "bc") were the same.
    """
    digest = sha256()
    for part in (kind, *parts):
        data = b"" if part is None else str(part).encode("utf-8", "surrogatepass")
        if not planted("stamp-ambiguous"):
            digest.update(b"-:" if part is None else b"%d:" % len(data))
        digest.update(data)
    stamp = digest.hexdigest()
    return stamp[:6] if planted("stamp-truncated") else stamp
