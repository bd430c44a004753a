from __future__ import annotations

import pytest

from ...command import Command


@pytest.fixture(autouse=True)
def _known_day(auditor: Command) -> None:
    """No configuration from above; the rules of the folder `own`."""
    auditor.write("auditor.toml", 'select = ["OWN"]\nrules = ["own"]\n')
