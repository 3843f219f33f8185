"""The measured script: one request and two checks an iteration, nothing switched off."""

from __future__ import annotations

import os

from hormesis.load import HttpUser, task


class Visitor(HttpUser):
    """Asks for one page over and over."""

    base = os.environ["TARGET"]

    @task
    async def visit(self) -> None:
        """Ask once; the checks are those of the peers' scripts."""
        answer = await self.http.get("/path")
        self.check("status is 200", answer.status == 200)
        self.check("has a body", len(answer.body) > 10)
