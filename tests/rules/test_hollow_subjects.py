"""What a hollow resource may hide is *unknown* about itself, and about what depends on it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

AGW = "Microsoft.Network/applicationGateways"
EDGE = "Microsoft.Cdn/profiles/afdEndpoints"
POLICY = "Microsoft.Cdn/profiles/securityPolicies"
CLASSIC = "Microsoft.Network/frontDoors"


def bare(arm_type: str, name: str) -> dict[str, Any]:
    return {
        "id": arm_id(arm_type, *name.split("/")),
        "name": name.rpartition("/")[2],
        "type": arm_type,
    }


@pytest.mark.parametrize(
    ("rule", "arm_type", "name"),
    [
        ("GW-011", AGW, "agw"),
        ("GW-024", AGW, "agw"),
        ("WAF-001", AGW, "agw"),
        ("WAF-001", EDGE, "edge/shop"),
        ("WAF-001", CLASSIC, "classic"),
        ("WAF-002", AGW, "agw"),
        ("EXP-006", "Microsoft.Network/loadBalancers/frontendIPConfigurations", "lb/front"),
    ],
)
def test_a_hollow_resource_is_unknown_itself(rule: str, arm_type: str, name: str) -> None:
    answer = ask(rule, estate(bare(arm_type, name)))
    assert [one.subject for one in answer.unknown] == [arm_id(arm_type, *name.split("/"))]
    assert (answer.kept, answer.broken) == (0, [])


def test_a_security_policy_that_tells_nothing_may_protect_its_own_profile_only() -> None:
    endpoint = resource(EDGE, "edge/shop", {"hostName": "shop.azurefd.net"})
    elsewhere = bare(POLICY, "other/waf")
    assert ask("WAF-001", estate(endpoint, elsewhere)).names == ["shop"]

    (unknown,) = ask("WAF-001", estate(endpoint, bare(POLICY, "edge/waf"))).unknown
    assert unknown.subject == endpoint["id"]
    assert "what the security policy waf protects" in unknown.missing


def test_a_link_that_tells_no_network_makes_its_own_zone_unknown() -> None:
    from auditor.network.names import linked_networks, untold_links

    links = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
    hub = {"virtualNetwork": {"id": arm_id("Microsoft.Network/virtualNetworks", "hub")}}
    network = estate(resource(links, "a.example/hub", hub), bare(links, "b.example/spoke"))
    zone = arm_id("Microsoft.Network/privateDnsZones", "{}").lower()
    assert linked_networks(network).keys() == {zone.format("a.example")}
    assert untold_links(network).keys() == {zone.format("b.example")}


def test_a_listener_without_the_id_of_its_place_contests_nothing() -> None:
    settings = {"frontendIPConfiguration": {}, "frontendPort": {}, "protocol": "Http"}
    gateway = resource(AGW, "agw", {"httpListeners": [{"name": "web", "properties": settings}]})
    hole = "/properties/httpListeners/0/properties/frontendPort/id"
    answer = ask("GW-015", estate(gateway, unresolved=((hole, "an expression"),)))
    assert (answer.broken, answer.unknown) == ([], [])


def test_a_firewall_without_the_id_of_its_hub_hides_no_other_owner() -> None:
    from auditor.network.address_owners import all_owned_addresses

    properties = {"virtualHub": {}, "hubIPAddresses": {"privateIPAddress": "10.1.0.4"}}
    firewall = resource("Microsoft.Network/azureFirewalls", "fw", properties)
    hole = ("/properties/virtualHub/id", "an expression")
    assert all_owned_addresses(estate(firewall, unresolved=(hole,))) == {}
