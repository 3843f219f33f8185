"""Connection URLs: taken apart, changed, and put together again for any driver to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from hormesis.words.shown_address import shown_address
from hormesis.words.trouble import InputTrouble

_SCHEME = "postgresql"
APPLICATION_BYTES_MAX = 63


def parts_of(text: str, *, option: str = "--chaos-database") -> dict[str, str]:
    """Return the connection parameters of *text*, a URL or ``host=… port=…``.

    Raises:
        InputTrouble: it is neither; *option* says where it was given.
    """
    # Frameworks write the driver into the scheme.
    cleaned = re.sub(r"^(postgres(?:ql)?)\+\w+://", rf"{_SCHEME}://", text.strip())
    try:
        found = conninfo_to_dict(cleaned)
    except psycopg.Error as error:
        # What it quotes may be a piece of the password.
        told = re.sub(r'".*"', '"…"', " ".join(str(error).split()))
        raise InputTrouble(
            f"{option} {shown_address(text)}: {told}",
            hint="expected postgresql://user:password@host:port/database",
        ) from None
    return {name: str(value) for name, value in found.items() if value is not None}


class ConnectionString(str):
    """A URL to connect with, whose ``repr``, which failing tests show, has no password."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(shown_address(self))


def url_of(parts: Mapping[str, str]) -> str:
    """Return *parts* as a URL; what has no place of its own in it goes behind the ``?``."""
    rest = dict(parts)
    host, port = rest.pop("host", ""), rest.pop("port", "")
    user, password = rest.pop("user", ""), rest.pop("password", "")
    database = rest.pop("dbname", "")
    place = f"[{host}]" if ":" in host else host
    if host.startswith("/") or "," in host or "," in port:
        # A socket's folder, or several hosts: drivers agree on these only as parameters.
        rest = {"host": host, **({"port": port} if port else {}), **rest}
        place = port = ""
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    where = (f"{who}@" if who else "") + place + (f":{port}" if port else "")
    query = urlencode(rest, quote_via=quote)
    return f"{_SCHEME}://{where}/{quote(database, safe='')}" + (f"?{query}" if query else "")


def with_settings(parts: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return *parts* for sessions that begin with *settings*, beside those they have already."""
    told = [parts["options"]] if parts.get("options") else []
    for name, value in settings.items():
        escaped = re.sub(r"([\\\s])", r"\\\1", value)
        told.append(f"-c {name}={escaped}")
    return {**parts, **({"options": " ".join(told)} if told else {})}


def application_of(name: str) -> str:
    """Return the ``application_name`` of a test's sessions, within what the server keeps."""
    plain = re.sub(r"[^\x20-\x7e]", "?", f"hormesis:{name}")
    return plain[:APPLICATION_BYTES_MAX]
