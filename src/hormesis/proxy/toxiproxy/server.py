"""Server: the proxies and the HTTP server that rules them, as one thing to open and close."""

from __future__ import annotations

from collections.abc import Callable

from hormesis.proxy.toxiproxy.api import Api
from hormesis.proxy.toxiproxy.api_error import ApiError
from hormesis.proxy.toxiproxy.http_server import HttpServer
from hormesis.proxy.toxiproxy.router import Router


class ToxiproxyServer:
    """Serves Toxiproxy's API; *seed* decides every draw, *wall* gives the time of day."""

    def __init__(
        self,
        *,
        seed: int,
        wall: Callable[[], float],
        proxy_metrics: bool = False,
        toxics_package: str = "hormesis.toxics",
    ) -> None:
        self._api = Api(seed, wall, toxics_package)
        router = Router(self._api.routes(proxy_metrics=proxy_metrics), self._api.perform)
        self._http = HttpServer(router.answer, wall)

    async def open(self, host: str, port: int) -> str:
        """Begin to answer; return the address, with the real port.

        Raises:
            OSError: the address cannot be listened on.
        """
        return await self._http.open(host, port)

    async def populate(self, body: bytes) -> int:
        """Add the proxies of a configuration file; return how many there are in it.

        Raises:
            ApiError: it is no such file, or one of its proxies cannot listen.
        """
        made, trouble = await self._api.populated(body, None)
        if trouble is not None:
            raise ApiError(f"proxy {len(made) + 1}: {trouble.text}", trouble.status)
        return len(made)

    def close(self) -> None:
        """End every connection and stop listening."""
        self._http.close()
        self._api.close()
