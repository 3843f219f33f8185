"""JSON lines over a non-blocking socket, buffered both ways."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

_UNSENT_BYTES_MAX = 1 << 22


class Channel:
    """The custodian's end of its conversation with the engine."""

    def __init__(self, link: socket.socket) -> None:
        link.setblocking(False)
        self._link = link
        self._received = b""
        self._unsent = b""
        self.open = True

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._link.fileno()

    @property
    def pending(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._unsent)

    def receive(self) -> list[dict[str, Any]]:
        """Return the messages that have arrived; ``open`` turns false at the other side's end."""
        messages: list[dict[str, Any]] = []
        while self.open:
            try:
                data = self._link.recv(1 << 16)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                data = b""
            if not data:
                self.open = False
                break
            *lines, self._received = (self._received + data).split(b"\n")
            for line in lines:
                message = _decode(line)
                if message is not None:
                    messages.append(message)
        return messages

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue *message* and send what fits; an engine that does not read loses messages."""
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if self.open and len(self._unsent) + len(line) <= _UNSENT_BYTES_MAX:
            self._unsent += line
            self.flush()

    def flush(self) -> None:
        """Send what the other side has room for."""
        while self.open and self._unsent:
            try:
                sent = self._link.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self.open = False
                return
            self._unsent = self._unsent[sent:]


def _decode(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None
