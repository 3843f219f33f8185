"""Link: one listening address, its live connections, its toxics and their tallies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hormesis.proxy.address import address_of, text_of
from hormesis.proxy.chain import Stage
from hormesis.proxy.config import LinkConfig
from hormesis.proxy.connection import Connection, Side
from hormesis.proxy.tally import UNSEEN, Tally
from hormesis.words.kind import Scalar
from hormesis.words.randomness import stream_of
from hormesis.words.shaper import Stream, Toxic

BACKLOG = 1024


@dataclass(frozen=True, slots=True)
class Dose:
    """A toxic on a link, under its own name, for a share *toxicity* of the connections."""

    name: str
    toxic: Toxic
    toxicity: float = 1.0


class Link:
    """One proxied address. While a toxic refuses, connects get ECONNREFUSED from the kernel."""

    def __init__(self, config: LinkConfig, seed: int) -> None:
        self.config = config
        self.connections = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.refused = 0
        self.resets = 0
        self._seed = seed
        self._upstream = address_of(config.upstream)
        self._live: dict[Connection, None] = {}
        self._doses: dict[str, Dose] = {}
        self._tallies: dict[str, Tally] = {}
        self._family = socket.AF_INET
        self._address: tuple[Any, ...] = ()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None

    @property
    def listen(self) -> str:
        """Return the real ``host:port``, known once the link is open."""
        return text_of(*self._address[:2]) if self._address else self.config.listen

    async def open(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the address cannot be listened on; the text names the link.
        """
        host, port = address_of(self.config.listen)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            self._family, _, _, _, self._address = found[0]
            await self._accept()
        except OSError as trouble:
            listen = self.config.listen
            name = self.config.name
            raise OSError(f"link {name!r} cannot listen on {listen}: {trouble}") from trouble

    def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for connection in list(self._live):
            connection.end(reset=False)

    async def add(self, dose: Dose) -> None:
        """Put a toxic on the link, live connections included.

        Raises:
            ValueError: there is a toxic of that name on this link.
        """
        if dose.name in self._doses:
            raise ValueError(f"toxic {dose.name!r} is already on link {self.config.name!r}")
        before = self._tallies.get(dose.name)
        tally = Tally(generation=before.generation + 1 if before else 1)
        self._tallies[dose.name] = tally
        self._doses[dose.name] = dose
        if dose.toxic.refuses:
            self._refuse()
            tally.ended += len(self._live)
            for connection in list(self._live):
                connection.end(reset=False)
            await self._knock(tally)
            return
        for connection in list(self._live):
            self._apply(dose, connection)

    async def remove(self, name: str) -> bool:
        """Take a toxic away; return whether it was there.

        Raises:
            OSError: the address cannot be listened on again.
        """
        dose = self._doses.get(name)
        if dose is None:
            return False
        if dose.toxic.refuses:
            if sum(one.toxic.refuses for one in self._doses.values()) == 1:
                await self._accept()
        else:
            for connection in list(self._live):
                connection.up.remove(name)
                connection.down.remove(name)
        del self._doses[name]
        self._tallies[name].active = False
        return True

    async def reading(self, name: str, now: float) -> dict[str, Scalar]:
        """Return the link's counters together with those of the toxic *name*, there or not."""
        tally = self._tallies.get(name)
        dose = self._doses.get(name)
        if tally is not None and dose is not None and dose.toxic.refuses:
            await self._knock(tally)
        return {**(tally.reading(now) if tally else UNSEEN), **self.counters()}

    def counters(self) -> dict[str, Scalar]:
        """Return the link's own counters."""
        return {
            "listening": self._server is not None,
            "connections": self.connections,
            "live": len(self._live),
            "refused": self.refused,
            "resets": self.resets,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
        }

    def description(self) -> Mapping[str, object]:
        """Return the link as the control socket shows it."""
        return {
            "name": self.config.name,
            "listen": self.listen,
            "upstream": self.config.upstream,
            **self.counters(),
            "toxics": [
                {
                    "name": dose.name,
                    "toxic": dose.toxic.kind,
                    "stream": dose.toxic.stream.value,
                    "toxicity": dose.toxicity,
                    "told": dose.toxic.describe(),
                }
                for dose in self._doses.values()
            ],
        }

    def gone(self, connection: Connection) -> None:
        """Forget *connection*, which is over."""
        self._live.pop(connection, None)

    def _bind(self) -> socket.socket:
        bound = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setblocking(False)
            bound.bind(self._address)
        except OSError:
            bound.close()
            raise
        self._address = bound.getsockname()
        return bound

    async def _accept(self) -> None:
        """Listen, on the socket that kept the port if there is one."""
        self._socket = self._socket or self._bind()
        self._server = await asyncio.get_running_loop().create_server(
            self._accepted, sock=self._socket, backlog=BACKLOG
        )

    def _refuse(self) -> None:
        """Stop listening but stay bound, so that nobody can take the port meanwhile.

        The system refuses connects to an address that is bound and not listened on. A socket that
        has listened cannot go back to that, hence a new one.
        """
        if self._server is not None:
            self._server.close()
            self._server = self._socket = None
            with suppress(OSError):
                self._socket = self._bind()

    async def _knock(self, tally: Tally) -> None:
        """Try the link's own address once, and count it when it is refused as it should be."""
        if self._server is not None:
            return
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(*self._address[:2]), 1.0)
        except ConnectionRefusedError:
            self.refused += 1
            tally.ended += 1
        except OSError:
            return
        else:
            writer.close()

    def _accepted(self) -> Side:
        self.connections += 1
        connection = Connection(self, self.connections, self._upstream)
        self._live[connection] = None
        for dose in self._doses.values():
            self._apply(dose, connection)
        return connection.client

    def _apply(self, dose: Dose, connection: Connection) -> None:
        """Put a toxic on one connection, if its draw, made once per connection, says so."""
        names = (self.config.name, connection.number, dose.name)
        if stream_of(self._seed, *names, "toxicity").random() >= dose.toxicity:
            return
        for stream, pipe in (
            (Stream.UPSTREAM, connection.up),
            (Stream.DOWNSTREAM, connection.down),
        ):
            if dose.toxic.stream in (stream, Stream.BOTH) and not connection.over:
                shaper = dose.toxic.shaper(stream, stream_of(self._seed, *names, stream.value))
                pipe.add(Stage(dose.name, shaper, self._tallies[dose.name]))
