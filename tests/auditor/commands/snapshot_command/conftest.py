from __future__ import annotations

from collections.abc import Iterator

import pytest

from ....standin import Estate, StandIn
from .taking import SMALL


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.snapshot import azure as clients  # not everybody has Azure's libraries

    monkeypatch.setitem(clients.RETRIES, "retry_backoff_factor", 0)


@pytest.fixture
def azure() -> Iterator[StandIn]:
    with StandIn(Estate.of(SMALL), page_size=1) as standin, standin.signed():
        yield standin
