"""Users and their tokens; the database knows only hashes of both secrets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from proving_ground.database import Database

PASSWORD_MIN = 8
_NOBODYS = f"{bytes(16).hex()}:{bytes(64).hex()}"
_TOKEN: LiteralString = """
SELECT u.id, u.username, u.email, u.role FROM tokens t JOIN users u ON u.id = t.user_id
WHERE t.hash = %(hash)s::text AND t.expires_at > now()"""
_LOGIN: LiteralString = """
SELECT id, username, email, role, password FROM users WHERE username = %(username)s::text"""
_REGISTER: LiteralString = """
INSERT INTO users (id, username, email, password, role) VALUES (%(id)s::text, %(username)s::text,
    %(email)s::text, %(password)s::text, %(role)s::text)
ON CONFLICT (id) DO NOTHING"""
_ISSUE: LiteralString = """
INSERT INTO tokens (hash, user_id, expires_at)
VALUES (%(hash)s::text, %(user)s::text, now() + make_interval(secs => %(life)s))
ON CONFLICT (hash) DO NOTHING"""
_REVOKE: LiteralString = "DELETE FROM tokens WHERE hash = %(hash)s::text"
_USERS: LiteralString = """
SELECT id, username, email, role, created_at FROM users ORDER BY created_at, id
LIMIT %(limit)s::int OFFSET %(offset)s::int"""
_SET_ROLE: LiteralString = """
UPDATE users SET role = %(role)s::text WHERE id = %(id)s::text
RETURNING id, username, email, role"""


@dataclass(frozen=True, slots=True)
class User:
    """Who asks."""

    id: str
    username: str
    role: str
    email: str | None = None

    def as_document(self) -> dict[str, Any]:
        """Return what the API says of them."""
        return {"id": self.id, "username": self.username, "email": self.email, "role": self.role}


class NameTaken(Exception):
    """Another user has the name."""


def hash_of(token: str) -> str:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def password_hash(password: str, salt: bytes) -> str:
    """Return what the database keeps of a password (scrypt, with its salt in front)."""
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**12, r=8, p=1)
    return f"{salt.hex()}:{digest.hex()}"


def password_fits(password: str, kept: str) -> bool:
    """Return whether *password* is the one that *kept* was made of."""
    salt, _, _ = kept.partition(":")
    return hmac.compare_digest(password_hash(password, bytes.fromhex(salt)), kept)


async def user_of(database: Database, token: str) -> User | None:
    """Return whose token it is, None when it is nobody's or its time is over."""
    rows = await database.fetch(_TOKEN, {"hash": hash_of(token)})
    return User(**rows[0]) if rows else None


async def register(
    database: Database, *, username: str, email: str | None, password: str, role: str
) -> User:
    """Make a user; raises ``NameTaken``."""
    kept = await asyncio.to_thread(password_hash, password, secrets.token_bytes(16))
    user = User(uuid.uuid4().hex, username, role, email)
    try:
        await database.fetch(_REGISTER, {**user.as_document(), "password": kept})
    except psycopg.errors.UniqueViolation:
        raise NameTaken(username) from None
    return user


async def login(database: Database, username: str, password: str) -> User | None:
    """Return the user when name and password fit."""
    rows: Sequence[Mapping[str, Any]] = await database.fetch(_LOGIN, {"username": username})
    # A name that nobody has takes as long as one that somebody has.
    kept = rows[0]["password"] if rows else _NOBODYS
    if not await asyncio.to_thread(password_fits, password, kept) or not rows:
        return None
    row = rows[0]
    return User(row["id"], row["username"], row["role"], row["email"])


async def issue(database: Database, user: User, life_s: float) -> str:
    """Return a new token of the user, good for *life_s* seconds."""
    token = secrets.token_urlsafe(32)
    await database.fetch(_ISSUE, {"hash": hash_of(token), "user": user.id, "life": life_s})
    return token


async def revoke(database: Database, token: str) -> None:
    """Make a token worthless."""
    await database.fetch(_REVOKE, {"hash": hash_of(token)})


async def users(database: Database, *, limit: int, offset: int) -> Sequence[dict[str, Any]]:
    """Return users in the order in which they came."""
    rows = await database.fetch(_USERS, {"limit": limit, "offset": offset})
    return [{**row, "created_at": row["created_at"].isoformat()} for row in rows]


async def set_role(database: Database, user_id: str, role: str) -> User | None:
    """Give the user another role; None when there is no such user."""
    rows = await database.fetch(_SET_ROLE, {"id": user_id, "role": role})
    return User(**rows[0]) if rows else None
