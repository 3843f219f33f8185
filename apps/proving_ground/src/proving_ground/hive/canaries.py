"""The planted defects of this part."""

from __future__ import annotations

CANARIES: dict[str, str] = {}
