"""A small HTTP server that counts requests by the address they come from.

`/counts` tells them, and its output tells every hundredth.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

counts: Counter[str] = Counter()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("peername")[0]
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            told = head.startswith(b"GET /counts")
            body = json.dumps(counts).encode() if told else b"{}"
            if not told:
                counts[peer] += 1
                if counts[peer] % 100 == 0:
                    sys.stdout.write(f"{peer} {counts[peer]}\n")
                    sys.stdout.flush()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(host: str, port: int) -> None:
    server = await asyncio.start_server(serve, host, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
