"""Take a Redis server's client slots until only some are left.

Configuration: ``url``, ``left`` (how many slots stay free), ``connections_max`` and ``every_s``
(how often slots that others gave up are taken as well). Reports ``held``, ``free`` (what the
server has left), ``refused`` (its own words to the last connection that it refused) and
``refusals``. Plain sockets are held: no command is sent on them.
"""

from __future__ import annotations

import resource
import socket
import sys
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.redis_session import Line, RedisRefused, serve
from hormesis.host.holders.taking_slots import keep_full

NAME = "hormesis-connections"
_OWN_FILES = 64
_CONNECT_S = 3.0
_REFUSAL_S = 0.25


def address_of(url: str) -> tuple[str, int] | str:
    """Return host and port, or the path of a socket."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return unquote(parts.path)
    return parts.hostname or "127.0.0.1", parts.port or 6379


class Crowd:
    """The connections that take the slots; ``line`` was there first and keeps its own."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._line = Line(config["url"], NAME)
        self._held: list[socket.socket] = []
        self._most = int(self._line.setting("maxclients") or 0)
        self.refused = ""
        self.refusals = 0

    def need(self) -> int:
        """Return how many descriptors it takes to fill every slot."""
        return min(self._most, int(self._config["connections_max"])) + _OWN_FILES

    def free(self) -> int:
        """Return how many slots the server has left."""
        return max(0, self._most - int(self._line.ask("INFO", "clients")["connected_clients"]))

    def fill(self) -> dict[str, Any]:
        """Take what is free beyond what is to be left; then see whether one more is refused."""
        wanted = self.free() - self._config["left"]
        for _ in range(min(wanted, self._config["connections_max"] - len(self._held))):
            self._held.append(self._connected())
        free = self.free()
        if free == 0:
            self._knock()
        return {
            "held": len(self._held), "free": free, "slots": self._most,
            "refused": self.refused, "refusals": self.refusals,
        }  # fmt: skip

    def leave(self) -> None:
        """Hang up everywhere."""
        for one in self._held:
            one.close()
        self._line.close()

    def _connected(self) -> socket.socket:
        address = address_of(self._config["url"])
        try:
            if isinstance(address, str):
                line = socket.socket(socket.AF_UNIX)
                line.connect(address)
                return line
            return socket.create_connection(address, _CONNECT_S)
        except OSError as error:
            raise RedisRefused(f"no connection: {error.strerror or error}") from error

    def _knock(self) -> None:
        """Connect once more: what a full server says to that is the proof."""
        line = self._connected()
        line.settimeout(_REFUSAL_S)
        with suppress(OSError):
            said = line.recv(200).decode(errors="replace").strip()
            if said.startswith("-"):
                self.refused, self.refusals = said[1:], self.refusals + 1
        line.close()


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Take the slots and keep them until the lifeline ends."""
    crowd = Crowd(config)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < crowd.need():
        what = f"{crowd.need()} open files, and the hard limit of open files is {hard}"
        report(ready=False, missing=f"filling every slot takes {what}")
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, crowd.need()), hard))
    keep_full(crowd, lambda: Crowd(config), RedisRefused, lifeline, config["every_s"])


if __name__ == "__main__":
    sys.exit(serve(hold))
