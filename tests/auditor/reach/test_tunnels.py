"""Between VNets whose VPN gateways are connected: the type Vnet2Vnet (R-24, R-17, N-20)."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import NSG, PIP, deny, nsg, pip
from ...networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from ...reaching import asked
from ...routing import ENDPOINT, route, table

GATEWAY = "Microsoft.Network/virtualNetworkGateways"


def link(name: str, one: str, other: str, **more: Any) -> Any:
    """One half of a connection between two gateways."""
    settings = {
        "connectionType": "Vnet2Vnet",
        "virtualNetworkGateway1": {"id": arm_id(GATEWAY, one)},
        "virtualNetworkGateway2": {"id": arm_id(GATEWAY, other)},
        **more,
    }
    return resource("Microsoft.Network/connections", name, settings)


BOTH = (link("ab", "gw-a", "gw-b"), link("ba", "gw-b", "gw-a"))


def joined(*more: Any, links: Any = BOTH, at_b: Any = None, peers: Any = ()) -> Network:
    """VNets a and b, a gateway and a machine in each."""
    near = {"app": "10.0.0.0/24", "GatewaySubnet": "10.0.9.0/27"}
    far = {
        "app": {"addressPrefix": "10.1.0.0/24", **(at_b or {})},
        "GatewaySubnet": "10.1.9.0/27",
    }
    return estate(
        vnet("a", "10.0.0.0/16", subnets=near),
        vnet("b", "10.1.0.0/16", subnets=far, peers=peers),
        gateway("gw-a", "a", enableBgp=False),
        gateway("gw-b", "b", enableBgp=False),
        nic("one", "10.0.0.4", ("a", "app")),
        nic("two", "10.1.0.4", ("b", "app")),
        *links,
        *more,
    )


def test_R_24_machines_of_connected_vnets_reach_each_other() -> None:
    network = joined()
    there, back = asked(network, "one", "two"), asked(network, "two", "one")
    assert (there.verdict, back.verdict) == ("reachable", "reachable")
    assert there.step("route").says == (
        "the VirtualNetworkGateway route 10.1.0.0/16 sends it to VirtualNetworkGateway, and on to b"
    )


def test_R_24_a_gateway_leads_to_no_vnet_that_nothing_connects() -> None:
    assert asked(joined(links=()), "one", "two").stops[0] == "route"


def test_R_24_half_a_connection_may_carry_nothing() -> None:
    found = asked(joined(links=BOTH[:1]), "one", "two")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_R_12_replies_need_the_routes_of_the_gateway() -> None:
    kept_out = {"routeTable": {"id": arm_id("Microsoft.Network/routeTables", "rt")}}
    network = joined(table("rt", disableBgpRoutePropagation=True), at_b=kept_out)
    assert asked(network, "one", "two").stops == ["return-route"]


def test_R_27_a_route_table_at_a_gateway_may_lead_it_elsewhere() -> None:
    to = {"addressPrefix": "10.1.9.0/27",
          "routeTable": {"id": arm_id("Microsoft.Network/routeTables", "rt")}}  # fmt: skip
    far = {"app": "10.1.0.0/24", "GatewaySubnet": to}
    network = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": "10.0.0.0/24", "GatewaySubnet": "10.0.9.0/27"}),
        vnet("b", "10.1.0.0/16", subnets=far),
        gateway("gw-a", "a", enableBgp=False),
        gateway("gw-b", "b", enableBgp=False),
        table("rt", route("10.1.0.0/24", "VirtualAppliance", "10.1.0.99")),
        nic("one", "10.0.0.4", ("a", "app")),
        nic("two", "10.1.0.4", ("b", "app")),
        *BOTH,
    )
    found = asked(network, "one", "two")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:R-27"})


def test_N_20_virtual_network_holds_the_vnets_behind_the_gateway() -> None:
    guarded = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    network = joined(nsg(), at_b=guarded)
    found = asked(network, "one", "two")
    assert found.verdict == "reachable"
    assert "AllowVnetInBound" in found.step("nsg-inbound").says
    shut = joined(nsg(deny("no", 100, "10.0.0.0/16", "443")), at_b=guarded)
    assert asked(shut, "one", "two").stops == ["nsg-inbound"]


def test_R_17_what_uses_the_far_gateway_by_transit_may_be_reached() -> None:
    lent = [peer("c", "10.2.0.0/16", allowGatewayTransit=True)]
    using = [peer("b", "10.1.0.0/16", useRemoteGateways=True)]
    network = joined(
        vnet("c", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"}, peers=using),
        nic("three", "10.2.0.4", ("c", "app")),
        peers=lent,
    )
    found = asked(network, "one", "three")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:R-24"})
    assert asked(network, "three", "one").verdict == "unknown"
    assert asked(network, "three", "two").verdict == "reachable"


def test_R_24_an_endpoint_is_reached_by_way_of_the_gateways() -> None:
    static = [{"name": "x", "properties": {"privateIPAddress": "10.1.0.7"}}]
    state = {"privateLinkServiceConnectionState": {"status": "Approved"}}
    settings = {
        "subnet": {"id": subnet_id("b", "app")},
        "ipConfigurations": static,
        "privateLinkServiceConnections": [{"name": "c", "properties": state}],
    }
    network = joined(
        resource(ENDPOINT, "pe", settings), at_b={"privateEndpointNetworkPolicies": "Disabled"}
    )
    assert asked(network, "one", "pe").verdict == "reachable"
    assert asked(joined(resource(ENDPOINT, "pe", settings), links=()), "one", "pe").stops[0] == (
        "route"
    )


def by_sites(*more: Any, back: bool = True, address: str = "20.9.0.2") -> Network:
    """The same two VNets, each of which knows the other's gateway as a site."""

    def end(name: str, own: str) -> Any:
        made = gateway(f"gw-{name}", name, enableBgp=False)
        [front] = made["properties"]["ipConfigurations"]
        front["properties"]["publicIPAddress"] = {"id": arm_id(PIP, own)}
        return made

    def known(name: str, prefix: str, door: str) -> Any:
        made = site(name, prefix)
        made["properties"]["gatewayIpAddress"] = door
        return made

    near = {"app": "10.0.0.0/24", "GatewaySubnet": "10.0.9.0/27"}
    far = {"app": "10.1.0.0/24", "GatewaySubnet": "10.1.9.0/27"}
    return estate(
        vnet("a", "10.0.0.0/16", subnets=near),
        vnet("b", "10.1.0.0/16", subnets=far),
        end("a", "pip-a"),
        end("b", "pip-b"),
        pip("pip-a", address="20.9.0.1"),
        pip("pip-b", address="20.9.0.2"),
        known("as-b", "10.1.0.0/16", address),
        known("as-a", "10.0.0.0/16", "20.9.0.1"),
        tunnel("ab", "gw-a", "as-b"),
        *([tunnel("ba", "gw-b", "as-a")] if back else []),
        nic("one", "10.0.0.4", ("a", "app")),
        nic("two", "10.1.0.4", ("b", "app")),
        *more,
    )


