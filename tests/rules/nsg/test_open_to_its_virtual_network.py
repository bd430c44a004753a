from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import arm_id, ask, estate

from ...exposed import NSG, deny, nic, nsg, rule, subnet, vnet
from ...networks import gateway, peer, site, tunnel
from ...networks import vnet as far_vnet

INSIDE = {"destinationAddressPrefix": "VirtualNetwork"}


def behind(*rules: Any, name: str = "app", **more: Any) -> Any:
    return estate(nsg(*rules), vnet(subnet(name, nsg="nsg"), **more))


def test_N_10_a_group_without_rules_is_open_to_the_network() -> None:
    (finding,) = ask("NSG-018", behind()).broken

    assert finding.subject == arm_id(NSG, "nsg")
    assert finding.message == (
        "nsg denies nothing that VirtualNetwork (10.0.0.0/16) sends to vnet/app"
    )
    assert "--nsg-name nsg --name deny-other-inbound --priority 4096" in finding.remedy
    assert finding.covers == (("NSG-011", arm_id(NSG, "nsg")),)


@pytest.mark.parametrize(
    ("name", "rules", "unknown"),
    [("app", [rule("web", 100)], 1), ("app", [deny("all", 4096)], 0), ("GatewaySubnet", [], 0)],
)
def test_a_group_at_a_subnet_that_is_absent(name: str, rules: list[Any], unknown: int) -> None:
    group = nsg(*rules)
    home = arm_id("Microsoft.Network/virtualNetworks/subnets", "gone", name)
    group["properties"]["subnets"] = [{"id": home}]
    answer = ask("NSG-018", estate(group))
    assert (len(answer.unknown), answer.broken) == (unknown, [])
    assert all(each.told_by == home for each in answer.unknown)


def test_D_12_app_service_only_sends_from_the_subnet_that_it_is_lent() -> None:
    """A group of such a subnet was told to deny what nobody there takes."""

    def given_to(service: str) -> Any:
        lent = [{"name": "lent", "properties": {"serviceName": service}}]
        return estate(nsg(), vnet(subnet(nsg="nsg", delegations=lent)))

    assert ask("NSG-018", given_to("Microsoft.Web/serverFarms")).kept == 1
    assert len(ask("NSG-018", given_to("Microsoft.Web/hostingEnvironments")).broken) == 1


def test_D_12_another_subnet_of_the_group_is_judged() -> None:
    lent = [{"name": "lent", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}]
    here = estate(
        nsg(),
        vnet(subnet("out", nsg="nsg", delegations=lent), subnet("vm", "10.0.1.0/24", nsg="nsg")),
    )
    (finding,) = ask("NSG-018", here).broken
    assert finding.message.endswith("sends to vnet/vm")


def test_N_15_azures_probes_stay_let_in() -> None:
    (finding,) = ask("NSG-018", behind()).broken

    assert (
        "--name allow-probes --priority 4095 --direction Inbound --access Allow --protocol '*' "
        "--source-address-prefixes AzureLoadBalancer --destination-port-ranges '*' && "
    ) in finding.remedy


def test_probes_that_a_rule_lets_in_need_no_other() -> None:
    probes = rule("probes", 4000, "AzureLoadBalancer", "*", protocol="*")
    (finding,) = ask("NSG-018", behind(probes)).broken

    assert "allow-probes" not in finding.remedy


def test_what_its_rules_let_managers_do_is_not_told_again() -> None:
    (finding,) = ask(
        "NSG-018", behind(rule("all", 100, "VirtualNetwork", "*", protocol="*"))
    ).broken

    assert finding.covers == (
        ("NSG-011", arm_id(NSG, "nsg")),
        ("NSG-011", arm_id(f"{NSG}/securityRules", "nsg", "all")),
    )


@pytest.mark.parametrize("source", ["*", "VirtualNetwork", "10.0.0.0/8"])
def test_a_denial_behind_an_allow_of_everything_would_deny_nothing(source: str) -> None:
    (finding,) = ask("NSG-018", behind(rule("all", 300, source, protocol="*"))).broken

    assert "narrow or delete all of nsg, which takes all of it: " in finding.remedy
    assert "rule delete --resource-group rg --nsg-name nsg --name all && az " in finding.remedy
    assert "--name deny-other-inbound --priority 4096" in finding.remedy


@pytest.mark.parametrize(("protocol", "again"), [("*", False), ("Tcp", True)])
def test_a_denial_of_everything_that_is_there_is_not_made_again(protocol: str, again: bool) -> None:
    rules = [
        rule("all", 300, "VirtualNetwork", protocol="*"),
        deny("rest", 4096, protocol=protocol),
    ]
    (finding,) = ask("NSG-018", behind(*rules)).broken

    assert "rule delete --resource-group rg --nsg-name nsg --name all && az " in finding.remedy
    assert ("deny-other-inbound" in finding.remedy) is again
    assert "--name allow-probes" in finding.remedy


