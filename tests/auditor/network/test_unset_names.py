"""Names and locations that a template gives as expressions."""

from __future__ import annotations

from auditor.resources.virtual_networks import Subnet, VirtualNetwork
from auditor.testing import estate, resource


def test_a_resource_whose_location_is_an_expression_is_joined() -> None:
    network = estate(
        resource("Microsoft.Network/virtualNetworks", "hub"), unresolved=(("/location", "?"),)
    )
    assert [vnet.name for vnet in network.all(VirtualNetwork)] == ["hub"]


def test_a_part_whose_name_is_an_expression_is_called_by_its_place() -> None:
    hub = resource(
        "Microsoft.Network/virtualNetworks",
        "hub",
        {"subnets": [{"properties": {"addressPrefix": "10.0.0.0/24"}}]},
    )
    network = estate(hub, unresolved=(("/properties/subnets/0/name", "?"),))
    (subnet,) = network.all(Subnet)
    assert subnet.id == f"{hub['id']}/subnets/~0"
    assert subnet.label == "~0"
