"""Top keys: what stands at the margin of a YAML file, seen without parsing the file.

A suite has dozens of files, and a run of one scenario reads three of them. To know what the others
are takes their top keys only.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*):(?:[ \t].*)?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
_OPENS = re.compile(r"(?:^|[\s:,\[{(-])[\"\']")
"""Where a quote can begin a text; one within a word is an apostrophe."""


def top_keys(text: str) -> frozenset[str] | None:
    """Return the keys at the top of the YAML *text*; None when only parsing could tell.

    It can be told of a block mapping whose every line at the margin is a plain key: whatever
    belongs to a value is indented (YAML 1.2.2, sections 6.1 and 8.2.2). Parsers are lenient within
    brackets and quotes, so of a text that may have one open at the end of a line nothing is told.
    """
    keys = set()
    depth = 0
    for line in text.splitlines():
        if line and line[0] not in " #":
            key = _KEY.fullmatch(line)
            if key is None or depth:
                return None
            keys.add(key[1])
        bare = _QUOTED.sub(" ", line)
        if _OPENS.search(bare):
            return None
        depth += sum(bare.count(one) for one in "[{") - sum(bare.count(one) for one in "]}")
        if depth < 0:
            return None
    return frozenset(keys) or None
