"""Out to the internet by appliances of which nothing is told: as whom packets come out of them."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate, resource

from ...exposed import NIC, NSG, PIP, deny, nsg, pip, ref, rule
from ...networks import nic, vnet
from ...reaching import asked
from ...routing import route, steered, table

MYSQL = "Microsoft.DBforMySQL/flexibleServers"
THERE = "20.50.1.3"


def network(*routes: Any, source: str = "*", more: Any = ()) -> Network:
    """App, whose routes lead to the appliance nva, and web of another network, by public address.

    `source` is whom the security group of web lets in, `routes` are those of its subnet.
    """
    public = {"publicIPAddress": ref(arm_id(PIP, "there"))}
    group = {"networkSecurityGroup": ref(arm_id(NSG, "nsg"))}
    return estate(
        vnet(
            "a",
            "10.0.0.0/16",
            subnets={"front": steered("10.0.0.0/24", "out"), "edge": "10.0.9.0/24"},
        ),
        vnet("b", "10.2.0.0/16", subnets={"back": steered("10.2.0.0/24", "back", **group)}),
        table(
            "out", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4"), route("10.0.0.0/8", "None")
        ),
        table("back", *routes),
        nsg(rule("https", 100, source, ports="443"), deny("rest", 200)),
        nic("app", "10.0.0.4", ("a", "front")),
        nic("nva", "10.0.9.4", ("a", "edge"), enableIPForwarding=True),
        nic("web", "10.2.0.4", ("b", "back"), configuration=public),
        pip("there", arm_id(f"{NIC}/ipConfigurations", "web", "primary"), address=THERE),
        *more,
    )


def test_R_13_replies_go_to_the_public_address_that_the_appliance_gave_it() -> None:
    inside = route("10.0.0.0/8", "VirtualAppliance", "10.2.9.4")
    found = asked(network(inside), "app", "web")
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})
    away = asked(network(route("0.0.0.0/0", "None")), "app", "web")
    assert (away.verdict, away.stops) == ("blocked", ["return-route"])


@pytest.mark.parametrize(
    ("source", "verdict"), [("20.7.7.7", "unknown"), ("10.0.0.0/8", "blocked")]
)
def test_P_3_behind_it_rules_see_a_public_address(source: str, verdict: str) -> None:
    assert asked(network(source=source), "app", "web").verdict == verdict


def test_L_22_a_servers_firewall_sees_a_public_address() -> None:
    one = {"startIpAddress": "20.7.7.7", "endIpAddress": "20.7.7.7"}
    found = asked(
        network(
            more=[
                resource(MYSQL, "db", {"network": {"publicNetworkAccess": "Enabled"}}),
                resource(f"{MYSQL}/firewallRules", "db/one", one),
            ]
        ),
        "app",
        "db",
        3306,
    )
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})
