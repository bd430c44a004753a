from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import PEERING, gateway, nic, peer, subnet_id, vnet
from ...routing import route, steered, table

ID = "PER-004"
Json = dict[str, Any]
HUB, A, B = "10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"
ON: Json = {"allowForwardedTraffic": True}
OFF: Json = {"allowForwardedTraffic": False}


def judge(*resources: Json) -> Answer:
    return ask(ID, estate(*resources))


def firewall(name: str = "fw", address: str = "10.0.0.4", in_: str = "hub") -> Json:
    home = {"subnet": {"id": subnet_id(in_, "AzureFirewallSubnet")}, "privateIPAddress": address}
    part = {"name": "c", "properties": home}
    return resource("Microsoft.Network/azureFirewalls", name, {"ipConfigurations": [part]})


def via(prefix: str, address: str = "10.0.0.4", name: str = "on") -> Json:
    return route(prefix, "VirtualAppliance", address, name=name)


def spoke(name: str, of: str, *, flag: Json, table_name: str | None = None) -> Json:
    where = of.replace("0.0/16", "0.0/24")
    app = steered(where, table_name) if table_name else where
    return vnet(name, of, subnets={"app": app}, peers=[peer("hub", HUB, **flag)])


def hub(**more: Any) -> Json:
    subnets = {"AzureFirewallSubnet": "10.0.0.0/24", **more}
    return vnet("hub", HUB, subnets=subnets, peers=[peer("a", A, **ON), peer("b", B, **ON)])


def two(to_b: str | None = B, to_a: str | None = A, flag: Json = OFF) -> list[Json]:
    """Spokes with tables: `to_b` is what a sends to the firewall; only b's flag is in question."""
    return [
        hub(),
        spoke("a", A, flag=ON, table_name="rt-a"),
        spoke("b", B, flag=flag, table_name="rt-b"),
        firewall(),
        table("rt-a", *([via(to_b)] if to_b else [])),
        table("rt-b", *([via(to_a)] if to_a else [])),
    ]


def test_a_peering_that_drops_what_the_other_spoke_sends() -> None:
    (finding,) = judge(*two()).broken
    assert finding.subject == arm_id(PEERING, "b", "to-hub")
    assert finding.message == (
        "peering to-hub of b drops what 10.0.0.4 forwards from a/app, to which b/app sends by "
        "10.0.0.4: allowForwardedTraffic is false"
    )
    assert finding.remedy == (
        "az network vnet peering update --resource-group rg --vnet-name b --name to-hub "
        "--set allowForwardedTraffic=true"
    )
    assert [read.pointer for read in finding.evidence] == [
        "/properties/virtualNetworkPeerings/0/properties/allowForwardedTraffic",
        "/properties/routes/0/properties/nextHopIpAddress",
        "/properties/routes/0/properties/nextHopIpAddress",
    ]


@pytest.mark.parametrize("prefix", ["10.0.0.0/8", "10.1.0.0/24", "0.0.0.0/0"])
def test_a_summary_or_a_part_is_enough(prefix: str) -> None:
    assert judge(*two(to_a=prefix)).names == ["to-hub"]


def test_r_16_a_peering_that_takes_forwarded_traffic_is_no_subject() -> None:
    answer = judge(*two(flag=ON))
    assert (answer.kept, answer.broken, answer.unknown) == (0, [], [])


@pytest.mark.parametrize(("to_b", "to_a"), [(None, A), (B, None)])
def test_spokes_that_do_not_both_route_to_each_other_need_nothing(
    to_b: str | None, to_a: str | None
) -> None:
    answer = judge(*two(to_b, to_a))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_the_hubs_own_side_needs_nothing() -> None:
    parts = two(flag=ON)
    for each in parts[0]["properties"]["virtualNetworkPeerings"]:
        each["properties"].update(OFF)
    answer = judge(*parts)
    assert (answer.kept, answer.broken) == (2, [])


def test_both_spokes_are_told() -> None:
    parts = two()
    parts[1]["properties"]["virtualNetworkPeerings"][0]["properties"].update(OFF)
    assert {each.subject for each in judge(*parts).broken} == {
        arm_id(PEERING, "a", "to-hub"),
        arm_id(PEERING, "b", "to-hub"),
    }


