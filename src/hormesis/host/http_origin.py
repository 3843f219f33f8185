"""Where an HTTP server is: what a base URL says, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """A server's address and the path that all its targets begin with, without a final slash."""

    host: str
    port: int
    secure: bool
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> Origin:
        """Return the origin of a base URL such as ``http://127.0.0.1:3001/api``.

        Raises:
            ValueError: it is no http or https URL with a host, or carries more than a base may.
        """
        return cls._of(urlsplit(url), url)

    @classmethod
    def _of(cls, parts: SplitResult, url: str) -> Origin:
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"expected a URL such as http://127.0.0.1:3001, found {url!r}")
        if parts.username is not None:
            raise ValueError("expected no user in the URL; send an authorization header instead")
        if parts.query or parts.fragment:
            raise ValueError(f"expected a base URL without ? and #, found {url!r}")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            message = f"expected a port from 1 to 65535 in the URL, found {url!r}"
            raise ValueError(message) from None
        return cls(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/"))

    @classmethod
    def and_target(cls, url: str) -> tuple[Origin, str]:
        """Return the origin of a whole URL, and the target to ask it for.

        Raises:
            ValueError: it is no http or https URL with a host.
        """
        parts = urlsplit(url)
        origin = cls._of(parts._replace(path="", query="", fragment=""), url)
        query = f"?{parts.query}" if parts.query else ""
        return origin, (parts.path or "/") + query

    @property
    def authority(self) -> str:
        """Return ``host`` or ``host:port`` as the Host header wants it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _PORTS["https" if self.secure else "http"]
        return host if self.port == usual else f"{host}:{self.port}"
