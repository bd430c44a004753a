from __future__ import annotations

import copy
from typing import Any

import pytest

from auditor.errors import InputError
from auditor.network.build import build
from auditor.testing import arm_id, ask, estate, resource, snapshot

from ...networks import nic
from ...routing import TABLE, route, table
from ..gateways import VNET, gateway, home, listener, part, part_id, pool, rule, told, vnet

WEB = (listener("web"), rule("web", "web", pool="servers"))


def to(*addresses: str) -> dict[str, Any]:
    return gateway(*WEB, pool("servers", *addresses))


def peering(name: str, remote: str, space: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "properties": {
            "remoteVirtualNetwork": {"id": arm_id(VNET, remote)},
            "remoteAddressSpace": {"addressPrefixes": [space]},
            "peeringState": "Connected",
            **more,
        },
    }


def peered(*peerings: dict[str, Any]) -> dict[str, Any]:
    made = home()
    made["properties"]["virtualNetworkPeerings"] = list(peerings)
    return made


def test_a_public_address_is_told() -> None:
    made = (home(), to("20.50.2.10"))

    (finding,) = ask("GW-001", estate(*made)).broken

    assert finding.subject == part_id("backendAddressPools", "servers")
    assert finding.key == "20.50.2.10"
    assert "sends to 20.50.2.10, a public address" in finding.message
    assert "address-pool update --resource-group rg --gateway-name agw-shop" in finding.remedy
    assert told(finding, *made)


def test_a_public_address_of_the_snapshot_is_named() -> None:
    pip = resource("Microsoft.Network/publicIPAddresses", "pip-old", {"ipAddress": "20.50.2.10"})
    (finding,) = ask("GW-001", estate(home(), to("20.50.2.10"), pip)).broken
    assert "the public address pip-old" in finding.message
    assert finding.related == (pip["id"],)
    assert told(finding, to("20.50.2.10"), pip)


@pytest.mark.parametrize("address", ["10.0.0.4", "10.0.255.255"])
def test_an_address_in_the_gateways_network_is_kept(address: str) -> None:
    assert ask("GW-001", estate(home(), to(address))).kept == 1


@pytest.mark.parametrize("address", ["10.1.0.0", "9.255.255.255", "192.168.1.1", "127.0.0.1"])
def test_an_address_just_outside_is_told(address: str) -> None:
    assert len(ask("GW-001", estate(home(), to(address))).broken) == 1


def test_a_private_address_in_no_network_reached_has_words_of_its_own() -> None:
    (finding,) = ask("GW-001", estate(home(), to("10.1.0.4"))).broken
    assert "neither in vnet-shop nor in any network it reaches" in finding.message


def test_a_network_with_a_public_range_has_it_inside() -> None:
    wide = vnet(space="20.0.0.0/8", snet_gateway={"addressPrefix": "20.0.1.0/24"})
    assert ask("GW-001", estate(wide, to("20.50.2.10"))).kept == 1


def test_a_peers_address_is_kept() -> None:
    hub = vnet("vnet-hub", "10.1.0.0/16")
    hub["properties"]["virtualNetworkPeerings"] = [peering("back", "vnet-shop", "10.0.0.0/16")]
    network = estate(peered(peering("hub", "vnet-hub", "10.1.0.0/16")), hub, to("10.1.0.4"))
    assert ask("GW-001", network).kept == 1


def on_premises(**connection: Any) -> tuple[dict[str, Any], ...]:
    subnet = {"id": arm_id(f"{VNET}/subnets", "vnet-shop", "GatewaySubnet")}
    vpn = resource(
        "Microsoft.Network/virtualNetworkGateways",
        "vpn-shop",
        {
            "gatewayType": "Vpn",
            "ipConfigurations": [{"name": "main", "properties": {"subnet": subnet}}],
        },
    )
    site = resource(
        "Microsoft.Network/localNetworkGateways",
        "office",
        {"localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/24"]}},
    )
    line = resource(
        "Microsoft.Network/connections",
        "to-office",
        {
            "connectionType": "IPsec",
            "virtualNetworkGateway1": {"id": vpn["id"]},
            "localNetworkGateway2": {"id": site["id"]},
            **connection,
        },
    )
    return vpn, site, line


