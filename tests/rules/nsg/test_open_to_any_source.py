from __future__ import annotations

from typing import Any

import pytest

from auditor.finding import Severity
from auditor.testing import arm_id, ask, estate, resource

from ...exposed import (
    SUBNET,
    balancer,
    deny,
    forwards,
    front,
    gateway,
    nic,
    nsg,
    pip,
    ref,
    rule,
    subnet,
    vnet,
)  # fmt: skip

APP = vnet(subnet(nsg="nsg"))


def test_a_rule_for_everybody_is_told_with_where_it_stands() -> None:
    (finding,) = ask("NSG-003", estate(nsg(rule("web", 100, ports="8080")), APP)).broken

    assert finding.subject.endswith("/securityRules/web")
    assert finding.message == "web of nsg lets any source reach TCP 8080 at vnet/app"
    assert "az network nsg rule delete --resource-group rg --nsg-name nsg --name web" in (
        finding.remedy
    )
    assert finding.severity is None
    assert [e.pointer for e in finding.evidence] == [
        "/properties/securityRules/0/properties/sourceAddressPrefix",
        "/properties/securityRules/0/properties/destinationPortRange",
    ]


def test_sources_that_are_named_are_kept() -> None:
    answer = ask("NSG-003", estate(nsg(rule("office", 100, ["203.0.114.0/24"], "443")), APP))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_a_rule_behind_a_deny_is_kept() -> None:
    answer = ask("NSG-003", estate(nsg(deny("all", 100, "Internet"), rule("web", 110)), APP))

    assert answer.broken == []


@pytest.mark.parametrize(
    ("source", "denied", "who"),
    [
        ("*", "0.0.0.0/0", "any source over IPv6"),
        ("::/0", "10.9.0.0/16", "any source over IPv6"),
        ("*", "::/0", "any source"),
        ("*", "10.9.0.0/16", "any source"),
    ],
)
def test_what_gets_in_over_ipv6_alone_is_told_so(source: str, denied: str, who: str) -> None:
    group = nsg(deny("some", 100, denied), rule("web", 110, source, "8080"))
    (finding,) = ask("NSG-003", estate(group, APP)).broken
    assert finding.message == f"web of nsg lets {who} reach TCP 8080 at vnet/app"


def _joined_to_a_site(bgp: bool, *prefixes: str) -> list[dict[str, Any]]:
    """A network whose gateway is connected to a site with these prefixes."""
    inside = subnet("GatewaySubnet", "10.0.9.0/27")
    ends = {"subnet": {"id": inside["id"]}}
    gateway = resource(
        "Microsoft.Network/virtualNetworkGateways",
        "vgw",
        {"gatewayType": "Vpn", "ipConfigurations": [{"name": "a", "properties": ends}]},
    )
    space = {"localNetworkAddressSpace": {"addressPrefixes": list(prefixes)}}
    site = resource("Microsoft.Network/localNetworkGateways", "hq", space)
    settings = {
        "connectionType": "IPsec",
        "enableBgp": bgp,
        "virtualNetworkGateway1": {"id": gateway["id"]},
        "localNetworkGateway2": {"id": site["id"]},
    }
    connection = resource("Microsoft.Network/connections", "to-hq", settings)
    return [vnet(subnet(nsg="nsg"), inside), gateway, site, connection]


@pytest.mark.parametrize(
    ("bgp", "prefix", "unknown"),
    [
        (False, "10.200.0.0/16", 0),
        (True, "10.200.0.0/16", 1),
        (False, "0.0.0.0/1", 1),
        (False, "0.0.0.0/0", 1),
    ],
)
def test_N_22_only_a_gateway_that_may_teach_public_routes_blurs_the_internet(
    bgp: bool, prefix: str, unknown: int
) -> None:
    group = nsg(deny("all", 100, "Internet"), rule("web", 110))

    answer = ask("NSG-003", estate(group, *_joined_to_a_site(bgp, prefix)))

    assert (answer.broken, len(answer.unknown)) == ([], unknown)


def test_plural_ports_are_quoted_as_written() -> None:
    (finding,) = ask("NSG-003", estate(nsg(rule("web", 100, ["*"], ["80", "443"])), APP)).broken

    assert [e.value for e in finding.evidence] == [["*"], ["80", "443"]]
    assert "TCP 80, 443" in finding.message