def test_R_24_a_site_that_is_the_gateway_of_a_vnet_leads_into_it() -> None:
    network = by_sites()
    assert asked(network, "one", "two").verdict == "reachable"
    assert asked(network, "two", "one").verdict == "reachable"
    half = asked(by_sites(back=False), "one", "two")
    assert half.verdict == "blocked"  # b has no route back
    assert half.stops == ["return-route"]


def test_R_24_a_site_with_another_address_is_no_vnet() -> None:
    """Whether it passes on what is for the other VNet, nobody tells."""
    found = asked(by_sites(address="198.51.100.1"), "one", "two")
    assert found.verdict == "unknown"
    assert "forced-tunnel-unknown" in found.labels


def test_R_24_a_site_behind_the_other_gateway_gets_no_reply_by_a_route_of_ones_own() -> None:
    """The route names the gateway of b, which knows nothing of the site behind that of a."""
    back = table("rt", route("192.168.1.0/24", "VirtualNetworkGateway"))
    at_b = {"routeTable": {"id": arm_id("Microsoft.Network/routeTables", "rt")}}
    static = {"enableBgp": False}
    links = (link("ab", "gw-a", "gw-b", **static), link("ba", "gw-b", "gw-a", **static))
    here = site("site", "192.168.1.0/24"), tunnel("t", "gw-a", "site", **static)
    found = asked(joined(back, *here, links=links, at_b=at_b), "onprem 192.168.1.0/24", "two")
    assert (found.verdict, found.labels) == ("blocked", set())
