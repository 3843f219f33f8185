"""Change settings of a running Redis server, and put back what they were before.

Configuration: ``url``, ``action`` (``read``, ``set`` or ``restore``), ``settings`` (pairs of name
and text, set in this order and put back in the other) and ``try_key``, under which a write is
tried afterwards: what the server says to it is reported as ``refused``. ``read`` reports
``former``; ``restore`` finds it in ``captured``. Nothing is written to the server's own file.
"""

from __future__ import annotations

import sys
from typing import Any

from hormesis.host.holders.redis_session import Line, RedisRefused
from hormesis.host.programs.database_program import Failed, run

NAME = "hormesis-setting"


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Do what ``action`` says and return what is reported.

    Raises:
        Failed: the server refused, is not there, or lacks one of the settings.
    """
    names = [name for name, _ in config["settings"]]
    try:
        line = Line(config["url"], NAME)
        if config["action"] == "read":
            return {"former": {name: _value(line, name) for name in names}}
        wanted = [(name, text) for name, text in config["settings"]]
        if config["action"] == "restore":
            former = (config.get("captured") or {}).get("former") or {}
            wanted = [(name, former[name]) for name in reversed(names) if name in former]
        for name, text in wanted:
            line.ask("CONFIG", "SET", name, text)
        now = {name.replace("-", "_"): _value(line, name) for name in names}
        return {**now, **_tried(line, config)}
    except RedisRefused as error:
        raise Failed(str(error)) from error


def _value(line: Line, name: str) -> str:
    found = line.setting(name)
    if found is None:
        raise Failed(f"the server has no setting {name}")
    return found


def _tried(line: Line, config: dict[str, Any]) -> dict[str, str]:
    if not config.get("try_key"):
        return {}
    try:
        # A write that is let through leaves nothing: the key is gone a millisecond later.
        line.ask("SET", config["try_key"], "1", "PX", 1)
    except RedisRefused as error:
        return {"refused": str(error)}
    return {"refused": ""}


if __name__ == "__main__":
    sys.exit(run(work, "redis", "redis"))
