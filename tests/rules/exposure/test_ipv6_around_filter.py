"""EXP-015: what a denial for IPv4 addresses alone leaves open over IPv6."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...exposed import BALANCER, NIC, NSG, PIP, RULE, SUBNET, deny, nsg, pip, rule, vnet

V6 = "fd00:db8:0:2::"
OPEN = rule("in", 200, "*", ["22", "443"])
NO_SSH = deny("no-ssh", 100, "0.0.0.0/0", "22", protocol="Tcp")
ASG = arm_id("Microsoft.Network/applicationSecurityGroups", "asg")


def dual_subnet(name: str = "app", third: int = 0, group: str | None = "nsg") -> dict[str, Any]:
    settings: dict[str, Any] = {
        "addressPrefixes": [f"10.0.{third}.0/24", f"fd00:db8:0:{third + 2}::/64"]
    }
    if group:
        settings["networkSecurityGroup"] = {"id": arm_id(NSG, group)}
    return {"id": arm_id(SUBNET, "vnet", name), "name": name, "properties": settings}


def dual_nic(
    name: str = "web", *, public: bool = True, group: str | None = None, **more: Any
) -> dict[str, Any]:
    """A NIC at 10.0.0.4 and fd00:db8:0:2::4, the latter with a public address."""
    home = {"subnet": {"id": arm_id(SUBNET, "vnet", "app")}}
    new = {"privateIPAddress": f"{V6}4", "privateIPAddressVersion": "IPv6", **home}
    if public:
        new["publicIPAddress"] = {"id": arm_id(PIP, "pip")}
    old = {"privateIPAddress": "10.0.0.4", "privateIPAddressVersion": "IPv4", "primary": True}
    settings: dict[str, Any] = {
        "ipConfigurations": [
            {"name": "v4", "properties": {**old, **home, **more}},
            {"name": "v6", "properties": {**new, **more}},
        ]
    }
    if group:
        settings["networkSecurityGroup"] = {"id": arm_id(NSG, group)}
    return resource(NIC, name, settings)


PUBLIC = pip("pip", address="2603:1020::5", settings={"publicIPAddressVersion": "IPv6"})
SPACE: dict[str, Any] = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16", "fd00:db8::/48"]}}


def net(*subnets: Any) -> dict[str, Any]:
    return vnet(*(subnets or (dual_subnet(),)), **SPACE)


def judged(*rules: Any, public: bool = True, **more: Any) -> Answer:
    return ask("EXP-015", estate(dual_nic(public=public, **more), PUBLIC, nsg(*rules), net()))


def test_P_12_a_denial_for_ipv4_leaves_ipv6_open() -> None:
    (finding,) = judged(NO_SSH, OPEN).broken

    assert finding.subject == arm_id(RULE, "nsg", "no-ssh")
    assert finding.message == (
        "no-ssh of nsg denies over IPv4 alone, and the internet, vnet/app reach web over IPv6 "
        "(tcp 2001:db8::a to [2603:1020::5]:22)"
    )
    assert finding.remedy.endswith(
        "--nsg-name nsg --name no-ssh-ipv6 --priority 101 --direction Inbound --access Deny "
        "--protocol Tcp --source-address-prefixes ::/0 "
        "--destination-address-prefixes '*' --destination-port-ranges 22"
    )
    assert finding.evidence[0].value == "0.0.0.0/0"
    assert [hop.reason for hop in finding.hops] == [
        "public-address",
        "nsg-inbound",
        "return-route",
    ]


def test_the_twin_comes_before_what_lets_ipv6_in_and_goes_where_the_rule_goes() -> None:
    one = deny("no-ssh", 100, "0.0.0.0/0", "22", destinationAddressPrefix="10.0.0.4")
    (finding,) = judged(one, rule("in", 101, "*", "22")).broken
    move, twin = finding.remedy.split(" && ")

    assert move.endswith("rule update --resource-group rg --nsg-name nsg --name in --priority 102")
    assert "--name no-ssh-ipv6 --priority 101 " in twin
    assert "--destination-address-prefixes fd00:db8:0:2::4/128 " in twin


def test_the_twin_comes_behind_an_allow_that_is_meant() -> None:
    friends = rule("friends", 150, "2a00::/16", "22")
    (finding,) = judged(NO_SSH, friends, rule("in", 200, "*", "22")).broken

    assert "--name no-ssh-ipv6 --priority 199 " in finding.remedy


def test_without_room_before_what_lets_in_words_say_so() -> None:
    more = rule("in", 101, "*", "22"), deny("mail", 102, ports="25")
    (finding,) = judged(deny("no-ssh", 100, "0.0.0.0/0", "22"), *more).broken

    assert "give the rules of nsg other priorities, none is free before in" in finding.remedy


@pytest.mark.parametrize("source", ["*", "Internet", ["0.0.0.0/0", "::/0"]])
def test_N_7_a_denial_for_both_versions_is_kept(source: Any) -> None:
    both = deny("no-ssh", 100, source, "22")
    answer = judged(both, OPEN)
    assert answer.broken == []


def test_a_second_rule_for_ipv6_is_kept() -> None:
    assert judged(NO_SSH, deny("no-ssh-6", 101, "::/0", "22"), OPEN).kept == 1
    assert judged(NO_SSH, deny("closed", 150), OPEN).kept == 1
    late = deny("no-ssh-6", 201, "::/0", "22")
    assert len(judged(NO_SSH, late, OPEN).broken) == 1


def test_what_was_meant_is_kept() -> None:
    meant = rule("ssh-6", 150, "::/0", "22")
    assert judged(NO_SSH, meant, deny("rest", 300)).kept == 1
    to_v6 = rule("ssh-6", 150, "*", "22", destinationAddressPrefix=f"{V6}/64")
    assert judged(NO_SSH, to_v6, deny("rest", 300)).kept == 1


def test_other_ports_are_no_escape() -> None:
    assert judged(NO_SSH, rule("in", 200, "*", "443"), deny("rest", 300)).kept == 1


def test_a_denial_of_a_part_of_the_internet_is_no_filter_of_it() -> None:
    part = deny("part", 100, "20.0.0.0/8", "22")
    assert judged(part, OPEN).kept == 1


def test_the_rule_that_decides_is_told() -> None:
    other = deny("other", 90, "*", "22")
    assert judged(other, NO_SSH, OPEN).kept == 1, "no-ssh decides nothing"
    twin = deny("twin", 110, "0.0.0.0/0", "22", protocol="Tcp")
    found = judged(NO_SSH, twin, OPEN).broken
    assert [finding.subject for finding in found] == [arm_id(RULE, "nsg", "no-ssh")]


def test_destinations_of_ipv4_alone_are_such_a_denial_too() -> None:
    to_v4 = deny("no-ssh", 100, "*", "22", destinationAddressPrefix="10.0.0.0/24")
    assert len(judged(to_v4, OPEN).broken) == 1


def test_N_10_neighbours_get_in_by_the_default_rules() -> None:
    inside = deny("no-db", 100, "10.0.0.0/8", "3306")
    made = dual_nic(public=False), nsg(inside)
    two = net(dual_subnet(), dual_subnet("jobs", 1, group=None))

    (finding,) = ask("EXP-015", estate(*made, two)).broken

    assert "vnet/app, vnet/jobs reach web over IPv6" in finding.message
    assert "--source-address-prefixes fd00:db8:0:2::/63 " in finding.remedy
    assert arm_id(SUBNET, "vnet", "jobs") in finding.related


def test_neighbours_without_ipv6_are_nobody() -> None:
    jobs = {
        "id": arm_id(SUBNET, "vnet", "jobs"),
        "name": "jobs",
        "properties": {"addressPrefix": "10.0.1.0/24"},
    }
    from_jobs = deny("no-db", 100, "10.0.1.0/24", "3306")
    made = dual_nic(public=False), nsg(from_jobs), net(dual_subnet(), jobs)
    assert ask("EXP-015", estate(*made)).kept == 1


def test_without_a_public_address_the_internet_is_nobody() -> None:
    assert judged(deny("no", 100, "20.0.0.0/8", "22"), public=False).kept == 1


def test_machines_of_one_version_are_not_asked_about() -> None:
    single = resource(
        NIC,
        "web",
        {
            "ipConfigurations": [
                {
                    "name": "v4",
                    "properties": {
                        "privateIPAddress": "10.0.0.4",
                        "subnet": {"id": arm_id(SUBNET, "vnet", "app")},
                    },
                }
            ]
        },
    )
    answer = ask("EXP-015", estate(single, nsg(NO_SSH, OPEN), net()))
    assert (answer.kept, answer.broken) == (0, [])


def test_a_group_of_the_machine_itself_counts() -> None:
    made = dual_nic(group="own"), PUBLIC, nsg(NO_SSH, OPEN, name="own")

    (finding,) = ask("EXP-015", estate(*made, net(dual_subnet(group=None)))).broken

    assert finding.subject == arm_id(RULE, "own", "no-ssh")
    closed = nsg(deny("rest", 300))
    assert ask("EXP-015", estate(*made, closed, net())).kept == 1


def test_udp_is_asked_about_where_the_rule_speaks_of_it() -> None:
    dns = deny("no-dns", 100, "0.0.0.0/0", "53", protocol="Udp")
    answer = judged(dns, rule("in", 200, "*", "53", protocol="*"))
    assert "(udp 2001:db8::a to [2603:1020::5]:53)" in answer.broken[0].message


def test_a_balancer_over_ipv6_is_a_way_in() -> None:
    nic = dual_nic(public=False)
    front = arm_id(f"{BALANCER}/frontendIPConfigurations", "lb", "front")
    pool = arm_id(f"{BALANCER}/backendAddressPools", "lb", "pool")
    member = arm_id(f"{NIC}/ipConfigurations", "web", "v6")
    balancer = resource(
        BALANCER,
        "lb",
        {
            "frontendIPConfigurations": [
                {"name": "front", "properties": {"publicIPAddress": {"id": arm_id(PIP, "pip")}}}
            ],
            "backendAddressPools": [
                {"name": "pool", "properties": {"backendIPConfigurations": [{"id": member}]}}
            ],
            "loadBalancingRules": [
                {
                    "name": "web",
                    "properties": {
                        "frontendIPConfiguration": {"id": front},
                        "backendAddressPool": {"id": pool},
                        "protocol": "Tcp",
                        "frontendPort": 443,
                        "backendPort": 8443,
                        "enableFloatingIP": False,
                    },
                }
            ],
        },
        sku={"name": "Standard"},
    )
    shut = deny("no-web", 100, "0.0.0.0/0", "8443")
    opened = rule("in", 200, "Internet", "8443")

    answer = ask("EXP-015", estate(nic, PUBLIC, balancer, nsg(shut, opened), net()))

    (finding,) = answer.broken
    assert "to [2603:1020::5]:443)" in finding.message


def test_what_the_rules_leave_open_is_unknown() -> None:
    cloud = rule("in", 200, "AzureCloud", "22")
    inside = deny("closed", 150, "VirtualNetwork", "22")
    answer = judged(NO_SSH, inside, cloud, deny("rest", 300))
    assert (len(answer.unknown), answer.broken) == (1, [])
    assert "service-tag:azurecloud" in answer.unknown[0].missing


def test_a_group_that_is_not_here_is_unknown() -> None:
    other = nsg(NO_SSH, name="other")
    answer = ask("EXP-015", estate(dual_nic(), PUBLIC, other, net()))
    assert (len(answer.unknown), answer.broken) == (1, [])
    assert arm_id(NSG, "nsg") in answer.unknown[0].missing
