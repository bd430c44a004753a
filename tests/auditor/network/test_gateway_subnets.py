"""Which subnets of application gateways have network isolation (A-5)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import Undetermined
from auditor.network.gateway_subnets import OWN_DELEGATION, is_isolated
from auditor.resources.virtual_networks import Subnet
from auditor.testing import estate

from ...rules.gateways import HOME, gateway, home

PRIVATE = [
    {
        "name": "private",
        "properties": {"privateIPAddress": "10.0.1.10", "subnet": {"id": HOME}},
    }
]
DELEGATED = [{"name": "own", "properties": {"serviceName": OWN_DELEGATION}}]


@pytest.mark.parametrize(
    ("gateways", "isolated"),
    [
        ([gateway()], False),
        ([gateway(frontendIPConfigurations=PRIVATE)], True),
        ([gateway(frontendIPConfigurations=PRIVATE), gateway(name="agw-other")], False),
        ([gateway(frontendIPConfigurations=PRIVATE, tier="WAF")], False),
        ([gateway(tier="Standard")], False),
        ([gateway(sku={})], False),
        ([], False),
    ],
)
def test_A_5_private_frontends_alone_tell_isolation(gateways: list[Any], isolated: bool) -> None:
    assert _answer(home(), *gateways) is isolated


def test_A_5_private_frontends_of_an_untold_generation_are_untold() -> None:
    with pytest.raises(Undetermined, match="tier"):
        _answer(home(), gateway(frontendIPConfigurations=PRIVATE, sku={}))


def test_A_5_a_delegated_subnet_is_isolated() -> None:
    assert _answer(home(delegations=DELEGATED), gateway()) is True


def _answer(*resources: Any) -> bool:
    network = estate(*resources)
    (subnet,) = network.all(Subnet)
    return is_isolated(network, subnet)
