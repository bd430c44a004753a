"""What gateways and firewalls may do that a plan or template adds and does not tell (U-2)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.unanswered import lost_entrances
from auditor.snapshot.document import Gap
from auditor.testing import SUBSCRIPTION, estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...reaching import asked
from ...routing import route, table

NETWORKING = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network"


def planned(*rules: Any, kind: str = "", routes: Any = (), gap: str = "undecided") -> Network:
    """NIC web without an address, and one that names nobody; a list may hold more."""
    place: Any = {"routeTable": {"id": table("rt")["id"]}}
    why = "azurerm_x is not translated"
    return estate(
        nsg(*rules, deny("rest", 200)),
        table("rt", *routes),
        nic("web"),
        nic("api", address="10.0.0.5"),
        pip("free"),
        vnet(subnet(nsg="nsg", **place), subnet("AzureFirewallSubnet", "10.0.9.0/26")),
        gaps=(Gap(gap, f"{NETWORKING}/{kind}", why),) if kind else (),
        shape="Terraform plan",
    )


HTTPS = rule("https", 100, "*", "443")


@pytest.mark.parametrize("kind", ["applicationGateways", "azureFirewalls", "loadBalancers"])
def test_U_2_what_may_be_added_may_send_on_to_a_machine(kind: str) -> None:
    found = asked(planned(HTTPS, kind=kind), "internet", "web")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    assert asked(planned(kind=kind), "internet", "web").verdict == "blocked"
    assert asked(planned(HTTPS), "internet", "web").verdict == "blocked"


def test_U_2_what_may_be_added_elsewhere_sends_nothing_on() -> None:
    assert asked(planned(HTTPS, kind="privateDnsZones"), "internet", "web").verdict == "blocked"


@pytest.mark.parametrize("kind", ["applicationGateways", "bastionHosts", "virtualNetworkGateways"])
def test_U_2_what_may_be_added_may_have_a_free_public_address(kind: str) -> None:
    found = asked(planned(kind=kind), "internet", "free")
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    assert [point.node.label for point in lost_entrances(planned(kind=kind)) if point.node] == [
        "free"
    ]


def test_E_1_an_address_that_azure_calls_free_is_so_whatever_was_not_read() -> None:
    network = planned(kind="applicationGateways", gap="denied")
    assert asked(network, "internet", "free").verdict == "blocked"


def test_R_11_what_may_be_added_may_be_the_appliance_that_a_route_names() -> None:
    by_firewall = [route("10.0.0.5/32", "VirtualAppliance", "10.0.9.4")]
    there = asked(planned(HTTPS, kind="azureFirewalls", routes=by_firewall), "web", "api")
    assert there.verdict == "unknown"
    assert asked(planned(HTTPS, routes=by_firewall), "web", "api").verdict == "blocked"
