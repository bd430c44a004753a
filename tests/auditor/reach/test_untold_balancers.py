"""What the input lacks may send to a machine: then *blocked* is not proved (U-2)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.reach.answer import answers
from auditor.reach.replay import check
from auditor.reach.selected import ends_of
from auditor.selector import parse_selector
from auditor.testing import arm_id, estate

from ...exposed import deny, nic, nsg, pip, rule, subnet, vnet
from ...networks import gateway, site, tunnel
from ...networks import nic as nic_in
from ...networks import vnet as network_of
from ...reaching import app_gateway, asked, lb, lb_rule, ref
from ...routing import TABLE, route, table

POOLS = "Microsoft.Network/loadBalancers/backendAddressPools"
MEMBERSHIP = {
    "loadBalancerBackendAddressPools": (POOLS, "lb", "pool"),
    "loadBalancerInboundNatRules": ("Microsoft.Network/loadBalancers/inboundNatRules", "lb", "ssh"),
    "applicationGatewayBackendAddressPools": (
        "Microsoft.Network/applicationGateways/backendAddressPools",
        "agw",
        "pool",
    ),
}


def behind(*resources: Any, field: str = "loadBalancerBackendAddressPools", **more: Any) -> Network:
    """NIC `web`, in a pool of something that the input may lack, and NIC `db` beside it."""
    named = {field: [ref(*MEMBERSHIP[field])]}
    return estate(
        nic("web", configuration=named, **more),
        nic("db", address="10.0.0.200"),
        vnet(subnet()),
        *resources,
    )


OPEN = nsg(rule("https", 100, "Internet", "8443"))
SHUT = nsg(deny("all", 100))


@pytest.mark.parametrize("field", MEMBERSHIP)
def test_U_2_whoever_names_a_machine_and_is_absent_may_send_to_it(field: str) -> None:
    found = asked(behind(OPEN, field=field, nsg="nsg"), "internet", "web")
    assert found.verdict == "unknown"
    assert found.labels == {"collection-gap"}
    assert found.one.reasons[0].detail.endswith("is not in the snapshot")


@pytest.mark.parametrize("field", MEMBERSHIP)
@pytest.mark.parametrize("part", ["", "/0/id"])
def test_U_2_whoever_is_named_and_not_told_may_send_to_a_machine(field: str, part: str) -> None:
    """An expression of a template stands where the ids, or one of them, would be."""
    hole = (f"/properties/ipConfigurations/0/properties/{field}{part}", "known only to Azure")
    web = nic("web", nsg="nsg", configuration={field: [{}]})
    network = estate(web, vnet(subnet()), OPEN, unresolved=(hole,))

    found = asked(network, "internet", "web")

    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})
    assert found.one.reasons[0].detail == f"whom web names as its {field}"


def test_U_2_a_machine_that_nobody_names_is_still_blocked() -> None:
    found = asked(behind(OPEN, nsg="nsg"), "internet", "db")
    assert (found.verdict, found.stops) == ("blocked", ["no-entrance", "closed-by-default"])


def test_U_2_the_rules_at_the_machine_stop_whatever_comes() -> None:
    """Whichever port it is at the frontend, and whether or not the address stays."""
    found = asked(behind(SHUT, nsg="nsg"), "internet", "web")
    assert (found.verdict, found.stops) == ("blocked", ["nsg-inbound"])


def test_U_2_an_internal_balancer_that_is_absent_may_send_to_a_machine() -> None:
    """Not by the port asked about itself, which is shut, but by what it becomes."""
    shut = nsg(rule("served", 100, "*", "8443"), deny("rest", 200))
    network = behind(shut, nsg="nsg")
    assert asked(network, "db", "web", 443).verdict == "unknown"
    assert asked(behind(SHUT, nsg="nsg"), "db", "web", 443).verdict == "blocked"


def test_E_10_a_rule_that_tells_no_protocol_may_take_anything() -> None:
    told, untold = lb(lb_rule(back=443)), lb(lb_rule(back=443, protocol=None))
    opened = nsg(rule("https", 100, "Internet", "443"))
    for balancer, port, verdict in (
        (told, 443, "reachable"),
        (told, 80, "blocked"),
        (untold, 443, "unknown"),
        (untold, 80, "unknown"),
    ):
        network = estate(opened, nic("web", nsg="nsg"), pip("pip"), balancer, vnet(subnet()))
        assert asked(network, "internet", "web", port).verdict == verdict


@pytest.mark.parametrize(
    ("kind", "part", "verdict"),
    [
        ("applicationGateways", "frontendIPConfigurations", "unknown"),
        ("azureFirewalls", "azureFirewallIpConfigurations", "unknown"),
        ("loadBalancers", "frontendIPConfigurations", "unknown"),
        ("bastionHosts", "bastionHostIpConfigurations", "blocked"),
        ("networkInterfaces", "ipConfigurations", "blocked"),
    ],
)
def test_E_1_a_public_address_of_what_is_absent_may_lead_to_any_machine(
    kind: str, part: str, verdict: str
) -> None:
    """Not that of a Bastion, which lets nobody from the internet on, nor of another machine."""
    owner = arm_id(f"Microsoft.Network/{kind}/{part}", "lost", "front")
    rest = (nic("web"), pip("pip", owner), vnet(subnet()))
    assert asked(estate(*rest), "internet", "web").verdict == verdict
    shut = estate(nic("web", nsg="nsg"), *rest[1:], SHUT)
    assert asked(shut, "internet", "web").verdict == "blocked"


@pytest.mark.parametrize(("out", "verdict"), [("pip-own", "unknown"), (None, "blocked")])
def test_E_1_machines_ask_by_such_an_address_as_well_that_get_out_to_the_internet(
    out: str | None, verdict: str
) -> None:
    """From another network that nothing joins with that of the machine."""
    owner = arm_id("Microsoft.Network/azureFirewalls/azureFirewallIpConfigurations", "lost", "c")
    asks = arm_id("Microsoft.Network/networkInterfaces/ipConfigurations", "asks", "primary")
    apart = {"addressPrefix": "10.9.0.0/24", "defaultOutboundAccess": False}
    network = estate(
        nic("web"),
        vnet(subnet()),
        pip("pip", owner),
        pip("pip-own", asks if out else None, address="20.50.9.9"),
        network_of("far", "10.9.0.0/16", subnets={"app": apart}),
        nic_in("asks", "10.9.0.4", ("far", "app"), configuration=_public(out)),
    )
    assert asked(network, "asks", "web").verdict == verdict


def _public(name: str | None) -> dict[str, Any]:
    return {"publicIPAddress": ref("Microsoft.Network/publicIPAddresses", name)} if name else {}


def test_U_2_an_entry_of_an_inventory_tells_no_more_than_its_absence() -> None:
    gateway = "Microsoft.Network/applicationGateways"
    owner = arm_id(f"{gateway}/frontendIPConfigurations", "lost", "front")
    entry = {"id": arm_id(gateway, "lost"), "type": gateway, "name": "lost"}
    network = estate(nic("web"), pip("pip", owner), vnet(subnet()), entry)
    assert asked(network, "internet", "web").verdict == "unknown"


def test_U_2_sites_may_ask_by_an_internal_balancer_that_is_absent() -> None:
    named = {"loadBalancerBackendAddressPools": [ref(POOLS, "lb", "pool")]}
    office = "onprem 192.168.0.0/16"
    rest = (
        nsg(rule("served", 100, "*", "8443"), deny("rest", 200)),
        nic("web", nsg="nsg", configuration=named),
        nic("db", nsg="nsg", address="10.0.0.5"),
        vnet(subnet(), subnet("GatewaySubnet", "10.0.9.0/27")),
        gateway("vpn", "vnet"),
        tunnel("t", "vpn", "office"),
        site("office", "192.168.0.0/16"),
    )
    network = estate(*rest)
    assert asked(network, office, "web", 443).verdict == "unknown"
    assert asked(network, office, "db", 443).verdict == "blocked"


def test_U_2_a_gateway_whose_frontends_are_not_told_may_let_the_internet_in() -> None:
    """It stopped the whole answer, as a fault of the tool."""
    agw = app_gateway(members=("10.0.0.4",))
    del agw["properties"]["frontendIPConfigurations"]
    front = arm_id(
        "Microsoft.Network/applicationGateways/frontendIPConfigurations", "agw", "public"
    )
    network = estate(
        nsg(rule("agw", 100, "10.0.1.0/26", "8080"), deny("rest", 200)),
        nic("web"),
        pip("pip", front),
        agw,
        vnet(subnet(nsg="nsg"), subnet("gw", "10.0.1.0/26")),
    )
    found = asked(network, "internet", "web")
    assert found.verdict == "unknown"
    assert [reason.detail for reason in found.one.reasons] == ["the frontends of agw"]
    ends = ends_of(network, parse_selector("name:agw"))
    assert [reason.detail for reason in ends.reasons] == ["the frontends of agw"]
    assert asked(network, "internet", "agw").verdict == "blocked"  # by what is told of it


def test_P_7_a_reply_by_an_appliance_may_be_of_nobody_that_is_listed() -> None:
    """The address of a subnet that nobody listed has; that stopped the whole answer, too."""
    led = route("10.0.0.0/24", "VirtualAppliance", "10.0.2.4")
    card = nic("nva", subnet="nva", address="10.0.2.4")
    card["properties"]["enableIPForwarding"] = True
    network = estate(
        nic("web"),
        nic("db", subnet="data", address="10.0.1.4"),
        card,
        table("rt", led),
        vnet(
            subnet(),
            subnet("data", "10.0.1.0/24", routeTable={"id": arm_id(TABLE, "rt")}),
            subnet("nva", "10.0.2.0/24"),
        ),
    )
    [one], [other] = (
        ends_of(network, parse_selector(each)).points for each in ("name:web", "10.0.1.9")
    )
    [answer] = answers(network, one, other, protocols=("tcp",))
    check(network, answer)
    assert answer.verdict.value == "unknown"
