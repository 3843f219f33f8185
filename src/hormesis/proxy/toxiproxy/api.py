"""API: what each request does to the proxies, and how it is answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from hormesis.proxy.toxiproxy.api_error import (
    ApiError,
    bad_body,
    missing_field,
    toxic_exists,
    toxic_not_found,
)
from hormesis.proxy.toxiproxy.events import EventLog
from hormesis.proxy.toxiproxy.go_json import Fields, GoJsonError, decoded, elements_of, encoded
from hormesis.proxy.toxiproxy.http_server import Answer, Request
from hormesis.proxy.toxiproxy.leases import Leases
from hormesis.proxy.toxiproxy.metrics import CONTENT_TYPE, Metrics
from hormesis.proxy.toxiproxy.proxies import Proxies, Proxy
from hormesis.proxy.toxiproxy.router import TEXT, Operation, Routes
from hormesis.proxy.toxiproxy.toxic_entry import ToxicEntry, ToxicReader

VERSION = "2.12.0"
"""The version of Toxiproxy whose API this is."""
JSON = {"Content-Type": "application/json"}
_POPULATED = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }'
"""The Go type of each proxy in the body of ``/populate``, as errors tell it."""


class Api:
    """The operations; *wall* gives the time of day, *package* holds the toxics of the shelf."""

    def __init__(self, seed: int, wall: Callable[[], float], package: str) -> None:
        self.metrics = Metrics()
        self.proxies = Proxies(seed, leaves=self.metrics.keep)
        self.events = EventLog(wall)
        # Requests of several clients are done one after the other: each sees settled proxies.
        self.turn = asyncio.Lock()
        self._reader = ToxicReader(package, wall)
        self._leases = Leases(self._expire, wall)

    def routes(self, *, proxy_metrics: bool) -> Routes:
        """Return which method and path does what."""
        metrics: Routes = {"/metrics": {"*": self.show_metrics}} if proxy_metrics else {}
        return {
            "/reset": {"POST": self.reset},
            "/proxies": {"GET": self.list_proxies, "POST": self.create_proxy},
            "/populate": {"POST": self.populate},
            "/proxies/{}": {
                "GET": self.show_proxy, "POST": self.update_proxy, "PATCH": self.update_proxy,
                "DELETE": self.delete_proxy,
            },
            "/proxies/{}/toxics": {"GET": self.list_toxics, "POST": self.create_toxic},
            "/proxies/{}/toxics/{}": {
                "GET": self.show_toxic, "POST": self.update_toxic, "PATCH": self.update_toxic,
                "DELETE": self.delete_toxic,
            },
            "/version": {"GET": self.show_version},
            "/events": {"GET": self.show_events},
            "/proxies/{}/connections": {"GET": self.show_connections},
            **metrics,
        }  # fmt: skip

    async def perform(self, operation: Operation, request: Request, *names: str) -> Answer:
        """Return what *operation* answers; its errors as Go tells them."""
        try:
            if request.method == "GET":
                return await operation(request, *names)
            async with self.turn:
                return await operation(request, *names)
        except GoJsonError as trouble:
            return _refusal(bad_body(trouble))
        except ApiError as trouble:
            return _refusal(trouble)

    def close(self) -> None:
        """Stop every proxy."""
        self._leases.close()
        self.proxies.close()

    async def list_proxies(self, request: Request) -> Answer:
        """Return all proxies by name."""
        found = sorted(self.proxies, key=lambda proxy: proxy.name.encode())
        return _json(200, {proxy.name: proxy.description() for proxy in found})

    async def create_proxy(self, request: Request) -> Answer:
        """Add a proxy, with ``toxics`` if there are any in the body."""
        fields = Fields(decoded(request.body), "toxiproxy.Proxy")
        name, listen = fields.text("name"), fields.text("listen")
        upstream, enabled = fields.text("upstream"), fields.boolean("enabled", True)
        if not name:
            raise missing_field("name")
        if not upstream:
            raise missing_field("upstream")
        toxics = self._toxics_of(fields.raw("toxics"))
        proxy = await self.proxies.create(
            name, listen, upstream, enabled=enabled, toxics=toxics.values()
        )
        self._note(request, "proxy_created", proxy, enabled=enabled)
        for entry in toxics.values():
            self._came(request, proxy, entry)
        return _json(201, proxy.description())

    async def populate(self, request: Request) -> Answer:
        """Add the proxies that are not there yet; replace those whose addresses differ."""
        try:
            made, trouble = await self.populated(request.body, request)
        except ApiError as error:
            made, trouble = [], error
        shown = [proxy.description() for proxy in made]
        told = {"error": trouble.text, "status": trouble.status} if trouble else {}
        return _json(trouble.status if trouble else 201, {**told, "proxies": shown or None})

    async def populated(
        self, body: bytes, request: Request | None
    ) -> tuple[list[Proxy], ApiError | None]:
        """Add proxies until one cannot be added; return them, and why the next one could not.

        Raises:
            ApiError: *body* is no list of proxies; nothing was added.
        """
        wanted = _proxies_of(body)
        made: list[Proxy] = []
        for name, listen, upstream, enabled in wanted:
            former = next((one for one in self.proxies if one.name == name), None)
            try:
                proxy, new = await self.proxies.create_or_replace(
                    name, listen, upstream, enabled=enabled
                )
            except ApiError as error:
                return made, error
            made.append(proxy)
            if new and former is not None:
                self._left(request, former, "proxy replaced")
            if new:
                self._note(request, "proxy_created", proxy, enabled=enabled)
        return made, None

    async def show_proxy(self, request: Request, name: str) -> Answer:
        """Return one proxy."""
        return _json(200, self.proxies.get(name).description())

    async def update_proxy(self, request: Request, name: str) -> Answer:
        """Change a proxy's addresses, or enable or disable it."""
        proxy = self.proxies.get(name)
        fields = Fields(decoded(request.body), "toxiproxy.Proxy")
        fields.text("name")
        listen = fields.text("listen", proxy.listen)
        upstream = fields.text("upstream", proxy.upstream)
        enabled = fields.boolean("enabled", proxy.enabled)
        await proxy.update(listen, upstream, enabled)
        self._note(
            request, "proxy_updated", proxy,
            listen=proxy.listen, upstream=proxy.upstream, enabled=proxy.enabled,
        )  # fmt: skip
        return _json(200, proxy.description())

    async def delete_proxy(self, request: Request, name: str) -> Answer:
        """Delete a proxy and close its connections."""
        proxy = self.proxies.delete(name)
        self._left(request, proxy, "proxy deleted")
        self._note(request, "proxy_deleted", proxy)
        return Answer(204)

    async def reset(self, request: Request) -> Answer:
        """Enable every proxy and remove every toxic."""
        for proxy in self.proxies:
            if not proxy.enabled:
                await proxy.start()
            for name in list(proxy.toxics):
                await self._remove(proxy, name, "reset", request)
        self._note(request, "reset")
        return Answer(204)

    async def list_toxics(self, request: Request, name: str) -> Answer:
        """Return a proxy's toxics."""
        return _json(200, self.proxies.get(name).shown_toxics())

    async def create_toxic(self, request: Request, name: str) -> Answer:
        """Put a toxic on a proxy."""
        proxy = self.proxies.get(name)
        entry = self._reader.read(decoded(request.body), _unused_in(proxy.toxics))
        await proxy.add(entry)
        self._came(request, proxy, entry)
        return _json(200, entry.description())

    async def show_toxic(self, request: Request, name: str, toxic: str) -> Answer:
        """Return one toxic."""
        return _json(200, _toxic_of(self.proxies.get(name), toxic).description())

    async def update_toxic(self, request: Request, name: str, toxic: str) -> Answer:
        """Change a toxic's attributes, its toxicity or its lease."""
        proxy = self.proxies.get(name)
        entry = self._reader.changed(_toxic_of(proxy, toxic), request.body)
        proxy.change(entry)
        self._leases.follow(proxy, entry)
        self._note(request, "toxic_updated", proxy, toxic=entry.description())
        return _json(200, entry.description())

    async def delete_toxic(self, request: Request, name: str, toxic: str) -> Answer:
        """Take a toxic away."""
        proxy = self.proxies.get(name)
        _toxic_of(proxy, toxic)
        await self._remove(proxy, toxic, "request", request)
        return Answer(204)

    async def show_version(self, request: Request) -> Answer:
        """Return the version."""
        headers = {"Content-Type": "application/json;charset=utf-8"}
        return Answer(200, f'{{"version": "{VERSION}"}}\n'.encode(), headers)

    async def show_metrics(self, request: Request) -> Answer:
        """Return the counters of all proxies."""
        text = self.metrics.text(self.proxies)
        return Answer(200, text.encode(), {"Content-Type": CONTENT_TYPE})

    async def show_events(self, request: Request) -> Answer:
        """Return what happened, ``?after=NUMBER`` only what came later."""
        query = parse_qs(request.target.partition("?")[2])
        after = query.get("after", ["0"])[0]
        if not (after.isascii() and after.isdigit()):
            raise ApiError(f"expected the number of an event in `after`, found {after!r}", 400)
        return _json(200, {"events": self.events.after(int(after))})

    async def show_connections(self, request: Request, name: str) -> Answer:
        """Return a proxy's counters, live, and those of its toxics."""
        proxy = self.proxies.get(name)
        now = asyncio.get_running_loop().time()
        toxics = {one: _figures(await proxy.link.reading(one, now)) for one in proxy.toxics}
        told = {**proxy.link.counters(), "open": proxy.link.live(), "toxics": toxics}
        return Answer(200, json.dumps(told).encode(), dict(JSON))

    def _toxics_of(self, value: Any) -> dict[str, ToxicEntry]:
        if value is None:
            return {}
        if not isinstance(value, list):
            raise GoJsonError("expected a list in `toxics`")
        toxics: dict[str, ToxicEntry] = {}
        for one in value:
            entry = self._reader.read(one, _unused_in(toxics))
            toxics[entry.name] = entry
        return toxics

    async def _remove(self, proxy: Proxy, name: str, because: str, request: Request | None) -> None:
        entry = await proxy.remove(name)
        self._leases.drop(proxy, name)
        self._went(request, proxy, entry, because)

    async def _expire(self, proxy: Proxy, name: str) -> None:
        async with self.turn:
            if self._leases.over(proxy, name):
                await self._remove(proxy, name, "lease", None)

    def _came(self, request: Request, proxy: Proxy, entry: ToxicEntry) -> None:
        self._leases.follow(proxy, entry)
        self._note(request, "toxic_added", proxy, toxic=entry.description())

    def _went(self, request: Request | None, proxy: Proxy, entry: ToxicEntry, because: str) -> None:
        self._note(request, "toxic_removed", proxy, toxic=entry.description(), because=because)

    def _left(self, request: Request | None, proxy: Proxy, because: str) -> None:
        """Note that a proxy's toxics have gone with it."""
        for name, entry in proxy.toxics.items():
            self._leases.drop(proxy, name)
            self._went(request, proxy, entry, because)

    def _note(
        self, request: Request | None, event: str, proxy: Proxy | None = None, **told: Any
    ) -> None:
        by: dict[str, Any] = {}
        if request is not None:
            by = {"by": request.peer, "client": request.headers.get("user-agent", "")}
        of = {"proxy": proxy.name} if proxy is not None else {}
        self.events.note(event, **of, **told, **by)


