"""Whether somebody accepts connections."""

from __future__ import annotations

import asyncio
import contextlib
from typing import ClassVar

from pydantic import Field, field_validator

from hormesis.words.probe import Observation, Probe, World
from hormesis.words.units import Seconds


class Tcp(Probe):
    """Open a TCP connection and close it again.

    Fields: ``value`` (``open``) and ``ms`` (milliseconds it took). A refusal or a time-out is a
    reason.
    """

    shorthand: ClassVar[str] = "address"

    address: str
    """``host:port``; IPv6 addresses in brackets."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long connecting may take."""

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str) -> str:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"expected host:port, found {address!r}")
        return address

    async def observe(self, world: World) -> Observation:
        """Connect once."""
        host, _, port = self.address.rpartition(":")
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(self.timeout):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except ConnectionRefusedError:
            return Observation(reason=f"refused: {self.address}")
        except TimeoutError:
            return Observation(reason=f"timeout: no connection to {self.address} in time")
        except OSError as error:
            return Observation(reason=f"unreachable: {self.address}: {error.strerror or error}")
        took_ms = (loop.time() - started) * 1000
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return Observation({"value": "open", "ms": round(took_ms, 3)})
