"""The bytes of requests without a body, made once for all users that send the same headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

from hormesis.host.http_origin import Origin

HEADS_MAX = 1024
"""How many different URLs are kept; a script that makes more pays for making each."""
HEADS_MAX_OWN = 16
"""The same of one user whose requests carry cookies of its own."""
BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Methods whose requests do not say that they have no body."""
_UNSAFE = re.compile(r"[^\x21-\x7e]")
_KEPT = "%/:=&?~#+!$,;'@()*[]|^`{}\"<>\\"


class Head:
    """One request: its bytes, and the name its operation has when the script gives none."""

    __slots__ = ("begin", "name", "request")

    def __init__(self, begin: bytes, name: str, *, bodily: bool) -> None:
        self.begin = begin
        """All lines but those about a body."""
        self.request = begin + (b"Content-Length: 0\r\n\r\n" if bodily else b"\r\n")
        self.name = name

    def with_body(self, body: bytes, content_type: str) -> bytes:
        """Return the request with a body."""
        kind = f"Content-Type: {content_type}\r\n" if content_type else ""
        lines = f"{kind}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
        return b"".join((self.begin, lines, body))


class Heads:
    """The requests with one method to one base with the same headers."""

    __slots__ = ("_block", "_cookie", "_known", "_limit", "_method", "_origin", "get")

    def __init__(
        self,
        method: str,
        origin: Origin,
        block: str,
        limit: int = HEADS_MAX,
        cookie: Callable[[str], str] | None = None,
    ) -> None:
        self._method = method
        self._origin = origin
        self._block = block
        self._limit = limit
        self._cookie = cookie
        self._known: dict[str, Head] = {}
        self.get = self._known.get

    def make(self, url: str) -> Head | None:
        """Return the request for *url*; None when it is no path at the base."""
        if not url.startswith("/"):
            return None
        target = self._origin.prefix + url
        lines = request_line(self._method, target) + self._block
        if self._cookie and (cookies := self._cookie(url_of(self._origin, target))):
            lines += f"Cookie: {cookies}\r\n"
        bodily = self._method not in BODILESS
        head = Head(lines.encode("latin-1"), name_of(self._method, url), bodily=bodily)
        if len(self._known) < self._limit:
            self._known[url] = head
        return head


@lru_cache(maxsize=256)
def heads_of(method: str, origin: Origin, block: str) -> Heads:
    """Return the requests that all users with these headers share."""
    return Heads(method, origin, block)


def name_of(method: str, path: str) -> str:
    """Return what an operation is called that was given no name: method and path, no query."""
    return f"{method} {path.partition('?')[0].partition('#')[0]}"


def request_line(method: str, target: str) -> str:
    """Return the first line of a request."""
    return f"{method} {quoted(target)} HTTP/1.1\r\n"


def quoted(target: str) -> str:
    """Return *target* without its fragment; what may not stand in it is quoted, as browsers do."""
    target = target.partition("#")[0]
    return quote(target, safe=_KEPT) if _UNSAFE.search(target) else target


def placed(url: str, base: Origin | None) -> tuple[Origin, str]:
    """Return the origin of *url*, and its target there.

    Raises:
        ValueError: it is no absolute URL, and there is no base to add it to.
    """
    if url.startswith(("http://", "https://")):
        return Origin.and_target(url)
    if base is None:
        raise ValueError(f"expected a whole URL, or a base for {url!r}")
    if not url.startswith("/"):
        url = "/" + url
    return base, base.prefix + url


def url_of(origin: Origin, target: str) -> str:
    """Return the whole URL of *target* at *origin*."""
    return f"{'https' if origin.secure else 'http'}://{origin.authority}{target}"
