"""Machines behind NAT gateways, as far as these are told (R-31)."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.addresses import AddressSet
from auditor.network.service_tags import NO_TAGS, ServiceTags
from auditor.testing import arm_id, estate, resource

from ...egress import BY_NAT, LB, NAT, PIP, balancer, has_public, machine, nat, network, public
from ...exposed import NSG, nsg, rule
from ...reaching import Asked, asked

CLIENT = "52.10.0.7"


def leaving(*more: Any, protocol: str = "tcp", **subnet: Any) -> Asked:
    """Ask whether a VM gets to the internet."""
    return asked(estate(network(**subnet), *machine(), *more), "web-nic", CLIENT, protocol=protocol)


def test_R_31_a_nat_gateway_takes_machines_out() -> None:
    found = leaving(nat("out"), public("out", "20.7.7.7"), **BY_NAT)
    assert found.verdict == "reachable"
    assert (
        found.step("egress").says == "NAT gateway nat takes it to the internet as 20.7.7.7 (R-31)"
    )


def test_R_31_of_several_addresses_it_is_not_told_which_one_a_machine_gets() -> None:
    two = {"publicIpAddresses": [{"id": arm_id(PIP, name)} for name in ("out", "more")]}
    found = leaving(
        resource(NAT, "nat", two), public("out", "20.7.7.7"), public("more", "20.7.7.8"), **BY_NAT
    )
    assert found.verdict == "reachable"
    assert found.step("egress").says == "NAT gateway nat takes it to the internet (R-31)"


def test_R_31_what_a_missing_nat_gateway_takes_out_is_not_told() -> None:
    settings: tuple[Any, ...] = ({}, {"defaultOutboundAccess": False})
    for more in settings:
        found = leaving(natGateway={"id": arm_id(NAT, "gone")}, **more)
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_R_31_a_nat_gateway_that_tells_no_address_may_take_nothing_out() -> None:
    found = leaving(resource(NAT, "nat", {}), **BY_NAT)
    assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


def test_R_31_no_icmp_leaves_by_a_nat_gateway_that_tells_no_address() -> None:
    bare = resource(NAT, "nat", {})
    found = asked(
        estate(network(**BY_NAT), *machine(), bare), "web-nic", CLIENT, None, protocol="icmp"
    )
    assert found.verdict == "blocked"


ADDRESSES = AddressSet.from_text(["20.60.0.0/16"])
STORAGE = ServiceTags({"Storage": ADDRESSES, "Storage.WestEurope": ADDRESSES})


def to_service(to: str, *more: Any, tags: ServiceTags = STORAGE, **subnet: Any) -> Asked:
    """Ask whether a VM gets to an address, its subnet having an endpoint for Storage."""
    found = estate(
        network(serviceEndpoints=[{"service": "Microsoft.Storage", "locations": ["*"]}], **subnet)
        | {"location": "westeurope"},
        *machine(),
        *more,
    )
    return asked(found, "web-nic", to, tags=tags)


def test_R_40_a_service_endpoint_needs_no_way_out_to_the_internet() -> None:
    private: Any = {"defaultOutboundAccess": False}
    found = to_service("20.60.4.4", **private)
    assert found.verdict == "reachable"
    assert found.one.arrives_as is not None
    assert str(found.one.arrives_as.source) == "10.0.0.4"
    assert to_service("52.10.0.7", **private).stops == ["egress"]


def test_R_40_an_address_of_documentation_is_a_services_if_the_tag_holds_it() -> None:
    examples = AddressSet.from_text(["203.0.113.0/24"])
    tags = ServiceTags({"Storage": examples, "Storage.WestEurope": examples})
    found = to_service("203.0.113.4", tags=tags, defaultOutboundAccess=False)
    assert (found.verdict, found.labels) == ("reachable", set())


def test_R_40_what_a_service_endpoint_takes_keeps_its_source_beside_a_nat_gateway() -> None:
    beside = (nat("out"), public("out", "20.7.7.7"))
    for to, source in (("20.60.4.4", "10.0.0.4"), ("52.10.0.7", "20.7.7.7")):
        found = to_service(to, *beside, **BY_NAT)
        assert found.verdict == "reachable"
        assert found.one.arrives_as is not None
        assert str(found.one.arrives_as.source) == source


def with_another(machine: list[Any]) -> list[Any]:
    """Give the NIC of a machine a second ip configuration: the primary one, if the first is not."""
    first = machine[0]["properties"]["ipConfigurations"][0]["properties"]
    other = {"subnet": first["subnet"], "privateIPAddress": "10.0.0.5"}
    other["primary"] = not first.get("primary", True)
    machine[0]["properties"]["ipConfigurations"].append({"name": "other", "properties": other})
    return machine


POOLED: Any = {
    "primary": True,
    "loadBalancerBackendAddressPools": [{"id": arm_id(f"{LB}/backendAddressPools", "lb", "pool")}],
}


@pytest.mark.parametrize(("protocol", "setting", "more", "place"), [
    ("tcp", {"primary": False}, (), {}),
    ("icmp", {"primary": True}, (nat("out"), public("out", "20.7.7.7")), BY_NAT),
    ("tcp", POOLED, (balancer(snat=False), public("front", "20.7.7.8")), {}),
    ("icmp", POOLED, (balancer(snat=True), public("front", "20.7.7.8")), {}),
])  # fmt: skip
def test_R_40_what_an_endpoint_takes_is_not_dropped_for_lack_of_another_way(
    protocol: str, setting: Any, more: Any, place: Any
) -> None:
    """Nor by the simulator, which a secondary configuration, say, does not let out (R-37)."""
    settings: Any = {"serviceEndpoints": [{"service": "Microsoft.Storage", "locations": ["*"]}]}
    found = estate(
        network(**settings, **place) | {"location": "westeurope"},
        *with_another(machine(configuration=setting)),
        *more,
    )
    port = 443 if protocol == "tcp" else None
    by_endpoint = asked(found, "web-nic", "20.60.4.4", port, protocol, tags=STORAGE)
    assert (by_endpoint.verdict, by_endpoint.labels) == ("reachable", set())
    assert asked(found, "web-nic", "52.10.0.7", port, protocol, tags=STORAGE).stops == ["egress"]


def test_R_40_without_a_tag_file_it_is_not_told_what_a_private_subnet_reaches() -> None:
    found = to_service("20.60.4.4", tags=NO_TAGS, defaultOutboundAccess=False)
    assert (found.verdict, found.labels) == ("unknown", {"service-tag:Storage"})


def test_R_40_what_an_endpoint_may_take_gets_to_the_internet_in_either_case() -> None:
    """Without a tag file it is not told which way it goes, and both lead there."""
    beside = (nat("out"), public("out", "20.7.7.7"))
    assert to_service("52.10.0.7", *beside, tags=NO_TAGS, **BY_NAT).verdict == "reachable"


def test_R_40_replies_reach_the_internet_past_an_endpoint_of_unknown_extent() -> None:
    endpoints = [{"service": "Microsoft.Storage", "locations": ["*"]}]
    found = estate(
        network(serviceEndpoints=endpoints, networkSecurityGroup={"id": arm_id(NSG, "nsg")}),
        *machine(configuration=has_public("own")), public("own", "20.7.7.7"), nsg(rule("in", 100)),
    )  # fmt: skip
    assert asked(found, CLIENT, "web-nic").verdict == "reachable"


SQL = ServiceTags({"Sql": AddressSet.from_text(["20.61.0.0/16"])})


def to_single_server(
    service: str,
    *subnets: str,
    told: bool = True,
    tags: ServiceTags = SQL,
    ours: str = "20.9.9.9",
) -> Asked:
    """Ask a VM whose subnet has an endpoint for a server that lets subnets in, by rules of it.

    And an address, `ours`; that of the VM's NAT gateway is 20.7.7.7.
    """
    server = "Microsoft.DBforMySQL/servers"
    kind = "Microsoft.Network/virtualNetworks/subnets"
    rules = [
        {"name": each, "properties": {"virtualNetworkSubnetId": arm_id(kind, "a", each)}}
        for each in subnets
    ]
    settings: Any = {
        "publicNetworkAccess": "Enabled",
        "firewallRules": [
            {"name": "ours", "properties": {"startIpAddress": ours, "endIpAddress": ours}}
        ],
        **({"virtualNetworkRules": rules} if told else {}),
    }
    found = estate(
        network(serviceEndpoints=[{"service": service, "locations": ["*"]}], **BY_NAT),
        *machine(), nat("out"), public("out", "20.7.7.7"), resource(server, "db", settings),
    )  # fmt: skip
    return asked(found, "web-nic", "db", 3306, tags=tags)


def test_L_24_a_single_server_lets_a_subnet_in_by_its_endpoint() -> None:
    found = to_single_server("Microsoft.Sql", "app")
    assert found.verdict == "reachable"
    assert found.step("service-firewall").says == "rule app of db lets the subnet in (L-24)"
    assert found.arrives.endswith(":3306")
    assert found.one.arrives_as is not None
    assert str(found.one.arrives_as.source) == "10.0.0.4"
    assert to_single_server("Microsoft.Storage", "app").stops == ["service-firewall"]
    assert to_single_server("Microsoft.Sql", "other").stops == ["service-firewall"]


def test_L_24_whether_the_endpoint_covers_the_server_is_not_told_without_a_tag_file() -> None:
    found = to_single_server("Microsoft.Sql", "app", tags=NO_TAGS)
    assert (found.verdict, found.labels) == ("unknown", {"service-tag:Sql"})


def test_L_24_a_server_that_lets_in_the_subnet_and_its_way_out_is_reached_either_way() -> None:
    """Without a tag file it is not told which way it goes: the server takes both."""
    either = to_single_server("Microsoft.Sql", "app", tags=NO_TAGS, ours="20.7.7.7")
    assert either.verdict == "reachable"
    assert either.one.arrives_as is not None
    assert str(either.one.arrives_as.source) == "20.7.7.7"
    by_address = to_single_server("Microsoft.Sql", "other", tags=NO_TAGS, ours="20.7.7.7")
    assert (by_address.verdict, by_address.labels) == ("unknown", {"service-tag:Sql"})
    untold = to_single_server("Microsoft.Sql", told=False, tags=NO_TAGS, ours="20.7.7.7")
    assert untold.verdict == "unknown"


def test_L_24_rules_about_subnets_that_are_not_told_may_let_a_subnet_in() -> None:
    found = to_single_server("Microsoft.Sql", told=False)
    assert found.verdict == "unknown"
    assert "collection-gap" in found.labels


@pytest.mark.parametrize(
    ("service", "verdict"), [("Microsoft.Storage", "reachable"), ("Microsoft.Sql", "unknown")]
)
def test_R_40_only_an_endpoint_of_its_kind_may_take_what_goes_to_a_database(
    service: str, verdict: str
) -> None:
    ours = {"startIpAddress": "20.7.7.7", "endIpAddress": "20.7.7.7"}
    settings = {
        "network": {"publicNetworkAccess": "Enabled"},
        "firewallRules": [{"name": "ours", "properties": ours}],
    }
    found = estate(
        network(serviceEndpoints=[{"service": service, "locations": ["*"]}], **BY_NAT),
        *machine(), nat("out"), public("out", "20.7.7.7"),
        resource("Microsoft.DBforMySQL/flexibleServers", "db", settings),
    )  # fmt: skip
    there = asked(found, "web-nic", "db", 3306)
    assert there.verdict == verdict
    assert there.labels == ({"service-tag:Sql"} if verdict == "unknown" else set())
    if verdict == "unknown":
        said = there.step("route").says
        assert said.endswith(" or route Microsoft.Sql to VirtualNetworkServiceEndpoint")
