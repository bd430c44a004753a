"""What stands where, and who is joined to whom."""

from __future__ import annotations

import random
from typing import Any

import pytest

from auditor.testing import arm_id, resource, snapshot
from auditor.topology import Kind

from ... import exposed
from ...clusters import cluster, pool
from ...networks import (
    gateway,
    hub,
    internal_balancer,
    nic,
    peer,
    site,
    subnet_id,
    tunnel,
    vnet,
    vnet_id,
)
from .sketch import farm, inside, line, lines, sketch, spot

Json = dict[str, Any]
PE = "Microsoft.Network/privateEndpoints"
PIP = "Microsoft.Network/publicIPAddresses"


def test_subnets_stand_in_their_network_and_machines_in_their_subnet() -> None:
    drawn = sketch(*farm(2))

    assert inside(drawn, "app") == ["web"]
    assert inside(drawn, "web") == ["nic-000", "nic-001"]
    assert spot(drawn, "app").facts == ("10.0.0.0/16",)
    assert spot(drawn, "web").facts == ("10.0.1.0/24", "no NSG")


def test_machines_alike_are_one_spot_with_a_count() -> None:
    drawn = sketch(*farm(12))

    (group,) = inside(drawn, "web")
    assert group == "nic-*"
    assert spot(drawn, group).count == 12
    assert spot(drawn, group).names[0] == "nic-000"


def test_a_machine_with_a_public_address_stands_alone() -> None:
    address = {"publicIPAddress": {"id": arm_id(PIP, "pip")}}
    drawn = sketch(
        *farm(12),
        nic("jump", "10.0.1.99", ("app", "web"), configuration=address),
        exposed.pip("pip"),
    )

    assert inside(drawn, "web") == ["jump", "nic-*"]
    assert lines(drawn, "entrance") == [("internet", "jump")]


def test_a_machine_is_named_and_its_interface_is_not_drawn_twice() -> None:
    drawn = sketch(
        vnet("app", "10.0.0.0/16", subnets={"web": "10.0.1.0/24"}),
        nic("nic-a", "10.0.1.4", ("app", "web"), vm="vm-a"),
        resource(
            "Microsoft.Compute/virtualMachines",
            "vm-a",
            {
                "networkProfile": {
                    "networkInterfaces": [
                        {"id": arm_id("Microsoft.Network/networkInterfaces", "nic-a")}
                    ]
                }
            },
        ),
    )

    assert inside(drawn, "web") == ["vm-a"]


def test_a_network_that_is_referred_to_and_absent_is_drawn_as_missing() -> None:
    drawn = sketch(nic("lost", "10.0.1.4", ("gone", "web")))

    assert spot(drawn, "gone").missing
    assert spot(drawn, "web").missing
    assert inside(drawn, "web") == ["lost"]


def test_what_is_not_told_is_a_doubt_and_never_nothing() -> None:
    expression = resource(
        "Microsoft.Network/virtualNetworks",
        "vnet",
        {"subnets": []},
    )
    drawn = sketch(expression, unresolved=(("/properties/addressSpace", "an expression"),))

    assert spot(drawn, "vnet").facts == ()
    assert spot(drawn, "vnet").doubts == ("not told: addressSpace",)


@pytest.mark.parametrize(
    ("back", "texts", "down", "doubts"),
    [
        ([peer("a")], (), False, 0),
        ([], ("one side only",), True, 0),
        ([peer("a", state="Disconnected")], ("Disconnected",), True, 0),
        ([peer("a", state=None)], (), False, 1),
    ],
    ids=["connected", "one-sided", "disconnected", "not-told"],
)
def test_a_peering_says_whether_it_carries_anything(
    back: list[Json], texts: tuple[str, ...], down: bool, doubts: int
) -> None:
    drawn = sketch(
        vnet("a", "10.1.0.0/16", peers=[peer("b")]), vnet("b", "10.2.0.0/16", peers=back)
    )

    found = line(drawn, "a", "b")
    assert (found.tie, found.texts, found.down) == ("peering", texts, down)
    assert len(found.doubts) == doubts


def test_a_peering_to_an_absent_network_cannot_be_told() -> None:
    drawn = sketch(vnet("a", "10.1.0.0/16", peers=[peer("gone")]))

    assert spot(drawn, "gone").missing
    assert line(drawn, "a", "gone").doubts


def test_E_8_a_frontend_with_outbound_rules_alone_is_no_way_in() -> None:
    balancer = exposed.balancer("out", outboundRules=[exposed.outbound(of="out")])
    drawn = sketch(balancer, exposed.pip("pip", exposed.front("out")))

    assert lines(drawn, "entrance") == []


def test_the_internet_gets_to_a_public_load_balancer_and_that_sends_on() -> None:
    pools = {"id": arm_id("Microsoft.Network/loadBalancers/backendAddressPools", "lb", "pool")}
    balancer = exposed.balancer(
        "lb", backendAddressPools=[{**pools, "name": "pool", "properties": {}}]
    )
    rule = {
        "name": "https",
        "properties": {
            "frontendIPConfiguration": {"id": exposed.front("lb")},
            "backendAddressPool": pools,
            "protocol": "Tcp",
            "frontendPort": 443,
            "backendPort": 8443,
        },
    }
    balancer["properties"]["loadBalancingRules"] = [rule]
    drawn = sketch(
        *farm(12, pools),
        balancer,
        exposed.pip("pip", exposed.front("lb"), address="20.1.2.3"),
    )

    assert line(drawn, "internet", "lb").texts == ("20.1.2.3",)
    assert line(drawn, "lb", "nic-*").texts == ("TCP 443",)


