"""The parts of loads: rates with a unit of time, stages, users of open models, recordings."""
