"""A virtual user as a class: it writes notes, each under a key of its own."""

from __future__ import annotations

from typing import Any
from urllib.request import Request, urlopen


class Writer:
    """Blocking code is fine: each user has a thread of its own."""

    def __init__(self, user: Any, *, url: str) -> None:
        self._user = user
        self._url = url
        self._written = 0

    def iterate(self) -> None:
        """Write one note. Leaving the block by an exception records that nobody knows."""
        self._written += 1
        note = f"{self._user.number}-{self._written}"
        request = Request(f"{self._url}/notes/{note}", method="PUT")
        with self._user.op("write", note=note) as op, urlopen(request, timeout=3) as answer:
            op.note(status=answer.status)
        # Draw from the user's own stream only, so that the seed replays the run.
        self._user.pause(self._user.rng.uniform(0.02, 0.06))
