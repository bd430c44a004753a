from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate, resource

from ..gateways import HOME, VNET, gateway, home, told

TABLE = arm_id("Microsoft.Network/routeTables", "rt-gateway")


def table(*routes: tuple[str, str], **more: Any) -> dict[str, Any]:
    named = [
        {
            "name": f"to-{number}",
            "properties": {
                "addressPrefix": prefix,
                "nextHopType": hop,
                **({"nextHopIpAddress": "10.9.0.4"} if hop == "VirtualAppliance" else {}),
            },
        }
        for number, (prefix, hop) in enumerate(routes)
    ]
    return resource("Microsoft.Network/routeTables", "rt-gateway", {"routes": named, **more})


def verdict(*routes: tuple[str, str], **more: Any) -> int:
    network = estate(home(routeTable={"id": TABLE}), gateway(), table(*routes, **more))
    return len(ask("GW-024", network).broken)


@pytest.mark.parametrize("hop", ["VirtualAppliance", "VirtualNetworkGateway", "None", "VnetLocal"])
def test_a_14_a_default_route_that_leads_elsewhere_is_told(hop: str) -> None:
    assert verdict(("0.0.0.0/0", hop)) == 1


def test_the_finding_names_route_and_hop() -> None:
    made = (home(routeTable={"id": TABLE}), gateway(), table(("0.0.0.0/0", "VirtualAppliance")))

    (finding,) = ask("GW-024", estate(*made)).broken

    assert "sends 0.0.0.0/0 to 10.9.0.4 (route to-0 of rt-gateway)" in finding.message
    assert finding.remedy.endswith(
        "--name to-0 --address-prefix 0.0.0.0/0 --next-hop-type Internet"
    )
    assert told(finding, *made)


def test_to_the_internet_or_for_a_part_only_is_kept() -> None:
    assert verdict(("0.0.0.0/0", "Internet")) == 0
    assert verdict(("10.0.0.0/8", "VirtualAppliance")) == 0
    assert verdict(("0.0.0.0/1", "VirtualAppliance")) == 0
    assert verdict(("AzureCloud", "Internet")) == 0
    assert verdict() == 0


def test_two_halves_are_the_whole() -> None:
    halves = (("0.0.0.0/1", "VirtualAppliance"), ("128.0.0.0/1", "VirtualAppliance"))
    assert verdict(*halves) == 1
    assert verdict(*halves, ("0.0.0.0/0", "Internet")) == 1


def test_the_remedy_leads_both_halves_out() -> None:
    halves = (("0.0.0.0/1", "VirtualAppliance"), ("128.0.0.0/1", "VirtualAppliance"))
    network = estate(home(routeTable={"id": TABLE}), gateway(), table(*halves))
    (finding,) = ask("GW-024", network).broken
    assert finding.remedy.count(" --next-hop-type Internet") == 2
    assert "--name to-1 --address-prefix 128.0.0.0/1" in finding.remedy


def test_a_subnet_without_route_table_is_kept() -> None:
    assert ask("GW-024", estate(home(), gateway())).kept == 1


def test_a_5_isolated_gateways_may() -> None:
    delegated = [
        {"name": "d", "properties": {"serviceName": "Microsoft.Network/applicationGateways"}}
    ]
    routes = table(("0.0.0.0/0", "VirtualAppliance"))
    by_delegation = estate(home(routeTable={"id": TABLE}, delegations=delegated), gateway(), routes)
    private = gateway(
        frontendIPConfigurations=[
            {
                "name": "private",
                "properties": {"privateIPAddress": "10.0.1.10", "subnet": {"id": HOME}},
            }
        ]
    )
    by_frontends = estate(home(routeTable={"id": TABLE}), private, routes)

    assert ask("GW-024", by_delegation).kept == 1
    assert ask("GW-024", by_frontends).kept == 1


def test_the_first_generation_is_not_judged() -> None:
    routes = table(("0.0.0.0/0", "VirtualAppliance"))
    network = estate(home(routeTable={"id": TABLE}), gateway(tier="WAF"), routes)
    answer = ask("GW-024", network)
    assert (answer.kept, answer.broken) == (0, [])


def express_route() -> dict[str, Any]:
    subnet = {"id": arm_id(f"{VNET}/subnets", "vnet-shop", "GatewaySubnet")}
    return resource(
        "Microsoft.Network/virtualNetworkGateways",
        "ergw-shop",
        {
            "gatewayType": "ExpressRoute",
            "ipConfigurations": [{"name": "main", "properties": {"subnet": subnet}}],
        },
    )


def test_learned_routes_may_be_a_default_route() -> None:
    answer = ask("GW-024", estate(home(), gateway(), express_route()))
    assert "ergw-shop" in answer.unknown[0].missing


def test_a_route_of_ones_own_or_propagation_off_settles_it() -> None:
    linked = home(routeTable={"id": TABLE})
    own = table(("0.0.0.0/0", "Internet"))
    off = table(disableBgpRoutePropagation=True)

    assert ask("GW-024", estate(linked, gateway(), express_route(), own)).kept == 1
    assert ask("GW-024", estate(linked, gateway(), express_route(), off)).kept == 1


def test_a_route_table_that_is_not_here_is_unknown() -> None:
    answer = ask("GW-024", estate(home(routeTable={"id": TABLE}), gateway()))
    assert TABLE in answer.unknown[0].missing


def test_the_default_site_of_a_vpn_gateway_may_be_a_default_route() -> None:
    vpn = express_route()
    site = arm_id("Microsoft.Network/localNetworkGateways", "site")
    vpn["properties"] |= {"gatewayType": "Vpn", "gatewayDefaultSite": {"id": site}}
    answer = ask("GW-024", estate(home(), gateway(), vpn))
    assert "default site" in answer.unknown[0].missing


def test_a_site_that_is_written_as_everything_may_be_a_default_route() -> None:
    vpn = express_route()
    vpn["properties"] |= {"gatewayType": "Vpn"}
    space = {"localNetworkAddressSpace": {"addressPrefixes": ["10.0.0.0/8", "0.0.0.0/0"]}}
    site = resource("Microsoft.Network/localNetworkGateways", "hq", space)
    ends = {
        "connectionType": "IPsec",
        "enableBgp": False,
        "virtualNetworkGateway1": {"id": vpn["id"]},
        "localNetworkGateway2": {"id": site["id"]},
    }
    joined = resource("Microsoft.Network/connections", "to-hq", ends)

    answer = ask("GW-024", estate(home(), gateway(), vpn, site, joined))

    assert answer.broken == []
    assert "the site hq" in answer.unknown[0].missing
    space["localNetworkAddressSpace"]["addressPrefixes"].pop()
    assert ask("GW-024", estate(home(), gateway(), vpn, site, joined)).unknown == []
