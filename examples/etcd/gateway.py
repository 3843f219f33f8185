"""etcd's gRPC gateway, version 3, over HTTP: the few calls that the examples make."""

from __future__ import annotations

import base64
import json
from http.client import HTTPConnection, HTTPException
from typing import Any

DEFINITE = ("no leader", "too many requests", "not capable")
"""Pieces of errors which say that the request was not carried out, and will not be.

"database space exceeded" is none of them: the write that first finds no room is carried out and
refused (etcd #16659).
"""


class NotDone(Exception):
    """etcd said that it did not happen."""


class Unknown(Exception):
    """Nobody knows whether it happened."""


def encoded(text: str) -> str:
    """Return keys and values as the gateway wants them."""
    return base64.b64encode(text.encode()).decode()


def decoded(text: str) -> str:
    """Return what the gateway says, as text."""
    return base64.b64decode(text).decode()


class Member:
    """One member, over one connection that is opened when it is needed."""

    def __init__(self, address: str, timeout_s: float = 2.0) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._connection: HTTPConnection | None = None

    def call(self, path: str, **question: Any) -> dict[str, Any]:
        """Ask once.

        Raises:
            NotDone: it did not happen, for example because nobody listens.
            Unknown: it may have happened: no answer, or one that does not say.
        """
        try:
            status, text = self._exchange(path, json.dumps(question).encode())
        except ConnectionRefusedError as error:
            raise NotDone("refused") from error
        except (OSError, HTTPException) as error:
            self.close()
            raise Unknown("timeout" if isinstance(error, TimeoutError) else "cut") from error
        answer: dict[str, Any] = json.loads(text)
        if status == 200:
            return answer
        told = str(answer.get("error", status)).removeprefix("etcdserver: ")
        raise (NotDone if any(piece in told for piece in DEFINITE) else Unknown)(told)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            connection = HTTPConnection(self._address, timeout=self._timeout_s)
            connection.connect()
            self._connection = connection
        self._connection.request("POST", f"/v3/{path}", body)
        answer = self._connection.getresponse()
        return answer.status, answer.read()
