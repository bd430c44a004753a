"""Why something cannot be told, in words."""

from __future__ import annotations

import pytest

from auditor.errors import Undetermined
from auditor.network.reasons import gap

HUB = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub"


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("subnets", "subnets of hub (collection-gap)"),
        ("the routes of app", "the routes of app (collection-gap)"),
    ],
)
def test_a_key_alone_is_said_to_be_somebodys(missing: str, told: str) -> None:
    assert str(gap(Undetermined(missing), HUB)) == told
    assert str(gap(Undetermined(missing, resource=HUB), "elsewhere")) == told


def test_of_nobody_a_key_stands_alone() -> None:
    assert str(gap(Undetermined("subnets"))) == "subnets (collection-gap)"