def test_r_24_an_address_of_a_connected_site_is_kept() -> None:
    answer = ask("GW-001", estate(home(), to("192.168.0.9", "192.168.1.9"), *on_premises()))
    assert answer.kept == 1
    assert [finding.key for finding in answer.broken] == ["192.168.1.9"]


def test_r_25_learned_routes_leave_a_private_address_unknown_and_a_public_one_told() -> None:
    beyond = on_premises(enableBgp=True)
    answer = ask("GW-001", estate(home(), to("172.20.0.4", "20.50.2.10"), *beyond))
    assert [finding.key for finding in answer.broken] == ["20.50.2.10"]
    assert "to-office" in answer.unknown[0].missing


def test_a_name_is_no_address_unless_it_is_one() -> None:
    named = gateway(*WEB, pool("servers", "app.contoso.example"))
    literal = gateway(*WEB, pool("servers"))
    literal["properties"]["backendAddressPools"][0]["properties"]["backendAddresses"] = [
        {"fqdn": "20.50.2.10"}
    ]
    assert ask("GW-001", estate(home(), named)).broken == []
    assert len(ask("GW-001", estate(home(), literal)).broken) == 1


def test_a_gateway_whose_network_is_not_here_is_unknown() -> None:
    assert len(ask("GW-001", estate(to("20.50.2.10"))).unknown) == 1


def test_each_bad_address_of_a_pool_is_told() -> None:
    answer = ask("GW-001", estate(home(), to("20.50.2.11", "10.0.2.4", "20.50.2.10")))
    assert sorted(finding.key for finding in answer.broken) == ["20.50.2.10", "20.50.2.11"]
    assert answer.kept == 1


