"""By which address machines leave for the internet, and with what (R-35 to R-37)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from auditor.testing import estate, resource

from ...egress import BY_NAT, IN_POOL, PRIVATE, balancer, has_public, machine, nat, network, public
from ...networks import nic, vnet
from ...reaching import Asked, asked, ref
from ...routing import route, steered, table

CLIENT = "52.10.0.7"

Json = dict[str, Any]


def with_two(first: Json | None = None, second: Json | None = None) -> Any:
    """A VM whose NIC has two addresses."""
    nic, vm = machine(configuration={"primary": True, **(first or {})})
    own = nic["properties"]["ipConfigurations"]
    other = {**own[0]["properties"], "privateIPAddress": "10.0.0.5", "primary": False}
    own.append(
        {"name": "second", "properties": {**without_ways(other), **(second or {})}},
    )
    return nic, vm


def without_ways(settings: Json) -> Json:
    ways = {"publicIPAddress", "loadBalancerBackendAddressPools"}
    return {name: value for name, value in settings.items() if name not in ways}


def rules(*protocols: str, implied: str = "") -> Json:
    """A balancer whose pool has an outbound rule for each protocol, or one that translates."""
    found = balancer(outbound=True, snat=True)
    settings = found["properties"]
    [out], [rule] = settings["outboundRules"], settings["loadBalancingRules"]
    settings["outboundRules"] = [
        {"name": f"out-{each}", "properties": {**out["properties"], "protocol": each}}
        for each in protocols
    ]
    rule["properties"]["protocol"] = implied
    settings["loadBalancingRules"] = [rule] if implied else []
    return found


def says(found: Asked) -> str:
    return found.step("egress").says


def test_E_1_an_address_that_says_whose_it_is_takes_it_out_too() -> None:
    """It lets packets in by what it says; the NIC need not tell the same."""
    web = machine()
    whose = public("a", "20.7.7.7")
    [configuration] = web[0]["properties"]["ipConfigurations"]
    whose["properties"]["ipConfiguration"] = {
        "id": f"{web[0]['id']}/ipConfigurations/{configuration['name']}"
    }
    found = asked(estate(network(**PRIVATE), *web, whose), "web-nic", "internet")
    assert found.verdict == "reachable"
    assert "20.7.7.7" in says(found)
    assert asked(estate(network(**PRIVATE), *web), "web-nic", "internet").verdict == "blocked"


def test_R_36_each_address_leaves_by_its_own_public_address() -> None:
    found = estate(
        network(),
        *with_two(has_public("a"), has_public("b")),
        public("a", "20.7.7.7"),
        public("b", "20.7.7.8"),
    )
    second = asked(found, "second", CLIENT)
    assert second.verdict == "reachable"
    assert says(second) == "the public IP of web-nic takes it to the internet as 20.7.7.8 (R-36)"
    first = asked(found, "primary", CLIENT)
    assert says(first) == "the public IP of web-nic takes it to the internet as 20.7.7.7 (R-36)"


@pytest.mark.parametrize(
    "first",
    [has_public("a"), IN_POOL, {}],
    ids=["public-address", "load-balancer", "default"],
)
def test_R_37_what_takes_the_first_address_out_does_nothing_for_a_second(first: Json) -> None:
    more = [public("a", "20.7.7.7"), rules("All")]
    found = estate(network(), *with_two(first), *more)
    assert asked(found, "primary", CLIENT).verdict == "reachable"
    second = asked(found, "second", CLIENT)
    assert (second.verdict, second.stops) == ("blocked", ["egress"])
    assert says(second) == "nothing takes it to the internet (R-37)"


def test_R_37_a_second_address_in_the_pool_is_not_taken_out_either() -> None:
    found = estate(network(), *with_two(IN_POOL, IN_POOL), rules("All"))
    assert asked(found, "second", CLIENT).stops == ["egress"]


def test_R_37_a_second_address_has_its_own_where_the_first_has_none() -> None:
    found = estate(network(**PRIVATE), *with_two({}, has_public("b")), public("b", "20.7.7.8"))
    assert asked(found, "second", CLIENT).verdict == "reachable"
    assert asked(found, "primary", CLIENT).stops == ["egress"]


def test_R_37_a_nat_gateway_takes_all_addresses_out() -> None:
    found = estate(network(**BY_NAT), *with_two(), nat("out"), public("out", "20.7.7.7"))
    assert asked(found, "second", CLIENT).verdict == "reachable"


def test_R_33_a_second_address_in_the_pool_ends_the_default_access_of_the_first() -> None:
    found = estate(network(), *with_two({}, IN_POOL), rules())
    first = asked(found, "primary", CLIENT)
    assert (first.verdict, first.stops) == ("blocked", ["egress"])
    assert says(first) == "nothing takes it to the internet (R-33)"
    alone = estate(network(), *with_two(), rules())
    assert asked(alone, "primary", CLIENT).verdict == "reachable"


def balanced(lb: Json, protocol: str) -> Asked:
    member = machine(configuration={"primary": True, **IN_POOL})
    found = estate(network(), *member, lb, public("front", "20.7.7.9"))
    return asked(found, "web-nic", CLIENT, None if protocol == "icmp" else 443, protocol)


def test_R_35_an_outbound_rule_takes_its_own_protocol_only() -> None:
    assert balanced(rules("Tcp"), "tcp").verdict == "reachable"
    other = balanced(rules("Tcp"), "udp")
    assert (other.verdict, other.stops) == ("blocked", ["egress"])
    assert says(other) == "load balancer lb takes no such protocol to the internet"
    assert balanced(rules("Udp"), "tcp").verdict == "blocked"
    assert balanced(rules("Tcp", "Udp"), "udp").verdict == "reachable"
    assert balanced(rules("All"), "udp").verdict == "reachable"
    assert balanced(rules("All"), "icmp").verdict == "blocked"


def test_R_35_a_rule_that_translates_does_so_for_its_own_protocol() -> None:
    assert balanced(rules(implied="Udp"), "udp").verdict == "reachable"
    assert balanced(rules(implied="Udp"), "tcp").verdict == "blocked"
    assert balanced(rules(implied="All"), "tcp").verdict == "reachable"


def test_R_35_whether_it_goes_on_beside_outbound_rules_is_not_told() -> None:
    found = balanced(rules("Tcp", implied="Udp"), "udp")
    assert (found.verdict, found.labels) == ("unknown", {"semantics:R-35"})
    assert balanced(rules("Tcp", implied="Udp"), "tcp").verdict == "reachable"


def test_R_35_of_a_frontend_that_tells_no_address_nobody_tells_whether_it_is_a_way_out() -> None:
    """It stopped the whole answer, as a fault of the tool."""
    lb = rules("Tcp", implied="Udp")
    settings = lb["properties"]
    dark = settings["frontendIPConfigurations"][0]["name"] + "-2"
    settings["frontendIPConfigurations"].append({"name": dark, "properties": {}})
    [rule] = settings["loadBalancingRules"]
    front = rule["properties"]["frontendIPConfiguration"]["id"]
    rule["properties"]["frontendIPConfiguration"] = {"id": f"{front}-2"}
    for protocol in ("tcp", "udp"):
        found = balanced(lb, protocol)
        assert (found.verdict, found.labels) == ("unknown", {"collection-gap"})


@pytest.mark.parametrize(
    ("port", "protocol", "verdict"),
    [(24, "tcp", "reachable"), (25, "tcp", "unknown"), (26, "tcp", "reachable"),
     (25, "udp", "reachable")],
)  # fmt: skip
def test_N_17_whether_mail_gets_out_is_the_subscriptions(
    port: int, protocol: str, verdict: str
) -> None:
    """To strangers: what the input holds itself is asked of no subscription."""
    found = estate(network(), *machine(configuration=has_public("a")), public("a", "20.7.7.7"))
    answer = asked(found, "web-nic", CLIENT, port, protocol)
    assert answer.verdict == verdict
    assert answer.labels == ({"platform"} if verdict == "unknown" else set())


CHAIN: Json = {
    "gatewayLoadBalancer": ref("Microsoft.Network/loadBalancers/frontendIPConfigurations", "g", "f")
}


@pytest.mark.parametrize("found", [rules("All"), rules(implied="Tcp")])
@pytest.mark.parametrize(("at", "wanted"), [("front", {"gwlb"}), ("other", set())])
def test_E_19b_what_leaves_by_a_chained_frontend_passes_the_appliances(
    found: Json, at: str, wanted: set[str]
) -> None:
    found = deepcopy(found)
    fronts = found["properties"]["frontendIPConfigurations"]
    fronts.append({"name": "other", "properties": has_public("other")})
    next(each for each in fronts if each["name"] == at)["properties"].update(CHAIN)
    there = estate(
        network(), *machine(configuration=IN_POOL), found, public("front", "20.7.7.7"),
        public("other", "20.7.7.8"),
    )  # fmt: skip
    answer = asked(there, "web-nic", CLIENT)
    assert answer.labels == wanted
    assert answer.verdict == ("unknown" if wanted else "reachable")
    assert answer.step("egress").passes is (None if wanted else True)


@pytest.mark.parametrize(("by_nat", "wanted"), [(False, "unknown"), (True, "reachable")])
def test_E_19b_what_leaves_by_a_chained_public_address(by_nat: bool, wanted: str) -> None:
    """A NAT gateway takes the flows before the address does (R-30)."""
    there = estate(
        network(**(BY_NAT if by_nat else {})), nat("nat"), public("nat", "20.7.7.9"),
        *machine(configuration={**has_public("a"), **CHAIN}), public("a", "20.7.7.7"),
    )  # fmt: skip
    assert asked(there, "web-nic", CLIENT).verdict == wanted


@pytest.mark.parametrize("allowed", ["20.7.7.7", "20.9.9.9"])
def test_by_whose_public_address_an_appliance_leaves_is_not_told(allowed: str) -> None:
    """A database that lets it in was said to be closed to the machines behind it."""
    rule = {"startIpAddress": allowed, "endIpAddress": allowed}
    settings = {
        "network": {"publicNetworkAccess": "Enabled"},
        "firewallRules": [{"name": "ours", "properties": rule}],
    }
    found = estate(
        vnet("a", "10.0.0.0/16", subnets={"app": steered("10.0.0.0/24"), "edge": "10.0.1.0/24"}),
        table("rt", route("0.0.0.0/0", "VirtualAppliance", "10.0.1.4")),
        nic("web", "10.0.0.4", ("a", "app")),
        nic("nva", "10.0.1.4", ("a", "edge"), enableIPForwarding=True),
        resource("Microsoft.DBforMySQL/flexibleServers", "db", settings),
    )
    there = asked(found, "web", "db", 3306)
    assert (there.verdict, there.labels) == ("unknown", {"nva:nva"})
