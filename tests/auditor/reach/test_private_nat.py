"""NAT rules of an Azure Firewall for its private address, from inside networks and from sites."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import NSG, deny, nsg, pip
from ...firewalls import collection, firewall_in_hub, group, nat_rule, policy
from ...networks import gateway, nic, peer, vnet
from ...reaching import asked
from ...routing import route, steered, table

FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
HUB = {**FLAGS, "allowGatewayTransit": True}
SPOKE = {**FLAGS, "useRemoteGateways": True}
SHOP = nat_rule("shop", "10.2.0.4:8080", "10.1.0.4", "443", sourceAddresses=["10.0.0.0/24"])


def behind(*rules: Any, back: bool = True, shut: bool = False, more: Any = ()) -> Network:
    """NIC web and NIC db in spokes of a firewall's hub, where routes lead to it; it has NAT rules.

    Without `back`, the routes of db lead nowhere near it; `shut`, and db takes nobody in.
    """
    guard = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}} if shut else {}
    data = steered("10.2.0.0/24", "rt") if back else {"addressPrefix": "10.2.0.0/24"}
    return estate(
        vnet(
            "hub",
            "10.1.0.0/16",
            subnets={"AzureFirewallSubnet": "10.1.0.0/26", "GatewaySubnet": "10.1.9.0/27"},
            peers=[peer("app", "10.0.0.0/16", **HUB), peer("data", "10.2.0.0/16", **HUB)],
        ),
        vnet("app", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24", "rt")},
             peers=[peer("hub", "10.1.0.0/16", **SPOKE)]),
        vnet("data", "10.2.0.0/16", subnets={"data": {**data, **guard}},
             peers=[peer("hub", "10.1.0.0/16", **SPOKE)]),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.1.0.4"),
              disableBgpRoutePropagation=True),
        nsg(deny("none", 100)),
        pip("pip"),
        firewall_in_hub(),
        policy("rules"),
        group("rules", 100, collection("nat", 100, "Dnat", *(rules or (SHOP,)))),
        nic("web", "10.0.0.4", ("app", "app")),
        nic("db", "10.2.0.4", ("data", "data")),
        *more,
    )  # fmt: skip


def test_E_20_a_nat_rule_for_the_private_address_leads_to_whom_it_names() -> None:
    found = asked(behind(), "web", "db", 443)
    assert found.verdict == "reachable"
    assert found.arrives == "10.2.0.4:8080"
    assert found.step("firewall-nat").rule == "shop"
    assert [step.code for step in found.one.hops] == [
        "nsg-outbound", "route", "firewall-nat", "return-route", "route", "nsg-inbound",
        "return-route",
    ]  # fmt: skip


def test_E_20_other_ports_and_senders_are_not_translated() -> None:
    assert asked(behind(), "web", "db", 444).verdict == "blocked"
    assert asked(behind(), "db", "web", 443).verdict == "blocked"
    public = nat_rule("shop", "10.2.0.4:8080", "20.50.1.2", "9000")
    assert asked(behind(public), "web", "db", 9000).stops == ["firewall"]


def test_E_20_the_private_address_itself_may_be_asked_about() -> None:
    found = asked(behind(), "web", "fw", 443)
    assert found.verdict == "reachable"
    assert found.arrives == "10.2.0.4:8080"
    assert asked(behind(), "web", "fw", 444).labels == {"platform"}


def test_E_20_who_is_behind_is_asked_as_well() -> None:
    assert asked(behind(shut=True), "web", "db", 443).verdict == "blocked"


def test_E_23_replies_must_come_by_the_firewall_if_it_keeps_the_source() -> None:
    assert asked(behind(back=False), "web", "db", 443).verdict == "unknown"


def joined() -> Network:
    anywhere = nat_rule("shop", "10.2.0.4:8080", "10.1.0.4", "443")
    site = resource(
        "Microsoft.Network/localNetworkGateways",
        "dc",
        {"localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/16"]}},
    )
    connection = resource(
        "Microsoft.Network/connections",
        "cn",
        {
            "connectionType": "IPsec",
            "enableBgp": False,
            "virtualNetworkGateway1": {
                "id": arm_id("Microsoft.Network/virtualNetworkGateways", "gw")
            },
            "localNetworkGateway2": {"id": arm_id("Microsoft.Network/localNetworkGateways", "dc")},
        },
    )
    return behind(anywhere, more=(gateway("gw", "hub", enableBgp=False), site, connection))


def test_E_20_sites_are_translated_too() -> None:
    assert asked(joined(), "onprem 192.168.7.7/32", "fw", 443).verdict == "reachable"
    assert asked(joined(), "onprem 192.168.7.7/32", "fw", 444).labels == {"platform"}
