"""Who asks, and whether they may."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from proving_ground.bearer_token import same_token, token_of
from proving_ground.database import Database
from proving_ground.queen.accounts import User, user_of
from proving_ground.queen.canaries import ROLES_NOT_CHECKED
from proving_ground.queen.endpoint import ADMIN, ANYONE, MODERATOR, ROLES, Endpoint, Refused
from proving_ground.queen.settings import QueenSettings

ADMINISTRATOR = User("admin", "admin", ADMIN)
"""Who has the admin token: somebody without a row in the database."""


class Gate:
    """Lets a request through to its handler with ``request.state.user`` set."""

    def __init__(self, settings: QueenSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    async def __call__(self, endpoint: Endpoint, request: Request) -> Response:
        """Answer the request; raises ``Refused`` with 401 or 403."""
        if endpoint.role != ANYONE:
            user = await self._user(request)
            if user is None:
                raise Refused(401, "unauthorized", "the token is missing, wrong or expired")
            needed, has = ROLES.index(endpoint.role), ROLES.index(user.role)
            if has < needed and ROLES_NOT_CHECKED not in self._settings.canaries:
                raise Refused(403, "forbidden", f"the role {endpoint.role} is needed")
            request.state.user = user
        return await endpoint.handler(request)

    async def _user(self, request: Request) -> User | None:
        token = token_of(request)
        if not token:
            return None
        if same_token(token, self._settings.admin_token):
            return ADMINISTRATOR
        return await user_of(self._database, token)


def owner_filter(user: User) -> str | None:
    """Return whose tasks the user sees: their own, or anybody's."""
    return None if user.role in (MODERATOR, ADMIN) else user.id
