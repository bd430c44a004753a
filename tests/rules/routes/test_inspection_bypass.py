from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import UsageError
from auditor.finding import Severity
from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import PEERING, gateway, peer, subnet_id, vnet
from ...routing import route, steered, table

ID = "RTE-007"
Json = dict[str, Any]
OWN, HUB, FAR = "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"


def judge(*resources: Json, **more: Any) -> Answer:
    return ask(ID, estate(*resources), **more)


def firewall(address: str = "10.1.0.4") -> Json:
    home = {"subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")}, "privateIPAddress": address}
    part = {"name": "c", "properties": home}
    return resource("Microsoft.Network/azureFirewalls", "fw", {"ipConfigurations": [part]})


def via(prefix: str, name: str = "inspected", address: str = "10.1.0.4") -> Json:
    return route(prefix, "VirtualAppliance", address, name=name)


def straight(prefix: str, kind: str = "Internet") -> Json:
    return route(prefix, kind, name="exception")


def spoke(*routes: Json, beside: bool = False, **more: Any) -> list[Json]:
    """A spoke with a table, the firewall in the hub, perhaps another spoke peered with both."""
    peers = [peer("hub", HUB), *([peer("far", FAR)] if beside else [])]
    app = steered("10.0.0.0/24", **more)
    return [
        vnet("a", OWN, subnets={"app": app, "data": "10.0.1.0/24"}, peers=peers),
        vnet("hub", HUB, subnets={"AzureFirewallSubnet": "10.1.0.0/24"}, peers=[peer("a", OWN)]),
        vnet("far", FAR, subnets={"app": "10.2.0.0/24"}, peers=[peer("a", OWN)]),
        firewall(),
        table("rt", *routes),
    ]


def test_a_route_to_the_internet_inside_the_default_route() -> None:
    (finding,) = judge(*spoke(via("0.0.0.0/0"), straight("20.0.0.0/8"))).broken
    assert finding.subject == arm_id("Microsoft.Network/routeTables/routes", "rt", "exception")
    assert finding.message == (
        "route exception of rt takes 20.0.0.0/8 around 10.1.0.4, to which route inspected of rt "
        "sends 0.0.0.0/0"
    )
    assert finding.severity is None
    assert finding.remedy == (
        "az network route-table route update --resource-group rg --route-table-name rt "
        "--name exception --next-hop-type VirtualAppliance --next-hop-ip-address 10.1.0.4"
    )


def test_one_address_is_milder() -> None:
    (finding,) = judge(*spoke(via("0.0.0.0/0"), straight("20.1.1.1/32"))).broken
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "exception",
    [
        straight("0.0.0.0/0"),  # of equal length: Azure refuses it
        straight("AzureMonitor"),
        straight("23.102.135.246/32"),
        straight("192.168.0.0/16"),
        straight("20.0.0.0/8", "None"),
        straight("20.0.0.0/8", "VirtualNetworkGateway"),
        via("20.0.0.0/8", "exception"),
        straight("10.0.0.0/16", "VnetLocal"),
    ],
)
def test_other_routes_inside_the_default_route_are_kept(exception: Json) -> None:
    answer = judge(*spoke(via("0.0.0.0/0"), exception))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_own_public_addresses_may_be_reached_straight() -> None:
    pip = resource("Microsoft.Network/publicIPAddresses", "pip", {"ipAddress": "20.1.1.1"})
    there = spoke(via("0.0.0.0/0"), straight("20.1.1.1/32"))
    assert judge(*there, pip).kept == 1


def test_what_is_allowed_may_go_straight() -> None:
    there = spoke(via("0.0.0.0/0"), straight("20.1.0.0/16"))
    assert judge(*there, allowed=("20.0.0.0/8",)).kept == 1
    assert len(judge(*there, allowed=("20.1.0.0/17",)).broken) == 1
    with pytest.raises((UsageError, ValueError)):
        judge(*there, allowed=("everything",))


def test_half_of_everything() -> None:
    assert judge(*spoke(via("0.0.0.0/0"), straight("128.0.0.0/1"))).names == ["exception"]


@pytest.mark.parametrize("inside", ["10.0.1.0/24", "10.0.0.0/23"])
def test_r_8_a_route_into_a_network_whose_space_is_inspected(inside: str) -> None:
    assert judge(*spoke(via(OWN), straight(inside, "VnetLocal"))).names == ["exception"]


@pytest.mark.parametrize(
    ("whole", "inside"),
    [
        (OWN, "10.0.0.0/24"),  # the subnet itself
        ("10.0.0.0/8", "10.0.1.0/24"),  # the network's own route is longer
        ("10.0.0.0/8", "10.9.0.0/16"),  # of no network at all
    ],
)
def test_routes_into_the_network_that_are_kept(whole: str, inside: str) -> None:
    assert judge(*spoke(via(whole), straight(inside, "VnetLocal"))).kept == 1


def test_a_peering_beside_the_hub() -> None:
    (finding,) = judge(*spoke(via("10.0.0.0/8"), beside=True)).broken
    assert finding.subject == arm_id(PEERING, "a", "to-far")
    assert finding.message == (
        "peering to-far of a takes 10.2.0.0/16 around 10.1.0.4, to which route inspected of rt "
        "sends 10.0.0.0/8"
    )
    assert finding.remedy == (
        "send it by the appliance, and what comes back from far as well, or the replies get lost: "
        "az network route-table route create --resource-group rg --route-table-name rt "
        "--name to-10.2.0.0-16 --address-prefix 10.2.0.0/16 --next-hop-type VirtualAppliance "
        "--next-hop-ip-address 10.1.0.4"
    )


