from __future__ import annotations

from typing import Any

from auditor.addresses import parse_address
from auditor.network.address_plan import Whereabouts
from auditor.network.graph import Network
from auditor.network.whereabouts import locate_from
from auditor.testing import estate

from ...networks import Json, nic, peer, vnet, vnet_id
from ...routing import route, steered, subnet, table

APPLIANCE = nic("nva", "10.0.1.4", ("hub", "nva"), enableIPForwarding=True)


def spokes(*routes: Json, far: Json | None = None) -> list[Json]:
    """Two networks beside a hub with an appliance, the first one's subnet with routes."""
    peers = (peer("a", "10.1.0.0/16"), peer("b", "10.2.0.0/16"))
    hub = vnet("hub", "10.0.0.0/16", subnets={"nva": "10.0.1.0/24"}, peers=peers)
    to_hub = peer("hub", "10.0.0.0/16", allowForwardedTraffic=True)
    near = vnet("a", "10.1.0.0/16", subnets={"app": steered("10.1.1.0/24")}, peers=(to_hub,))
    other = vnet("b", "10.2.0.0/16", subnets={"db": "10.2.1.0/24"}, peers=(to_hub,))
    made = [hub, near, APPLIANCE, table("rt", *routes), nic("db", "10.2.1.4", ("b", "db"))]
    return [*made, far or other]


def seen(address: str, *made: Any) -> Whereabouts:
    network: Network = estate(*made)
    return locate_from(network, parse_address(address), subnet(network))


def by_appliance(prefix: str) -> Json:
    return route(prefix, "VirtualAppliance", "10.0.1.4")


def test_R_11_an_address_behind_an_appliance_is_found_in_its_network() -> None:
    here = seen("10.2.1.4", *spokes(by_appliance("10.2.0.0/16")))
    assert here.key == vnet_id("b").lower()
    assert [owner.holder.name for owner in here.owners] == ["db"]


def test_R_15_without_a_route_by_an_appliance_it_is_not_there() -> None:
    here = seen("10.2.1.4", *spokes(by_appliance("10.9.0.0/16")))
    assert here.key is None
    assert not here.owners
    assert here.unsure == ""


def test_R_2_a_default_route_leads_there_too() -> None:
    assert seen("10.2.1.4", *spokes(by_appliance("0.0.0.0/0"))).owners


def test_a_network_that_only_its_peering_tells_of_holds_it() -> None:
    made = spokes(by_appliance("10.2.0.0/16"))[:-1]
    here = seen("10.2.1.9", *made)
    assert here.key == vnet_id("b").lower()
    assert here.unsure == "b, which is not in the snapshot"


def test_what_lies_behind_an_appliance_and_in_no_network_is_not_told() -> None:
    here = seen("10.9.1.4", *spokes(by_appliance("10.9.0.0/16")))
    assert here.key is None
    assert here.unsure == "what lies behind the appliance 10.0.1.4"


def test_a_route_that_leads_nowhere_leads_to_nobody() -> None:
    here = seen("10.2.1.4", *spokes(route("10.2.0.0/16", "None")))
    assert here.key is None


def test_what_is_near_needs_no_route() -> None:
    assert seen("10.0.1.4", *spokes()).owners
