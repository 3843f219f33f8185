"""Link: one listening address, its live connections, its toxics and their tallies."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from hormesis.proxy.address import address_of, text_of
from hormesis.proxy.chain import Stage
from hormesis.proxy.config import LinkConfig
from hormesis.proxy.connection import Connection
from hormesis.proxy.postgres_backend import Backend
from hormesis.proxy.prepared_statements import Memory, Remembering, Reminded
from hormesis.proxy.tally import UNSEEN, Tally
from hormesis.proxy.wire_loop import READ, Poller, poller_of
from hormesis.words.kind import Scalar
from hormesis.words.randomness import stream_of
from hormesis.words.shaper import Hits, Toxic

BACKLOG = 1024
ACCEPTS_MAX = 64
"""Connections accepted in one turn, so that the others are served meanwhile."""
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
NO_ROOM_PAUSE_S = 0.1
"""Seconds without accepting after there was no descriptor or memory left for it."""


@dataclass(slots=True)
class Traffic:
    """Bytes of one direction: passed on, and taken by toxics and not passed on."""

    passed: int = 0
    unpassed: int = 0


@dataclass(frozen=True, slots=True)
class Dose:
    """A toxic on a link, under its own name, for a share *toxicity* of the connections."""

    name: str
    toxic: Toxic
    toxicity: float = 1.0
    for_live: Toxic | None = None
    """What the connections get that were open before it came, if not the same."""

    @property
    def refuses(self) -> bool:
        """Return whether the address itself refuses; the kernel can only refuse everybody."""
        return self.toxic.refuses and self.toxicity >= 1 and self.toxic.first is None


class Link:
    """One proxied address. While a toxic refuses, connects get ECONNREFUSED from the kernel."""

    def __init__(self, config: LinkConfig, seed: int) -> None:
        self.config = config
        self.connections = 0
        self.refused = 0
        self.resets = 0
        self.refusal_resets = True
        self._seed = seed
        self._upstream = address_of(config.upstream)
        self._live: dict[Connection, None] = {}
        self._memories: dict[Connection, Memory] = {}
        self._doses: dict[str, Dose] = {}
        self._tallies: dict[str, Tally] = {}
        self._met: dict[str, Hits] = {}
        """Per toxic whose connections are limited in number, how many it has met."""
        self._family = socket.AF_INET
        self._address: tuple[Any, ...] = ()
        self._socket: socket.socket | None = None
        self._listening = False
        self._poller: Poller | None = None
        self._over = [Traffic(), Traffic()]
        """What connections that are gone have carried, up and down."""

    @property
    def bytes_up(self) -> int:
        """Return the bytes passed on to the upstream so far."""
        return self._over[0].passed + sum(one.up.passed for one in self._live)

    @property
    def bytes_down(self) -> int:
        """Return the bytes passed on to clients so far."""
        return self._over[1].passed + sum(one.down.passed for one in self._live)

    @property
    def unpassed_up(self) -> int:
        """Return the bytes from clients that toxics took and have not passed on."""
        return self._over[0].unpassed + sum(one.up.unpassed for one in self._live)

    @property
    def unpassed_down(self) -> int:
        """Return the bytes from the upstream that toxics took and have not passed on."""
        return self._over[1].unpassed + sum(one.down.unpassed for one in self._live)

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
        self._stop_listening()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for connection in list(self._live):
            connection.end(reset=False)

    def rewire(self, listen: str, upstream: str) -> None:
        """Serve other addresses from the next :meth:`open` on; the link must be closed."""
        self.config = replace(self.config, listen=listen, upstream=upstream)
        self._upstream = address_of(upstream)
        self._address = ()

    async def add(self, dose: Dose) -> None:
        """Put a toxic on the link, live connections included.

        Raises:
            ValueError: there is a toxic of that name on this link.
        """
        if dose.name in self._doses:
            raise ValueError(f"toxic {dose.name!r} is already on link {self.config.name!r}")
        before = self._tallies.get(dose.name)
        tally = Tally(
            generation=before.generation + 1 if before else 1,
            hits=dose.toxic.hits(),
            own_count=dose.toxic.counts_hits,
        )
        self._tallies[dose.name] = tally
        self._doses[dose.name] = dose
        self._met[dose.name] = Hits(
            first=None if dose.toxic.counts_requests else dose.toxic.first
        )
        if dose.refuses:
            self._refuse()
            tally.ended += len(self._live)
            for connection in list(self._live):
                connection.end(reset=False)
            await self._knock(tally)
            return
        for connection in list(self._live):
            self._apply(dose, connection, live=True)

    def change(self, dose: Dose) -> None:
        """Let a toxic that is on the link be *dose* now, live connections included.

        Its place in their chains stays, and so does what each connection has drawn.

        Raises:
            ValueError: there is none of that name, or it refuses connections.
        """
        if dose.name not in self._doses or dose.refuses or self._doses[dose.name].refuses:
            raise ValueError(f"toxic {dose.name!r} cannot change on link {self.config.name!r}")
        self._doses[dose.name] = dose
        earlier = frozenset(takewhile(lambda name: name != dose.name, self._doses))
        for connection in list(self._live):
            pipes = (connection.up, connection.down)
            met = any(pipe.carries(dose.name) for pipe in pipes)
            stages = self._stages(dose, connection, dose.toxic, met=met)
            for stage, pipe in zip(stages, pipes, strict=True):
                if not connection.over and (stage is not None or pipe.carries(dose.name)):
                    pipe.exchange(dose.name, stage, earlier)

    async def remove(self, name: str) -> bool:
        """Take a toxic away; return whether it was there.

        Raises:
            OSError: the address cannot be listened on again.
        """
        dose = self._doses.get(name)
        if dose is None:
            return False
        if dose.refuses:
            if sum(one.refuses for one in self._doses.values()) == 1:
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
        if tally is not None and dose is not None and dose.refuses:
            await self._knock(tally)
        return {**(tally.reading(now) if tally else UNSEEN), **self.counters()}

    def counters(self) -> dict[str, Scalar]:
        """Return the link's own counters."""
        return {
            "listening": self._listening,
            "connections": self.connections,
            "live": len(self._live),
            "refused": self.refused,
            "resets": self.resets,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
        }

    def live(self) -> list[dict[str, Scalar]]:
        """Return the open connections: number, client and bytes of each."""
        return [
            {
                "number": one.number,
                "client": one.peer,
                "bytes_up": one.up.passed,
                "bytes_down": one.down.passed,
            }
            for one in self._live
        ]

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
        """Forget *connection*, which is over, but not what it carried."""
        self._memories.pop(connection, None)
        if connection in self._live:
            del self._live[connection]
            for over, pipe in zip(self._over, (connection.up, connection.down), strict=True):
                over.passed += pipe.passed
                over.unpassed += pipe.unpassed

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
        self._socket.listen(BACKLOG)
        self._listening = True
        self._watch()

    def _refuse(self) -> None:
        """Stop listening but stay bound, so that nobody can take the port meanwhile.

        The system refuses connects to an address that is bound and not listened on. A socket that
        has listened cannot go back to that, hence a new one.
        """
        if self._listening and self._socket is not None:
            self._stop_listening()
            self._socket.close()
            self._socket = None
            with suppress(OSError):
                self._socket = self._bind()

    def _stop_listening(self) -> None:
        self._listening = False
        self._unwatch()

    def _unwatch(self) -> None:
        if self._poller is not None and self._socket is not None:
            self._poller.watch(self._socket.fileno(), 0, self._ready)

    def _watch(self) -> None:
        if self._listening and self._socket is not None:
            self._poller = poller_of(asyncio.get_running_loop())
            self._poller.watch(self._socket.fileno(), READ, self._ready)

    async def _knock(self, tally: Tally) -> None:
        """Try the link's own address once, and count it when it is refused as it should be."""
        if self._listening:
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

    def _ready(self, event: int) -> None:
        """Accept who has come."""
        for _ in range(ACCEPTS_MAX):
            if self._socket is None or not self._listening:
                return
            try:
                accepted, _ = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as trouble:
                if trouble.errno in NO_ROOM:
                    # Nothing will get better by asking at once, which epoll would have us do.
                    self._unwatch()
                    asyncio.get_running_loop().call_later(NO_ROOM_PAUSE_S, self._watch)
                    return
                continue
            accepted.setblocking(False)
            self._serve(accepted)

    def _serve(self, accepted: socket.socket) -> None:
        self.connections += 1
        connection = Connection(self, self.connections, self._upstream)
        self._live[connection] = None
        if self.config.remembers:
            memory = self._memories[connection] = Memory()
            connection.up.add(Stage("", Remembering(memory), Tally()))
            connection.down.add(Stage("", Backend(memory.session), Tally()))
        for dose in self._doses.values():
            self._apply(dose, connection)
        connection.start(accepted)

    def _apply(self, dose: Dose, connection: Connection, *, live: bool = False) -> None:
        """Put a toxic on one connection, *live* before the toxic came or new."""
        toxic = dose.for_live if live and dose.for_live is not None else dose.toxic
        stages = self._stages(dose, connection, toxic)
        for stage, pipe in zip(stages, (connection.up, connection.down), strict=True):
            if stage is not None and not connection.over:
                pipe.add(stage)

    def _stages(
        self, dose: Dose, connection: Connection, toxic: Toxic, *, met: bool = False
    ) -> tuple[Stage | None, Stage | None]:
        """Return what a connection gets if its draw, made once per connection, says so."""
        names = (self.config.name, connection.number, dose.name)
        if stream_of(self._seed, *names, "toxicity").random() >= dose.toxicity:
            return None, None
        if not (met or self._met[dose.name].take()):
            return None, None
        tally = self._tallies[dose.name]
        up, down = toxic.pair(
            stream_of(self._seed, *names, "upstream"),
            stream_of(self._seed, *names, "downstream"),
            tally.hits,
        )
        pupil: object = up
        if isinstance(pupil, Reminded):
            pupil.reminded(self._memories.get(connection) or Memory())
        return (
            Stage(dose.name, up, tally) if up is not None else None,
            Stage(dose.name, down, tally) if down is not None else None,
        )
