"""Changes that are seen at neither end's rules nor at its routes, and yet are changes of paths."""

from __future__ import annotations

from typing import Any

from auditor.network.graph import Network
from auditor.testing import arm_id, estate

from ... import egress
from ...exposed import NSG, deny, nsg
from ...networks import nic, peer, vnet
from ...routing import route, steered, table
from . import test_firewall_sources as by_firewall
from .test_changes import compared, words


def going_out(**subnet: Any) -> Network:
    """NIC web in a private subnet, and a NAT gateway, on it or not."""
    return estate(
        egress.network(**{"defaultOutboundAccess": False, **subnet}),
        *egress.machine(),
        egress.nat("out"),
        egress.public("out", "20.0.0.1"),
    )


def test_R_30_a_way_out_that_is_there_no_more_is_a_path_lost() -> None:
    found = words(compared(going_out(**egress.BY_NAT), going_out()))

    assert {word for word in found if word.endswith("-internet")} >= {"lost web-nic-internet"}
    back = words(compared(going_out(), going_out(**egress.BY_NAT)))
    assert {word for word in back if word.endswith("-internet")} >= {"gained web-nic-internet"}
    assert compared(going_out(), going_out()) == []


def between(*rules: Any) -> Network:
    """NICs web and db in spokes of a hub, whose appliance their routes lead to."""
    flags: Any = {"allowVirtualNetworkAccess": True, "allowForwardedTraffic": True}
    group: Any = {"networkSecurityGroup": {"id": arm_id(NSG, "nsg")}}
    return estate(
        vnet(
            "hub",
            "10.0.0.0/16",
            subnets={"nva": "10.0.0.0/24"},
            peers=[peer("one", "10.1.0.0/16", **flags), peer("two", "10.2.0.0/16", **flags)],
        ),
        vnet(
            "one",
            "10.1.0.0/16",
            subnets={"app": steered("10.1.0.0/24", "rt")},
            peers=[peer("hub", "10.0.0.0/16", **flags)],
        ),
        vnet(
            "two",
            "10.2.0.0/16",
            subnets={"data": steered("10.2.0.0/24", "rt")},
            peers=[peer("hub", "10.0.0.0/16", **flags)],
        ),
        table("rt", route("10.0.0.0/8", "VirtualAppliance", "10.0.0.4")),
        nsg(*rules),
        nic("nva", "10.0.0.4", ("hub", "nva"), enableIPForwarding=True, **group),
        nic("web", "10.1.0.4", ("one", "app")),
        nic("db", "10.2.0.4", ("two", "data")),
    )


def test_P_7_what_an_appliance_is_sent_no_more_is_perhaps_lost() -> None:
    no = deny("no", 100, destinationAddressPrefix="10.2.0.4", destinationPortRange="22")

    found = compared(between(), between(no))

    assert any(word in words(found) for word in ("narrowed web-data", "narrowed app-db"))
    assert not any(change.certain for change in found if change.target.endswith("/data"))


def test_R_16_what_a_network_takes_no_more_from_a_firewall_is_lost() -> None:
    found = words(compared(by_firewall.between(), by_firewall.between(taken=False)))

    assert "lost app-db" in found or "lost web-data" in found
    assert compared(by_firewall.between(), by_firewall.between()) == []
