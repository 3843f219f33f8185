"""Floor 0: the vocabulary. Frozen values and protocols; no I/O, no asyncio, no upward import.

``outcome``, ``trouble``, ``verb``, ``permit`` and ``clock`` use the standard library alone,
because the custodian speaks them; the others may use pydantic.
"""
