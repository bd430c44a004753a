"""Routes to an appliance whose address the input does not tell: an expression, a plan (R-11)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.network.graph import Network
from auditor.testing import estate

from ...exposed import deny, nsg, pip, rule
from ...networks import nic, peer, vnet
from ...reaching import asked, lb, lb_rule
from ...routing import route, steered, table

ADDRESS = "/properties/routes/0/properties/nextHopIpAddress"
FLAGS: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}


def spokes(
    *more: Any, there: bool = True, told: bool = False, settings: Any = None, space: bool = True
) -> Network:
    """Spokes a and b of a hub. The routes of a lead to an appliance, and of b if `there`.

    Its address is told or not, and so is the `space` of a; nothing takes what leaves a to the
    internet.
    """
    to_hub = [peer("hub", "10.0.0.0/16", **FLAGS)]
    default = table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.9.4" if told else None))
    if not told:
        default["properties"]["routes"][0]["properties"]["nextHopIpAddress"] = "[reference('fw')]"
    app = steered("10.1.0.0/24", defaultOutboundAccess=False, **(settings or {}))
    home = vnet("a", "10.1.0.0/16", subnets={"app": app}, peers=to_hub)
    if not space:
        del home["properties"]["addressSpace"]
    return estate(
        vnet("hub", "10.0.0.0/16", subnets={"nva": "10.0.9.0/24"},
             peers=[peer("a", "10.1.0.0/16", **FLAGS), peer("b", "10.2.0.0/16", **FLAGS)]),
        home,
        vnet("b", "10.2.0.0/16", peers=to_hub,
             subnets={"app": steered("10.2.0.0/24") if there else "10.2.0.0/24"}),
        default,
        nic("web", "10.1.0.4", ("a", "app")),
        nic("db", "10.2.0.4", ("b", "app")),
        *more,
        unresolved=() if told else ((ADDRESS, "known when deployed"),),
    )  # fmt: skip


@pytest.mark.parametrize("target", ["db", "8.8.8.8"])
def test_R_11_what_goes_to_an_appliance_that_is_not_told_may_get_there(target: str) -> None:
    found = asked(spokes(), "web", target)
    assert found.verdict == "unknown"
    assert "collection-gap" in found.labels
    assert asked(spokes(told=True), "web", target).verdict == "blocked"  # nobody has 10.0.9.4


def test_R_11_the_appliance_may_put_its_own_address_before_who_has_no_route_back() -> None:
    assert asked(spokes(there=False), "web", "db").verdict == "unknown"


def test_R_11_so_it_may_where_not_even_the_space_of_its_network_is_told() -> None:
    assert asked(spokes(there=False, space=False), "web", "db").verdict == "unknown"


def test_what_rules_deny_does_not_get_there_by_whichever_appliance() -> None:
    shut = nsg(deny("no", 100, direction="Outbound"))
    group = {"networkSecurityGroup": {"id": shut["id"]}}
    found = asked(spokes(shut, settings=group), "web", "db")
    assert (found.verdict, found.stops) == ("blocked", ["nsg-outbound"])


def test_R_13_replies_to_the_internet_by_whichever_appliance_are_lost() -> None:
    group = nsg(rule("https", 100))
    network = estate(
        vnet("vnet", "10.0.0.0/16",
             subnets={"app": steered("10.0.0.0/24", networkSecurityGroup={"id": group["id"]})}),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "[reference('fw')]")),
        group,
        nic("web", "10.0.0.4", ("vnet", "app")),
        pip("pip"),
        lb(lb_rule("https", 443, 443)),
        unresolved=((ADDRESS, "known when deployed"),),
    )  # fmt: skip
    found = asked(network, "internet", "web")
    assert (found.verdict, found.stops) == ("blocked", ["asymmetric-return"])