def _json(status: int, value: Any) -> Answer:
    return Answer(status, encoded(value), dict(JSON))


def _refusal(trouble: ApiError) -> Answer:
    body = encoded({"error": trouble.text, "status": trouble.status})
    return Answer(trouble.status, body + b"\n", dict(TEXT))


def _figures(reading: Any) -> dict[str, Any]:
    own = ("active", "hits", "met", "delay_ms_mean", "bytes_per_s", "error")
    return {name: reading[name] for name in own if name in reading}


def _toxic_of(proxy: Proxy, name: str) -> ToxicEntry:
    if name not in proxy.toxics:
        raise toxic_not_found()
    return proxy.toxics[name]


def _unused_in(toxics: dict[str, ToxicEntry]) -> Callable[[str], None]:
    def unused(name: str) -> None:
        if name in toxics:
            raise toxic_exists()

    return unused


def _proxies_of(body: bytes) -> list[tuple[str, str, str, bool]]:
    """Return name, listen, upstream and enabled of each proxy in a list of them.

    Raises:
        ApiError: it is no such list; all are looked at before any is created.
    """
    wanted = []
    try:
        for one in elements_of(decoded(body), _POPULATED):
            proxy = Fields(one, _POPULATED, struct=".Proxy")
            name, listen = proxy.text("name"), proxy.text("listen")
            upstream = proxy.text("upstream")
            enabled = Fields(one, _POPULATED, struct="").boolean("enabled", True)
            wanted.append((name, listen, upstream, enabled))
    except GoJsonError as trouble:
        raise bad_body(trouble) from trouble
    for number, (name, _, upstream, _) in enumerate(wanted, 1):
        if not name:
            raise missing_field(f"name at proxy {number}")
        if not upstream:
            raise missing_field(f"upstream at proxy {number}")
    return wanted
