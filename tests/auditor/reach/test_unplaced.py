"""A private endpoint whose address is not told may be reached, or not."""

from __future__ import annotations

import pytest

from auditor.testing import estate

from ...networks import nic, vnet
from ...reaching import asked
from ...routing import endpoint


@pytest.mark.parametrize(
    ("address", "status", "verdict"),
    [
        ("10.0.1.9", "Approved", "reachable"),
        (None, "Approved", "unknown"),
        (None, "Rejected", "blocked"),
    ],
)
def test_L_1_an_endpoint_without_a_nic(address: str | None, status: str, verdict: str) -> None:
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={
            "app": "10.0.0.0/24",
            "pe": {"addressPrefix": "10.0.1.0/24", "privateEndpointNetworkPolicies": "Disabled"},
        }),
        nic("web", "10.0.0.4", ("a", "app")),
        endpoint("store", address, ("a", "pe"), status),
    )  # fmt: skip
    found = asked(network, "web", "store")
    assert found.verdict == verdict
    assert found.labels == ({"collection-gap"} if verdict == "unknown" else set())
    assert found.stops == (["private-endpoint"] if verdict == "blocked" else [])