def test_an_appliance_of_ones_own_forwards_too() -> None:
    parts = [each for each in two() if "azureFirewalls" not in each["type"]]
    at = ("hub", "AzureFirewallSubnet")
    assert judge(*parts, nic("nva", "10.0.0.4", at, enableIPForwarding=True)).names == ["to-hub"]
    assert judge(*parts, nic("nva", "10.0.0.4", at, enableIPForwarding=False)).broken == []


def test_an_appliance_whose_subnet_leads_elsewhere() -> None:
    parts = two()
    parts[0] = hub(AzureFirewallSubnet=steered("10.0.0.0/24", "rt-fw"))
    assert judge(*parts, table("rt-fw", route(B, "None"))).broken == []
    assert judge(*parts, table("rt-fw", route("20.0.0.0/8", "None"))).names == ["to-hub"]


@pytest.mark.parametrize(
    ("lost", "unknown"),
    [(("rt-a",), 1), (("rt-b",), 1), (("rt-a", "rt-b"), 1), (("fw", "rt-a"), 0)],
)
def test_a_route_table_that_is_not_in_the_snapshot_is_unknown(
    lost: tuple[str, ...], unknown: int
) -> None:
    answer = judge(*(each for each in two() if each["name"] not in lost))
    assert (len(answer.unknown), answer.broken) == (unknown, [])
    assert all("routeTables/rt-" in each.missing for each in answer.unknown)


def test_a_table_that_is_lacking_beside_one_that_leads_to_no_appliance() -> None:
    parts = [each for each in two(to_b=None) if each["name"] != "rt-b"]
    assert judge(*parts).kept == 1


def test_u_1_a_flag_that_is_not_told_is_unknown() -> None:
    (unknown,) = judge(*two(flag={})).unknown
    assert "allowForwardedTraffic of peering to-hub" in unknown.missing
    assert judge(*two(to_a=None, flag={})).kept == 1


def test_a_hub_that_is_not_in_the_snapshot_is_unknown() -> None:
    parts = [each for each in two() if each["name"] != "hub"]
    answer = judge(*parts)
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert "hub, which is not in the snapshot" in answer.unknown[0].missing
    quiet = [each for each in two(to_a=None) if each["name"] != "hub"]
    assert judge(*quiet).unknown == []


def test_r_25_learned_routes_may_come_between() -> None:
    parts = two()
    answer = judge(*parts, gateway("er", "b", kind="ExpressRoute"))
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert "bgp-routes-unknown" in answer.unknown[0].missing


def test_firewalls_of_two_hubs_that_pass_on_to_each_other() -> None:
    """Spoke a behind hub, spoke c behind other; between the hubs the firewalls talk."""
    other, c = "10.8.0.0/16", "10.9.0.0/16"
    parts = [
        vnet("hub", HUB, subnets={"AzureFirewallSubnet": steered("10.0.0.0/24", "rt-fw")},
             peers=[peer("a", A, **ON), peer("other", other, **ON)]),
        vnet("other", other, subnets={"AzureFirewallSubnet": steered("10.8.0.0/24", "rt-other")},
             peers=[peer("c", c, **ON), peer("hub", HUB, **OFF)]),
        spoke("a", A, flag=ON, table_name="rt-a"),
        vnet("c", c, subnets={"app": steered("10.9.0.0/24", "rt-c")},
             peers=[peer("other", other, **ON)]),
        firewall(), firewall("fw-other", "10.8.0.4", "other"),
        table("rt-a", via(c)), table("rt-fw", via(c, "10.8.0.4")),
        table("rt-other", via(A)), table("rt-c", via(A, "10.8.0.4")),
    ]  # fmt: skip
    (finding,) = judge(*parts).broken
    assert finding.subject == arm_id(PEERING, "other", "to-hub")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("key", ["addressSpace", "subnets"])
def test_what_a_network_does_not_tell_may_lead_somebody_across(place: int, key: str) -> None:
    """Of a, b and their hub; without it nobody seemed to need what the peering does not take."""
    made = two()
    del made[place]["properties"][key]

    answer = judge(*made)

    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown


def test_what_a_network_does_not_tell_is_nothing_to_peerings_without_an_appliance() -> None:
    made = two(None, None)
    del made[2]["properties"]["addressSpace"]
    assert judge(*made).unknown == []
