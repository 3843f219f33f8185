"""Hold a share of a GPU's memory, through the CUDA driver library alone.

Configuration: ``share`` (0 to 1), ``device`` (its number) and ``library``. Reports ``held``,
``used`` and ``total`` bytes and the ``share`` in use. The driver frees everything when the process
ends, however it ends. See the CUDA driver API: cuMemAlloc, cuMemGetInfo.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report

LIBRARY = "libcuda.so.1"
_BLOCK = 256 << 20
_BLOCK_MIN = 1 << 20
_LOOK_S = 0.25


class NoGpu(Exception):
    """There is no GPU that can be used; the text says why."""


class Gpu:
    """One GPU, with a context of our own."""

    def __init__(self, library: str, number: int) -> None:
        """Open the device.

        Raises:
            NoGpu: there is none.
        """
        try:
            self._cuda = ctypes.CDLL(library)
        except OSError as error:
            raise NoGpu(f"{library} is not there ({error})") from None
        self._call("cuInit", 0)
        count = ctypes.c_int()
        self._call("cuDeviceGetCount", ctypes.byref(count))
        if number >= count.value:
            raise NoGpu(f"there are {count.value} devices, and number {number} is not among them")
        device, context = ctypes.c_int(), ctypes.c_void_p()
        self._call("cuDeviceGet", ctypes.byref(device), number)
        self._call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self.held = 0

    def use(self) -> tuple[int, int]:
        """Return the bytes in use, by whomever, and all bytes."""
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        self._call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        return total.value - free.value, total.value

    def fill(self, share: float) -> None:
        """Take memory in ever smaller blocks until *share* of it is in use."""
        block = _BLOCK
        while block >= _BLOCK_MIN:
            used, total = self.use()
            lacking = int(share * total) - used
            if lacking < _BLOCK_MIN:
                return
            block = min(block, max(_BLOCK_MIN, lacking))
            pointer = ctypes.c_uint64()
            if self._cuda.cuMemAlloc_v2(ctypes.byref(pointer), ctypes.c_size_t(block)):
                block //= 2  # The rest is in smaller pieces.
            else:
                self.held += block

    def _call(self, name: str, *args: Any) -> None:
        result = getattr(self._cuda, name)(*args)
        if result:
            raise NoGpu(f"{name} answers {result}")


def main() -> int:
    """Hold until the lifeline ends."""
    config = configuration()
    try:
        gpu = Gpu(str(config.get("library") or LIBRARY), int(config.get("device") or 0))
        used, total = gpu.use()
    except NoGpu as error:
        report(ready=False, missing=f"no GPU: {error}")
        return EXIT_MISSING
    lifeline = Lifeline()
    report(ready=True, held=0, used=used, total=total, share=round(used / total, 4))
    while True:
        gpu.fill(float(config["share"]))
        used, total = gpu.use()
        report(ready=True, held=gpu.held, used=used, total=total, share=round(used / total, 4))
        lifeline.wait(_LOOK_S)


if __name__ == "__main__":
    sys.exit(main())
