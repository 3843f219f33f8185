"""The parts of the ``python`` client: references to classes, and clients that block."""
