"""The API of users: register, log in and out, roles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from proving_ground.bearer_token import token_of
from proving_ground.database import Database
from proving_ground.queen import accounts
from proving_ground.queen.accounts import User
from proving_ground.queen.endpoint import ADMIN, ROLES, USER, Endpoint, Refused, Schema
from proving_ground.queen.gate import ADMINISTRATOR
from proving_ground.queen.paging import LIMIT, OFFSET, page_of
from proving_ground.queen.settings import QueenSettings
from proving_ground.request_body import BadRequest, Body, checked_text

_NAME = re.compile(r"[A-Za-z0-9_.-]{2,60}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TEXT: Schema = {"type": "string"}


class AuthRoutes:
    """What the API answers about users and tokens."""

    def __init__(self, settings: QueenSettings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def endpoints(self) -> list[Endpoint]:
        """Return the operations."""
        password: Schema = {**_TEXT, "minLength": accounts.PASSWORD_MIN}
        secret: Mapping[str, Schema] = {"username*": _TEXT, "password*": password}
        refused = {400: "not understood"}
        unknown = {401: "no token, or one that is not good"}
        admins = {**unknown, 403: "administrators only"}
        return [
            Endpoint("POST", "/auth/register", self._register, "Make a user",
                     {201: "the user", 409: "the name is taken", **refused},
                     body={**secret, "email": _TEXT}),
            Endpoint("POST", "/auth/login", self._login, "Get a token",
                     {200: "the token", 401: "name and password do not fit", **refused},
                     body=secret),
            Endpoint("POST", "/auth/logout", self._logout, "Make the token worthless",
                     {200: "done", **unknown}, USER),
            Endpoint("GET", "/auth/me", self._me, "Who am I?", {200: "the user", **unknown}, USER),
            Endpoint("POST", "/auth/refresh", self._refresh, "Swap the token for a new one",
                     {200: "the new token", 409: "the admin token cannot be swapped", **unknown},
                     USER),
            Endpoint("GET", "/users", self._users, "List users", {200: "users", **admins}, ADMIN,
                     query={"limit": LIMIT, "offset": OFFSET}),
            Endpoint("PUT", "/users/{id}/role", self._set_role, "Give a user another role",
                     {200: "the user", 404: "no such user", **refused, **admins}, ADMIN,
                     {"role*": {**_TEXT, "enum": list(ROLES)}}),
        ]

    async def _register(self, request: Request) -> Response:
        body = await Body.of(request)
        username, email = body.text("username"), body.text_or_none("email")
        password = body.text("password")
        if not _NAME.fullmatch(username):
            raise BadRequest("username: 2 to 60 letters, digits, dots, dashes were expected")
        if email is not None and not _EMAIL.fullmatch(email):
            raise BadRequest("email: an address was expected")
        if len(password) < accounts.PASSWORD_MIN:
            raise BadRequest(f"password: at least {accounts.PASSWORD_MIN} characters were expected")
        try:
            user = await accounts.register(
                self._database, username=username, email=email, password=password, role=USER
            )
        except accounts.NameTaken:
            raise Refused(409, "name-taken", "another user has this name") from None
        return JSONResponse(user.as_document(), 201)

    async def _login(self, request: Request) -> Response:
        body = await Body.of(request)
        user = await accounts.login(self._database, body.text("username"), body.text("password"))
        if user is None:
            raise Refused(401, "unauthorized", "name and password do not fit")
        return await self._issued(user)

    async def _issued(self, user: User) -> Response:
        token = await accounts.issue(self._database, user, self._settings.token_life_s)
        document = {"token": token, "expires_in_s": self._settings.token_life_s}
        return JSONResponse({**document, "user": user.as_document()})

    async def _logout(self, request: Request) -> Response:
        await accounts.revoke(self._database, token_of(request))
        return JSONResponse({"logged_out": True})

    async def _me(self, request: Request) -> Response:
        return JSONResponse(request.state.user.as_document())

    async def _refresh(self, request: Request) -> Response:
        user: User = request.state.user
        if user is ADMINISTRATOR:
            raise Refused(409, "not-refreshable", "the admin token is the operator's to change")
        answer = await self._issued(user)
        await accounts.revoke(self._database, token_of(request))
        return answer

    async def _users(self, request: Request) -> Response:
        limit, offset = page_of(request)
        found = await accounts.users(self._database, limit=limit, offset=offset)
        return JSONResponse({"users": list(found), "count": len(found)})

    async def _set_role(self, request: Request) -> Response:
        role = (await Body.of(request)).text("role")
        if role not in ROLES:
            raise BadRequest(f"role: one of {', '.join(ROLES)} was expected")
        user_id = checked_text("id", request.path_params["id"])
        user = await accounts.set_role(self._database, user_id, role)
        if user is None:
            raise Refused(404, "not-found", "no such user")
        return JSONResponse(user.as_document())
