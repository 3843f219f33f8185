"""Addresses as they may be shown: taken apart by libpq's rules, and told without their secrets.

An address that could be read in two ways is not shown at all: a password with a character that
should have been escaped ends elsewhere than its author believes.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

MASK = "***"
_SECRET = re.compile(
    r"(^|[^a-z])(token|(ssl)?password|passwd|pass|pwd|passfile|secret|credentials?|api[_-]?key"
    r"|scram_(client|server)_key|sslkeylogfile)s?($|[^a-z])",
    re.IGNORECASE,
)
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)"
    r"(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^@/\s]*))?@)?"
    r"(?P<place>[^@/?#\s]*)(?P<path>/[^@?#\s]*)?(?:\?(?P<query>[^@?#\s]*))?",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?")
_PAIR = re.compile(
    r"\s*([^\s='\\]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)", re.DOTALL
)
_KEYS = frozenset((
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
    "fallback_application_name", "gssencmode", "gsslib", "host", "hostaddr", "keepalives",
    "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname",
    "load_balance_hosts", "options", "port", "require_auth", "requirepeer", "replication",
    "service", "sslcert", "sslcompression", "sslcrl", "sslkey", "sslmode", "sslnegotiation",
    "sslrootcert", "sslsni", "ssl_max_protocol_version", "ssl_min_protocol_version",
    "target_session_attrs", "tcp_user_timeout", "user",
))  # fmt: skip
"""Connection parameters that are no secrets."""


def shown_address(text: str) -> str:
    """Return *text*, a URL or ``host=… password=…``, with ``***`` for its secrets.

    What can be read in more than one way, or in none, is ``***`` behind its scheme.
    """
    cleaned = text.strip()
    scheme, sign, _ = cleaned.partition("://")
    if sign and re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*", scheme):
        return _url(cleaned) or f"{scheme}://{MASK}"
    return _pairs(cleaned) or (MASK if cleaned else "")


def is_readable(text: str) -> bool:
    """Return whether there is only one way to read *text*, so that its parts may be told."""
    cleaned = text.strip()
    return bool(_url(cleaned) or _pairs(cleaned))


def _url(text: str) -> str:
    found = _URL.fullmatch(text)
    if found is None:
        return ""
    places = found["place"].split(",")
    if not all(_PLACE.fullmatch(one) for one in places):
        return ""
    rest = unquote(f"{found['place']}{found['path'] or ''}?{found['query'] or ''}")
    if "@" in rest:
        return ""
    who = ""
    if found["user"] is not None:
        who = found["user"] + (f":{MASK}" if found["password"] else "") + "@"
    query = "&".join(_parameter(one) for one in (found["query"] or "").split("&"))
    return "".join((
        found["scheme"], who, found["place"], found["path"] or "", f"?{query}" if query else "",
    ))  # fmt: skip


def _parameter(text: str) -> str:
    name, sign, value = text.partition("=")
    hidden = _is_secret(unquote(name), unquote(value))
    return f"{name}={MASK}" if hidden and sign and value else text


def _pairs(text: str) -> str:
    shown, at = [], 0
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None:
            return ""
        name, value = found.groups()
        hidden = name.lower() not in _KEYS or _is_secret(name, value)
        shown.append(f"{name}={MASK}" if hidden and value not in ("", "''") else f"{name}={value}")
        at = found.end()
    return " ".join(shown)


def _is_secret(name: str, value: str) -> bool:
    """Whether the name says so, or settings inside the value do: ``-c app.token=…``."""
    settings = "=" in value
    return bool(_SECRET.search(name) or (settings and _SECRET.search(value)))
