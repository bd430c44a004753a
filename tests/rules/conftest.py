"""Whatever a rule is asked in these tests, az takes the commands that it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from auditor import remedy

from ..mending.reference import refusals


@pytest.fixture(autouse=True)
def _az_takes_each_command(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    refused: set[str] = set()
    write = remedy._line

    def written(command: tuple[str, ...], options: Mapping[str, Any]) -> str:
        if command[0] == "az":
            given = [name.replace("_", "-") for name, told in options.items() if told is not None]
            refused.update(refusals(" ".join(command[1:]), given))
        return write(command, options)

    monkeypatch.setattr(remedy, "_line", written)
    yield
    assert not refused
