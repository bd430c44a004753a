"""From one hub to another by the Azure Firewall of each, there and back (R-15, R-16, P-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ...exposed import PIP, pip
from ...firewalls import FIREWALL, collection, firewall, group, network_rule, policy
from ...networks import gateway, nic, peer, site, subnet_id, tunnel, vnet
from ...reaching import asked
from ...routing import route, steered, table
from .test_matrix import cells, one_by_one

FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
HOME = "10.0.0.0/8"
ALWAYS: Any = {"snat": {"privateRanges": ["255.255.255.255/32"]}}
FIRST, SECOND = "10.1.0.4", "10.2.0.4"


def hubs(
    *,
    there: str = "10.12.0.0/16",
    back: str = "10.11.0.0/16",
    takes: bool = True,
    first: str = "443",
    second: str = "443",
    always: str = "",
    known: bool = True,
    site_back: str = "10.200.0.0/16",
    site_by: str = "10.12.0.0/16",
) -> Network:
    """NIC a behind hub one and NIC b behind hub two; each hub's firewall routes to the other's.

    Behind the gateway of hub one is a site, whose way to `site_by` is the first firewall. `always`
    names the one that puts its own address in the source's place. Unless `known` the second is some
    appliance of which nothing is told.
    """
    hub: Any = {**FLAGS, "allowForwardedTraffic": takes}
    return estate(
        _hub("one", "10.1", [peer("two", "10.2.0.0/16", **FLAGS), peer("a", "10.11.0.0/16")]),
        _hub("two", "10.2", [peer("one", "10.1.0.0/16", **hub), peer("b", "10.12.0.0/16")]),
        _spoke("a", "10.11", peer("one", "10.1.0.0/16", **FLAGS)),
        _spoke("b", "10.12", peer("two", "10.2.0.0/16", **FLAGS)),
        *_firewall("one", FIRST, first, **(ALWAYS if always == "first" else {})),
        *(
            _firewall("two", SECOND, second, **(ALWAYS if always == "second" else {}))
            if known
            else (_appliance(),)
        ),
        table("at-one", route(there, "VirtualAppliance", SECOND, name="there")),
        table(
            "at-two", *(route(p, "VirtualAppliance", FIRST, name=p[:5]) for p in (back, site_back))
        ),
        table("of-a", route("0.0.0.0/0", "VirtualAppliance", FIRST)),
        table("of-b", route("0.0.0.0/0", "VirtualAppliance", SECOND)),
        table("at-gateway", route(site_by, "VirtualAppliance", FIRST)),
        gateway("vpn", "one", enableBgp=False),
        site("office", "10.200.0.0/16"),
        tunnel("line", "vpn", "office"),
        nic("na", "10.11.0.4", ("a", "app")),
        nic("nb", "10.12.0.4", ("b", "app")),
    )


def _appliance() -> Any:
    return nic("nva", SECOND, ("two", "AzureFirewallSubnet"), enableIPForwarding=True)


def _hub(name: str, prefix: str, peers: list[Any]) -> Any:
    inside: Any = {"AzureFirewallSubnet": steered(f"{prefix}.0.0/26", f"at-{name}")}
    if name == "one":
        inside["GatewaySubnet"] = steered(f"{prefix}.9.0/27", "at-gateway")
    return vnet(name, f"{prefix}.0.0/16", subnets=inside, peers=peers)


def _spoke(name: str, prefix: str, hub: Any) -> Any:
    inside: Any = {"app": steered(f"{prefix}.0.0/24", f"of-{name}")}
    return vnet(name, f"{prefix}.0.0/16", subnets=inside, peers=[hub])


def _firewall(hub: str, address: str, ports: str, **more: Any) -> tuple[Any, ...]:
    name = f"fw-{hub}"
    settings = {
        "privateIPAddress": address,
        "subnet": {"id": subnet_id(hub, "AzureFirewallSubnet")},
        "publicIPAddress": {"id": arm_id(PIP, f"ip-{hub}")},
    }
    inward = network_rule(f"by-{hub}", HOME, "10.12.0.0/16", ports)
    outward = network_rule(f"out-{hub}", HOME, "10.200.0.0/16", ports)
    rules = collection("ok", 100, "Allow", inward, outward)
    return (
        firewall(name, name, ipConfigurations=[{"name": "c", "properties": settings}]),
        policy("g", name=name, **more),
        group("g", 100, rules, in_=name),
        pip(
            f"ip-{hub}",
            arm_id(f"{FIREWALL}/azureFirewallIpConfigurations", name, "c"),
            address=f"20.50.1.{address[3]}",
        ),
    )


def test_R_15_spokes_of_two_hubs_meet_by_the_firewalls_of_both() -> None:
    found = asked(hubs(), "na", "nb")
    assert found.verdict == "reachable"
    assert [step.rule for step in found.one.hops if step.code == "firewall"] == ["by-one", "by-two"]
    assert asked(hubs(), "nb", "na").verdict == "blocked"


@pytest.mark.parametrize("shut", [{"first": "22"}, {"second": "22"}])
def test_E_22_each_of_two_firewalls_has_to_let_it_through(shut: dict[str, Any]) -> None:
    found = asked(hubs(**shut), "na", "nb")
    assert (found.verdict, found.stops) == ("blocked", ["firewall"])


def test_R_15_replies_have_to_come_by_both_firewalls() -> None:
    found = asked(hubs(back="10.99.0.0/16"), "na", "nb")
    assert (found.verdict, found.stops) == ("blocked", ["return-route"])


def test_E_24_replies_to_the_first_firewalls_own_address_need_no_route() -> None:
    assert asked(hubs(always="first", back="10.99.0.0/16"), "na", "nb").verdict == "reachable"


def test_R_11_an_appliance_behind_a_firewall_is_in_doubt() -> None:
    found = asked(hubs(known=False), "na", "nb")
    assert (found.verdict, found.labels) == ("unknown", {"nva:nva"})


def test_R_15_without_a_route_from_one_firewall_to_the_other_nothing_arrives() -> None:
    assert asked(hubs(there="10.99.0.0/16"), "na", "nb").verdict == "blocked"


def test_R_16_the_second_hub_has_to_take_what_the_first_forwards() -> None:
    found = asked(hubs(takes=False), "na", "nb")
    assert (found.verdict, found.stops) == ("blocked", ["forwarded-traffic"])


@pytest.mark.parametrize(
    "given", [{}, {"takes": False}, {"back": "10.99.0.0/16"}, {"known": False}]
)
def test_the_matrix_says_the_same_of_two_firewalls(given: dict[str, Any]) -> None:
    assert cells(hubs(**given)) == one_by_one(hubs(**given))


SITE = "onprem 10.200.0.0/16"


def test_R_15_a_site_and_a_spoke_of_another_hub_meet_by_both_firewalls() -> None:
    network = hubs()
    for pair in ((SITE, "nb"), ("nb", SITE)):
        found = asked(network, *pair)
        assert found.verdict == "reachable"
        assert len([step for step in found.one.hops if step.code == "firewall"]) == 2


def test_E_24_a_site_is_answered_by_the_first_firewalls_own_address() -> None:
    """The second sends its replies to that, which is no address of a site."""
    assert asked(hubs(always="first"), SITE, "nb").verdict == "reachable"


def test_P_11_replies_of_sites_that_leave_out_the_firewall_at_their_gateway_are_in_doubt() -> None:
    """They go to the own address of the other, whatever the routes of that one are."""
    found = asked(hubs(always="second", there="10.2.0.0/16"), "nb", SITE)
    assert (found.verdict, found.labels) == ("unknown", {"semantics:P-11"})


@pytest.mark.parametrize("shut", [{"first": "22"}, {"second": "22"}])
def test_E_22_each_of_two_firewalls_has_to_let_a_site_through(shut: dict[str, Any]) -> None:
    for pair in ((SITE, "nb"), ("nb", SITE)):
        found = asked(hubs(**shut), *pair)
        assert (found.verdict, found.stops) == ("blocked", ["firewall"])


@pytest.mark.parametrize("lost", [{"site_back": "10.99.0.0/16"}, {"site_by": "10.99.0.0/16"}])
def test_R_15_without_routes_both_ways_a_site_and_another_hub_do_not_meet(lost: Any) -> None:
    for pair in ((SITE, "nb"), ("nb", SITE)):
        assert asked(hubs(**lost), *pair).verdict == "blocked"
