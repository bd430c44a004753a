"""Appliances as next hops: who takes packets, who drops them, who is not told (R-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.routing import Hop
from auditor.testing import arm_id, resource

from ....exposed import pip
from ....networks import hub, internal_balancer, nic, peer, vnet
from ....routing import hop, route, routes, steering, subnet


def appliance(address: str | None, *more: Any, peers: Any = ()) -> Any:
    network = steering(route("20.0.0.0/8", "VirtualAppliance", address), more=more, peers=peers)
    found = hop(network, "20.1.1.1")
    assert found.hop is Hop.APPLIANCE
    return found


def test_R_11_a_nic_that_forwards_takes_packets_and_its_guest_is_not_told() -> None:
    found = appliance("10.0.9.4")
    assert not found.drops
    assert [reason.label for reason in found.doubts] == ["nva:fw"]
    assert str(found.route.address) == "10.0.9.4"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.0.9.5", "does not forward"),
        ("10.0.9.77", "nobody owns"),
        ("10.99.0.4", "in no VNet"),
        (None, "names no next hop address"),
        ("10.0.9.9", "rule for all ports"),
    ],
)
def test_R_11_whoever_cannot_forward_drops(address: str | None, why: str) -> None:
    found = appliance(
        address,
        nic("host", "10.0.9.5", ("a", "nva"), vm="host", enableIPForwarding=False),
        internal_balancer("lb", "10.0.9.9", ("a", "nva")),
    )
    assert why in found.drops


@pytest.mark.parametrize("kind", ["azureFirewalls", "networkInterfaces", "loadBalancers"])
def test_R_11_whoever_tells_no_place_at_all_may_own_the_next_hop(kind: str) -> None:
    parts = "frontendIPConfigurations" if kind == "loadBalancers" else "ipConfigurations"
    found = appliance(
        "10.0.9.77", resource(f"Microsoft.Network/{kind}", "lost", {parts: [{"name": "x"}]})
    )
    assert not found.drops
    assert [reason.detail for reason in found.doubts] == [
        "who owns 10.0.9.77: the addresses of lost"
    ]


@pytest.mark.parametrize("kind", ["azureFirewalls", "networkInterfaces"])
def test_R_11_who_is_known_by_a_public_address_alone_may_own_the_next_hop(kind: str) -> None:
    part = {
        "azureFirewalls": "azureFirewallIpConfigurations",
        "networkInterfaces": "ipConfigurations",
    }
    lost = arm_id(f"Microsoft.Network/{kind}/{part[kind]}", "lost", "c")
    found = appliance("10.0.9.77", pip("pip", lost))
    assert not found.drops
    assert [reason.detail for reason in found.doubts] == [
        "who owns 10.0.9.77: the addresses of lost, which is not in the snapshot"
    ]
    balancer = arm_id("Microsoft.Network/loadBalancers/frontendIPConfigurations", "lost", "f")
    assert "nobody owns" in appliance("10.0.9.77", pip("pip", balancer)).drops


@pytest.mark.parametrize("address", ["10.0.9.4", "10.0.9.5"])
def test_R_11_what_is_for_the_appliance_itself_is_not_dropped(address: str) -> None:
    """Whether it forwards, or its guest does, is no question then."""
    found = hop(
        steering(
            route("10.0.9.0/24", "VirtualAppliance", address),
            more=(nic("host", "10.0.9.5", ("a", "nva"), vm="host", enableIPForwarding=False),),
        ),
        address,
    )
    assert (found.hop, found.drops, found.doubts) == (Hop.APPLIANCE, "", ())


def balancer(protocol: str, port: int) -> Any:
    lb = internal_balancer("lb", "10.0.9.9", ("a", "nva"))
    front = f"{lb['id']}/frontendIPConfigurations/front"
    rule = {"frontendIPConfiguration": {"id": front}, "protocol": protocol, "frontendPort": port}
    lb["properties"]["loadBalancingRules"] = [{"name": "r", "properties": rule}]
    return lb


def test_R_11_a_load_balancer_with_a_rule_for_all_ports_takes_packets() -> None:
    found = appliance("10.0.9.9", balancer("All", 0))
    assert not found.drops
    assert [reason.label for reason in found.doubts] == ["nva:lb"]
    for protocol, port in (("Tcp", 443), ("All", 443), ("Tcp", 0)):
        some = appliance("10.0.9.9", balancer(protocol, port))
        assert "semantics:R-11" in [reason.label for reason in some.doubts]


@pytest.mark.parametrize(
    ("forwarding", "drops"),
    [((False, False), True), ((False, True), False), ((False, None), False)],
)
def test_R_11_behind_a_load_balancer_somebody_has_to_forward(
    forwarding: tuple[bool | None, ...], drops: bool
) -> None:
    lb = balancer("All", 0)
    pool = f"{lb['id']}/backendAddressPools/pool"
    lb["properties"]["backendAddressPools"] = [{"name": "pool", "properties": {}}]
    [rule] = lb["properties"]["loadBalancingRules"]
    rule["properties"]["backendAddressPool"] = {"id": pool}
    joins = {"loadBalancerBackendAddressPools": [{"id": pool}]}
    behind = [
        nic(f"fw{n}", f"10.0.9.{20 + n}", ("a", "nva"), vm=f"fw{n}", configuration=joins,
            **({} if each is None else {"enableIPForwarding": each}))
        for n, each in enumerate(forwarding)
    ]  # fmt: skip
    found = appliance("10.0.9.9", lb, *behind)
    assert ("no machine behind load balancer lb forwards" in found.drops) is drops


def test_R_11_a_firewall_takes_packets() -> None:
    configuration = {
        "name": "x",
        "properties": {
            "privateIPAddress": "10.0.9.8",
            "subnet": {"id": subnet(steering(), "nva").id},
        },
    }
    firewall = resource(
        "Microsoft.Network/azureFirewalls", "azfw", {"ipConfigurations": [configuration]}
    )
    found = appliance("10.0.9.8", firewall)
    assert not found.drops
    assert not found.doubts


def test_R_11_an_appliance_in_a_direct_peer_is_reached() -> None:
    there = (
        vnet("b", "10.1.0.0/16", subnets={"x": "10.1.0.0/24"}, peers=[peer("a", "10.0.0.0/16")]),
        nic("far", "10.1.0.4", ("b", "x"), vm="far", enableIPForwarding=True),
    )
    found = appliance("10.1.0.4", *there, peers=[peer("b", "10.1.0.0/16")])
    assert not found.drops
    assert "in no VNet" in appliance("10.1.0.4", *there).drops


@pytest.mark.parametrize(
    ("prefix", "address", "gone"),
    [
        ("10.9.0.0/23", "10.1.0.4", True),  # beyond the hub
        ("10.9.0.0/23", "10.9.0.68", False),  # the hub's firewall, say
        (None, "10.1.0.4", False),
    ],
)
def test_R_11_no_appliance_is_reached_through_a_virtual_hub(
    prefix: Any, address: str, gone: bool
) -> None:
    far = vnet("b", "10.1.0.0/16", subnets={"x": "10.1.0.0/24"})
    nva = nic("far", "10.1.0.4", ("b", "x"), vm="far", enableIPForwarding=True)
    beside = (far, nva, *hub("vhub", prefix, "a", "b"))
    network = steering(route("20.0.0.0/8", "VirtualAppliance", address), more=beside)
    (found,) = (each for each in routes(network).routes if each.hop is Hop.APPLIANCE)
    assert ("in no VNet that a reaches directly" in found.fault) is gone
    assert bool(found.fault) is gone


def test_R_11_an_address_of_a_scale_set_is_not_told() -> None:
    scale_set = resource(
        "Microsoft.Compute/virtualMachineScaleSets",
        "nvas",
        {
            "virtualMachineProfile": {
                "networkProfile": {
                    "networkInterfaceConfigurations": [
                        {
                            "name": "n",
                            "properties": {
                                "ipConfigurations": [
                                    {
                                        "name": "c",
                                        "properties": {
                                            "subnet": {"id": subnet(steering(), "nva").id}
                                        },
                                    }
                                ]
                            },
                        }
                    ]
                }
            }
        },
    )
    found = appliance("10.0.9.77", scale_set)
    assert not found.drops
    assert [reason.label for reason in found.doubts] == ["collection-gap"]