@pytest.mark.parametrize(
    "rules",
    [
        [deny("all", 4096)],
        [rule("web", 100, ports="443"), deny("all", 4096, protocol="Tcp")],
        [deny("inside", 200, "VirtualNetwork", **INSIDE)],
        [deny("ssh", 200, "VirtualNetwork", "22")],
        [deny("half", 200, "10.0.128.0/17")],
        [rule("own", 100, "10.0.0.0/24", protocol="*"), deny("all", 4096)],
        [rule("net", 100, "VirtualNetwork", protocol="Tcp"), deny("all", 4096)],
        [rule("here", 100, "10.0.0.0/16", protocol="Tcp", ports="1-65535"), deny("all", 4096)],
    ],
    ids=lambda rules: "-".join(each["name"] for each in rules),
)
def test_a_deny_that_takes_something_away_is_a_decision(rules: list[Any]) -> None:
    answer = ask("NSG-018", behind(*rules))

    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize(
    "rules",
    [
        [rule("web", 100, ports="443")],
        [rule("inside", 100, "VirtualNetwork", protocol="*", **INSIDE)],
        [rule("inside", 100, "VirtualNetwork", protocol="*"), deny("all", 4096)],
        [rule("inside", 100, "10.0.0.0/8", protocol="*"), deny("all", 4096)],
        [rule("low", 100, "10.0.0.0/16", protocol="*"), deny("all", 4096)],
        [deny("world", 100, "Internet")],
        [deny("elsewhere", 100, "192.168.0.0/16")],
        [deny("own", 100, "10.0.0.0/24")],
        [deny("not-here", 100, destinationAddressPrefix="10.0.9.0/24")],
        [deny("out", 100, direction="Outbound")],
    ],
    ids=lambda rules: "-".join(each["name"] for each in rules),
)
def test_what_restricts_nobody_in_the_network(rules: list[Any]) -> None:
    assert ask("NSG-018", behind(*rules)).names == ["nsg"]


def test_rules_that_together_hide_the_deny() -> None:
    low = rule("low", 100, "VirtualNetwork", "0-1000", protocol="*")
    high = rule("high", 110, "VirtualNetwork", "1001-65535", protocol="*")
    answer = ask("NSG-018", behind(low, high, deny("all", 4096)))

    # Whether rules with ports match packets without them is not told (N-9c).
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert "semantics:N-9c" in answer.unknown[0].missing


def test_peers_and_sites_are_named() -> None:
    network = estate(
        nsg(),
        vnet(
            subnet(nsg="nsg"),
            subnet("GatewaySubnet", "10.0.1.0/27"),
            virtualNetworkPeerings=[peer("far", "10.9.0.0/16", allowVirtualNetworkAccess=True)],
        ),
        far_vnet(
            "far",
            "10.9.0.0/16",
            peers=[peer("vnet", "10.0.0.0/16", allowVirtualNetworkAccess=True)],
        ),
        gateway("vpn", "vnet", vpnType="RouteBased", enableBgp=False),
        site("office", "192.168.0.0/16"),
        tunnel("to-office", "vpn", "office"),
    )
    (finding,) = ask("NSG-018", network).broken

    assert "(10.0.0.0/16, 10.9.0.0/16, 192.168.0.0/16)" in finding.message


def test_a_subnet_that_is_the_whole_network_has_nobody_beside_it() -> None:
    network = estate(nsg(), vnet(subnet(prefix="10.0.0.0/24", nsg="nsg"), prefix="10.0.0.0/24"))

    assert ask("NSG-018", network).kept == 1


@pytest.mark.parametrize("name", ["AzureBastionSubnet", "GatewaySubnet", "AzureFirewallSubnet"])
def test_subnets_of_the_platform_are_not_judged(name: str) -> None:
    assert ask("NSG-018", behind(name=name)).kept == 1


def test_groups_of_nics_alone_are_not_judged() -> None:
    network = estate(nsg(), nic("web", nsg="nsg"), vnet(subnet()))

    assert ask("NSG-018", network).kept == 1


def test_a_deny_that_is_not_told_may_restrict() -> None:
    untold = deny("some", 200)
    del untold["properties"]["sourceAddressPrefix"]
    answer = ask("NSG-018", behind(untold))

    assert answer.broken == []
    assert "some" in answer.unknown[0].missing


def test_rules_that_are_not_told_are_unknown() -> None:
    untold = deny("all", 4096)
    del untold["properties"]["priority"]
    answer = ask("NSG-018", behind(untold))

    assert (answer.kept, answer.broken, len(answer.unknown)) == (0, [], 1)


def test_a_free_priority_is_named() -> None:
    (finding,) = ask("NSG-018", behind(rule("web", 4096, ports="443"))).broken

    assert "--priority 4095" in finding.remedy


def test_P_12_a_peers_addresses_of_another_version_are_nobody() -> None:
    far = "fd00:9::/48"
    network = estate(
        nsg(rule("here", 100, "10.0.0.0/16", protocol="*"), deny("all", 4096)),
        vnet(
            subnet(nsg="nsg"),
            virtualNetworkPeerings=[peer("far", far, allowVirtualNetworkAccess=True)],
        ),
        far_vnet("far", far, peers=[peer("vnet", "10.0.0.0/16", allowVirtualNetworkAccess=True)]),
    )
    assert ask("NSG-018", network).names == ["nsg"]