def behind_a_hub(*routes: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """The gateway's network and another beside a hub, and how the gateway's subnet is routed."""
    here = peered(peering("hub", "vnet-hub", "10.1.0.0/16"))
    here["properties"]["subnets"][0]["properties"]["routeTable"] = {"id": arm_id(TABLE, "rt")}
    hub = vnet("vnet-hub", "10.1.0.0/16", snet_nva={"addressPrefix": "10.1.1.0/24"})
    hub["properties"]["virtualNetworkPeerings"] = [
        peering("shop", "vnet-shop", "10.0.0.0/16"),
        peering("far", "vnet-far", "10.2.0.0/16"),
    ]
    far = vnet("vnet-far", "10.2.0.0/16", snet_api={"addressPrefix": "10.2.1.0/24"})
    far["properties"]["virtualNetworkPeerings"] = [peering("hub", "vnet-hub", "10.1.0.0/16")]
    return here, hub, far, table("rt", *routes), nic("nva", "10.1.1.4", ("vnet-hub", "snet-nva"))


def test_R_11_an_address_that_an_appliance_brings_to_is_kept() -> None:
    made = behind_a_hub(route("10.2.0.0/16", "VirtualAppliance", "10.1.1.4"))
    assert ask("GW-001", estate(*made, to("10.2.1.4"))).kept == 1


def test_R_15_a_peer_of_a_peer_without_a_route_is_told() -> None:
    assert len(ask("GW-001", estate(*behind_a_hub(), to("10.2.1.4"))).broken) == 1


def test_what_lies_behind_an_appliance_cannot_be_told() -> None:
    made = behind_a_hub(route("10.7.0.0/16", "VirtualAppliance", "10.1.1.4"))
    (unknown,) = ask("GW-001", estate(*made, to("10.7.1.4"))).unknown
    assert "what lies behind the appliance 10.1.1.4" in unknown.missing


def test_a_text_that_is_no_address_is_refused_and_with_keep_going_unknown() -> None:
    servers = part("backendAddressPools", "servers", backendAddresses=[{"ipAddress": "none"}])
    read = snapshot(gateway(*WEB, servers))

    with pytest.raises(InputError, match="is not an address"):
        build(read)
    answer = ask("GW-001", build(read, keep_going=True).network)

    assert (answer.kept, answer.broken) == (0, [])
    assert [each.missing for each in answer.unknown] == ["member 0 of the backend pool servers"]


PODS = resource(
    "Microsoft.ContainerService/managedClusters",
    "aks-shop",
    {
        "nodeResourceGroup": "MC_rg_aks-shop_westeurope",
        "agentPoolProfiles": [
            {
                "name": "system",
                "count": 2,
                "vnetSubnetID": arm_id(f"{VNET}/subnets", "vnet-shop", "s"),
            }
        ],
        "networkProfile": {
            "networkPlugin": "azure",
            "networkPluginMode": "overlay",
            "podCidr": "10.244.0.0/16",
        },
        "addonProfiles": {
            "ingressApplicationGateway": {
                "enabled": True,
                "config": {"effectiveApplicationGatewayId": to()["id"]},
            }
        },
    },
)


def with_nodes(*delegations: str) -> dict[str, Any]:
    return vnet(
        snet_gateway={
            "addressPrefix": "10.0.1.0/24",
            "delegations": [
                {"name": one, "properties": {"serviceName": one}} for one in delegations
            ],
        },
        s={"addressPrefix": "10.0.2.0/24"},
    )


def test_a_54_an_ingress_controllers_gateway_reaches_pods_of_an_overlay() -> None:
    delegated = with_nodes("microsoft.network/ApplicationGateways")
    assert ask("GW-001", estate(delegated, PODS, to("10.244.1.9"))).kept == 1

    tagged = gateway(*WEB, pool("servers", "10.244.1.9"), tags={"managed-by-k8s-ingress": "1.9"})
    del (bare := copy.deepcopy(PODS))["properties"]["addonProfiles"]
    assert ask("GW-001", estate(delegated, bare, tagged)).kept == 1


def test_a_54_without_the_delegation_nobody_tells_whether_it_reaches_them() -> None:
    answer = ask("GW-001", estate(with_nodes(), PODS, to("10.244.1.9")))

    assert answer.broken == []
    assert "joined with the overlay of aks-shop" in answer.unknown[0].missing
    assert "delegate the subnet" in answer.unknown[0].remedy
    assert "aks-shop" in answer.unknown[0].missing


@pytest.mark.parametrize(
    ("address", "profile"),
    [
        ("10.243.255.255", {}),
        ("10.244.1.9", {"networkPlugin": "kubenet", "networkPluginMode": None}),
    ],
)
def test_a_54_what_is_no_pod_of_an_overlay_is_told(address: str, profile: dict[str, Any]) -> None:
    other = copy.deepcopy(PODS)
    other["properties"]["networkProfile"] |= profile
    delegated = with_nodes("Microsoft.Network/applicationGateways")
    assert len(ask("GW-001", estate(delegated, other, to(address))).broken) == 1


def test_a_54_without_a_controller_pods_of_an_overlay_are_reached_by_nobody() -> None:
    del (bare := copy.deepcopy(PODS))["properties"]["addonProfiles"]
    delegated = with_nodes("Microsoft.Network/applicationGateways")
    assert len(ask("GW-001", estate(delegated, bare, to("10.244.1.9"))).broken) == 1


def test_a_54_the_pods_of_a_controllers_cluster_that_is_not_in_the_input_are_unknown() -> None:
    delegated = with_nodes("Microsoft.Network/applicationGateways")
    tagged = gateway(*WEB, pool("servers", "10.244.1.9"), tags={"managed-by-k8s-ingress": "1.9"})
    answer = ask("GW-001", estate(delegated, tagged))

    assert answer.broken == []
    assert answer.unknown[0].missing == (
        "the cluster whose ingress controller writes agw-shop, of which 10.244.1.9 may be a pod"
    )
    assert answer.unknown[0].remedy == "export the cluster with the rest: az aks list"

    public = gateway(*WEB, pool("servers", "20.50.1.9"), tags={"managed-by-k8s-ingress": "1.9"})
    assert len(ask("GW-001", estate(delegated, public)).broken) == 1


def test_a_54_the_pods_of_a_controllers_cluster_that_does_not_tell_its_range_are_unknown() -> None:
    bare = copy.deepcopy(PODS)
    del bare["properties"]["networkProfile"]["podCidr"]
    delegated = with_nodes("Microsoft.Network/applicationGateways")
    answer = ask("GW-001", estate(delegated, bare, to("10.244.1.9")))

    assert answer.broken == []
    assert answer.unknown[0].missing == (
        "whether 10.244.1.9 is a pod: the pod range of cluster aks-shop"
    )