@pytest.mark.parametrize(
    ("ports", "open_ports"),
    [("443", ""), (["80", "443"], "TCP 80"), ("440-445", "TCP 440-442, 444-445")],
)
def test_A_10_listeners_of_a_gateway_are_meant_to_be_reached(ports: Any, open_ports: str) -> None:
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    network = estate(nsg(rule("clients", 100, ports=ports)), vnet(own), gateway())

    answer = ask("NSG-003", network)
    broken = answer.broken

    assert answer.unknown == []
    assert [open_ports in finding.message for finding in broken] == [True] * bool(open_ports)


@pytest.mark.parametrize(
    ("rule_id", "ports"), [("NSG-003", ["443", "8443"]), ("NSG-005", ["22", "443"])]
)
def test_the_remedy_leaves_the_listeners_of_a_gateway_open(rule_id: str, ports: list[str]) -> None:
    """Who deleted the rule would take the gateway off the internet."""
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    network = estate(nsg(rule("clients", 100, ports=ports)), vnet(own), gateway())

    (finding,) = ask(rule_id, network).broken

    assert finding.remedy == (
        "limit it to the ports that clients are to reach there: az network nsg rule update "
        "--resource-group rg --nsg-name nsg --name clients --destination-port-ranges 443"
    )


def test_the_remedy_lets_azure_in_still() -> None:
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    network = estate(nsg(rule("all", 100, ports="*")), vnet(own), gateway())

    (finding,) = ask("NSG-003", network).broken

    assert finding.remedy.startswith(
        "let GatewayManager in on TCP 65200-65535 by a rule of its own, then limit it to the ports "
        "that clients are to reach there: az network nsg rule update "
    )


def test_a_private_listener_is_not() -> None:
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    network = estate(nsg(rule("clients", 100, ports="443")), vnet(own), gateway(public=False))

    assert ask("NSG-003", network).names == ["clients"]


def test_a_group_that_stands_elsewhere_as_well_opens_there() -> None:
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    network = estate(
        nsg(rule("clients", 100, ports="443")), vnet(own, subnet(nsg="nsg")), gateway()
    )

    assert ask("NSG-003", network).names == ["clients"]


def test_a_rule_for_the_gateways_prefix_opens_only_there() -> None:
    own = subnet("gateway", "10.0.1.0/24", nsg="nsg")
    clients = rule("clients", 100, ports="443", destinationAddressPrefix="10.0.1.0/24")
    network = estate(nsg(clients), vnet(own, subnet(nsg="nsg")), gateway())

    assert ask("NSG-003", network).broken == []


def test_N_43_bastion_is_reached_on_443() -> None:
    own = subnet("AzureBastionSubnet", "10.0.2.0/26", nsg="nsg")
    rules = rule("https", 100, "Internet", "443"), rule("http", 110, "Internet", "80")

    assert ask("NSG-003", estate(nsg(*rules), vnet(own))).names == ["http"]

    (finding,) = ask("NSG-003", estate(nsg(rule("all", 100, "Internet")), vnet(own))).broken
    assert finding.remedy.startswith("limit it to the ports that clients are to reach there: ")
    assert finding.remedy.endswith(" --destination-port-ranges 443")


def test_a_group_that_stands_before_nothing_is_medium() -> None:
    (finding,) = ask("NSG-003", estate(nsg(rule("web", 100)), vnet(subnet()))).broken

    assert finding.severity is Severity.MEDIUM
    assert "attached to nothing" in finding.message


def test_where_a_group_is_matters_only_while_somebody_may_use_it() -> None:
    """A template's `[resourceGroup().location]` keeps no rule from being told."""
    group = nsg(rule("web", 100))
    placeless = (("/location", "known only to Azure"),)

    (finding,) = ask("NSG-003", estate(group, vnet(subnet()), unresolved=placeless)).broken
    assert finding.severity is Severity.MEDIUM

    untold = resource("Microsoft.Network/virtualNetworks", "untold", location="eastus")
    network = estate({**group, "location": None}, vnet(subnet()), untold)
    (finding,) = ask("NSG-003", network).broken
    assert finding.severity is None
    network = estate(group, vnet(subnet()), untold)
    assert ask("NSG-003", network).broken[0].severity is Severity.MEDIUM


