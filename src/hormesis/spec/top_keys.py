"""Top keys: what stands at the margin of a YAML file, seen without parsing the file.

A suite has dozens of files, and a run of one scenario reads three of them. To know what the others
are takes their top keys only.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*):(?:[ \t].*)?")


def top_keys(text: str) -> frozenset[str] | None:
    """Return the keys at the top of the YAML *text*; None when only parsing could tell.

    It can be told of a block mapping whose every line at the margin is a plain key: whatever
    belongs to a value is indented (YAML 1.2.2, sections 6.1 and 8.2.2).
    """
    keys = set()
    for line in text.splitlines():
        if not line or line[0] in " #":
            continue
        key = _KEY.fullmatch(line)
        if key is None:
            return None
        keys.add(key[1])
    return frozenset(keys) or None
