"""Take keys away from a Redis database, and give back those that nobody has made anew.

Configuration: ``url``, ``action`` (``take`` or ``give-back``), ``pattern`` (as for KEYS),
``keys_max`` and ``aside``. With ``aside`` a key is renamed, in one step and with its time to live,
to one that bears our mark; without it, it is deleted. Reports ``matched`` (keys that fit),
``taken`` and ``there`` (of those taken, how many the server has after all), or ``given`` and
``left`` (keys that exist again, whose former values were dropped).
"""

from __future__ import annotations

import os
import sys
from typing import Any

from hormesis.host.holders.redis_session import Line, RedisRefused
from hormesis.host.process import MARK
from hormesis.host.programs.database_program import Failed, Untouched, run

NAME = "hormesis-keys"
PREFIX = b"hormesis-aside:"
_BATCH = 500


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Do what ``action`` says and return what is reported.

    Raises:
        Failed: the server refused or is not there; what was renamed before is given back by undo.
    """
    mark = PREFIX + os.environ.get(MARK, "hormesis").encode() + b":"
    try:
        line = Line(config["url"], NAME)
    except RedisRefused as error:
        raise Untouched(str(error)) from error
    try:
        if config["action"] == "give-back":
            return give_back(line, mark)
        return take(line, config, mark)
    except RedisRefused as error:
        raise Failed(str(error)) from error


def take(line: Line, config: dict[str, Any], mark: bytes) -> dict[str, Any]:
    """Take at most ``keys_max`` of the keys that fit."""
    fitting = [key for key in keys_of(line, config["pattern"]) if not key.startswith(PREFIX)]
    if not fitting:
        raise Untouched(f"no key fits {config['pattern']!r}")
    chosen, taken = sorted(fitting)[: config["keys_max"]], 0
    for key in chosen:
        if not config["aside"]:
            taken += line.ask("UNLINK", key)
            continue
        try:
            line.ask("RENAME", key, mark + key)
            taken += 1
        except RedisRefused as error:
            if "no such key" not in str(error):
                raise
    there = sum(line.ask("EXISTS", key) for key in chosen)
    return {"matched": len(fitting), "chosen": len(chosen), "taken": taken, "there": there}


def give_back(line: Line, mark: bytes) -> dict[str, Any]:
    """Rename back what lies aside; where the key was made anew, that one stays."""
    given = left = 0
    for aside in keys_of(line, escaped(mark) + b"*"):
        try:
            back = line.ask("RENAMENX", aside, aside.removeprefix(mark))
        except RedisRefused as error:
            if "no such key" not in str(error):
                raise
            continue  # Its time to live ran out meanwhile.
        if back:
            given += 1
        else:
            left += 1
            line.ask("UNLINK", aside)
    return {"given": given, "left": left}


def keys_of(line: Line, pattern: str | bytes) -> list[bytes]:
    """Return every key that fits; SCAN may tell one twice."""
    found: set[bytes] = set()
    cursor = 0
    while True:
        cursor, some = line.ask("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
        found.update(some)
        if not int(cursor):
            return sorted(found)


def escaped(text: bytes) -> bytes:
    """Return *text* as a pattern that only it fits."""
    for sign in (b"\\", b"*", b"?", b"["):
        text = text.replace(sign, b"\\" + sign)
    return text


if __name__ == "__main__":
    sys.exit(run(work, "redis", "redis"))
