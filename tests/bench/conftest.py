"""bench/ is run from the checkout and never installed, so its tests say where it is."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
