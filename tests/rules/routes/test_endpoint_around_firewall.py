from __future__ import annotations

from typing import Any

import pytest

from auditor.testing import Answer, arm_id, ask, estate, resource

from ...networks import SUBNET, peer, subnet_id, vnet
from ...routing import endpoint, route, steered, table

ID = "RTE-008"
Json = dict[str, Any]
OWN, FAR = "10.0.0.0/16", "10.1.0.0/16"


def judge(*resources: Json, **more: Any) -> Answer:
    return ask(ID, estate(*resources), **more)


def firewall(address: str = "10.1.0.4") -> Json:
    home = {"subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")}, "privateIPAddress": address}
    part = {"name": "c", "properties": home}
    return resource("Microsoft.Network/azureFirewalls", "fw", {"ipConfigurations": [part]})


def ways(*prefixes: str) -> Json:
    named = [
        route(each, "VirtualAppliance", "10.1.0.4", name=f"r{n}") for n, each in enumerate(prefixes)
    ]
    return table("rt", *named)


def spoke(policy: str | None = "Disabled", **more: Any) -> list[Json]:
    """A subnet with a table, private endpoints in another one, the firewall in the hub."""
    settings: Json = {"addressPrefix": "10.0.1.0/24"}
    if policy:
        settings["privateEndpointNetworkPolicies"] = policy
    subnets = {"app": steered("10.0.0.0/24"), "pe": settings, **more}
    return [
        vnet("a", OWN, subnets=subnets, peers=[peer("hub", FAR)]),
        vnet("hub", FAR, subnets={"AzureFirewallSubnet": "10.1.0.0/24"}, peers=[peer("a", OWN)]),
        firewall(),
    ]


def vault(address: str | None = "10.0.1.4", status: str = "Approved") -> Json:
    return endpoint("vault", address, ("a", "pe"), status)


def test_an_endpoint_whose_own_route_wins() -> None:
    (finding,) = judge(*spoke(), vault(), ways("10.0.0.0/16")).broken
    assert finding.subject == subnet_id("a", "pe")
    assert finding.message == (
        "app reaches vault around 10.1.0.4, to which route r0 of rt sends 10.0.0.0/16: "
        "privateEndpointNetworkPolicies of pe is Disabled"
    )
    assert finding.remedy == (
        "az network vnet subnet update --resource-group rg --vnet-name a --name pe "
        "--private-endpoint-network-policies RouteTableEnabled"
    )
    assert subnet_id("a", "app") in finding.related


@pytest.mark.parametrize(("policy", "unknown"), [("Disabled", 1), ("Enabled", 0)])
def test_a_route_table_that_is_not_in_the_snapshot_is_unknown(policy: str, unknown: int) -> None:
    answer = judge(*spoke(policy), vault())
    assert (answer.broken, len(answer.unknown)) == ([], unknown)
    assert all("routeTables/rt is not in the snapshot" in each.missing for each in answer.unknown)


def test_security_groups_that_count_go_on_counting() -> None:
    (finding,) = judge(*spoke("NetworkSecurityGroupEnabled"), vault(), ways("10.0.0.0/16")).broken
    assert finding.remedy.endswith("--private-endpoint-network-policies Enabled")


@pytest.mark.parametrize("policy", ["Enabled", "RouteTableEnabled", "enabled"])
def test_l_5_a_subnet_that_lets_routes_count_is_kept(policy: str) -> None:
    answer = judge(*spoke(policy), vault(), ways("10.0.0.0/16"))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


@pytest.mark.parametrize("prefixes", [("0.0.0.0/0",), ("10.0.0.0/8",), ("10.0.2.0/24",), ()])
def test_l_4_routes_that_could_not_win_are_kept(prefixes: tuple[str, ...]) -> None:
    answer = judge(*spoke(), vault(), ways(*prefixes))
    assert (answer.kept, answer.broken, answer.unknown) == (1, [], [])


