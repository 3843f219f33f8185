"""A writer that tries again, later each time, when the answer was bad."""

from __future__ import annotations

from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class RetryingWriter:
    """Writes notes; writing one again changes nothing, so trying again is safe."""

    def __init__(self, user: Any, *, url: str, tries: str) -> None:
        self._user = user
        self._url = url
        self._tries = int(tries)
        self._written = 0

    def iterate(self) -> None:
        """Write one note."""
        self._written += 1
        note = f"{self._user.number}-{self._written}"
        with self._user.op("write", note=note) as op:
            for tried in range(1, self._tries + 1):
                status = self._put(note)
                op.note(status=status, tried=tried)
                if status < 500:
                    break
                self._user.pause(0.02 * 2**tried * self._user.rng.uniform(0.5, 1.5))
            else:
                op.info(f"status-{status}")
        self._user.pause(0.05)

    def _put(self, note: str) -> int:
        try:
            with urlopen(Request(f"{self._url}/notes/{note}", method="PUT"), timeout=3) as answer:
                return int(answer.status)
        except HTTPError as error:
            error.close()
            return error.code