def test_a_group_that_a_subnet_may_name_without_telling_is_as_severe_as_one_in_use() -> None:
    """A template writes `[reference(...)]` where the id of the group stands."""
    nameless = {"networkSecurityGroup": {"id": None}}
    home = vnet({**subnet(), "properties": {**subnet()["properties"], **nameless}})

    (finding,) = ask("NSG-003", estate(nsg(rule("web", 100)), home)).broken

    assert finding.severity is None
    assert finding.message.endswith("; whether the group is attached to anything is not told")


def test_without_subnets_in_the_snapshot_nobody_knows_where_it_stands() -> None:
    (finding,) = ask("NSG-003", estate(nsg(rule("web", 100)))).broken

    assert finding.severity is None


def test_a_place_that_is_missing_may_be_a_gateways() -> None:
    elsewhere = [ref(arm_id(SUBNET, "vnet", "gone"))]

    (unknown,) = ask(
        "NSG-003", estate(nsg(rule("web", 100, ports="443"), subnets=elsewhere))
    ).unknown
    assert "subnets/gone is not in the snapshot" in unknown.missing
    # No gateway listens on every port.
    assert ask("NSG-003", estate(nsg(rule("web", 100), subnets=elsewhere))).names == ["web"]


def test_K_59_rules_for_public_frontends_are_judged_there() -> None:
    kubernetes = rule("k8s-azure-lb_allow_IPv4_x", 500, ports="443")
    kubernetes["properties"]["destinationAddressPrefix"] = "20.50.1.2"
    lb = balancer(loadBalancingRules=[forwards(enableFloatingIP=True)])

    assert ask("NSG-003", estate(nsg(kubernetes), APP, lb, pip("pip", front()))).broken == []
    nobodys = estate(nsg(kubernetes), APP, pip("pip"))
    assert ask("NSG-003", nobodys).names == ["k8s-azure-lb_allow_IPv4_x"]

    answer = ask("NSG-003", estate(nsg(kubernetes), APP, lb))
    assert answer.broken == []
    assert "publicIPAddresses/pip is not in the snapshot" in answer.unknown[0].missing
    inside = estate(nsg(rule("web", 100, ports="8080")), APP, lb)
    assert ask("NSG-003", inside).names == ["web"]


def test_ping_alone_is_low() -> None:
    (finding,) = ask("NSG-003", estate(nsg(rule("ping", 100, protocol="Icmp")), APP)).broken

    assert finding.severity is Severity.LOW
    assert "ICMP" in finding.message


def test_outbound_and_deny_rules_are_no_subjects() -> None:
    out = rule("out", 100, direction="Outbound")

    assert ask("NSG-003", estate(nsg(out, deny("no", 110)), APP)) == ask("NSG-003", estate(nsg()))


def test_a_value_that_is_not_told_is_unknown() -> None:
    network = estate(
        nsg(rule("web", 100, ports="8080"), subnets=None),
        unresolved=(("/properties/securityRules/0/properties/sourceAddressPrefix", "a parameter"),),
    )

    (unknown,) = ask("NSG-003", network).unknown
    assert unknown.missing == "what web matches"


def test_a_rule_that_came_without_its_group_is_unknown() -> None:
    stray = {
        **rule("web", 100),
        "id": arm_id("Microsoft.Network/networkSecurityGroups/securityRules", "n", "web"),
    }
    stray["type"] = "Microsoft.Network/networkSecurityGroups/securityRules"

    (unknown,) = ask("NSG-003", estate(stray)).unknown
    assert "network security group" in unknown.missing


def test_special_rules_speak_in_its_place() -> None:
    network = estate(nsg(rule("ssh", 100, ports="22"), rule("web", 110, ports="8080")), APP)

    assert ask("NSG-003", network, beside=["NSG-005"]).names == ["web"]


def test_a_nic_of_its_own() -> None:
    (finding,) = ask("NSG-003", estate(nsg(rule("web", 100)), nic("nic-web", nsg="nsg"))).broken

    assert "at nic-web" in finding.message


def test_a_network_that_is_not_exported_or_not_told_may_hold_what_it_guards() -> None:
    card = nic("a", nsg=None)
    untold = vnet(subnet(), name="hub")
    del untold["properties"]["subnets"]
    for other in ((card,), (APP, untold)):
        (finding,) = ask("NSG-003", estate(nsg(rule("web", 100), name="lone"), *other)).broken
        assert finding.severity is None
