"""The HTTP session as plain functions, for tasks that run in a thread."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from hormesis.clients.session.answer import FullAnswer
from hormesis.clients.session.cookies import Cookies
from hormesis.clients.session.headers import Headers
from hormesis.clients.session.http_session import Caught, HttpSession


class BlockingSession:
    """What a plain task has as ``self.http``: requests wait for their answer in the thread."""

    __slots__ = ("_loop", "_session")

    def __init__(self, session: HttpSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()

    @property
    def headers(self) -> Headers:
        """Return the headers of every request."""
        return self._session.headers

    @property
    def cookies(self) -> Cookies:
        """Return the user's cookies."""
        return self._session.cookies

    def get(self, url: str, **options: Any) -> Any:
        """Send a GET request; the other methods are like it."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> Any:
        """Send a HEAD request."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Any:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def delete(self, url: str, **options: Any) -> Any:
        """Send a DELETE request."""
        return self.request("DELETE", url, **options)

    def post(self, url: str, data: Any = None, **options: Any) -> Any:
        """Send a POST request."""
        return self.request("POST", url, data=data, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Any:
        """Send a PUT request."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Any:
        """Send a PATCH request."""
        return self.request("PATCH", url, data=data, **options)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Return the answer; with *catch* a context manager. See ``HttpSession.request``."""
        asked = self._session.request(method, url, **options)
        return _Caught(self, asked) if isinstance(asked, Caught) else self.wait(asked)

    def wait(self, awaitable: Any) -> Any:
        """Return what *awaitable* gives, waiting in this thread."""
        return asyncio.run_coroutine_threadsafe(awaitable, self._loop).result()


class _Caught:
    """``with http.get(…, catch=True) as answer``: the block decides the outcome."""

    def __init__(self, session: BlockingSession, caught: Caught) -> None:
        self._session = session
        self._caught = caught

    def __enter__(self) -> FullAnswer:
        answer: FullAnswer = self._session.wait(self._caught.__aenter__())
        return answer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.wait(self._caught.__aexit__(kind, error, trace))
