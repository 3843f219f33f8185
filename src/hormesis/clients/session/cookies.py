"""A virtual user's cookies, by the standard library's rules of domain, path, expiry and secure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from email.message import Message
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from urllib.request import Request


class _Answer:
    """What the standard library reads cookies from."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._headers = Message()
        for line in lines:
            self._headers["Set-Cookie"] = line

    def info(self) -> Message:
        return self._headers


class Cookies:
    """The cookies that one user holds."""

    __slots__ = ("_changed", "_jar")

    def __init__(self, changed: Callable[[], None]) -> None:
        self._jar = CookieJar(DefaultCookiePolicy())
        self._changed = changed

    def keep(self, url: str, lines: Iterable[str]) -> None:
        """Keep what the answer of *url* set; *lines* are its ``Set-Cookie`` headers."""
        before = self.as_dict()
        self._jar.extract_cookies(_Answer(lines), Request(url))  # type: ignore[arg-type]
        if self.as_dict() != before:
            self._changed()

    def header(self, url: str) -> str:
        """Return the ``Cookie`` header for *url*; empty when none belongs there."""
        request = Request(url)
        self._jar.add_cookie_header(request)
        return request.get_header("Cookie", "") or ""

    def set(self, name: str, value: str, *, domain: str = "", path: str = "/") -> None:
        """Set a cookie by hand, for *domain*."""
        self._jar.set_cookie(
            Cookie(
                0, name, value, None, False, domain, bool(domain), domain.startswith("."),
                path, True, False, None, False, None, None, {},
            )
        )  # fmt: skip
        self._changed()

    @property
    def expires(self) -> bool:
        """Return whether one of them will expire by itself."""
        return any(cookie.expires is not None for cookie in self._jar)

    def clear(self) -> None:
        """Forget all of them."""
        self._jar.clear()
        self._changed()

    def as_dict(self) -> dict[str, str]:
        """Return names and values."""
        return {cookie.name: cookie.value or "" for cookie in self._jar}

    def __len__(self) -> int:
        return len(self._jar)
