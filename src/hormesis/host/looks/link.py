"""Look at a link: one reading from the proxy's control socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hormesis.words.look import LinkLook, Reading


async def read_link(control: str, look: LinkLook, *, timeout_s: float = 2.0) -> Reading:
    """Return the counters of the link and its toxic; *control* is the socket's path.

    Never raises for what the proxy does: then the reading is one ``error`` entry.
    """
    request = {"op": "read", "link": look.link, "toxic": look.toxic}
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(control)
            try:
                writer.write(json.dumps(request).encode() + b"\n")
                line = await reader.readline()
            finally:
                writer.close()
        if not line:
            return {"error": "the proxy closed its control socket"}
        answer: dict[str, Any] = json.loads(line)
    except TimeoutError:
        return {"error": f"the proxy did not answer within {timeout_s:g} s"}
    except (OSError, ValueError) as trouble:
        return {"error": f"the proxy cannot be read: {trouble}"}
    if not answer.get("ok"):
        return {"error": str(answer.get("error", "the proxy gave no reading"))}
    return dict(answer["reading"])
