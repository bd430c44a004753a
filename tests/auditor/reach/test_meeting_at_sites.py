"""Networks with gateways of their own, whose sites claim each other's addresses (R-24, R-25)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import NSG, deny, nsg
from ...networks import gateway, hub, nic, peer, site, tunnel, vnet
from ...reaching import asked
from ...routing import endpoint, route, steered, table
from .test_matrix import cells, one_by_one

WIDE = "10.0.0.0/8"
LENDS: Any = {"allowGatewayTransit": True}
USES: Any = {"useRemoteGateways": True}


def two(*sites: str, app: Any = "10.1.0.0/24", more: Any = ()) -> Network:
    """NIC one and NIC two, each in a network of its own, by the prefix that its site claims.

    `ExpressRoute` in place of a prefix is a gateway of that kind. With the second is endpoint pe.
    """
    found: list[Any] = []
    for number, claimed in enumerate(sites, 1):
        name, space = f"n{number}", f"10.{number}.0.0/16"
        subnets = {"app": app if number == 1 else "10.2.0.0/24"}
        subnets["GatewaySubnet"] = f"10.{number}.9.0/27"
        found.append(vnet(name, space, subnets=subnets))
        if claimed == "ExpressRoute":
            found.append(gateway(f"g{number}", name, kind=claimed))
            continue
        found.append(gateway(f"g{number}", name))
        found.append(site(f"s{number}", claimed))
        found.append(tunnel(f"t{number}", f"g{number}", f"s{number}", enableBgp=False))
    return estate(
        *found,
        nic("one", "10.1.0.4", ("n1", "app")),
        nic("two", "10.2.0.4", ("n2", "app")),
        endpoint("pe", "10.2.0.50", ("n2", "app")),
        *more,
    )


def told(network: Network, *pairs: tuple[str, str]) -> set[tuple[str, frozenset[str]]]:
    """What is told of pairs, and why not more; the matrix says the same of their subnets."""
    assert cells(network) == one_by_one(network)
    found = [asked(network, *pair) for pair in pairs]
    return {(each.verdict, frozenset(each.labels)) for each in found}


BOTH_WAYS = (("one", "two"), ("two", "one"))
NOBODY_TELLS = {("unknown", frozenset({"forced-tunnel-unknown"}))}
BLOCKED: set[tuple[str, frozenset[str]]] = {("blocked", frozenset())}


@pytest.mark.parametrize("sites", [(WIDE, WIDE), ("10.2.0.0/16", "10.1.0.0/16")])
def test_R_24_whether_sites_pass_on_what_they_claim_is_not_told(sites: tuple[str, str]) -> None:
    """By one site, or by two that lead to one another."""
    assert told(two(*sites), *BOTH_WAYS, ("one", "pe")) == NOBODY_TELLS


@pytest.mark.parametrize("sites", [(WIDE, "192.168.2.0/24"), ("192.168.1.0/24", WIDE)])
def test_R_24_each_gateway_has_to_lead_to_the_other(sites: tuple[str, str]) -> None:
    """One lets in its own sites only, and sends to nobody else."""
    assert told(two(*sites), *BOTH_WAYS, ("one", "pe")) == BLOCKED


def test_R_10_a_site_for_all_addresses_is_none_for_private_ones() -> None:
    """Azure's own routes drop these."""
    assert told(two("0.0.0.0/0", "0.0.0.0/0"), *BOTH_WAYS) == BLOCKED


def test_R_24_a_site_that_claims_some_of_a_network_leads_to_no_more_of_it() -> None:
    assert told(two("10.2.0.0/30", WIDE), ("one", "two")) == BLOCKED


def test_R_25_a_circuit_may_lead_to_the_site_of_another_gateway() -> None:
    both = two("ExpressRoute", WIDE)
    assert told(both, ("one", "two"), ("two", "one"), ("one", "pe")) == {
        ("unknown", frozenset({"bgp-routes-unknown", "forced-tunnel-unknown"})),
        ("unknown", frozenset({"bgp-routes-unknown"})),
    }