def agw(*members: str, vnet_name: str = "app") -> Json:
    """An application gateway in snet-agw, with one pool."""
    return resource(
        "Microsoft.Network/applicationGateways",
        "agw",
        {
            "sku": {"tier": "WAF_v2"},
            "gatewayIPConfigurations": [
                {
                    "name": "ip",
                    "properties": {"subnet": {"id": subnet_id(vnet_name, "snet-agw")}},
                }
            ],
            "backendAddressPools": [
                {
                    "name": "pool",
                    "properties": {"backendAddresses": [{"ipAddress": each} for each in members]},
                }
            ],
        },
    )


def test_a_gateway_sends_to_whoever_has_the_address_in_its_network() -> None:
    drawn = sketch(
        vnet("app", "10.0.0.0/16", subnets={"snet-agw": "10.0.0.0/24", "web": "10.0.1.0/24"}),
        internal_balancer("ilb", "10.0.1.10", ("app", "web")),
        agw("10.0.1.10", "10.0.1.200"),
    )

    assert lines(drawn, "backend") == [("agw", "ilb")]
    assert spot(drawn, "agw").facts == ("waf_v2", "sends to 10.0.1.200")


def test_D_5_the_same_address_in_a_network_that_is_not_joined_is_somebody_else() -> None:
    drawn = sketch(
        vnet("app", "10.0.0.0/16", subnets={"snet-agw": "10.0.0.0/24"}),
        vnet("far", "10.9.0.0/16", subnets={"web": "10.9.1.0/24"}),
        internal_balancer("ilb", "10.9.1.10", ("far", "web")),
        agw("10.9.1.10"),
    )

    assert lines(drawn, "backend") == []


def test_a_private_endpoint_leads_to_its_service() -> None:
    target = arm_id("Microsoft.Storage/storageAccounts", "store")
    state = {"privateLinkServiceConnectionState": {"status": "Approved"}}
    drawn = sketch(
        vnet("app", "10.0.0.0/16", subnets={"pe": "10.0.1.0/24"}),
        resource(
            PE,
            "pe-store",
            {
                "subnet": {"id": subnet_id("app", "pe")},
                "privateLinkServiceConnections": [
                    {"name": "c", "properties": {"privateLinkServiceId": target, **state}}
                ],
            },
        ),
    )

    assert inside(drawn, "pe") == ["pe-store"]
    assert not line(drawn, "pe-store", "store").down
    assert spot(drawn, "store").kind is Kind.SERVICE
    assert spot(drawn, "store").missing


def test_a_cluster_stands_where_its_nodes_are() -> None:
    drawn = sketch(
        vnet("a", "10.0.0.0/16", subnets={"nodes": "10.0.1.0/24", "more": "10.0.2.0/24"}),
        cluster("shop", pool(count=3), pool("web", ("a", "more"), count=1)),
    )

    assert inside(drawn, "nodes") == ["shop"]
    assert inside(drawn, "more") == ["shop"]
    assert lines(drawn, "part") == [("shop", "shop")]


def test_a_site_is_joined_to_its_gateway() -> None:
    drawn = sketch(
        vnet("hub", "10.0.0.0/16", subnets={"GatewaySubnet": "10.0.0.0/27"}),
        gateway("vgw", "hub"),
        site("office", "192.168.0.0/16"),
        tunnel("t", "vgw", "office", connectionStatus="NotConnected"),
    )

    assert inside(drawn, "GatewaySubnet") == ["vgw"]
    found = line(drawn, "office", "vgw")
    assert (found.texts, found.down) == (("IPsec", "NotConnected"), True)


def test_networks_are_joined_to_their_virtual_hub() -> None:
    drawn = sketch(vnet("a", "10.1.0.0/16"), *hub("hub", "10.0.0.0/23", "a"))

    assert lines(drawn, "connection") == [("hub", "a")]
    assert spot(drawn, "hub").kind is Kind.HUB


def test_order_does_not_show() -> None:
    resources = [
        *farm(5),
        vnet("b", "10.2.0.0/16", peers=[peer("app")]),
        internal_balancer("ilb", "10.0.1.100", ("app", "web")),
        exposed.pip("pip"),
    ]
    first = sketch(*resources)
    random.Random(4).shuffle(resources)

    assert sketch(*resources) == first


def test_ids_in_another_case_are_the_same_things() -> None:
    drawn = sketch(
        vnet("app", "10.0.0.0/16", subnets={"web": "10.0.1.0/24"}),
        vnet("far", "10.1.0.0/16", peers=[peer("APP")]),
    )

    assert [each.name for each in drawn.spots if each.kind is Kind.NETWORK] == ["app", "far"]
    assert vnet_id("app") in {each.id for each in drawn.spots}


def test_an_empty_snapshot_is_the_internet_alone() -> None:
    assert snapshot().records == []
    assert [each.name for each in sketch().spots] == ["internet"]