def test_the_endpoints_own_subnet_and_the_firewalls_are_not_asked() -> None:
    settings = {"privateEndpointNetworkPolicies": "Disabled"}
    own = spoke(None, app="10.0.0.0/24", pe=steered("10.0.1.0/24", **settings))
    assert judge(*own, vault(), ways("10.0.0.0/16")).kept == 1


def test_several_endpoints_and_subnets_are_one_finding() -> None:
    more: Json = {f"s{n}": steered(f"10.0.{n}.0/24") for n in range(2, 6)}
    parts = spoke(**more), endpoint("files", "10.0.1.5", ("a", "pe")), vault()
    (finding,) = judge(*parts[0], *parts[1:], ways("10.0.0.0/16")).broken
    assert finding.message.startswith("app, s2, s3 and 2 more reach files, vault around")


def test_a_peer_that_routes_to_the_firewall() -> None:
    settings = {"addressPrefix": "10.1.1.0/24", "privateEndpointNetworkPolicies": "Disabled"}
    subnets = {"AzureFirewallSubnet": "10.1.0.0/24", "pe": settings}
    there = [
        vnet("a", OWN, subnets={"app": steered("10.0.0.0/24")}, peers=[peer("hub", FAR)]),
        vnet("hub", FAR, subnets=subnets, peers=[peer("a", OWN)]),
        firewall(),
        endpoint("vault", "10.1.1.4", ("hub", "pe")),
    ]
    assert judge(*there, ways("10.1.1.0/24")).names == ["pe"]
    assert judge(*there, ways("10.0.0.0/8")).kept == 1


def test_u_1_a_policy_that_is_not_told_is_unknown() -> None:
    (unknown,) = judge(*spoke(None), vault(), ways("10.0.0.0/16")).unknown
    assert "privateEndpointNetworkPolicies" in unknown.missing


def test_a_subnet_that_is_not_in_the_snapshot_is_unknown() -> None:
    there = spoke()
    subnets = there[0]["properties"]["subnets"]
    subnets[:] = [each for each in subnets if each["name"] != "pe"]
    answer = judge(*there, vault(), ways("10.0.0.0/16"))
    assert (answer.broken, [each.subject for each in answer.unknown]) == (
        [],
        [arm_id(SUBNET, "a", "pe")],
    )


def test_an_endpoint_without_an_address_is_unknown() -> None:
    answer = judge(*spoke(), vault(None), ways("10.0.0.0/16"))
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert judge(*spoke("Enabled"), vault(None), ways("10.0.0.0/16")).kept == 1
    assert judge(*spoke(), vault(None), ways("10.0.2.0/24")).kept == 1


def test_l_4_a_route_for_the_very_address_is_unknown() -> None:
    answer = judge(*spoke(), vault(), ways("10.0.1.4/32"))
    assert (answer.broken, len(answer.unknown)) == ([], 1)
    assert "semantics:L-4" in answer.unknown[0].missing


def test_what_nobody_approved_and_an_appliance_that_is_not_there_are_kept() -> None:
    answer = judge(*spoke(), vault(status="Pending"), ways("10.0.0.0/16"))
    assert (answer.kept, answer.broken) == (1, [])
    lost = table("rt", route("10.0.0.0/16", "VirtualAppliance", "10.0.9.9"))
    assert judge(*spoke(), vault(), lost).broken == []


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("key", ["addressSpace", "subnets"])
def test_networks_that_are_not_told_may_hold_who_gets_round(place: int, key: str) -> None:
    made = spoke()
    made[0]["properties"]["subnets"][0]["properties"].pop("routeTable")
    assert judge(*made, vault(), ways("10.0.0.0/16")).unknown == []
    del made[place]["properties"][key]

    answer = judge(*made, vault(), ways("10.0.0.0/16"))

    assert (answer.kept, answer.broken) == (0, [])
    assert answer.unknown
    assert judge(*made, vault(), table("rt")).unknown == []
