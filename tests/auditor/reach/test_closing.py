"""Commands that close what lets a packet in."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.advice import lone_subscription
from auditor.network.graph import Network
from auditor.ports import parse_ports
from auditor.reach.closing import closing
from auditor.reach.fencing import Meant, only_from
from auditor.reach.openings import openings
from auditor.remedy import unless_alone
from auditor.resources.virtual_networks import Subnet
from auditor.testing import arm_id, estate

from ...clusters import GROUP, cluster, pool
from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked

VNET = arm_id("Microsoft.Network/virtualNetworks", "vnet")
SSH = rule("ssh $(id)", 100, ports="22")


def machine(*rules: Any, inner: Any = None, group: str = "rg") -> Network:
    made = nsg(*rules)
    made["id"] = made["id"].replace("/resourceGroups/rg/", f"/resourceGroups/{group}/")
    network = vnet(subnet(nsg="nsg"), subnet("others", "10.0.1.0/24"), subnet("us", "10.0.2.0/26"))
    network["properties"]["subnets"][0]["properties"]["networkSecurityGroup"] = {"id": made["id"]}
    return estate(
        made,
        *([] if inner is None else [nsg(*inner, name="inner")]),
        nic("host", public="pip", nsg=None if inner is None else "inner"),
        nic("client", subnet="others", address="10.0.1.4"),
        pip("pip"),
        cluster("shop", pool(in_=("vnet", "app"))),
        network,
    )


def closed(network: Network, *ports: str) -> str:
    """How to close what the internet reaches of the machine, of the only subscription."""
    [opening] = openings(network)
    told = closing(network, opening, opening.certain, parse_ports(*ports or ("0-65535",)))
    return unless_alone(told, lone_subscription(network))


def test_the_rule_that_lets_a_packet_in_is_denied_by_its_name() -> None:
    assert closed(machine(SSH)) == (
        "close the rule that lets the packet in: "
        "az network nsg rule update --resource-group rg --nsg-name nsg --name 'ssh $(id)' "
        "--access Deny"
    )


def test_of_two_groups_the_last_one_is_closed() -> None:
    network = machine(SSH, inner=[rule("in", 200, ports="22")])

    assert "--nsg-name inner --name in " in closed(network)


@pytest.mark.parametrize("written", [[], [rule("k8s-azure-lb_allow_IPv4_1", 100)]])
def test_default_rules_and_those_of_a_cluster_are_not_closed(written: Any) -> None:
    assert closed(machine(*written)) == "close the rule that lets the packet in"


def test_every_rule_that_lets_some_in_is_closed() -> None:
    network = machine(SSH, rule("web", 110, ports=["80", "443"]), rule("no", 120, ports="443"))

    found = closed(network)

    assert found.startswith("close the rules that let packets in: az ")
    assert [part.split("--name ")[1] for part in found.split(" && ")] == [
        "web --access Deny",
        "'ssh $(id)' --access Deny",
    ]


def test_of_many_rules_the_first_are_closed() -> None:
    many = [rule(f"r{number}", 100 + number, ports=str(1000 + number)) for number in range(9)]

    assert closed(machine(*many)).count("az network nsg rule update") == 5


def test_of_several_rules_each_says_what_it_opens_besides() -> None:
    network = machine(
        rule("mix", 100, ports=["22", "80"]), rule("all", 200, ports=["3389", "8000"])
    )

    found = closed(network, "22", "3389")

    assert "(mix opens 80 too: limit it to the rest; all opens 8000 too: limit it to the" in found


def test_a_rule_that_opens_other_ports_keeps_them() -> None:
    found = closed(machine(rule("mix", 100, ports=["22", "443", "8000-8010"])), "22")

    assert " (it opens 443, 8000-8010 too: limit it to the rest): az network" in found
    assert found.endswith("--name mix --destination-port-ranges 443 8000-8010")


def test_of_a_rule_for_every_port_the_rest_is_kept() -> None:
    found = closed(machine(rule("all", 100, ports="*")), "22", "3389")

    assert found.endswith("--name all --destination-port-ranges 0-21 23-3388 3390-65535")


def shut(network: Network, *others: str) -> str:
    """Let the machines of the subnet `us` alone in on port 22."""
    subnets = [network.find(f"{VNET}/subnets/{name}") for name in ("us", *others)]
    assert all(isinstance(each, Subnet) for each in subnets)
    us, *rest = (each for each in subnets if isinstance(each, Subnet))
    answer = asked(network, "client", "host", 22).one
    told = only_from(network, answer, Meant("us", (us,), tuple(rest)), 22)
    return unless_alone(told, lone_subscription(network))


PEERS = rule("peers", 300, "VirtualNetwork", ["22", "80"])


def test_before_a_rule_that_lets_others_in_come_an_allow_and_a_deny() -> None:
    found = shut(machine(rule("other", 299, ports="80"), PEERS, deny("rest", 4000)))

    allow, _, no = found.partition(" && ")
    assert "--name allow-us-22 --priority 297 --direction Inbound --access Allow" in allow
    assert "--source-address-prefixes 10.0.2.0/26 --destination-port-ranges 22" in allow
    assert "--name deny-others-22 --priority 298 --direction Inbound --access Deny" in no
    assert no.endswith("--source-address-prefixes VirtualNetwork --destination-port-ranges 22")


NEAR = rule("ssh", 300, "VirtualNetwork", "22")
"""It lets in nobody behind a Deny of `VirtualNetwork` on its port."""


def words(found: str) -> list[str]:
    """What each command does to which rule."""
    return [
        " ".join(command.split()[4:5] + command.partition("--name ")[2].split()[:1])
        for command in found.split(" && ")
    ]


def test_a_rule_that_would_let_in_nobody_behind_the_deny_goes() -> None:
    made = ["create allow-us-22", "create deny-others-22"]
    assert words(shut(machine(NEAR))) == [*made, "delete ssh"]
    assert words(shut(machine(rule("ssh", 100, "10.0.3.0/24", "22")))) == ["delete ssh", *made]
    assert words(shut(machine(rule("ssh", 300, "*", "22")))) == made
    assert words(shut(machine(rule("ssh", 300, "VirtualNetwork", ["22", "80"])))) == made


def test_those_who_are_let_in_already_get_no_second_rule() -> None:
    us = rule("us", 200, "10.0.2.0/26", "22")
    made = ["create deny-others-22", "delete ssh"]
    assert words(shut(machine(us, NEAR))) == made
    assert words(shut(machine(rule("us", 200, "10.0.2.0/27", "22"), NEAR))) == [
        "create allow-us-22",
        *made,
    ]


def test_before_a_deny_of_everything_no_second_one_comes() -> None:
    assert words(shut(machine(NEAR, deny("rest", 4000)))) == ["create allow-us-22", "delete ssh"]


def test_they_come_before_every_rule_that_lets_others_in() -> None:
    found = shut(machine(rule("some", 200, "10.0.3.0/24", "22"), PEERS))

    assert "--priority 198 " in found
    assert "--priority 199 " in found


def test_they_come_before_a_rule_that_keeps_out_who_is_meant() -> None:
    network = machine(rule("in", 4001, "*", "22"), deny("no", 4000, "10.0.2.0/24"))

    assert "--priority 3998 " in shut(network)


@pytest.mark.parametrize(
    "beside",
    [
        rule("probes", 200, "AzureLoadBalancer", "*"),
        rule("us", 200, "10.0.2.0/27", "22"),
        rule("web", 200, "*", "80"),
        rule("dns", 200, "*", "22", protocol="Udp"),
        rule("other", 200, destinationAddressPrefix="10.0.0.99"),
        deny("bad", 200, "10.9.0.0/16"),
        deny("outside", 200, "Internet"),
    ],
)
def test_they_stay_behind_rules_that_let_nobody_else_in(beside: Any) -> None:
    assert "--priority 298 " in shut(machine(beside, PEERS))


def test_before_a_default_rule_they_come_last() -> None:
    found = shut(machine(rule("other", 100, ports="80"), deny("some", 4096, "10.9.0.0/16")))

    assert "--priority 4094 " in found
    assert "--priority 4095 " in found


def test_the_first_rule_of_all_makes_way() -> None:
    found = shut(machine(rule("peers", 100, "VirtualNetwork", ["22", "80"]), deny("rest", 103)))

    move, allow, no = found.split(" && ")
    assert move.endswith("--name peers --priority 102")
    assert "--priority 100 " in allow
    assert "--priority 101 " in no


def test_where_no_priority_is_free_it_is_said_in_words() -> None:
    found = shut(machine(rule("peers", 100, "VirtualNetwork", ["22", "80"]), deny("rest", 102)))

    assert found.startswith("there are no two free priorities before peers of nsg: move it")
    assert "allows 10.0.2.0/26" in found


def test_a_rule_of_a_cluster_does_not_make_way() -> None:
    found = shut(machine(rule("k8s-azure-lb_allow_IPv4_1", 100, "VirtualNetwork", "22")))

    assert found.startswith("there are no two free priorities")


def test_the_deny_may_name_the_others_alone() -> None:
    found = shut(machine(PEERS), "others")

    assert found.endswith("--source-address-prefixes 10.0.1.0/24 --destination-port-ranges 22")


def test_the_group_of_a_cluster_is_not_written_into() -> None:
    assert shut(machine(group=GROUP)) == ""
