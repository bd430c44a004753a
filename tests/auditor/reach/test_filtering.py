"""The sets of packets that filters let through, held against the naive simulator in every world."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditor.addresses import parse_address
from auditor.network.effective_rules import Direction
from auditor.network.graph import Network
from auditor.network.interfaces import find_interface
from auditor.reach.bounds import Bounds
from auditor.reach.filtering import admitted, unfiltered
from auditor.testing import estate as network_of
from auditor.testing import resource

from ...exposed import deny, nic, nsg, rule, subnet, vnet
from ...reaching import asked
from ..network.filtering.test_naive import (
    FROM_INTERNET,
    PEERS,
    Json,
    estate,
    simulate,
    some_rules,
    worlds,
)

ADMIN_RULE = "Microsoft.Network/networkManagers/securityAdminConfigurations/ruleCollections/rules"
NUMBERS = {"Tcp": 6, "Udp": 17}


def packet(source: str, destination: str, protocol: int, port: int) -> tuple[int, ...]:
    ends = parse_address(destination).value, parse_address(source).value
    return (*ends, protocol, port, 50000, *([0] * 12))


def passes(bounds: Bounds, *given: object) -> bool | None:
    at = packet(*given)  # type: ignore[arg-type]
    return True if bounds.must.at(at) else None if bounds.may.at(at) else False


@example(outer=FROM_INTERNET, inner=[], routed=False)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.none(), some_rules()), st.one_of(st.none(), some_rules()), st.booleans())
def test_what_passes_is_what_passes_in_every_world(
    outer: list[Json] | None, inner: list[Json] | None, routed: bool
) -> None:
    groups = [outer, inner]
    network = network_of(*estate(groups, routed))
    web = find_interface(network, "web")
    for direction in Direction:
        found = admitted(network, web, direction, 4)
        assert found.must <= found.may
        for peer, port, protocol in product(PEERS, (22, 53, 443, 1500), NUMBERS):
            if peer == "168.63.129.16" and direction is Direction.OUTBOUND and port == 53:
                continue  # platform traffic
            inbound = direction is Direction.INBOUND
            ends = (peer, "10.0.0.4") if inbound else ("10.0.0.4", peer)
            flow = {"direction": direction.value, "source": ends[0], "destination": ends[1],
                    "port": port, "protocol": protocol}  # fmt: skip
            said = {simulate(groups, flow, world)[0] for world in worlds(routed)}
            expected = None if len(said) > 1 else said == {"Allow"}
            assert passes(found, *ends, NUMBERS[protocol], port) is expected, flow


def web_behind(*rules: Json) -> Network:
    return network_of(nsg(*rules), nic("web"), nic("db", address="10.0.0.5"),
                      vnet(subnet(nsg="nsg")))  # fmt: skip


def test_places_where_the_same_rules_mean_the_same_share_one_answer() -> None:
    network = web_behind(rule("web", 100, ports="443"))
    found = [
        admitted(network, find_interface(network, name), Direction.INBOUND, 4)
        for name in ("web", "db")
    ]
    assert found[0] is found[1]


def test_without_a_nic_the_rules_of_the_subnet_are_told() -> None:
    network = web_behind(deny("ssh", 100, ports="22"))
    place = find_interface(network, "web").ip_configurations[0].properties.subnet
    node = network.find(place)
    found = admitted(network, None, Direction.INBOUND, 4, node)  # type: ignore[arg-type]
    assert passes(found, "10.0.0.9", "10.0.0.4", 6, 22) is False
    assert passes(found, "10.0.0.9", "10.0.0.4", 6, 23) is True


def test_N_9c_a_rule_with_ports_and_every_protocol_is_in_two_bounds() -> None:
    network = web_behind(deny("ports", 100, ports="22"))
    found = admitted(network, find_interface(network, "web"), Direction.INBOUND, 4)
    assert passes(found, "10.0.0.9", "10.0.0.4", 1, 0) is None


def test_a_missing_group_leaves_everything_open() -> None:
    network = network_of(nic("web"), vnet(subnet(nsg="gone")))
    web = find_interface(network, "web")
    found = admitted(network, web, Direction.INBOUND, 4)
    assert passes(found, "10.0.0.9", "10.0.0.4", 6, 22) is None
    assert unfiltered(network, web) is None


@pytest.mark.parametrize("where", ["subnet", "nic"])
def test_E_3_a_group_anywhere_is_a_group(where: str) -> None:
    network = network_of(
        nsg(),
        nic("web", nsg="nsg" if where == "nic" else None),
        vnet(subnet(nsg="nsg" if where == "subnet" else None)),
    )
    assert unfiltered(network, find_interface(network, "web")) is False


def test_E_3_no_group_anywhere() -> None:
    network = network_of(nic("web"), vnet(subnet()))
    assert unfiltered(network, find_interface(network, "web")) is True


@pytest.mark.parametrize("group", [rule("web", 100), deny("no", 100)], ids=["allowed", "denied"])
def test_N_50_an_admin_rule_that_tells_nothing_may_be_always_allow(group: Json) -> None:
    silent = resource(ADMIN_RULE, "avnm/config/collection/silent", {})
    network = network_of(nsg(group), nic("web"), vnet(subnet(nsg="nsg")), silent)
    found = admitted(network, find_interface(network, "web"), Direction.INBOUND, 4)
    assert passes(found, "52.10.0.7", "10.0.0.4", 6, 443) is None


def test_N_50_a_denial_that_an_admin_rule_may_skip_says_so() -> None:
    kind = "Microsoft.Network/networkManagers/securityAdminConfigurations"
    any_of = [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}]
    admin = resource(
        f"{kind}/ruleCollections/rules",
        "avnm/config/collection/ssh",
        {
            "access": "AlwaysAllow", "direction": "Inbound", "priority": 10, "protocol": "Tcp",
            "sources": any_of, "destinations": any_of,
            "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["22"],
        },
        kind="Custom",
    )  # fmt: skip
    network = network_of(
        resource("Microsoft.Network/networkManagers", "avnm"),
        resource(kind, "avnm/config"),
        resource(f"{kind}/ruleCollections", "avnm/config/collection"),
        admin,
        nsg(deny("no", 100)),
        nic("web", nsg="nsg"),
        nic("jump", address="10.0.0.5"),
        vnet(subnet()),
    )
    found = asked(network, "jump", "web", 22)
    assert found.verdict == "unknown"
    assert "avnm-unknown" in found.labels
    assert found.step("admin-rule").says == "ssh at config allows it"
    says = found.step("nsg-inbound").says
    assert says.endswith("denies it, unless an admin rule before it always allows it")
