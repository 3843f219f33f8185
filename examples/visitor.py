"""A visitor who holds a token and asks for a new one when it is refused, unless too stubborn."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Visitor:
    """Visits the hall again and again."""

    def __init__(self, user: Any, *, url: str, stubborn: str) -> None:
        self._user = user
        self._url = url
        self._stubborn = bool(stubborn)
        self._token = ""

    def iterate(self) -> None:
        """Visit once; a refused visit did not happen."""
        if not self._token:
            with urlopen(Request(f"{self._url}/token", method="POST"), timeout=3) as answer:
                self._token = json.load(answer)["token"]
        with self._user.op("visit") as op:
            try:
                urlopen(f"{self._url}/hall?{self._token}", timeout=3).close()
            except HTTPError as error:
                op.fail(f"status-{error.code}")
                error.close()
                if not self._stubborn:
                    self._token = ""
        self._user.pause(0.05)
