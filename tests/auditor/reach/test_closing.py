"""Commands that close what lets a packet in."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import PortSet
from auditor.network.graph import Network
from auditor.ports import parse_ports
from auditor.reach.closing import closing, only_from
from auditor.testing import estate

from ...clusters import GROUP, cluster, pool
from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked

CLIENT = "52.10.0.7"
SSH = rule("ssh $(id)", 100, ports="22")


def machine(*rules: Any, inner: Any = None, group: str = "rg") -> Network:
    made = nsg(*rules)
    made["id"] = made["id"].replace("/resourceGroups/rg/", f"/resourceGroups/{group}/")
    network = vnet(subnet(nsg="nsg"), subnet("others", "10.0.1.0/24"))
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


def test_the_rule_that_lets_a_packet_in_is_denied_by_its_name() -> None:
    network = machine(SSH)

    assert closing(network, asked(network, CLIENT, "host", 22).one) == (
        ": az network nsg rule update --resource-group rg --nsg-name nsg --name 'ssh $(id)' "
        "--access Deny"
    )


def test_of_two_groups_the_last_one_is_closed() -> None:
    network = machine(SSH, inner=[rule("in", 200, ports="22")])

    assert "--nsg-name inner --name in " in closing(network, asked(network, CLIENT, "host", 22).one)


@pytest.mark.parametrize("written", [[], [rule("k8s-azure-lb_allow_IPv4_1", 100)]])
def test_default_rules_and_those_of_a_cluster_are_not_closed(written: Any) -> None:
    network = machine(*written)

    assert closing(network, asked(network, "client", "host", 22).one) == ""


def test_a_rule_that_opens_other_ports_keeps_them() -> None:
    network = machine(rule("mix", 100, ports=["22", "443", "8000-8010"]))

    found = closing(network, asked(network, CLIENT, "host", 22).one, PortSet.of(22))

    assert found.startswith(" (it opens 443, 8000-8010 too: limit it to the rest): az network")
    assert found.endswith("--name mix --destination-port-ranges 443 8000-8010")


def test_of_a_rule_for_every_port_the_rest_is_kept() -> None:
    network = machine(rule("all", 100, ports="*"))

    found = closing(network, asked(network, CLIENT, "host", 22).one, parse_ports("22", "3389"))

    assert found.endswith("--name all --destination-port-ranges 0-21 23-3388 3390-65535")


def test_a_rule_that_lets_others_in_too_is_narrowed() -> None:
    network = machine(rule("peers", 100, "VirtualNetwork", "22"), deny("rest", 200))

    found = only_from(network, asked(network, "client", "host", 22).one, ("10.0.2.0/26",), 22, "us")

    assert found.endswith("--nsg-name nsg --name peers --source-address-prefixes 10.0.2.0/26")


def test_before_a_default_rule_come_an_allow_and_a_deny_at_free_priorities() -> None:
    network = machine(rule("other", 100, ports="80"), deny("some", 4096, "10.9.0.0/16"))

    found = only_from(network, asked(network, "client", "host", 22).one, ("10.0.2.0/26",), 22, "us")

    allow, _, no = found.partition(" && ")
    assert "--name allow-us-22 --priority 101 --direction Inbound --access Allow" in allow
    assert "--source-address-prefixes 10.0.2.0/26 --destination-port-ranges 22" in allow
    assert "--name deny-others-22 --priority 4095 --direction Inbound --access Deny" in no
    assert "--source-address-prefixes VirtualNetwork" in no


def test_the_group_of_a_cluster_is_not_written_into() -> None:
    network = machine(group=GROUP)

    found = only_from(network, asked(network, "client", "host", 22).one, ("10.0.2.0/26",), 22, "us")

    assert found == ""