def test_R_12_a_table_that_keeps_the_routes_out_keeps_the_networks_apart() -> None:
    kept_out = table("rt", disableBgpRoutePropagation=True)
    shut = two(WIDE, WIDE, app=steered("10.1.0.0/24"), more=[kept_out])
    assert told(shut, *BOTH_WAYS) == BLOCKED


def test_R_15_a_route_of_ones_own_to_the_gateway_leads_there_as_well() -> None:
    own = table(
        "rt", route("10.2.0.0/16", "VirtualNetworkGateway"), disableBgpRoutePropagation=True
    )
    led = two("10.0.0.0/8", WIDE, app=steered("10.1.0.0/24"), more=[own])
    assert told(led, ("one", "two")) == NOBODY_TELLS
    not_led = two("192.168.1.0/24", WIDE, app=steered("10.1.0.0/24"), more=[own])
    assert told(not_led, ("one", "two")) == BLOCKED


def test_what_filters_stop_is_stopped_wherever_it_may_meet() -> None:
    guarded = {
        "addressPrefix": "10.1.0.0/24",
        "networkSecurityGroup": {"id": arm_id(NSG, "nsg")},
    }
    shut = two(WIDE, WIDE, app=guarded, more=[nsg(deny("no", 100, direction="Outbound"))])
    assert told(shut, ("one", "two")) == BLOCKED


def test_R_17_spokes_meet_by_the_gateways_that_their_hubs_lend() -> None:
    parts: list[Any] = []
    for number in (1, 2):
        home, spoke = f"10.{number}.0.0/16", f"10.{number + 4}.0.0/16"
        parts += [
            vnet(
                f"hub{number}",
                home,
                subnets={"GatewaySubnet": f"10.{number}.9.0/27"},
                peers=[peer(f"n{number}", spoke, **LENDS)],
            ),
            vnet(
                f"n{number}",
                spoke,
                subnets={"app": f"10.{number + 4}.0.0/24"},
                peers=[peer(f"hub{number}", home, **USES)],
            ),
            gateway(f"g{number}", f"hub{number}"),
            site(f"s{number}", WIDE),
            tunnel(f"t{number}", f"g{number}", f"s{number}", enableBgp=False),
            nic(f"m{number}", f"10.{number + 4}.0.4", (f"n{number}", "app")),
        ]
    assert told(estate(*parts), ("m1", "m2"), ("m2", "m1")) == NOBODY_TELLS


@pytest.mark.parametrize(
    ("claimed", "expected"), [(WIDE, "unknown"), ("192.168.0.0/16", "blocked")]
)
def test_R_29_the_sites_of_a_virtual_hub_may_lead_to_the_other_gateway(
    claimed: str, expected: str
) -> None:
    branch = resource(
        "Microsoft.Network/vpnSites", "branch", {"addressSpace": {"addressPrefixes": [claimed]}}
    )
    connection = {"remoteVpnSite": {"id": branch["id"]}}
    inside = resource(
        "Microsoft.Network/vpnGateways",
        "hub",
        {
            "virtualHub": {"id": arm_id("Microsoft.Network/virtualHubs", "wan-hub")},
            "connections": [{"name": "shop", "properties": connection}],
        },
    )
    network = estate(
        vnet("n1", "10.1.0.0/16", subnets={"app": "10.1.0.0/24", "GatewaySubnet": "10.1.9.0/27"}),
        gateway("g1", "n1"),
        site("s1", WIDE),
        tunnel("t1", "g1", "s1", enableBgp=False),
        vnet("n2", "10.2.0.0/16", subnets={"app": "10.2.0.0/24"}),
        *hub("wan-hub", "10.9.0.0/24", "n2"),
        branch,
        inside,
        nic("one", "10.1.0.4", ("n1", "app")),
        nic("two", "10.2.0.4", ("n2", "app")),
    )
    assert {verdict for verdict, _ in told(network, *BOTH_WAYS)} == {expected}
