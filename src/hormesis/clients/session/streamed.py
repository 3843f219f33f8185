"""Answers that are read piece by piece: large downloads, and those that never end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from hormesis.clients.session.answer import FullAnswer, Nothing
from hormesis.clients.session.call import Call
from hormesis.clients.session.outcome import outcome_of
from hormesis.host.http_trouble import HttpTrouble
from hormesis.words.op import Ended

if TYPE_CHECKING:
    from hormesis.clients.session.http_session import HttpSession


class StreamedAnswer(FullAnswer):
    """An answer whose body comes in pieces: ``async for piece in answer``.

    Its ``body`` is empty. When the connection breaks half-way the pieces end; ``error`` says why.
    """

    __slots__ = ("_pieces",)

    def __init__(self, raw: Any, method: str, url: str, pieces: Any = None) -> None:
        super().__init__(raw, raw.status, method, url)
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._pieces is None:
            return
        try:
            async for piece in self._pieces:
                yield piece
        except HttpTrouble as trouble:
            self.error = self.word = trouble.word
            self.ended = Ended.INFO


class Streamed(AbstractAsyncContextManager[StreamedAnswer]):
    """One streamed request: ``async with http.stream("GET", "/export") as answer``.

    It is one operation, from the send until the block is left; redirects are not followed and no
    encoding is undone.
    """

    def __init__(self, session: HttpSession, call: Call) -> None:
        self._session = session
        self._call = call
        self._due_ns = 0
        self._lent: Any = None

    async def __aenter__(self) -> StreamedAnswer:
        call, transport = self._call, self._session.transport
        self._session.check_placed(call)
        asked_ns, self._due_ns = self._session.begin()
        try:
            self._lent = await transport.stream(call, asked_ns)
            raw = await self._lent.stream.start()
        except HttpTrouble as trouble:
            self._answer = StreamedAnswer(
                Nothing(asked_ns, self._session.now_ns()), call.method, call.url
            )
            self._answer.error = self._answer.word = trouble.word
            self._answer.ended = Ended.INFO if trouble.sent else Ended.FAIL
        except BaseException:
            self._give_back()
            self._session.settle_cut(call, self._due_ns, asked_ns)
            raise
        else:
            self._answer = StreamedAnswer(raw, call.method, call.url, self._lent.stream)
            self._answer.ended, self._answer.word = outcome_of(
                call.method, raw.status, call.expect, call.definite
            )
            self._answer.began_ns = asked_ns
        return self._answer

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._answer.judged_by(error):
            self._session.recorded = error
        elif isinstance(error, asyncio.CancelledError) and self._answer.ended is Ended.OK:
            self._answer.ended, self._answer.word = Ended.INFO, "cut-off"
        self._give_back()
        self._session.settle(self._call, self._answer, self._due_ns)

    def _give_back(self) -> None:
        if self._lent is not None:
            self._session.transport.end_stream(self._lent)
            self._lent = None
