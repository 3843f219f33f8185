"""The state of a service's process."""

from __future__ import annotations

from typing import ClassVar

from hormesis.words.probe import Observation, Probe, World


class Process(Probe):
    """Look at a service that the run started or was shown.

    Fields: ``value`` and ``state`` (``running``, ``stopped`` or ``gone``), ``pid``, and
    ``generation``: how many times it was started so far.
    """

    shorthand: ClassVar[str] = "service"
    needs_expect: ClassVar[bool] = True

    service: str
    """The service's name."""

    async def observe(self, world: World) -> Observation:
        """Ask the custodian once."""
        reading = dict(await world.service(self.service))
        if error := reading.pop("error", None):
            return Observation(reading, reason=str(error))
        if "state" not in reading:
            return Observation(reading, reason=f"nothing is known of {self.service}")
        return Observation({"value": reading["state"], **reading})
