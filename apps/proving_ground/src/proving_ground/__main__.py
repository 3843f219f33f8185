"""Run one of the proving ground's programs: ``python -m proving_ground CMD``."""

from __future__ import annotations

import sys

from proving_ground.cli import main

sys.exit(main())