@pytest.mark.parametrize(
    "routes",
    [
        [via("0.0.0.0/0")],
        [via("10.2.0.0/16")],
        [via("10.0.0.0/8"), via("10.2.0.0/16", "too")],
        [via("10.0.0.0/8"), via("10.2.0.0/17", "one"), via("10.2.128.0/17", "two")],
    ],
)
def test_peerings_that_win_nothing_are_kept(routes: list[Json]) -> None:
    answer = judge(*spoke(*routes, beside=True))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_a_part_of_a_peers_space_is_enough() -> None:
    routes = via("10.0.0.0/8"), via("10.2.0.0/17", "half")
    assert judge(*spoke(*routes, beside=True)).names == ["to-far"]


def test_what_comes_through_the_gateway_of_the_hub() -> None:
    """A summary on the gateway's subnet wins over no spoke's peering."""
    subnets = {"AzureFirewallSubnet": "10.1.0.0/24", "GatewaySubnet": steered("10.1.1.0/24")}
    there = [
        vnet("hub", HUB, subnets=subnets, peers=[peer("far", FAR)]),
        vnet("far", FAR, subnets={"app": "10.2.0.0/24"}, peers=[peer("hub", HUB)]),
        firewall(),
    ]
    assert judge(*there, table("rt", via("10.0.0.0/8"))).names == ["to-far"]
    assert judge(*there, table("rt", via("10.2.0.0/16"))).kept == 1


def test_a_network_that_does_not_tell_its_peerings_is_unknown() -> None:
    there = spoke(via("10.0.0.0/8", address="10.0.1.4"), beside=True)
    there[3]["properties"]["ipConfigurations"][0]["properties"] = {
        "subnet": {"id": subnet_id("a", "data")},
        "privateIPAddress": "10.0.1.4",
    }
    assert judge(*there).names == ["to-far", "to-hub"]
    del there[0]["properties"]["virtualNetworkPeerings"]
    answer = judge(*there)
    assert (answer.kept, answer.broken) == (0, [])
    assert [each.missing for each in answer.unknown] == ["the peerings of network a"]


def test_a_peering_of_which_it_is_not_told_whether_it_is_there_is_unknown() -> None:
    there = spoke(via("10.0.0.0/8"), beside=True)
    del there[2]["properties"]["virtualNetworkPeerings"][0]["properties"]["peeringState"]
    answer = judge(*there)
    assert (answer.broken, [each.subject for each in answer.unknown]) == (
        [],
        [arm_id(PEERING, "a", "to-far")],
    )


def service(*names: str) -> Json:
    return {"serviceEndpoints": [{"service": name} for name in names]}


def test_r_40_a_service_endpoint_beside_the_default_route() -> None:
    storage = service("Microsoft.Storage", "Microsoft.Sql")
    (finding,) = judge(*spoke(via("0.0.0.0/0"), **storage)).broken
    assert finding.subject == subnet_id("a", "app")
    assert finding.severity is Severity.MEDIUM
    assert "a/app reaches Microsoft.Storage, Microsoft.Sql by service endpoints" in finding.message
    assert [each.pointer for each in finding.evidence][:2] == [
        "/properties/subnets/0/properties/serviceEndpoints/0/service",
        "/properties/subnets/0/properties/serviceEndpoints/1/service",
    ]
    lone = judge(*spoke(via("0.0.0.0/0"), **storage), services=("microsoft.sql",))
    assert "reaches Microsoft.Storage by" in lone.broken[0].message
    assert lone.broken[0].remedy.endswith("/subnets/app --service-endpoints Microsoft.Sql")
    assert finding.remedy.endswith("/subnets/app --remove serviceEndpoints")
    assert judge(*spoke(via("10.0.0.0/8"), **storage)).kept == 1


def test_r_40_an_endpoint_of_a_service_that_is_not_told_is_unknown() -> None:
    untold: Json = {"serviceEndpoints": [{"provisioningState": "Succeeded"}]}
    (unknown,) = judge(*spoke(via("0.0.0.0/0"), **untold)).unknown
    assert unknown.missing == "which services a/app has endpoints for"
    beside: Json = {"serviceEndpoints": [{"service": "Microsoft.Storage"}, {}]}
    assert len(judge(*spoke(via("0.0.0.0/0"), **beside)).broken) == 1
    assert judge(*spoke(via("10.3.0.0/16"), **untold)).kept == 1, "no default route is inspected"


def test_r_5_a_route_that_does_not_tell_its_prefix_is_unknown() -> None:
    (unknown,) = judge(*spoke(route(None, "VirtualAppliance", "10.1.0.4", name="all"))).unknown
    assert unknown.missing == "what route all is for"


def test_an_appliance_that_takes_nothing_inspects_nothing() -> None:
    lost = via("0.0.0.0/0", address="10.1.9.9")
    assert judge(*spoke(lost, straight("20.0.0.0/8"))).broken == []


def test_tables_without_appliances_and_unused_ones_are_no_subjects() -> None:
    for there in (spoke(straight("20.0.0.0/8")), [table("rt", via("0.0.0.0/0"))]):
        answer = judge(*there)
        assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


def test_r_5_a_kind_of_next_hop_that_azure_does_not_know_hides_no_other() -> None:
    odd = route("30.0.0.0/8", "Elsewhere", name="odd")
    answer = judge(*spoke(via("0.0.0.0/0"), odd, straight("20.0.0.0/8")))
    assert answer.names == ["exception"]
    assert "next hop type" in answer.unknown[0].missing


def test_r_25_learned_routes_do_not_matter_to_ones_own() -> None:
    there = spoke(via("0.0.0.0/0"), straight("20.0.0.0/8"))
    answer = judge(*there, gateway("er", "a", kind="ExpressRoute"))
    assert answer.names == ["exception"]
