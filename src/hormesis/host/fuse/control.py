"""Control: the socket by which rules come, go and are read; it speaks as the proxy's does.

JSON lines, one reply each: ``add`` and ``remove`` with ``link`` (the volume's name) and ``name``,
``read`` with ``toxic`` (the rule's name), ``links``.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hormesis.host.fuse.rules import Rule, Rules

_LINE_BYTES_MAX = 1 << 20


class Control:
    """Answers requests about one volume's rules."""

    def __init__(self, path: str, volume: str, rules: Rules, added: Callable[[Rule], None]) -> None:
        """Listen at *path*, a socket that only its owner may open; *added* hears of each rule.

        Raises:
            OSError: the socket cannot be made there.
        """
        self._volume = volume
        self._rules = rules
        self._added = added
        Path(path).unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        old = os.umask(0o177)
        try:
            self._listener.bind(path)
        finally:
            os.umask(old)
        self._listener.listen(16)
        threading.Thread(target=self._accept, name="control", daemon=True).start()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the reply to one request; never raises."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("expected a JSON object")
            return {"ok": True, **self._answered(request)}
        except (ValueError, TypeError) as error:
            return {"ok": False, "error": str(error)}

    def _answered(self, request: Mapping[str, Any]) -> dict[str, Any]:
        op = request.get("op")
        if op == "links":
            return {"links": [{"name": self._volume, "toxics": self._rules.names()}]}
        if request.get("link") != self._volume:
            message = f"there is no volume {request.get('link')!r}; there is {self._volume}"
            raise ValueError(message)
        if op == "add":
            rule = Rule.from_json(request.get("attributes") or {})
            self._rules.add(str(request["name"]), rule)
            self._added(rule)
            return {}
        if op == "remove":
            return {"existed": self._rules.remove(str(request.get("name")))}
        if op == "read":
            return {"reading": self._rules.reading(str(request.get("toxic")))}
        raise ValueError(f"expected one of the ops add, remove, read, links, found {op!r}")

    def _accept(self) -> None:
        while True:
            try:
                talk, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(talk,), daemon=True).start()

    def _talk(self, talk: socket.socket) -> None:
        with talk, suppress(OSError), talk.makefile("rb") as lines:
            while line := lines.readline(_LINE_BYTES_MAX):
                talk.sendall(json.dumps(self.answer(line)).encode() + b"\n")
